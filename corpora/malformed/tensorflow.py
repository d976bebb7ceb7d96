"""Broken files of TensorFlow and of formats that are flatbuffers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corpora.case import MADE, Case, broken

_FLATBUFFER = ("flatbuffer-*",)


def _changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], bytes]:
    return lambda _: change((MADE / name).read_bytes())


def _shard(folder: Path) -> Path:
    """A checkpoint whose data is shorter than its index says."""
    source = MADE / "tensorflow" / "checkpoint-v2"
    home = folder / "checkpoint"
    home.mkdir()
    for path in source.iterdir():
        content = path.read_bytes()
        (home / path.name).write_bytes(content[:-8] if ".data-" in path.name else content)
    return home


def cases() -> list[Case]:
    """All of them."""
    index = "tensorflow/checkpoint-v2/ckpt-1.index"
    return [
        broken(
            "tensorflow-cut",
            "model.pb",
            _changed("tensorflow/frozen.pb", lambda c: c[:-9]),
            "A graph that is cut off",
            ("tensorflow-*",),
        ),
        broken(
            "tensorflow-appended",
            "model.pb",
            _changed("tensorflow/frozen.pb", lambda c: c + b"\xff\xff"),
            "Bytes behind a graph",
            ("tensorflow-*",),
        ),
        broken(
            "tensorflow-hidden-field",
            "model.pb",
            _changed("tensorflow/frozen.pb", lambda c: c + b"\xfa\x07\x05hello"),
            "A field that GraphDef does not have",
            ("tensorflow-unusual-field",),
        ),
        broken(
            "tensorflow-index-crc",
            "ckpt.index",
            _changed(index, lambda c: c[:9] + bytes([c[9] ^ 1]) + c[10:]),
            "A changed byte in the index of a checkpoint",
            ("tensorflow-*",),
        ),
        broken(
            "tensorflow-index-gap",
            "ckpt.index",
            _changed(index, lambda c: c[:-48] + bytes(16) + c[-48:]),
            "Bytes between an index and its footer",
            ("tensorflow-*",),
        ),
        Case(
            "tensorflow-short-shard",
            "malformed",
            "reject",
            ("tensorflow-checkpoint-range",),
            "Data that is shorter than its index says",
            _shard,
        ),
        broken(
            "tflite-cut",
            "model.tflite",
            _changed("tflite/int8.tflite", lambda c: c[:-200]),
            "A model that is cut off",
            _FLATBUFFER,
        ),
        broken(
            "tflite-appended",
            "model.tflite",
            _changed("tflite/int8.tflite", lambda c: c + b"#!/bin/sh"),
            "Bytes behind a model",
            _FLATBUFFER,
        ),
        broken(
            "executorch-cut",
            "model.pte",
            _changed("executorch/linear.pte", lambda c: c[:-32]),
            "A program whose segment is cut off",
            _FLATBUFFER,
        ),
        broken(
            "executorch-appended",
            "model.pte",
            _changed("executorch/linear.pte", lambda c: c + b"x"),
            "A byte behind a program",
            _FLATBUFFER,
        ),
    ]
