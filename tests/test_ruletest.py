"""Rules are tested by their own examples; a rule that does not do what it says is found."""

from pathlib import Path

import pytest

from quarantine.errors import BadInput, NotFound
from quarantine.resources import resource_dir
from quarantine.ruleset import load_rules
from quarantine.ruletest import run_examples

RULE = """\
id: {id}
title: A title
severity: high
matches: Something.
message: "{{artifact}} is odd: {{why}}"
why: It is odd.
remediation: Ask.
references: {{}}
examples: {examples}
"""


def rules(folder: Path, **examples: str) -> Path:
    known = (resource_dir("rules") / "rule-unknown.yaml").read_text()
    (folder / "rule-unknown.yaml").write_text(known)
    for name, text in examples.items():
        rule = name.replace("_", "-")
        (folder / f"{rule}.yaml").write_text(RULE.format(id=rule, examples=text))
    return folder


def test_every_example_of_every_rule_holds() -> None:
    outcomes = run_examples()
    assert [outcome for outcome in outcomes if not outcome.holds] == []
    assert {outcome.rule for outcome in outcomes} == {rule.id for rule in load_rules().all()}


@pytest.mark.parametrize(
    ("example", "missing"),
    [
        ("[{name: a, text: hi, triggers: true}]", "a near miss"),
        ("[{name: a, text: hi, triggers: false}]", "an example that triggers it"),
    ],
)
def test_a_rule_needs_both_kinds_of_example(tmp_path: Path, example: str, missing: str) -> None:
    outcomes = run_examples(load_rules(rules(tmp_path, odd_rule=example)))
    assert missing in [
        outcome.example for outcome in outcomes if outcome.rule == "odd-rule" and not outcome.holds
    ]


def test_an_example_that_does_not_trigger_is_told(tmp_path: Path) -> None:
    example = "[{name: a, text: hi, triggers: true}, {name: b, text: hi, triggers: false}]"
    outcomes = run_examples(load_rules(rules(tmp_path, odd_rule=example)))
    assert [(o.example, o.holds) for o in outcomes if o.rule == "odd-rule"] == [("a", False), ("b", True)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id: odd-rule\n", "is no rule"),
        ("[", "is no rule"),
        (RULE.format(id="other", examples="[]"), "holds the rule"),
        (RULE.format(id="odd-rule", examples="[]") + "further: 1\n", "further"),
        (RULE.format(id="odd-rule", examples="[]").replace("high", "awful"), "awful"),
    ],
)
def test_a_broken_rule_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    rules(tmp_path)
    (tmp_path / "odd-rule.yaml").write_text(text)
    with pytest.raises(BadInput, match=complaint) as raised:
        load_rules(tmp_path).get("odd-rule")
    assert "odd-rule.yaml" in str(raised.value)


def test_an_unknown_rule_is_not_found() -> None:
    with pytest.raises(NotFound, match="no-such-rule"):
        load_rules().get("no-such-rule")


def test_the_digest_covers_every_file(tmp_path: Path) -> None:
    before = load_rules(rules(tmp_path, odd_rule="[]")).digest
    (tmp_path / "globals").mkdir()
    (tmp_path / "globals" / "x.json").write_text("{}")
    assert load_rules(tmp_path).digest != before
