"""Verdicts for the reports' tests."""

from __future__ import annotations

from quarantine.policy.document import default_policy
from quarantine.policy.verdict import judge
from quarantine.records import (
    Artifact,
    Coverage,
    Evidence,
    FileEntry,
    Finding,
    Gap,
    IntakeCard,
    Location,
    Manifest,
    Measurement,
    Outcome,
    Severity,
    StageName,
    StageReport,
    Submission,
    Tier,
    Verdict,
)

HOSTILE = "</script><img src=x onerror=alert(1)>|`[x](http://127.0.0.1)`@all\x1b[31m\u202e\x00%20\n& ;\"'.pkl"


def make_verdict(name: str, message: str) -> Verdict:
    """A rejected submission of one file."""
    manifest = Manifest(files=(FileEntry(path=name, size_bytes=10, sha256="0" * 64),))
    evidence = Evidence(
        submission=Submission(
            digest=manifest.digest, untrusted_name=name, taken_at="2026-01-01T00:00:00Z", manifest=manifest
        ),
        tier=Tier.LOW,
        card=IntakeCard(name=name, intended_use=message),
        findings=(
            Finding(
                rule="pickle-global-dangerous",
                title="Loading runs a dangerous function",
                severity=Severity.CRITICAL,
                stage=StageName.STATIC,
                artifact=f"{name}!{name}",
                message=message,
                remediation="Do not load it",
                analyzer="pickle",
                location=Location(offset=2),
                evidence={"call": message},
            ),
        ),
        facts=(),
        measurements=(
            Measurement(
                probe="evasion-pgd",
                name="robust_accuracy",
                value=0.5,
                unit="fraction",
                low=0.4,
                high=0.6,
                samples=100,
                context={"eps": "0.03"},
            ),
        ),
        coverage=Coverage(
            complete=False,
            artifacts=(
                Artifact(
                    path=name,
                    format="pickle",
                    size_bytes=10,
                    claimed_bytes=9,
                    analyzers=("pickle",),
                    complete=False,
                ),
            ),
            stages=(StageReport(stage=StageName.STATIC, outcome=Outcome.DONE),),
            gaps=(Gap(subject=name, reason="1 byte"),),
        ),
        evaluated_at="2026-01-01T00:00:00Z",
    )
    return judge(evidence, default_policy(), rules_digest="sha256:" + "1" * 64, versions={"python": "3"})


def reject_verdict() -> Verdict:
    """A verdict with ordinary names."""
    return make_verdict("model.pkl", "posix.system('id')")


def hostile_names_verdict() -> Verdict:
    """A verdict whose every text from the submission tries to break the report."""
    return make_verdict(HOSTILE, HOSTILE)
