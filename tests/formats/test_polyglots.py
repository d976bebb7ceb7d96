"""A file that two programs take for two formats is read as both and said to be so, whatever the two are."""

from __future__ import annotations

import gzip
import io
import itertools
import lzma
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
import zstandard

from corpora.malicious.sevenzips import sevenzip
from corpora.malicious.torch_tars import torch_tar
from tests.analyzers.walking import walked
from tests.formats.test_tar import END, block

TEXT = b"weights and words\n" * 4
HOSTILE = b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R."
HONEST_PICKLE = pickle.dumps({"weights": [0.5]}, 4)


def zip_behind(front: bytes, member: bytes = HOSTILE) -> bytes:
    """``front`` and an archive whose offsets count it, as zipfile appends to a file."""
    held = io.BytesIO(front)
    held.seek(0, 2)
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr("archive/data.pkl", member)
    return held.getvalue()


def npy(data: bytes) -> bytes:
    """An array of bytes."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(data)},), }}".encode()
    header = header.ljust(118 - 1) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def safetensors(data: bytes) -> bytes:
    """One tensor of bytes."""
    header = f'{{"a":{{"dtype":"U8","shape":[{len(data)}],"data_offsets":[0,{len(data)}]}}}}'.encode()
    return struct.pack("<Q", len(header)) + header + data


def gguf(data: bytes) -> bytes:
    """One tensor of bytes."""
    table = struct.pack("<Q", 1) + b"a" + struct.pack("<IQIQ", 1, len(data), 24, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + table
    return head + bytes(-len(head) % 32) + data


def onnx(data: bytes) -> bytes:
    """A tensor of bytes (onnx.proto, TensorProto: dims, data_type, raw_data)."""
    size = _varint(len(data))
    return b"\x08" + size + b"\x10\x02\x4a" + size + data


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def counted(make: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """An archive inside of the raw data of a format, its offsets counted from the file's start."""

    def build(member: bytes) -> bytes:
        length = len(zip_behind(b"", member))
        front = make(bytes(length))[:-length]
        return make(zip_behind(front, member)[len(front) :])

    return build


INSIDE = {"npy": npy, "safetensors": safetensors, "gguf": gguf, "onnx": onnx}
FRONT = {
    "pickle": HONEST_PICKLE,
    "text": TEXT,
    "json": b'{"a": 1}\n',
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(88),
    "elf": b"\x7fELF\2\1\1" + bytes(57),
    "gzip": gzip.compress(TEXT, mtime=0),
    "zlib": zlib.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zstd": zstandard.ZstdCompressor().compress(TEXT),
    "lz4": lz4.frame.compress(TEXT),
    "7z": sevenzip(("a.txt", TEXT)),
    "tar": block("a.txt", TEXT) + END,
    "torch tar": torch_tar(),
    "zip": zip_behind(b"", HONEST_PICKLE),
    "npy": npy(b"abcd"),
    "safetensors": safetensors(b"abcd"),
    "gguf": gguf(bytes(32)),
    "onnx": onnx(b"abcd"),
}


@pytest.mark.parametrize("counts", [True, False], ids=["offsets-count-it", "plainly-behind"])
@pytest.mark.parametrize("front", FRONT)
def test_an_archive_behind_anything_is_opened_and_reported(front: str, counts: bool) -> None:
    content = zip_behind(FRONT[front]) if counts else FRONT[front] + zip_behind(b"")
    found = walked("model.bin", content)
    assert "pickle-global-dangerous" in found.rules
    if (front, counts) == (
        "zip",
        False,
    ):  # a row of archives, as distributed checkpoints are: each is read whole
        assert "distcp" in found.artifacts["model.bin"].format
        return
    assert found.rules & {"format-polyglot", "zip-prefix", "zip-ambiguous", "coverage-unclaimed-beside"}


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("member", [HOSTILE, HONEST_PICKLE], ids=["hostile", "honest"])
def test_an_archive_that_is_a_tensor_of_another_format_is_opened_and_reported(
    inside: str, member: bytes
) -> None:
    found = walked("model.bin", counted(INSIDE[inside])(member))
    assert "format-polyglot" in found.rules
    assert ("pickle-global-dangerous" in found.rules) == (member == HOSTILE)


@pytest.mark.parametrize("front", FRONT)
def test_a_pickle_behind_anything_is_never_silent(front: str) -> None:
    assert not walked("model.bin", FRONT[front] + HOSTILE).silent


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(FRONT, 2)))
def test_two_honest_formats_in_a_row_never_pass(first: str, second: str) -> None:
    if {first, second} <= {"text", "json"}:
        return  # text behind text is text
    assert not walked("model.bin", FRONT[first] + FRONT[second]).silent


def test_a_tar_whose_first_name_is_a_pickle_is_both() -> None:
    name = "cposix\nsystem\n(S':'\ntR."
    found = walked("model.bin", block(name, TEXT) + END)
    assert found.rules >= {"format-polyglot", "pickle-global-dangerous"}


def test_a_pickle_that_torch_takes_for_an_archive_is_read_as_both() -> None:
    honest = pickle.dumps(zip_behind(b"", HOSTILE), 4)
    assert "pickle-global-dangerous" in walked("model.pkl", honest).rules
