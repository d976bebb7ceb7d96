"""Zarr and Orbax: chunks are explained by their array, codecs that unpickle are refused, strangers never pass."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from corpora.case import MADE
from quarantine.analyzers.walk import Walk
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import Walked

HARM = b"cos\ngetcwd\n(tR."


def walked(files: dict[str, bytes]) -> Walked:
    found = Walked()
    Walk(found.take).run([(name, BytesSource(data)) for name, data in files.items()])
    return found


def folder(name: str) -> dict[str, bytes]:
    root = MADE / "orbax" / name
    return {
        str(Path(name, path.relative_to(root))): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def array(**more: object) -> bytes:
    meta = {
        "zarr_format": 2,
        "shape": [6],
        "chunks": [3],
        "dtype": "<f4",
        "compressor": None,
        "filters": None,
    }
    return json.dumps({**meta, "fill_value": 0, "order": "C", **more}).encode()


@pytest.mark.parametrize("name", ["ocdbt", "zarr", "v2.zarr", "v3.zarr"])
def test_real_checkpoints_pass(name: str) -> None:
    assert walked(folder(name)).silent


@pytest.mark.parametrize("name", ["ocdbt", "zarr", "v2.zarr", "v3.zarr"])
def test_a_change_of_any_chunk_or_node_never_passes(name: str) -> None:
    files = folder(name)
    for path, data in files.items():
        if path.endswith(("/0", "/0.0", "manifest.ocdbt")) or "/d/" in path:
            assert not walked({**files, path: data + b"\x01"}).silent, path


def test_a_stranger_among_the_chunks_never_passes() -> None:
    files = {"a/.zarray": array(), "a/0": b"\x01" * 12}
    assert walked(files).silent
    assert not walked({**files, "a/7": b"\x01" * 12}).silent
    assert not walked({**files, "a/1": b"\x01" * 13}).silent
    assert not walked({**files, "b/0": b"\x01" * 12}).silent


def test_a_pickle_as_a_chunk_is_found() -> None:
    assert (
        "pickle-global-dangerous"
        in walked({"a/.zarray": array(shape=[15], chunks=[15], dtype="|u1"), "a/0": HARM}).rules
    )
    packed = zlib.compress(HARM)
    files = {
        "a/.zarray": array(shape=[15], chunks=[15], dtype="|u1", compressor={"id": "zlib"}),
        "a/0": packed,
    }
    assert "pickle-global-dangerous" in walked(files).rules


def test_codecs_that_unpickle_are_refused_however_deep() -> None:
    assert "zarr-pickle-codec" in walked({".zarray": array(filters=[{"id": "pickle"}])}).rules
    shards = {"name": "sharding_indexed", "configuration": {"codecs": [{"name": "numcodecs.pickle"}]}}
    third = {"zarr_format": 3, "node_type": "array", "shape": [2], "data_type": "float32", "codecs": [shards]}
    third["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": [2]}}
    assert "zarr-pickle-codec" in walked({"zarr.json": json.dumps(third).encode()}).rules


@pytest.mark.parametrize(
    "meta",
    [
        b"[]",
        b"{}",
        b'{"zarr_format": 2}',
        array(chunks=[0]),
        array(chunks=[1, 1]),
        array(shape=[-1]),
        b"[" * 9999,
    ],
)
def test_broken_metadata_is_malformed(meta: bytes) -> None:
    assert "format-malformed" in walked({".zarray": meta}).rules


def test_a_file_with_a_name_of_its_own_is_read_although_an_array_claims_it() -> None:
    third = {
        "zarr_format": 2,
        "shape": [15],
        "chunks": [15],
        "dtype": "|u1",
        "compressor": None,
        "dimension_separator": "/",
    }
    assert (
        "text-source-code"
        in walked({".zarray": json.dumps(third).encode(), "0.py": b"import socket\n "}).rules
    )
