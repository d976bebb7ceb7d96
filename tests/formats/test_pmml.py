"""PMML and other XML of the corpus: honest documents are silent, what would be fetched, expanded or loaded is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign import xml as honest
from corpora.case import MADE, Case
from corpora.malicious import xml as harmful
from tests.analyzers.walking import assert_silent, assert_told, walked

TREE = (MADE / "pmml/nyoka-tree.pmml").read_bytes()


@pytest.mark.parametrize("case", honest.cases(), ids=lambda case: case.id)
def test_honest_documents_are_silent(case: Case, tmp_path: Path) -> None:
    assert_silent(case, tmp_path)


@pytest.mark.parametrize("case", harmful.cases(), ids=lambda case: case.id)
def test_harmful_documents_do_not_pass(case: Case, tmp_path: Path) -> None:
    assert_told(case, tmp_path)


def test_it_is_told_from_other_xml() -> None:
    assert walked("a.pmml", TREE).artifacts["a.pmml"].format == "pmml"
    assert walked("a.xml", TREE.replace(b"PMML", b"Other")).artifacts["a.xml"].format == "xml"


@pytest.mark.parametrize("part", [b"Header", b"DataDictionary"])
def test_a_document_without_its_parts_is_refused(part: bytes) -> None:
    assert "format-malformed" in walked("a.pmml", TREE.replace(part, b"Extension")).rules


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(TREE)), st.binary(max_size=6))
def test_changed_documents_never_crash_the_reader(at: int, patch: bytes) -> None:
    assert "analyzer-crashed" not in walked("a.pmml", TREE[:at] + patch + TREE[at:]).rules
