"""skops: honest archives of several versions are silent; nodes that are not what they show are rejected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign import skops as honest
from corpora.case import Case
from corpora.malicious import skops as harmful
from corpora.malicious.skops import archive, listed, mapped, node, text
from quarantine.records import Severity
from quarantine.ruleset import load_rules
from tests.analyzers.walking import assert_silent, walked

TREE = mapped(
    a=listed(text(1), node("log1p", "numpy", "FunctionNode")), b=node("int", "builtins", "TypeNode")
)


@pytest.mark.parametrize("case", honest.cases(), ids=lambda case: case.id)
def test_honest_archives_are_silent(case: Case, tmp_path: Path) -> None:
    assert_silent(case, tmp_path)


@pytest.mark.parametrize("case", harmful.cases(), ids=lambda case: case.id)
def test_harmful_archives_are_rejected(case: Case, tmp_path: Path) -> None:
    path = case.build(tmp_path)
    found = walked(path.name, path.read_bytes())
    assert any(case.matches(rule) for rule in found.rules), found.findings
    assert max(load_rules().get(rule).severity.rank for rule in found.rules) >= Severity.HIGH.rank


def test_a_type_of_nobody_goes_to_a_person() -> None:
    found = walked("a.skops", archive(node("Model", "own.module", "ObjectNode", content=mapped())))
    assert found.rules == {"skops-unknown-type"}


def test_an_archive_with_another_schema_is_a_plain_one() -> None:
    assert walked("a.zip", archive({"title": "a"}, None)).rules <= {"skops-mismatch"}
    assert walked("a.zip", archive(TREE)).silent


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 12), st.sampled_from(["null", "[]", "{}", '"x"', "7", "[{}]"]))
def test_a_changed_schema_never_crashes_the_reader(at: int, value: str) -> None:
    raw = json.dumps(TREE)
    parts = [i for i, c in enumerate(raw) if c in ":[,"]
    place = parts[at % len(parts)] + 1
    try:
        tree = json.loads(raw[:place] + value + "," + raw[place:]) if raw[place - 1] != ":" else None
    except ValueError:
        tree = None
    if isinstance(tree, dict):
        assert "analyzer-crashed" not in walked("a.skops", archive(tree)).rules
