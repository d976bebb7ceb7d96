"""Make a verdict of evidence and policy, read one back strictly, and recompute it from itself."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from quarantine.errors import BadInput
from quarantine.policy.decide import decide
from quarantine.printable import printable
from quarantine.records import SCHEMA_VERSION, Evidence, Policy, Verdict


@dataclass(frozen=True)
class ReplayResult:
    """Whether a stored verdict is what its own record leads to, in a sentence."""

    agrees: bool
    sentence: str


def judge(evidence: Evidence, policy: Policy, *, rules_digest: str, versions: dict[str, str]) -> Verdict:
    """The verdict on ``evidence`` under ``policy``. Findings are put in one order, whoever reported first."""
    ordered = msgspec.structs.replace(
        evidence,
        findings=tuple(
            sorted(
                evidence.findings,
                key=lambda f: (-f.severity.rank, f.artifact, f.location.offset if f.location else -1, f.rule),
            )
        ),
        facts=tuple(sorted(evidence.facts, key=lambda fact: (fact.artifact, fact.name, fact.value))),
    )
    decision, reasons = decide(ordered, policy)
    return Verdict(
        schema=SCHEMA_VERSION,
        decision=decision,
        reasons=reasons,
        evidence=ordered,
        policy=policy,
        policy_digest=policy.digest,
        rules_digest=rules_digest,
        versions=dict(sorted(versions.items())),
    )


def load_verdict(content: bytes) -> Verdict:
    """A verdict from its JSON.

    Raises:
        BadInput: it is not exactly a verdict of this schema.
    """
    try:
        verdict = msgspec.json.decode(content, type=Verdict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(
            f"this is no verdict: {printable(str(error), 300)}",
            remedy="give the JSON that `quarantine scan --format json` wrote",
        ) from error
    if verdict.schema != SCHEMA_VERSION:
        raise BadInput(
            f"the verdict has schema {printable(verdict.schema, 20)}",
            remedy=f"use a version that reads it; this one reads {SCHEMA_VERSION}",
        )
    return verdict


def replay(verdict: Verdict) -> ReplayResult:
    """Recompute decision, reasons and digests from the verdict's own evidence and policy."""
    decision, reasons = decide(verdict.evidence, verdict.policy)
    differences = [
        name
        for name, holds in (
            ("decision", decision is verdict.decision),
            ("reasons", reasons == verdict.reasons),
            ("policy digest", verdict.policy.digest == verdict.policy_digest),
            (
                "submission digest",
                verdict.evidence.submission.manifest.digest == verdict.evidence.submission.digest,
            ),
        )
        if not holds
    ]
    if differences:
        return ReplayResult(
            False,
            f"the record leads to {decision}, not to what it says: {', '.join(differences)} differ",
        )
    return ReplayResult(True, f"the record leads to {decision}, as it says")
