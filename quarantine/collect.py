"""Turn what jailed workers said into findings, facts, measurements and coverage.

Nothing here believes a worker about what the parent knows itself: the files that exist, their sizes, and how
the worker ended. What a worker leaves out becomes a finding; nothing a worker says can remove one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import asdict

from quarantine.jail.interface import Ending, JailResult
from quarantine.jail.protocol import ArtifactSeen, Done, FactSeen, FindingSeen, Measured
from quarantine.records import (
    Artifact,
    Fact,
    Finding,
    Gap,
    Measurement,
    Outcome,
    StageName,
    StageReport,
)
from quarantine.ruleset import Ruleset

STAGE_RULES = {StageName.OPINIONS: "opinion-failed", StageName.PROBES: "probe-failed"}
"""Where a worker that did not finish is no sign of malice: other people's scanners, and long measurements."""

ENDING_RULES = {
    Ending.CRASHED: "jail-crashed",
    Ending.WALL_TIME: "jail-time",
    Ending.CPU_TIME: "jail-time",
    Ending.MEMORY: "jail-memory",
    Ending.OUTPUT: "jail-output",
    Ending.PROTOCOL: "jail-protocol",
}


@dataclass(frozen=True)
class Expected:
    """A file that the parent handed to a worker: the printable path and the size it knows."""

    path: str
    size_bytes: int


@dataclass
class Collected:
    """What one stage brought to light, over all of its jails."""

    stage: StageName
    findings: list[Finding] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    device: str | None = None

    def report(self) -> StageReport:
        """How the stage ended over all of its jails."""
        outcome = Outcome.FAILED if self.problems else Outcome.DONE
        return StageReport(
            stage=self.stage, outcome=outcome, reason="; ".join(self.problems)[:4096], device=self.device
        )


def collect(
    stage: StageName,
    runs: Iterable[tuple[JailResult, Sequence[Expected]]],
    rules: Ruleset,
) -> Collected:
    """Merge the results of a stage's jails; ``Expected`` are the files that each jail was given."""
    collected = Collected(stage)
    for result, expected in runs:
        _take_messages(collected, result, rules)
        _note_ending(collected, result, expected, rules)
        if stage is StageName.STATIC:
            _check_coverage(collected, result, expected, rules)
    return collected


def _take_messages(into: Collected, result: JailResult, rules: Ruleset) -> None:
    for message in result.messages:
        match message:
            case FindingSeen():
                into.findings.append(rules.finding(message, into.stage))
            case FactSeen():
                into.facts.append(Fact(**asdict(message)))
            case ArtifactSeen():
                into.artifacts.append(Artifact(**asdict(message)))
            case Measured():
                into.measurements.append(Measurement(**asdict(message)))
            case Done():
                into.device = message.device or into.device


def _note_ending(into: Collected, result: JailResult, expected: Sequence[Expected], rules: Ruleset) -> None:
    if result.ending is Ending.DONE:
        return
    into.problems.append(f"{result.ending}: {result.detail}"[:1024])
    subject = expected[0].path if len(expected) == 1 else "(submission)"
    seen = FindingSeen(
        rule=STAGE_RULES.get(into.stage) or ENDING_RULES[result.ending],
        artifact=subject,
        analyzer="jail",
        evidence={
            "ending": result.ending.value,
            "detail": result.detail[:4096],
            "why": result.ending.value,
            "reason": result.ending.value,
            "opinion": into.stage.value,
            "probe": into.stage.value,
        },
    )
    into.findings.append(rules.finding(seen, into.stage))


def _check_coverage(
    into: Collected, result: JailResult, expected: Sequence[Expected], rules: Ruleset
) -> None:
    read: dict[str, list[ArtifactSeen]] = {}
    for message in result.messages:
        if isinstance(message, ArtifactSeen):
            read.setdefault(message.path, []).append(message)
            if not (message.complete and message.claimed_bytes == message.size_bytes):
                into.gaps.append(Gap(subject=message.path, reason=_gap_reason(message)))
    for file in expected:
        seen = read.get(file.path, [])
        if any(message.size_bytes == file.size_bytes for message in seen):
            continue
        into.gaps.append(Gap(subject=file.path, reason="no analyzer reported having read this file"))
        missing = FindingSeen(rule="coverage-missing-artifact", artifact=file.path, analyzer="jail")
        into.findings.append(rules.finding(missing, into.stage))


def _gap_reason(seen: ArtifactSeen) -> str:
    if seen.claimed_bytes != seen.size_bytes:
        return f"{seen.size_bytes - seen.claimed_bytes} of {seen.size_bytes} bytes were claimed by no parser"
    return "a required analyzer did not finish"
