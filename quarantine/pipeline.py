"""One submission's way from open descriptors to a verdict: static analysis, second opinions, probes, policy.

Hashing runs outside the jails, beside them, on the very descriptors that they read. Each stage has jails of
its own; nothing that a later stage says can remove what an earlier one found. Nothing from the submission is
parsed here.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from msgspec.structs import replace

from quarantine import __version__
from quarantine.collect import Collected, collect
from quarantine.disagreement import disagreements
from quarantine.errors import BadInput
from quarantine.policy.verdict import judge
from quarantine.records import (
    Coverage,
    Evidence,
    Gap,
    IntakeCard,
    Manifest,
    Outcome,
    Severity,
    StageName,
    StageReport,
    Submission,
    Tier,
    Verdict,
)
from quarantine.stages import House, OnProgress, Opened, StageRuns, bytes_of, run_stage


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
    key = hashing = None
    if house.cache is not None:
        manifest = opened.manifest(bytes_of("hashing", on_progress))
        key = _key(manifest, house, tier, card, scanners)
        if known := house.cache.find(key):
            submission = replace(
                known.submission, untrusted_name=opened.untrusted_name, taken_at=taken_at, manifest=manifest
            )
            return _judged(replace(known, submission=submission, evaluated_at=_now()), house, scanners)
    with ThreadPoolExecutor(max_workers=3 + len(scanners), thread_name_prefix="stage") as pool:
        if key is None:
            hashing = pool.submit(opened.manifest, bytes_of("hashing", on_progress))
        reading = pool.submit(run_stage, StageName.STATIC, "static", opened, house, on_progress)
        asking = [pool.submit(_opinion, name, opened, house, on_progress) for name in scanners]
        rules = house.rules
        static = collect(StageName.STATIC, reading.result(), rules)
        if hashing is not None:
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
    if house.cache is not None and key is not None:
        house.cache.keep(key, evidence)
    return _judged(evidence, house, scanners)


def _judged(evidence: Evidence, house: House, scanners: tuple[str, ...]) -> Verdict:
    ran = {report.stage for report in evidence.coverage.stages if report.outcome is not Outcome.NOT_RUN}
    return judge(
        evidence,
        house.policy,
        rules_digest=house.rules.digest,
        versions=_versions(scanners, StageName.PROBES in ran),
    )


def _key(
    manifest: Manifest, house: House, tier: Tier, card: IntakeCard | None, scanners: tuple[str, ...]
) -> str:
    from quarantine.cache import key_of

    return key_of(
        manifest, tier, card, house.policy.limits, house.rules.digest, _versions(scanners, with_probes=True)
    )


def _opinion(name: str, opened: Opened, house: House, on_progress: OnProgress | None) -> StageRuns:
    """Ask one scanner, in jails of its own: one that falls takes no other with it."""
    return run_stage(StageName.OPINIONS, "opinions", opened, house, on_progress, opinions=(name,))


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
    runs = run_stage(StageName.PROBES, "probes", opened, house, on_progress, card=card)
    return collect(StageName.PROBES, runs, house.rules)


def _blocks_probes(static: Collected) -> bool:
    """Model code runs only after a static stage that finished, covered all, and saw nothing above low."""
    worst = max((finding.severity.rank for finding in static.findings), default=0)
    return bool(static.problems or static.gaps) or worst > Severity.LOW.rank


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


def _versions(scanners: tuple[str, ...], with_probes: bool) -> dict[str, str]:
    names = list(scanners)
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
