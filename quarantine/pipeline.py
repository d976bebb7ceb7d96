"""One submission's way from open descriptors to a verdict: static analysis, second opinions, probes, policy.

Hashing runs outside the jails, beside them, on the very descriptors that they read. Each stage has jails of
its own; nothing that a later stage says can remove what an earlier one found. Nothing from the submission is
parsed here.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from quarantine import __version__
from quarantine.collect import Collected, Expected, collect
from quarantine.disagreement import disagreements
from quarantine.errors import BadInput, JailUnavailable
from quarantine.jail.interface import Jail, JailResult
from quarantine.jail.protocol import Input, Progress, Request
from quarantine.policy.verdict import judge
from quarantine.records import (
    Coverage,
    Evidence,
    Gap,
    IntakeCard,
    Manifest,
    Outcome,
    Policy,
    Severity,
    StageName,
    StageReport,
    Submission,
    Tier,
    Verdict,
)

if TYPE_CHECKING:
    from quarantine.ruleset import Ruleset

FILES_PER_JAIL = 2_000
PARALLEL_FROM_FILES = 64
# Less than this is read sooner than another jail starts. A file counts as its bytes and FILE_COST_BYTES.
PARALLEL_FROM_BYTES = 16 << 20
FILE_COST_BYTES = 4096

OnProgress = Callable[[str, Progress], None]
Batch = list[tuple[str, int, int]]
StageRuns = list[tuple[JailResult, Sequence[Expected]]]


class Opened(Protocol):
    """A submission whose files are held open: what is hashed is what is analysed."""

    untrusted_name: str

    def manifest(self, on_bytes: Callable[[int, int], None] | None = None) -> Manifest:
        """Hash every file; raises ``Changed`` if any of them is not what it was when opened."""

    def batches(self, size: int) -> Iterator[Batch]:
        """Lists of (path, descriptor, size in bytes), descriptors valid until the next list."""


@dataclass(frozen=True)
class House:
    """What every judgement on this machine shares: the jail, the policy and the rules."""

    jail: Jail
    policy: Policy

    @cached_property
    def rules(self) -> Ruleset:
        """Read when first asked for, which is while the first jail is at work.

        Raises:
            BadInput: a rule is unsound.
        """
        from quarantine.ruleset import load_rules

        return load_rules()


def evaluate(
    opened: Opened,
    house: House,
    *,
    tier: Tier,
    card: IntakeCard | None = None,
    opinions: tuple[str, ...] = (),
    on_progress: OnProgress | None = None,
) -> Verdict:
    """Judge one submission. ``opinions`` names scanners to ask beside those that the policy demands.

    Raises:
        Changed, Unreadable: the bytes were not the same throughout; there is no verdict.
        JailUnavailable, JailFailed: no jail that meets the policy; there is no verdict.
        BadInput: the policy knows no such tier.
    """
    demands = house.policy.tiers.get(tier)
    if demands is None:
        raise BadInput(
            f"policy {house.policy.name!r} has no tier {tier!r}", remedy="add it, or name another tier"
        )
    taken_at = _now()
    scanners = tuple(dict.fromkeys((*demands.opinions, *opinions)))
    with ThreadPoolExecutor(max_workers=3 + len(scanners), thread_name_prefix="stage") as pool:
        hashing: Future[Manifest] = pool.submit(opened.manifest, bytes_of("hashing", on_progress))
        reading = pool.submit(_run_stage, StageName.STATIC, "static", opened, house, on_progress)
        asking = [pool.submit(_opinion, name, opened, house, on_progress) for name in scanners]
        rules = house.rules
        static = collect(StageName.STATIC, reading.result(), rules)
        manifest = hashing.result()
        asked = _asked(static, [answer.result() for answer in asking], house) if asking else None
    probes = _probes(opened, house, static, card, on_progress)
    stages = [static, *(stage for stage in (asked, probes) if stage is not None)]
    evidence = Evidence(
        submission=Submission(
            digest=manifest.digest,
            untrusted_name=opened.untrusted_name,
            taken_at=taken_at,
            manifest=manifest,
        ),
        tier=tier,
        card=card,
        findings=tuple(finding for stage in stages for finding in stage.findings),
        facts=tuple(fact for stage in stages for fact in stage.facts),
        measurements=tuple(number for stage in stages for number in stage.measurements),
        coverage=_coverage(manifest, static, asked, probes, card),
        evaluated_at=_now(),
    )
    return judge(
        evidence,
        house.policy,
        rules_digest=rules.digest,
        versions=_versions(asked is not None, probes is not None),
    )


def bytes_of(what: str, on_progress: OnProgress | None) -> Callable[[int, int], None] | None:
    """Progress in bytes, told in megabytes as the progress of ``what``."""
    if on_progress is None:
        return None
    return lambda done, total: on_progress(
        what, Progress(done=done // 1_000_000, total=total // 1_000_000, note="MB")
    )


def _opinion(name: str, opened: Opened, house: House, on_progress: OnProgress | None) -> StageRuns:
    """Ask one scanner, in jails of its own: one that falls takes no other with it."""
    return _run_stage(StageName.OPINIONS, "opinions", opened, house, on_progress, opinions=(name,))


def _asked(static: Collected, answers: Iterable[StageRuns], house: House) -> Collected:
    asked = collect(StageName.OPINIONS, [run for runs in answers for run in runs], house.rules)
    asked.findings.extend(disagreements(static, asked, house.rules))
    return asked


def _probes(
    opened: Opened,
    house: House,
    static: Collected,
    card: IntakeCard | None,
    on_progress: OnProgress | None,
) -> Collected | None:
    from quarantine.probes.runnable import is_runnable

    if _blocks_probes(static) or not is_runnable(static.artifacts, card):
        return None
    assert card is not None
    runs = _run_stage(StageName.PROBES, "probes", opened, house, on_progress, card=card)
    return collect(StageName.PROBES, runs, house.rules)


def _blocks_probes(static: Collected) -> bool:
    """Model code runs only after a static stage that finished, covered all, and saw nothing above low."""
    worst = max((finding.severity.rank for finding in static.findings), default=0)
    return bool(static.problems or static.gaps) or worst > Severity.LOW.rank


def _run_stage(
    stage: StageName,
    task: str,
    opened: Opened,
    house: House,
    on_progress: OnProgress | None,
    *,
    opinions: tuple[str, ...] = (),
    card: IntakeCard | None = None,
) -> StageRuns:
    """Run one stage over all files, in as many jails as there are cores when there are many files."""
    limits = house.policy.limits[stage]
    report = (lambda progress: on_progress(stage, progress)) if on_progress else None

    def tell(done: int) -> None:
        if report:
            report(Progress(done=done, total=1))

    def run(batch: Batch) -> tuple[JailResult, Sequence[Expected]]:
        request = Request(
            task=task,
            inputs=tuple(Input(name, fd, size) for name, fd, size in batch),
            opinions=opinions,
            model=card.model if card else None,
            evaluation=card.evaluation if card else None,
            budget_s=limits.wall_s * 0.8 if stage is StageName.PROBES else None,
        )
        result = house.jail.run(request, limits, on_progress=report)
        _require(house.policy.jail_minimum, result)
        return result, [Expected(name, size) for name, _, size in batch]

    results: StageRuns = []
    tell(0)
    for batch in opened.batches(FILES_PER_JAIL):
        groups = [batch] if stage is StageName.PROBES else _split(batch)
        with ThreadPoolExecutor(max_workers=len(groups), thread_name_prefix=task) as pool:
            results.extend(pool.map(run, groups))
    tell(1)
    return results


def _split(batch: Batch) -> list[Batch]:
    """Deal the files out by size, largest first, so that all cores end at about the same time."""
    cost = sum(item[2] + FILE_COST_BYTES for item in batch)
    many = len(batch) >= PARALLEL_FROM_FILES and cost >= PARALLEL_FROM_BYTES
    count = min(os.cpu_count() or 1, 8) if many else 1
    groups: list[Batch] = [[] for _ in range(count)]
    loads = [0] * count
    for item in sorted(batch, key=lambda item: (-item[2], item[0])):
        lightest = loads.index(min(loads))
        groups[lightest].append(item)
        loads[lightest] += item[2] + FILE_COST_BYTES
    return groups


def _require(minimum: Iterable[str], result: JailResult) -> None:
    missing = sorted(set(minimum) - set(result.protections))
    if missing:
        raise JailUnavailable(
            f"the jail lacks what the policy demands: {', '.join(missing)}",
            remedy="run `quarantine doctor` to see why; nothing was accepted from this run",
        )


def _coverage(
    manifest: Manifest,
    static: Collected,
    opinions: Collected | None,
    probes: Collected | None,
    card: IntakeCard | None,
) -> Coverage:
    reports = [static.report()]
    gaps = list(static.gaps)
    if not manifest.files:
        gaps.append(Gap(subject="(submission)", reason="there is no file in it"))
    for name, stage in ((StageName.OPINIONS, opinions), (StageName.PROBES, probes)):
        if stage is None:
            reports.append(
                StageReport(stage=name, outcome=Outcome.NOT_RUN, reason=_why_not(name, static, card))
            )
        else:
            reports.append(stage.report())
    return Coverage(
        complete=not gaps and not static.problems,
        artifacts=tuple(static.artifacts),
        stages=tuple(reports),
        gaps=tuple(gaps),
    )


def _why_not(stage: StageName, static: Collected, card: IntakeCard | None) -> str:
    if stage is StageName.OPINIONS:
        return "no second opinion was asked for"
    if _blocks_probes(static):
        return "the static stage was not clean, so no model code was run"
    if card is None or card.model is None:
        return "the intake card does not say how to run the model"
    return "no file of the submission is a model that can be run"


def _versions(with_opinions: bool, with_probes: bool) -> dict[str, str]:
    names = ["fickling", "modelscan"] if with_opinions else []
    names += ["adversarial-robustness-toolbox", "torch", "onnxruntime"] if with_probes else []
    found = {"python": platform.python_version(), "model-quarantine": __version__}
    if names:
        from importlib.metadata import PackageNotFoundError, version

        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "not installed"
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
