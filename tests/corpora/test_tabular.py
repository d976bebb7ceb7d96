"""Tabular libraries: what honest ones write is silent, and state that runs something is rejected."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpora.benign import tabular as honest
from corpora.case import Case
from corpora.malicious import tabular as harmful
from quarantine.records import Severity
from quarantine.ruleset import load_rules
from tests.analyzers.walking import assert_silent, walked

REJECTED = Severity.HIGH.rank


@pytest.mark.parametrize("case", honest.cases(), ids=lambda case: case.id)
def test_honest_files_are_silent(case: Case, tmp_path: Path) -> None:
    assert_silent(case, tmp_path)


@pytest.mark.parametrize("case", harmful.cases(), ids=lambda case: case.id)
def test_harmful_files_are_rejected(case: Case, tmp_path: Path) -> None:
    path = case.build(tmp_path)
    found = walked(path.name, path.read_bytes())
    rules = load_rules()
    worst = max((rules.get(rule).severity.rank for rule in found.rules if case.matches(rule)), default=0)
    assert worst >= REJECTED, found.findings
