"""Walk some files as the static worker does, in this process, and say what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

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
