"""R: honest models are read whole, what R would evaluate is told, and no change of a stream crashes the reader."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign import r_data as honest
from corpora.case import MADE, Case
from corpora.malicious import r_data as harmful
from tests.analyzers.walking import assert_silent, assert_told, walked

STREAM = gzip.decompress((MADE / "r/lm.rds").read_bytes())
ASCII = gzip.decompress((MADE / "r/ascii.rds").read_bytes())


@pytest.mark.parametrize("case", honest.cases(), ids=lambda case: case.id)
def test_honest_models_are_silent(case: Case, tmp_path: Path) -> None:
    assert_silent(case, tmp_path)


@pytest.mark.parametrize("case", harmful.cases(), ids=lambda case: case.id)
def test_harmful_streams_do_not_pass(case: Case, tmp_path: Path) -> None:
    assert_told(case, tmp_path)


def test_an_argument_that_has_its_value_is_nothing() -> None:
    assert walked("inner.rds", (MADE / "r/inner.rds").read_bytes()).silent


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([STREAM, ASCII]), st.integers(0, 1 << 14), st.binary(max_size=6), st.booleans())
def test_changed_streams_never_crash_the_reader(seed: bytes, at: int, patch: bytes, insert: bool) -> None:
    at %= len(seed)
    found = walked("model.rds", seed[:at] + patch + seed[at + (0 if insert else len(patch)) :])
    assert "analyzer-crashed" not in found.rules, found.findings


@pytest.mark.parametrize("seed", [STREAM, ASCII])
def test_bytes_behind_the_object_never_pass(seed: bytes) -> None:
    assert not walked("model.rds", seed + b"\0x").silent
