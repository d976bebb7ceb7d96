"""Chat templates: those of the well-known families are silent; ways out, costs and words of their own are told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign.templates import TEMPLATES
from corpora.malicious.templates import BOMBS, BUILT, ESCAPES, SPEAKING
from tests.analyzers.walking import walked


def rules(text: str) -> set[str]:
    return walked("chat_template.jinja", text.encode()).rules


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=TEMPLATES)
def test_templates_of_the_well_known_families_are_silent(text: str) -> None:
    assert walked("chat_template.jinja", text.encode()).silent
    assert walked("tokenizer_config.json", json.dumps({"chat_template": text}).encode()).silent


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES)
def test_ways_out_are_told(text: str) -> None:
    assert "template-escape" in rules(text)


@pytest.mark.parametrize("text", BUILT.values(), ids=BUILT)
def test_names_that_are_put_together_are_told(text: str) -> None:
    assert "template-computed-name" in rules(text)


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_costs_are_told(text: str) -> None:
    assert "template-bomb" in rules(text)


@pytest.mark.parametrize("text", SPEAKING.values(), ids=SPEAKING)
def test_what_a_template_says_on_its_own_is_told(text: str) -> None:
    assert rules(text) & {"template-trigger", "template-instruction"}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*TEMPLATES.values(), *BUILT.values(), *BOMBS.values()]),
    st.integers(0, 3000),
    st.text(max_size=5),
)
def test_no_change_of_a_template_crashes_its_reader(text: str, at: int, more: str) -> None:
    at %= len(text) + 1
    assert "analyzer-crashed" not in rules((text[:at] + more + text[at:]).encode("utf-8", "replace").decode())
