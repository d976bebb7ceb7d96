"""7z: honest archives of every method pass with every byte claimed; broken and odd ones are followed and never pass."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from corpora.malicious.sevenzips import sevenzip
from tests.analyzers.walking import walked

TEXT = b"weights and words\n" * 20
HOSTILE = b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R."
WHOLE = sevenzip(("a.txt", TEXT), ("data.pkl", HOSTILE), ("b.txt", TEXT))


@pytest.mark.parametrize("path", sorted((MADE / "sevenzip").iterdir()), ids=lambda path: path.stem)
def test_an_honest_archive_passes(path: object) -> None:
    found = walked("a.7z", path.read_bytes())  # type: ignore[attr-defined]
    assert found.rules == set()
    assert found.silent
    assert len(found.artifacts) >= 3


@pytest.mark.parametrize("method", ["copy", "lzma2"])
def test_a_payload_inside_is_found(method: str) -> None:
    found = walked("a.7z", sevenzip(("a.txt", TEXT), ("data.pkl", HOSTILE), method=method))
    assert "pickle-global-dangerous" in found.rules
    assert found.artifacts["a.7z!a.txt"].complete


@pytest.mark.parametrize("length", range(60, len(WHOLE), 13))
def test_an_archive_that_is_cut_off_never_passes(length: int) -> None:
    assert not walked("a.7z", WHOLE[:length]).silent


def test_a_payload_in_an_archive_without_its_header_is_found() -> None:
    assert "pickle-global-dangerous" in walked("a.7z", sevenzip(("data.pkl", HOSTILE))[:-30]).rules


@settings(max_examples=150, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_never_passes_or_crashes(where: float, bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[int(where * len(changed))] ^= 1 << bit
    found = walked("a.7z", bytes(changed))
    assert not found.silent
    assert "analyzer-crashed" not in found.rules


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 200), patch=st.binary(min_size=1, max_size=6))
def test_a_header_of_any_bytes_with_a_right_crc_never_crashes(at: int, patch: bytes) -> None:
    import struct
    import zlib

    start, size, _ = struct.unpack_from("<QQI", WHOLE, 12)
    header = bytearray(WHOLE[32 + start : 32 + start + size])
    at %= len(header)
    header[at : at + len(patch)] = patch
    first = struct.pack("<QQI", start, len(header), zlib.crc32(header))
    content = (
        WHOLE[:8] + struct.pack("<I", zlib.crc32(first)) + first + WHOLE[32 : 32 + start] + bytes(header)
    )
    assert "analyzer-crashed" not in walked("a.7z", content).rules


@pytest.mark.parametrize(
    ("content", "rule"),
    {
        "bytes behind": (WHOLE + b"x", "coverage-unclaimed-beside"),
        "a name that leaves": (sevenzip(("../a", TEXT)), "zip-path-escape"),
        "a link": (sevenzip(("a", b"/etc"), attributes=0xA1FF8000), "zip-path-escape"),
        "an anti item": (sevenzip(("a", TEXT), anti=True), "zip-ambiguous"),
        "two of a name": (sevenzip(("a", TEXT), ("A", TEXT)), "zip-ambiguous"),
        "a method that is not read": (sevenzip(("a", TEXT), coder=b"\x03\x03\x04\x01"), "format-not-read"),
        "encrypted": (
            sevenzip(("a", TEXT), coder=b"\x24\x06\xf1\x07\x01\x02\x53\x07"),
            "zip-unreadable-member",
        ),
    }.values(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_odd_is_named(content: bytes, rule: str) -> None:
    found = walked("a.7z", content)
    assert rule in found.rules
    assert not found.silent


def test_many_small_members_in_one_folder_are_expanded_once() -> None:
    members = [(f"{index}.txt", b"some text\n" * 100) for index in range(1000)]
    started = time.monotonic()
    assert walked("a.7z", sevenzip(*members)).silent
    assert time.monotonic() - started < 20
