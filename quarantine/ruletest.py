"""Run the examples that rules carry: each must trigger its rule, or just miss it, in the real jail."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from quarantine.records import Verdict
from quarantine.ruleset import Example, load_rules


@dataclass(frozen=True)
class ExampleOutcome:
    """Whether an example did what its rule says, and what was reported instead if not."""

    rule: str
    example: str
    holds: bool
    detail: str


def run_examples() -> list[ExampleOutcome]:
    """Scan every example of every rule, each as a submission of its own, with second opinions."""
    from quarantine.scanning import scan_many

    examples = [(rule.id, example) for rule in load_rules().all() for example in rule.examples]
    with tempfile.TemporaryDirectory(prefix="quarantine-rules-") as folder:
        paths = []
        for index, (_, example) in enumerate(examples):
            path = Path(folder, str(index), example.file)
            path.parent.mkdir()
            path.write_bytes(example.content)
            paths.append(path)
        verdicts = scan_many(paths, second_opinion=True)
    return [
        _outcome(rule, example, verdict) for (rule, example), verdict in zip(examples, verdicts, strict=True)
    ]


def _outcome(rule: str, example: Example, verdict: Verdict) -> ExampleOutcome:
    reported = sorted({finding.rule for finding in verdict.evidence.findings})
    holds = (rule in reported) == example.triggers
    return ExampleOutcome(rule, example.name, holds, f"reported: {', '.join(reported) or 'nothing'}")
