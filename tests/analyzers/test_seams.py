"""What lies between two formats: a chunk that is a file, a row of streams, lines that outlast a page."""

from __future__ import annotations

import gzip
import json

import pytest

from corpora import opcodes as op
from quarantine.analyzers.walk import Walk
from quarantine.formats.opcodes import Reach, reach
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import Walked

_CALL = b"0cos\ngetcwd\n(tR."


def _chunk(data: bytes) -> Walked:
    meta = {"zarr_format": 2, "shape": [len(data)], "chunks": [len(data)], "dtype": "|u1", "compressor": None,
            "fill_value": 0, "filters": None, "order": "C"}  # fmt: skip
    found = Walked()
    Walk(found.take).run([(".zarray", BytesSource(json.dumps(meta).encode())), ("0", BytesSource(data))])
    return found


@pytest.mark.parametrize(
    "data",
    [gzip.compress(op.stream(op.call(op.name("os", "getcwd"))), mtime=0), b"#!/bin/sh\nls\n"],
    ids=["gzip", "script"],
)
def test_a_raw_chunk_that_begins_like_a_file_is_read_as_one(data: bytes) -> None:
    assert not _chunk(data).silent


def test_a_raw_chunk_of_numbers_is_data() -> None:
    assert _chunk(bytes(range(256))).silent


@pytest.mark.parametrize("width", [1, 1022, 1023, 1024, 1025, 4096, 300_000, 3 << 20])
@pytest.mark.parametrize("code", [b"V", b"S", b"L"])
def test_a_line_of_any_length_is_followed(code: bytes, width: int) -> None:
    line = {b"V": b"a" * width, b"S": b"'" + b"a" * width + b"'", b"L": b"1" * width + b" L"}[code]
    assert reach(BytesSource(code + line + b"\n" + _CALL)) is Reach.RUNS


def test_streams_in_a_row_are_followed_to_the_one_that_runs() -> None:
    assert reach(BytesSource(b"I1\n.}.N" + _CALL)) is Reach.RUNS
    assert reach(BytesSource(b"I1\n.}. and so on")) is Reach.STOPS


def test_a_line_that_does_not_end_loses_its_last_byte() -> None:
    assert reach(BytesSource(b"S'" + b"a" * 5000 + b"'x")) is Reach.NOTHING
