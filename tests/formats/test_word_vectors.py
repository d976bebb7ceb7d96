"""fastText's and word2vec's files: claimed whole as they are written, told where they are changed."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign.data import word2vec
from corpora.case import MADE
from tests.analyzers.walking import walked

FILES = {path.name: path.read_bytes() for path in sorted((MADE / "fasttext").iterdir())} | {
    "of word2vec.c": word2vec(b"\n"),
    "of gensim": word2vec(b""),
}


@pytest.mark.parametrize("name", FILES)
def test_honest_files_are_claimed_whole_and_no_more(name: str) -> None:
    content = FILES[name]
    assert walked("vectors.bin", content).silent
    assert "coverage-unclaimed" in walked("vectors.bin", content + b"xx").rules
    assert "format-malformed" in walked("vectors.bin", content[:-3]).rules
    assert not walked("vectors.bin", b"x" + content).silent


@pytest.mark.parametrize("at", [8, 32, 36, 64, 68, 72])
def test_impossible_options_and_counts_are_refused(at: int) -> None:
    content = bytearray(FILES["classifier.bin"])
    content[at : at + 4] = b"\xff\xff\xff\xff"
    assert "format-malformed" in walked("m.bin", bytes(content)).rules


def test_an_unknown_version_is_for_a_person() -> None:
    content = FILES["classifier.bin"]
    assert walked("m.bin", content[:4] + struct.pack("<i", 13) + content[8:]).rules == {"format-not-followed"}


def test_vectors_in_text_are_text() -> None:
    assert walked("vectors.vec", b"2 3\ncat 0.5 1.5 -2.5\ndog 0.25 0.5 1.0\n").silent


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(FILES)), st.integers(0, 1 << 14), st.binary(min_size=1, max_size=8), st.booleans()
)
def test_changed_files_never_crash_the_reader(name: str, at: int, patch: bytes, insert: bool) -> None:
    content = FILES[name]
    at %= len(content)
    changed = content[:at] + patch + content[at if insert else at + len(patch) :]
    assert "analyzer-crashed" not in walked("m.bin", changed).rules
