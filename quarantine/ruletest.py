"""Run the examples that rules carry: each must trigger its rule, or just miss it.

Files go through the real jail; observations go through what the parent makes of a worker's words.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from quarantine.collect import Expected, collect
from quarantine.jail.interface import JailResult
from quarantine.records import Finding
from quarantine.ruleset import Example, Observed, Ruleset, load_rules

_SUBJECT = Expected("model.bin", 1)


@dataclass(frozen=True)
class ExampleOutcome:
    """Whether an example did what its rule says, and what was reported instead if not."""

    rule: str
    example: str
    holds: bool
    detail: str


def run_examples(ruleset: Ruleset | None = None) -> list[ExampleOutcome]:
    """Run every example of every rule; a rule without both kinds of example is an outcome that does not hold."""
    ruleset = ruleset or load_rules()
    pairs = [(rule.id, example) for rule in ruleset.all() for example in rule.examples]
    files = [(rule, example) for rule, example in pairs if example.observed is None]
    outcomes = [
        _outcome(rule, example, _observe(example.observed, ruleset))
        for rule, example in pairs
        if example.observed is not None
    ]
    outcomes += _scan(files)
    for rule in ruleset.all():
        for triggers, what in ((True, "an example that triggers it"), (False, "a near miss")):
            if not any(example.triggers is triggers for example in rule.examples):
                outcomes.append(ExampleOutcome(rule.id, what, False, "the rule has none"))
    return sorted(outcomes, key=lambda outcome: (outcome.rule, outcome.example))


def _scan(examples: list[tuple[str, Example]]) -> list[ExampleOutcome]:
    from quarantine.scanning import scan_many

    with tempfile.TemporaryDirectory(prefix="quarantine-rules-") as folder:
        paths = []
        for index, (_, example) in enumerate(examples):
            path = Path(folder, str(index), example.file)
            path.parent.mkdir()
            path.write_bytes(example.content)
            paths.append(path)
        verdicts = scan_many(paths, second_opinion=True)
    return [
        _outcome(rule, example, verdict.evidence.findings)
        for (rule, example), verdict in zip(examples, verdicts, strict=True)
    ]


def _observe(observed: Observed, ruleset: Ruleset) -> list[Finding]:
    result = JailResult(
        ending=observed.ending, messages=observed.messages, detail="as observed", protections=()
    )
    return collect(observed.stage, [(result, [_SUBJECT])], ruleset).findings


def _outcome(rule: str, example: Example, findings: Iterable[Finding]) -> ExampleOutcome:
    reported = sorted({finding.rule for finding in findings})
    holds = (rule in reported) == example.triggers
    return ExampleOutcome(rule, example.name, holds, f"reported: {', '.join(reported) or 'nothing'}")
