"""A small house: a desk with a key, and verdicts on real bytes in its vault."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from quarantine.desk import Desk
from quarantine.intake.custody import take
from quarantine.policy.document import default_policy
from quarantine.policy.verdict import judge
from quarantine.provenance import keys
from quarantine.records import (
    Artifact,
    Coverage,
    Decision,
    Evidence,
    Finding,
    IntakeCard,
    Outcome,
    Severity,
    StageName,
    StageReport,
    Tier,
    Verdict,
)
from quarantine.tables import Stage, SubmissionRow

SEVERITY = {
    Decision.PASS: Severity.INFO,
    Decision.REVIEW: Severity.MEDIUM,
    Decision.REJECT: Severity.CRITICAL,
}


class Case:
    """One submission in custody, judged as the test wants it."""

    def __init__(self, desk: Desk, drop: Path) -> None:
        self.desk, self.drop = desk, drop

    def judged(self, decision: Decision, *, submitter: str = "ann", tier: Tier = Tier.LOW) -> SubmissionRow:
        submission = take(self.drop, self.desk.vault, untrusted_name=self.drop.name)
        row = self.desk.state.add(
            submission, tier=tier, drop_key=str(len(self.desk.state.submissions())), submitter=submitter
        )
        finding = Finding(
            rule="pickle-global-unknown",
            title="t",
            severity=SEVERITY[decision],
            stage=StageName.STATIC,
            artifact="w.bin",
            message="m",
            remediation="r",
            analyzer="a",
        )
        coverage = Coverage(
            complete=True,
            artifacts=tuple(
                Artifact(
                    path=file.path,
                    format="npy",
                    size_bytes=file.size_bytes,
                    claimed_bytes=file.size_bytes,
                    analyzers=(),
                    complete=True,
                )
                for file in submission.manifest.files
            ),
            stages=(StageReport(stage=StageName.STATIC, outcome=Outcome.DONE),),
            gaps=(),
        )
        evidence = Evidence(
            submission=submission,
            tier=tier,
            card=IntakeCard(name="digits", version="1.0"),
            findings=(finding,),
            facts=(),
            measurements=(),
            coverage=coverage,
            evaluated_at="2026-01-01T00:00:00Z",
        )
        verdict = judge(evidence, default_policy(), rules_digest="sha256:" + "1" * 64, versions={})
        assert verdict.decision is decision
        return self.store(row, verdict)

    def store(self, row: SubmissionRow, verdict: Verdict) -> SubmissionRow:
        self.desk.state.store_verdict(verdict, verdict.digest)
        body = {"id": row.id, "verdict": verdict.digest, "decision": verdict.decision.value}
        self.desk.ledger.append("verdict.reached", body, subject=row.digest, key=f"verdict.reached:{row.id}")
        self.desk.state.move(row.id, Stage.TAKEN, Stage.JUDGED, verdict_digest=verdict.digest)
        return self.desk.state.find(row.id)

    def forged(self, row: SubmissionRow) -> Verdict:
        """The stored verdict with its decision turned into pass."""
        return msgspec.structs.replace(self.desk.verdict(row.id), decision=Decision.PASS)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    drop = tmp_path / "drop"
    (drop / "sub").mkdir(parents=True)
    (drop / "w.bin").write_bytes(b"weights")
    (drop / "sub" / "config.json").write_bytes(b"{}")
    desk = Desk(tmp_path / "state")
    keys.init(desk.keys)
    return Case(desk, drop)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return tmp_path / "registry"
