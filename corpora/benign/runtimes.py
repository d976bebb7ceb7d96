"""Honest models of other runtimes, as their libraries wrote them, and as a reader of their specification would."""

from __future__ import annotations

import struct

from corpora.case import Case, benign, made, one_file
from corpora.malicious.runtimes import torch7
from corpora.messages import message

_COREML = ("logistic", "tree", "forest", "svm", "pipeline", "network", "network-half", "linear-classic")
_ONNX = ("skl-twice", "skl-words", "script-loop", "dynamic", "static-qdq", "static-qoperator", "static-16", "four-bits",
         "optimized", "function")  # fmt: skip
_PACKAGES = ("linear-15", "conv-16", "palette", "int8")


def caffemodel(*, old: bool = False) -> bytes:
    """A Caffe network of one dense layer with weights, in either form of layers."""
    shape = message((1, struct.pack("BB", 2, 3)))
    weights = message((5, struct.pack("<6f", *range(6))), (7, shape))
    if old:
        return message((1, "net"), (2, message((4, "fc"), (5, 14), (6, weights))))
    return message(
        (1, "net"), (100, message((1, "fc"), (2, "InnerProduct"), (3, "data"), (4, "y"), (7, weights)))
    )


def tensor7() -> bytes:
    """A Torch7 table with one tensor of two by three floats, which owns its storage."""
    tensor = struct.pack("<iii3si17s", 4, 2, 3, b"V 1", 17, b"torch.FloatTensor")
    tensor += struct.pack("<i5q", 2, 2, 3, 3, 1, 1)
    tensor += struct.pack("<iii3si18s", 4, 3, 3, b"V 1", 18, b"torch.FloatStorage") + struct.pack(
        "<q6f", 6, *range(6)
    )
    return torch7(tensor)


def ggml(kind: str) -> bytes:
    """A model of GGML's formats before GGUF: of LLaMA in three versions, or of whisper.cpp."""
    token = struct.pack("<I", 2) + b"ab"
    tensor = struct.pack("<iiiii", 2, 1, 0, 4, 2) + b"w"
    if kind == "whisper":
        head = struct.pack("<11i", 2, 4, 4, 1, 1, 4, 4, 1, 1, 80, 0)
        return (
            b"lmgg"
            + head
            + struct.pack("<ii", 2, 3)
            + bytes(24)
            + struct.pack("<i", 2)
            + token * 2
            + tensor
            + bytes(32)
        )
    head = struct.pack("<7i", 2, 4, 1, 1, 1, 4, 0)
    if kind == "ggml":
        return b"lmgg" + head + token * 2 + tensor + bytes(32)
    scored = (token + struct.pack("<f", 0.5)) * 2
    data = {"ggmf": b"fmgg", "ggjt": b"tjgg"}[kind] + struct.pack("<i", 1) + head + scored + tensor
    return data + bytes(-len(data) % 32 if kind == "ggjt" else 0) + bytes(32)


def cases() -> list[Case]:
    """Models of ONNX's tools, Core ML, OpenVINO, PaddlePaddle, MXNet, Caffe, Torch7 and GGML."""
    found = [
        benign(
            f"benign-coreml-{name}", f"a Core ML model of coremltools: {name}", made(f"coreml/{name}.mlmodel")
        )
        for name in _COREML
    ]
    found += [
        benign(f"benign-coreml-{name}", f"a Core ML package: {name}", made(f"coreml/{name}.mlpackage"))
        for name in _PACKAGES
    ]
    found += [
        benign(f"benign-onnx-{n}", f"ONNX as its tools write it: {n}", made(f"onnx/{n}.onnx")) for n in _ONNX
    ]
    folders = {
        "openvino": ("linear", "convolution", "loop"),
        "paddle": ("pir", "program", "checkpoint"),
        "ncnn": ("images", "images-float", "recurrent", "recurrent-float"),
        "mxnet": ("gluon", "symbol", "loop", "arrays"),
    }
    for library, names in folders.items():
        found += [benign(f"benign-{library}-{n}", f"{library}: {n}", made(f"{library}/{n}")) for n in names]
    written = {
        "caffe": ("m.caffemodel", caffemodel()),
        "caffe-old": ("m.caffemodel", caffemodel(old=True)),
        "torch7": ("m.t7", tensor7()),
        **{f"ggml-{kind}": ("model.bin", ggml(kind)) for kind in ("ggml", "ggmf", "ggjt", "whisper")},
    }
    for name, (file, data) in written.items():
        found.append(
            benign(
                f"benign-{name}",
                f"written after the specification: {name}",
                one_file(file, lambda _f, d=data: d),
            )
        )  # type: ignore[misc]
    return found
