"""Only a pass, or a review that other people approved, reaches the registry; whole, signed, or not at all."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quarantine import desk as desk_module
from quarantine.errors import IntegrityError, NotFound, NotPromotable
from quarantine.gate.opens import check_opens
from quarantine.gate.verify import verify
from quarantine.provenance.statement import Approval
from quarantine.records import Decision, Tier, canonical
from tests.gate.conftest import Case


def visible(registry: Path) -> list[str]:
    return sorted(str(p.relative_to(registry)) for p in registry.glob("models/*/*"))


def act_as(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(desk_module, "current_account", lambda: name)


def test_a_pass_lands_whole_with_a_signature_that_verifies(case: Case, registry: Path) -> None:
    row = case.judged(Decision.PASS)
    where = Path(case.desk.promote(row.id, registry))
    assert visible(registry) == ["models/digits/1.0"]
    assert (where / "model" / "sub" / "config.json").read_bytes() == b"{}"
    report = verify(where, (case.desk.keys / "signing-key.pub.pem").read_bytes())
    assert report.verdict.decision is Decision.PASS
    assert case.desk.verify_ledger()[0]


def test_promoting_twice_changes_nothing(case: Case, registry: Path) -> None:
    row = case.judged(Decision.PASS)
    first = case.desk.promote(row.id, registry)
    entries = len(list(case.desk.ledger.entries()))
    assert case.desk.promote(row.id, registry) == first
    assert len(list(case.desk.ledger.entries())) == entries


def test_a_reject_is_never_promoted_whoever_approves(case: Case, registry: Path) -> None:
    row = case.judged(Decision.REJECT)
    with pytest.raises(NotPromotable, match="reject"):
        case.desk.promote(row.id, registry)
    assert visible(registry) == []


def test_a_review_needs_somebody_else(case: Case, registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = case.judged(Decision.REVIEW, submitter="ann")
    with pytest.raises(NotPromotable, match="approval"):
        case.desk.promote(row.id, registry)
    act_as(monkeypatch, "ann")
    with pytest.raises(NotPromotable, match="handed"):
        case.desk.decide(row.id, "approve", "mine")
    act_as(monkeypatch, "bob")
    case.desk.decide(row.id, "approve", "looked at the global; it is ours")
    where = Path(case.desk.promote(row.id, registry))
    verify(where, (case.desk.keys / "signing-key.pub.pem").read_bytes())


def test_a_decline_shuts_the_gate_and_cannot_be_taken_back(
    case: Case, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = case.judged(Decision.REVIEW)
    act_as(monkeypatch, "bob")
    case.desk.decide(row.id, "decline", "no")
    with pytest.raises(NotPromotable, match="before"):
        case.desk.decide(row.id, "approve", "yes after all")
    act_as(monkeypatch, "eve")
    case.desk.decide(row.id, "approve", "yes")
    with pytest.raises(NotPromotable, match="declined"):
        case.desk.promote(row.id, registry)


def test_tier_high_needs_two_others(case: Case, registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = case.judged(Decision.REVIEW, tier=Tier.HIGH)
    act_as(monkeypatch, "bob")
    case.desk.decide(row.id, "approve", "yes")
    with pytest.raises(NotPromotable, match="1 approval"):
        case.desk.promote(row.id, registry)
    act_as(monkeypatch, "eve")
    case.desk.decide(row.id, "approve", "yes")
    case.desk.promote(row.id, registry)


def test_bytes_changed_in_custody_are_not_promoted(case: Case, registry: Path) -> None:
    row = case.judged(Decision.PASS)
    file = case.desk.vault.open(row.digest) / "w.bin"
    file.chmod(0o600)
    file.write_bytes(b"WEIGHTS")
    with pytest.raises(IntegrityError, match=r"w\.bin"):
        case.desk.promote(row.id, registry)
    assert visible(registry) == []
    assert list((registry / ".staging").iterdir()) == []


def test_a_forged_verdict_does_not_open_the_gate(case: Case, registry: Path) -> None:
    row = case.judged(Decision.REJECT)
    with pytest.raises(NotPromotable, match="does not stand"):
        check_opens(case.forged(row), (), submitter=row.submitter)
    with pytest.raises(IntegrityError, match="ledger does not hold"):
        case.desk.promote_row(row, case.forged(row), registry)


def edit_state(case: Case, sql: str, *values: object) -> None:
    with sqlite3.connect(case.desk.directory / "state.sqlite") as connection:
        assert connection.execute(sql, values).rowcount == 1


def test_a_verdict_that_was_edited_in_the_state_is_noticed(case: Case, registry: Path) -> None:
    row = case.judged(Decision.REJECT)
    edit_state(case, "UPDATE decisions SET document = ?", canonical(case.forged(row)))
    with pytest.raises(IntegrityError, match="was changed"):
        case.desk.promote(row.id, registry)


def test_another_submissions_verdict_opens_nothing(case: Case, registry: Path) -> None:
    passed = case.judged(Decision.PASS)
    (case.drop / "w.bin").write_bytes(b"other weights")
    rejected = case.judged(Decision.REJECT)
    edit_state(
        case, "UPDATE submissions SET verdict_digest = ? WHERE id = ?", passed.verdict_digest, rejected.id
    )
    with pytest.raises(IntegrityError, match="ledger does not hold"):
        case.desk.promote(rejected.id, registry)
    assert visible(registry) == []


def test_an_approval_that_nobody_made_opens_nothing(case: Case, registry: Path) -> None:
    row = case.judged(Decision.REVIEW)
    verdict = case.desk.verdict(row.id)
    case.desk.state.record_approval(
        Approval(
            submission=row.digest, verdict_digest=verdict.digest, subject="bob", decision="approve",
            comment="", time="t",
        )
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="ledger does not hold 'decided:"):
        case.desk.promote(row.id, registry)


def test_readers_never_see_half_a_model(case: Case, registry: Path) -> None:
    """Readers look all the time while releases appear; whatever is visible is whole and verifies."""
    key = (case.desk.keys / "signing-key.pub.pem").read_bytes()
    for number in range(50):
        (case.drop / f"{number}.bin").write_bytes(bytes(100_000))
    row = case.judged(Decision.PASS)
    seen: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.extend(verify(where, key).sentence for where in registry.glob("models/*/*"))

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        case.desk.promote(row.id, registry)
        while not seen and not any(reader.done() for reader in readers):
            time.sleep(0.01)
        stop.set()
        for reader in readers:
            reader.result()
    assert all(sentence.startswith("intact: 52 file(s)") for sentence in seen)


def test_another_model_cannot_take_a_published_name(case: Case, registry: Path) -> None:
    row = case.judged(Decision.PASS)
    case.desk.promote(row.id, registry)
    (case.drop / "w.bin").write_bytes(b"other weights")
    row = case.judged(Decision.PASS)
    with pytest.raises(NotPromotable, match="another release"):
        case.desk.promote(row.id, registry)


def test_without_a_key_nothing_is_promoted(case: Case, registry: Path) -> None:
    row = case.judged(Decision.PASS)
    for file in case.desk.keys.iterdir():
        file.unlink()
    with pytest.raises(NotFound, match="keys init"):
        case.desk.promote(row.id, registry)
    assert visible(registry) == []


def test_a_crash_in_the_middle_of_the_copy_shows_nothing(case: Case, registry: Path) -> None:
    row = case.judged(Decision.PASS)
    pid = os.fork()
    if not pid:
        from quarantine.registries import directory

        directory._write = lambda *_: os._exit(9)  # type: ignore[assignment]
        case.desk.promote(row.id, registry)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert visible(registry) == []
    case.desk.promote(row.id, registry)
    assert visible(registry) == ["models/digits/1.0"]
