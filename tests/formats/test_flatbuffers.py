"""Formats that are flatbuffers: each byte means something, each index leads to something, and no change crashes."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from quarantine.formats.flatbuffer import DEPTH_LIMIT, Flatbuffer, OutOfBounds
from quarantine.formats.flexbuffer import texts
from quarantine.formats.interface import Malformed
from tests.analyzers.walking import walked

FILES = {
    "model.tflite": (MADE / "tflite/flex.tflite").read_bytes(),
    "model.pte": (MADE / "executorch/linear.pte").read_bytes(),
    "model.ort": (MADE / "onnxruntime/linear.ort").read_bytes(),
}
CHAIN = {
    "root": "A",
    "tables": {"A": [["next", "A"], ["all", "[A]"], ["name", "string"]]},
    "structs": {},
    "unions": {},
}


def chain(length: int) -> bytes:
    """A table that holds a table, and so on."""
    out = struct.pack("<I4s", 16, b"TEST") + struct.pack("<HHHH", 6, 8, 4, 0)
    for index in range(length):
        at = 16 + 8 * index
        out += struct.pack("<iI", at - 8, 4)
    return out + struct.pack("<iI", 16 + 8 * length - 8, 0)[:4]


def test_tables_that_nest_too_deeply_are_refused() -> None:
    with pytest.raises(Malformed, match="nested too deeply"):
        Flatbuffer(memoryview(chain(DEPTH_LIMIT + 2)), len(chain(DEPTH_LIMIT + 2)), CHAIN).root()


def test_tables_that_share_bytes_are_refused() -> None:
    """The root's vector begins inside of the root: one number is a field to one reader, a length to the other."""
    vtable = struct.pack("<HHHHHH", 10, 12, 0, 4, 0, 0)
    content = struct.pack("<I4s", 20, b"TEST") + vtable + struct.pack("<iII", 12, 4, 0)
    buffer = Flatbuffer(memoryview(content), len(content), CHAIN)
    buffer.root()
    with pytest.raises(OutOfBounds, match="overlap"):
        buffer.taken()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("more", [b"x", b"\0" * 5000, b"#!/bin/sh\n"])
def test_bytes_behind_never_pass(name: str, more: bytes) -> None:
    assert not walked(name, FILES[name] + more).silent


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_change_never_crashes(name: str, data: st.DataObject) -> None:
    content = FILES[name]
    at = data.draw(st.integers(0, len(content) - 1))
    more = data.draw(st.binary(min_size=1, max_size=8))
    for changed in (
        content[:at] + more + content[at + len(more) :],
        content[:at] + more + content[at:],
        content[:at],
    ):
        assert "analyzer-crashed" not in walked(name, changed).rules


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_insertion_is_never_silent(name: str, data: st.DataObject) -> None:
    content = FILES[name]
    at = data.draw(st.integers(0, len(content)))
    assert not walked(name, content[:at] + b"\x01\x02\x03\x04" * 16 + content[at:]).silent


def test_a_text_in_a_flexbuffer_may_not_lie_outside() -> None:
    honest = b"\x03Add\0\x02xy\0\x02\x09\x05\x14\x14\x04\x28\x01"
    found = [bytes(honest[start:end]) for start, end in texts(memoryview(honest), 0, len(honest))]
    assert found == [b"Add", b"xy"]
    for at in range(len(honest)):
        for value in (0, 1, 0x7F, 0xFF):
            changed = honest[:at] + bytes([value]) + honest[at + 1 :]
            try:
                texts(memoryview(changed), 0, len(changed))
            except Malformed:
                continue


def test_archives_of_metadata_hold_only_what_it_names(tmp_path: Path) -> None:
    honest = (MADE / "tflite/meta.tflite").read_bytes()
    assert walked("model.tflite", honest).silent
    renamed = honest.replace(b"labels.txt", b"labels.pkl")
    at = honest.rindex(b"PK\x03\x04")
    assert "format-polyglot" in walked("model.tflite", honest[:at] + renamed[at:]).rules
