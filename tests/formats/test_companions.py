"""Pictures and sounds beside a model: real ones are claimed whole, and nothing hides in or behind them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from tests.analyzers.walking import walked

FILES = sorted(path for path in (MADE / "companions").iterdir() if path.suffix != ".pdf")
HARM = b"cos\ngetcwd\n(tR."


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes, pixels: bytes = b"\0\0\0\0") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + data + chunk(b"IEND", b"")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_ones_are_claimed_whole(path: Path) -> None:
    said = walked(path.name, path.read_bytes())
    assert (said.rules, said.silent) == (set(), True)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize(
    "more", [b"\x01", b"trailing text\n", HARM, bytes(300)], ids=["byte", "text", "pickle", "zeros"]
)
def test_bytes_behind_are_never_silent(path: Path, more: bytes) -> None:
    said = walked(path.name, path.read_bytes() + more)
    # A camera's padding with zeros is the one thing that may follow.
    assert not said.silent or (not any(more) and path.suffix == ".jpg")


def test_a_pickle_behind_a_picture_is_followed() -> None:
    assert "pickle-global-dangerous" in walked("a.png", png() + HARM).rules
    assert "pickle-global-dangerous" in walked("a.png", png(chunk(b"prVt", HARM))).rules


def test_pixels_must_be_as_many_as_the_header_says() -> None:
    assert walked("a.png", png()).silent
    assert "format-malformed" in walked("a.png", png(pixels=bytes(5))).rules
    assert "format-malformed" in walked("a.png", png(pixels=bytes(3))).rules
    assert "format-malformed" in walked("a.png", png().replace(b"IDAT", b"IDAX")).rules
    assert "format-malformed" in walked("a.png", png(chunk(b"IDAT", b"") * 2, pixels=bytes(1 << 20))).rules


def test_a_large_private_chunk_stays_unclaimed() -> None:
    assert walked("a.png", png(chunk(b"prVt", b"x" * 100))).silent
    assert "coverage-unclaimed" in walked("a.png", png(chunk(b"prVt", b"x" * 50_000))).rules


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 4000), st.binary(min_size=1, max_size=6), st.booleans())
def test_changed_ones_only_raise_malformed(path: Path, at: int, more: bytes, insert: bool) -> None:
    data = path.read_bytes()
    at %= len(data)
    said = walked(path.name, data[:at] + more + data[at + (0 if insert else len(more)) :])
    assert "analyzer-crashed" not in said.rules
    assert not (insert and path.suffix in (".png", ".ogg")) or not said.silent
