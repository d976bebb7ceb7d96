"""SentencePiece: real vocabularies are claimed whole; other messages are not taken for one; nothing hides in fields."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from tests.analyzers.walking import walked

FILES = sorted((MADE / "sentencepiece").glob("*.model"))


def field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def piece(text: str) -> bytes:
    return field(1, field(1, text.encode()) + b"\x15" + struct.pack("<f", -1.5))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_vocabularies_are_claimed_whole(path: Path) -> None:
    said = walked("spiece.model", path.read_bytes())
    assert said.silent
    assert said.artifacts["spiece.model"].format == "sentencepiece"


@pytest.mark.parametrize(
    "more",
    [
        field(9, b"x"),
        field(2, field(60 - 53, b"\xff")),
        field(2, b"\x08\x01"),
        field(3, field(2, b"\xff\xff\xff\x7fabc\0")),
        field(3, field(2, struct.pack("<I", 1024) + bytes(8))),
        field(1, field(4, b"hidden")),
        b"x",
    ],
)
def test_what_is_no_part_of_a_vocabulary_never_passes(more: bytes) -> None:
    assert walked("a.model", piece("a") + piece("b")).silent
    assert not walked("a.model", piece("a") + piece("b") + more).silent


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 700), st.binary(min_size=1, max_size=6))
def test_changed_ones_only_raise_malformed(at: int, more: bytes) -> None:
    data = FILES[0].read_bytes()
    at %= len(data)
    assert "analyzer-crashed" not in walked("a.model", data[:at] + more + data[at:]).rules
    assert "analyzer-crashed" not in walked("a.model", data[:at] + more + data[at + len(more) :]).rules
