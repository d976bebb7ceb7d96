"""The decision: a pure function of evidence and policy, built of one small check for each clause.

No clock, no file, no environment: the same evidence and policy give the same reasons in the same order. Each
check can only make the decision worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from quarantine.records import (
    Decision,
    Evidence,
    Finding,
    Outcome,
    Policy,
    Reason,
    Severity,
    StageName,
    TierPolicy,
    Waiver,
)

Check = Callable[[Evidence, Policy, TierPolicy], Iterator[Reason]]


def decide(evidence: Evidence, policy: Policy) -> tuple[Decision, tuple[Reason, ...]]:
    """The decision and every reason for it, worst first."""
    demands = policy.tiers.get(evidence.tier)
    if demands is None:
        reason = Reason(
            clause="tiers", decision=Decision.REJECT, message=f"the policy has no tier {evidence.tier}"
        )
        return Decision.REJECT, (reason,)
    reasons = [reason for check in CHECKS for reason in check(evidence, policy, demands)]
    reasons.sort(key=lambda reason: -reason.decision.rank)
    worst = max((reason.decision for reason in reasons), key=lambda decision: decision.rank)
    return worst, tuple(reasons)


def _severities(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    by_severity: dict[Severity, list[Finding]] = {}
    for finding in evidence.findings:
        if _waiver(finding, evidence, policy) is None:
            by_severity.setdefault(finding.severity, []).append(finding)
    if not evidence.findings:
        yield Reason(clause="severities", decision=Decision.PASS, message="there are no findings")
    for severity in reversed(Severity):
        found = by_severity.get(severity)
        if found:
            yield Reason(
                clause=f"severities.{severity}",
                decision=demands.severities.get(severity, Decision.REJECT),
                message=f"{len(found)} finding{'s' if len(found) > 1 else ''} of severity {severity}",
                rules=tuple(sorted({finding.rule for finding in found})),
            )


def _waivers(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    for waiver in policy.waivers:
        if waiver.submission != evidence.submission.digest:
            continue
        expired = waiver.expires < evidence.evaluated_at[:10]
        state = "has expired and counts for nothing" if expired else "is accepted"
        yield Reason(
            clause="waivers",
            decision=Decision.PASS,
            message=f"the risk of {waiver.rule} {state}: {waiver.owner}, until {waiver.expires}",
            rules=(waiver.rule,),
        )


def _waiver(finding: Finding, evidence: Evidence, policy: Policy) -> Waiver | None:
    """The waiver in force for a finding. Critical findings are never waived."""
    if finding.severity is Severity.CRITICAL:
        return None
    for waiver in policy.waivers:
        fits = (waiver.rule, waiver.submission) == (finding.rule, evidence.submission.digest)
        if fits and waiver.expires >= evidence.evaluated_at[:10]:
            return waiver
    return None


def _coverage(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    coverage = evidence.coverage
    holes = [
        artifact.path
        for artifact in coverage.artifacts
        if not artifact.complete or artifact.claimed_bytes != artifact.size_bytes
    ]
    read = {artifact.path for artifact in coverage.artifacts}
    # Of one content with two names (a hub cache's blob and the link to it), one name is read.
    same = {file.sha256 for file in evidence.submission.manifest.files if file.path in read}
    unread = [file.path for file in evidence.submission.manifest.files if file.sha256 not in same]
    whole = (
        coverage.complete and not (coverage.gaps or holes or unread) and evidence.submission.manifest.files
    )
    if whole:
        yield Reason(clause="coverage", decision=Decision.PASS, message="every byte was claimed by a parser")
        return
    decision = max(demands.incomplete_coverage, Decision.REVIEW, key=lambda decision: decision.rank)
    named = [gap.subject for gap in coverage.gaps] or holes or unread or ["(submission)"]
    yield Reason(
        clause="incomplete_coverage",
        decision=decision,
        message=f"not everything was looked at: {len(named)} gap(s), first {min(named)}"[:4096],
    )


def _agreement(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    """Several scanners that complain of one file reject it where the policy counts them."""
    if demands.opinions_to_reject is None:
        return
    complaining: dict[str, set[str]] = {}
    for finding in evidence.findings:
        if finding.stage is StageName.OPINIONS and finding.rule == finding.analyzer:
            complaining.setdefault(finding.artifact, set()).add(finding.rule)
    for artifact, rules in sorted(complaining.items()):
        if len(rules) >= demands.opinions_to_reject:
            yield Reason(
                clause="opinions_to_reject",
                decision=Decision.REJECT,
                message=f"{len(rules)} other scanners complain of {artifact}"[:4096],
                rules=tuple(sorted(rules)),
            )


def _stages(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    outcomes = {report.stage: report.outcome for report in evidence.coverage.stages}
    if outcomes.get(StageName.STATIC) is not Outcome.DONE:
        yield Reason(
            clause="stages.static", decision=Decision.REJECT, message="the static stage did not finish"
        )
    if demands.opinions and outcomes.get(StageName.OPINIONS) is not Outcome.DONE:
        yield Reason(
            clause="stages.opinions",
            decision=Decision.REVIEW,
            message="the second opinions that the policy asks for were not all given",
        )


def _card(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    missing = [name for name in demands.required_card_fields if not getattr(evidence.card, name, None)]
    if missing:
        yield Reason(
            clause="missing_card",
            decision=demands.missing_card,
            message=f"the intake card lacks {', '.join(missing)}",
        )
    elif evidence.card is None:
        yield Reason(clause="missing_card", decision=Decision.PASS, message="there is no intake card")


def _probes(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    report = next((r for r in evidence.coverage.stages if r.stage is StageName.PROBES), None)
    could_run = evidence.card is not None and evidence.card.model is not None
    if report is None or report.outcome is not Outcome.DONE:
        failed = report is not None and report.outcome is Outcome.FAILED
        yield Reason(
            clause="probes_when_runnable",
            decision=demands.probes_when_runnable if could_run or failed else Decision.PASS,
            message=f"probes were not run: {report.reason if report else 'no record of them'}"[:4096],
        )
    elif not evidence.measurements:
        yield Reason(
            clause="probes_when_runnable",
            decision=demands.probes_when_runnable,
            message="the probes ran and measured nothing",
        )


def _robustness(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    floor = demands.robust_accuracy_floor
    if floor is None:
        return
    measured = sorted(
        (number.probe, number.value if number.low is None else number.low)
        for number in evidence.measurements
        if number.name == "robust_accuracy"
    )
    if evidence.measurements and not measured:
        yield Reason(
            clause="robust_accuracy_floor",
            decision=Decision.REVIEW,
            message="the probes measured no robust accuracy, for which the policy has a floor",
        )
    for probe, low in measured:
        if not low >= floor:
            yield Reason(
                clause="robust_accuracy_floor",
                decision=Decision.REVIEW,
                message=f"{probe}: robust accuracy may be as low as {low:.3f}, below {floor:.3f}",
            )


def _not_yet_shown(evidence: Evidence, policy: Policy, demands: TierPolicy) -> Iterator[Reason]:
    for demand in demands.not_yet_shown:
        yield Reason(
            clause="not_yet_shown",
            decision=Decision.REVIEW,
            message=f"this tier demands {demand}, which this version cannot show",
        )


CHECKS: tuple[Check, ...] = (
    _severities,
    _agreement,
    _waivers,
    _coverage,
    _stages,
    _card,
    _probes,
    _robustness,
    _not_yet_shown,
)
