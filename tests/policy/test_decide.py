"""What the decision may never do, whatever evidence and policy it is given."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from quarantine.policy.decide import decide
from quarantine.policy.document import default_policy
from quarantine.policy.verdict import judge, load_verdict, replay
from quarantine.records import (
    Artifact,
    Coverage,
    Decision,
    Evidence,
    FileEntry,
    Finding,
    Gap,
    Manifest,
    Measurement,
    Outcome,
    Policy,
    Severity,
    StageName,
    StageReport,
    Submission,
    Tier,
    Waiver,
    canonical,
)

POLICY = default_policy()
MANIFEST = Manifest(files=(FileEntry(path="model.bin", size_bytes=4, sha256="0" * 64),))
RULES = ["pickle-bomb", "zip-comment", "format-unknown"]

findings = st.builds(
    Finding,
    rule=st.sampled_from(RULES),
    title=st.just("t"),
    severity=st.sampled_from(Severity),
    stage=st.sampled_from(StageName),
    artifact=st.just("model.bin"),
    message=st.just("m"),
    remediation=st.just("r"),
    analyzer=st.just("a"),
)
gaps = st.builds(Gap, subject=st.just("model.bin"), reason=st.just("r"))
waivers = st.builds(
    Waiver,
    rule=st.sampled_from(RULES),
    submission=st.just(MANIFEST.digest),
    owner=st.just("o"),
    reason=st.just("r"),
    expires=st.sampled_from(["2026-01-01", "2026-06-15", "2027-01-01"]),
)


def evidence_of(
    found: list[Finding], holes: list[Gap], tier: Tier, static: Outcome = Outcome.DONE
) -> Evidence:
    artifact = Artifact(
        path="model.bin", format="text", size_bytes=4, claimed_bytes=4, analyzers=(), complete=not holes
    )
    stages = (
        StageReport(stage=StageName.STATIC, outcome=static),
        StageReport(stage=StageName.OPINIONS, outcome=Outcome.DONE),
        StageReport(stage=StageName.PROBES, outcome=Outcome.NOT_RUN, reason="r"),
    )
    return Evidence(
        submission=Submission(
            digest=MANIFEST.digest,
            untrusted_name="model.bin",
            taken_at="2026-06-15T00:00:00Z",
            manifest=MANIFEST,
        ),
        tier=tier,
        card=None,
        findings=tuple(found),
        facts=(),
        measurements=(),
        coverage=Coverage(complete=not holes, artifacts=(artifact,), stages=stages, gaps=tuple(holes)),
        evaluated_at="2026-06-15T00:00:00Z",
    )


evidences = st.builds(
    evidence_of,
    st.lists(findings, max_size=6),
    st.lists(gaps, max_size=2),
    st.sampled_from(Tier),
    st.sampled_from(Outcome),
)


def rank(evidence: Evidence, policy: Policy = POLICY) -> int:
    return decide(evidence, policy)[0].rank


@given(evidences, findings)
def test_a_further_finding_never_improves_the_decision(evidence: Evidence, further: Finding) -> None:
    worse = msgspec.structs.replace(evidence, findings=(*evidence.findings, further))
    assert rank(worse) >= rank(evidence)


@given(st.lists(findings, max_size=6), st.sampled_from(Tier))
def test_incomplete_coverage_is_never_a_pass(found: list[Finding], tier: Tier) -> None:
    evidence = evidence_of(found, [Gap(subject="model.bin", reason="r")], tier)
    assert rank(evidence) >= Decision.REVIEW.rank
    assert rank(evidence) >= rank(evidence_of(found, [], tier))


@given(evidences)
def test_a_static_stage_that_did_not_finish_rejects(evidence: Evidence) -> None:
    static = evidence.coverage.stages[0].outcome
    assert static is Outcome.DONE or decide(evidence, POLICY)[0] is Decision.REJECT


@given(evidences, st.randoms())
def test_the_order_of_what_was_found_changes_nothing(evidence: Evidence, shuffler: object) -> None:
    shuffled = list(evidence.findings)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    other = msgspec.structs.replace(evidence, findings=tuple(shuffled))
    assert decide(evidence, POLICY) == decide(other, POLICY)


def test_the_order_of_gaps_and_measurements_changes_nothing() -> None:
    policy = msgspec.structs.replace(
        POLICY, tiers={Tier.LOW: msgspec.structs.replace(POLICY.tiers[Tier.LOW], robust_accuracy_floor=0.5)}
    )
    holes = [Gap(subject=name, reason="r") for name in ("b", "a")]
    numbers = tuple(
        Measurement(probe=probe, name="robust_accuracy", value=0.1, unit="fraction") for probe in ("q", "p")
    )
    one = msgspec.structs.replace(evidence_of([], holes, Tier.LOW), measurements=numbers)
    other = msgspec.structs.replace(evidence_of([], holes[::-1], Tier.LOW), measurements=numbers[::-1])
    assert decide(one, policy) == decide(other, policy)


def test_a_floor_of_robustness_is_not_met_by_leaving_it_unmeasured() -> None:
    floor = msgspec.structs.replace(POLICY.tiers[Tier.LOW], robust_accuracy_floor=0.5)
    policy = msgspec.structs.replace(POLICY, tiers={Tier.LOW: floor})
    clean = Measurement(probe="p", name="clean_accuracy", value=0.9, unit="fraction")
    evidence = msgspec.structs.replace(evidence_of([], [], Tier.LOW), measurements=(clean,))
    assert decide(evidence, policy)[0] is Decision.REVIEW


@given(evidences, gaps)
def test_a_further_gap_never_improves_the_decision(evidence: Evidence, further: Gap) -> None:
    coverage = msgspec.structs.replace(evidence.coverage, gaps=(*evidence.coverage.gaps, further))
    assert rank(msgspec.structs.replace(evidence, coverage=coverage)) >= rank(evidence)


@given(evidences)
def test_the_decision_is_its_worst_reason_and_has_one(evidence: Evidence) -> None:
    decision, reasons = decide(evidence, POLICY)
    assert decision.rank == max(reason.decision.rank for reason in reasons)
    assert reasons[0].decision is decision


@given(evidences, st.lists(waivers, max_size=3))
def test_a_waiver_excuses_only_what_it_names_and_only_while_it_lasts(
    evidence: Evidence, given_waivers: list[Waiver]
) -> None:
    policy = msgspec.structs.replace(POLICY, waivers=tuple(given_waivers))
    in_force = {waiver.rule for waiver in given_waivers if waiver.expires >= "2026-06-15"}
    left = tuple(f for f in evidence.findings if f.rule not in in_force or f.severity is Severity.CRITICAL)
    bare = msgspec.structs.replace(evidence, findings=left)
    assert rank(evidence, policy) == rank(bare)


@given(evidences)
def test_a_waiver_for_another_submission_excuses_nothing(evidence: Evidence) -> None:
    others = tuple(
        Waiver(rule=rule, submission="sha256:" + "f" * 64, owner="o", reason="r", expires="2027-01-01")
        for rule in RULES
    )
    assert rank(evidence, msgspec.structs.replace(POLICY, waivers=others)) == rank(evidence)


@given(evidences)
def test_a_file_that_no_artifact_stands_for_is_never_a_pass(evidence: Evidence) -> None:
    unread = msgspec.structs.replace(evidence.coverage, artifacts=())
    assert rank(msgspec.structs.replace(evidence, coverage=unread)) >= Decision.REVIEW.rank


@given(evidences)
def test_a_verdict_is_recomputed_from_itself(evidence: Evidence) -> None:
    verdict = judge(evidence, POLICY, rules_digest="sha256:" + "0" * 64, versions={})
    assert replay(load_verdict(canonical(verdict))).agrees


@given(evidences, st.sampled_from(Decision))
def test_a_verdict_with_another_decision_is_told(evidence: Evidence, decision: Decision) -> None:
    verdict = judge(evidence, POLICY, rules_digest="sha256:" + "0" * 64, versions={})
    forged = msgspec.structs.replace(verdict, decision=decision)
    assert replay(forged).agrees == (decision is verdict.decision)


@given(evidences)
def test_a_verdict_with_a_softer_policy_is_told(evidence: Evidence) -> None:
    verdict = judge(evidence, POLICY, rules_digest="sha256:" + "0" * 64, versions={})
    softer = msgspec.structs.replace(
        verdict.policy, tiers={**POLICY.tiers, Tier.HIGH: POLICY.tiers[Tier.LOW]}
    )
    assert not replay(msgspec.structs.replace(verdict, policy=softer)).agrees


def test_a_tier_that_the_policy_lacks_rejects() -> None:
    policy = msgspec.structs.replace(POLICY, tiers={Tier.LOW: POLICY.tiers[Tier.LOW]})
    assert decide(evidence_of([], [], Tier.HIGH), policy)[0] is Decision.REJECT
