"""Boosters' files: honest ones are silent, contradictions are told, and no change of one crashes its reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign import boosting as honest
from corpora.case import MADE, Case
from corpora.malicious import boosting as harmful
from tests.analyzers.walking import assert_silent, assert_told, walked

SEEDS = [path.read_bytes() for path in sorted((MADE / "boosting").iterdir())]


@pytest.mark.parametrize("case", honest.cases(), ids=lambda case: case.id)
def test_honest_files_are_silent(case: Case, tmp_path: Path) -> None:
    assert_silent(case, tmp_path)


@pytest.mark.parametrize("case", harmful.cases(), ids=lambda case: case.id)
def test_harmful_files_do_not_pass(case: Case, tmp_path: Path) -> None:
    assert_told(case, tmp_path)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 1 << 16), st.binary(max_size=6), st.booleans())
def test_changed_files_never_crash_a_reader(seed: bytes, at: int, patch: bytes, insert: bool) -> None:
    at %= len(seed)
    found = walked("model.bin", seed[:at] + patch + seed[at + (0 if insert else len(patch)) :])
    assert "analyzer-crashed" not in found.rules, found.findings


@pytest.mark.parametrize("seed", SEEDS)
def test_bytes_behind_a_model_never_pass(seed: bytes) -> None:
    assert not walked("model.bin", seed + b"\0payload").silent
