"""Walk some files as the static worker does, in this process, and say what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from corpora.case import Case
from quarantine.analyzers.walk import Walk
from quarantine.formats.interface import Source
from quarantine.formats.source import BytesSource
from quarantine.jail.protocol import AnyMessage, ArtifactSeen, FindingSeen
from quarantine.records import Severity
from quarantine.ruleset import load_rules


@dataclass
class Walked:
    """What the walk said."""

    findings: list[FindingSeen] = field(default_factory=list)
    artifacts: dict[str, ArtifactSeen] = field(default_factory=dict)

    def take(self, message: AnyMessage) -> None:
        """Keep a message."""
        if isinstance(message, FindingSeen):
            self.findings.append(message)
        if isinstance(message, ArtifactSeen):
            self.artifacts[message.path] = message

    @property
    def rules(self) -> set[str]:
        """The rules that matched."""
        return {finding.rule for finding in self.findings}

    @property
    def silent(self) -> bool:
        """True if a policy would pass it: all is complete, and nothing was found that is worse than low."""
        rules = load_rules()
        worst = max((rules.get(rule).severity.rank for rule in self.rules), default=0)
        return worst <= Severity.LOW.rank and all(seen.complete for seen in self.artifacts.values())


def walked(name: str, content: bytes | Source) -> Walked:
    """Walk one file."""
    found = Walked()
    source = BytesSource(content) if isinstance(content, bytes) else content
    Walk(found.take).run([(name, source)])
    return found


def assert_silent(case: Case, folder: Path) -> None:
    """An honest case of one file is read in full and nothing is found."""
    path = case.build(folder)
    found = walked(path.name, path.read_bytes())
    assert found.silent, found.findings


def assert_told(case: Case, folder: Path) -> None:
    """A harmful case of one file does not pass, for the reason on its label, and is bad enough for its verdict."""
    path = case.build(folder)
    found = walked(path.name, path.read_bytes())
    assert not found.silent
    assert any(case.matches(rule) for rule in found.rules), found.findings
    if case.verdict == "reject":
        rank = max(load_rules().get(rule).severity.rank for rule in found.rules)
        assert rank >= Severity.HIGH.rank, found.findings
