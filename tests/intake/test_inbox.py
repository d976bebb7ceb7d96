"""Killed at any step, the inbox loses nothing, judges once and promotes only what passed."""

from __future__ import annotations

import os
import signal

import pytest

from quarantine.intake.inbox import Inbox
from quarantine.intake.opened import open_path
from quarantine.ledger.ledger import Ledger
from quarantine.records import (
    Coverage,
    Decision,
    Evidence,
    Policy,
    Submission,
    Verdict,
)
from quarantine.state import State
from quarantine.tables import Stage
from quarantine.vault.vault import Vault

ZERO = "sha256:" + "0" * 64
STEPS = [
    "sealed",
    "recorded",
    "taken-in-ledger",
    "companions-removed",
    "drop-moved",
    "drop-removed",
    "judged",
    "verdict-stored",
    "verdict-in-ledger",
    "published",
    "stage-judged",
    "promoted",
    "stage-promoted",
]


def serve(base, checkpoint=lambda name: None):
    vault, state = Vault(base / "vault"), State(base / "state")

    def judge(row):
        with open_path(vault.open(row.digest)) as opened:
            manifest = opened.manifest()
        decision = Decision.REJECT if "bad" in row.untrusted_name else Decision.PASS
        coverage = Coverage(complete=True, artifacts=(), stages=(), gaps=())
        now = str(os.getpid())
        submission = Submission(
            digest=manifest.digest, untrusted_name=row.untrusted_name, taken_at=now, manifest=manifest
        )
        evidence = Evidence(
            submission=submission, tier=row.tier, card=row.card, findings=(), facts=(), measurements=(),
            coverage=coverage, evaluated_at=now,
        )  # fmt: skip
        policy = Policy(schema="1", name="p", tiers={}, jail_minimum=(), limits={})
        return Verdict(
            schema="1", decision=decision, reasons=(), evidence=evidence, policy=policy,
            policy_digest=ZERO, rules_digest=ZERO, versions={},
        )  # fmt: skip

    def promote(row, verdict):
        (base / f"promoted-{row.untrusted_name}").write_text(verdict.digest)
        return True

    ledger = Ledger(base / "ledger")
    inbox = Inbox(
        base / "in", vault=vault, state=state, ledger=ledger, judge=judge, context=ZERO, promote=promote,
        checkpoint=checkpoint,
    )  # fmt: skip
    inbox.drain()
    inbox.close()
    return state, ledger, vault


@pytest.fixture
def base(tmp_path):
    (tmp_path / "in" / "good").mkdir(parents=True)
    (tmp_path / "in" / "good" / "w").write_bytes(b"good")
    (tmp_path / "in" / "bad.bin").write_bytes(b"bad")
    (tmp_path / "in" / "good.ready").touch()
    (tmp_path / "in" / "unfinished.part").touch()
    config = tmp_path / "in" / ".quarantine-inbox.toml"
    config.write_text("auto_promote=true\nquiet_s=0.05\n")
    config.chmod(0o644)
    return tmp_path


@pytest.mark.parametrize("step", [None, *STEPS])
def test_a_kill_at_any_step_loses_nothing(base, step):
    if step:
        pid = os.fork()
        if not pid:
            serve(base, lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == step else None)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    state, ledger, vault = serve(base)
    rows = {row.untrusted_name: row for row in state.submissions()}
    assert {name: row.stage for name, row in rows.items()} == {"good": Stage.PROMOTED, "bad.bin": Stage.HELD}
    assert len(state.submissions()) == 2
    events = [(entry.event, entry.subject) for entry in ledger.entries()]
    assert len(events) == len(set(events)) == 4
    for row in rows.values():
        vault.verify(row.digest)
        assert state.verdict(row.verdict_digest).evidence.submission.digest == row.digest
    assert (base / "promoted-good").read_text() == rows["good"].verdict_digest
    assert not (base / "promoted-bad.bin").exists()
    left = {path.name for path in (base / "in").iterdir()}
    assert left == {".quarantine-inbox.toml", ".taken", "unfinished.part"}
    assert ledger.verify().sound


def test_a_refused_drop_stays_and_is_not_tried_again_until_it_changes(base):
    (base / "in" / "good" / "link").symlink_to("../bad.bin")
    for _ in range(2):
        state, ledger, _ = serve(base)
    assert (base / "in" / "good" / "w").exists()
    assert "symbolic link" in (base / "in" / "good.refused.txt").read_text()
    assert [e.event for e in ledger.entries()].count("custody.refused") == 1
    (base / "in" / "good" / "link").unlink()
    state, _, _ = serve(base)
    assert len(state.submissions(Stage.PROMOTED)) == 1


def test_the_same_bytes_again_get_the_same_verdict(base):
    serve(base)
    (base / "in" / "bad.bin").write_bytes(b"bad")
    state, _, _ = serve(base)
    rows = state.submissions(Stage.HELD)
    assert len({row.id for row in rows}) == 2
    assert len({row.verdict_digest for row in rows}) == 1
