"""What is in custody, seen from the outside: look up, decide, promote. One desk for each state directory."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime
from pathlib import Path

from quarantine.errors import BadInput, IntegrityError, NotFound, NotPromotable
from quarantine.gate.promote import promote
from quarantine.ledger.ledger import Ledger
from quarantine.printable import printable
from quarantine.provenance.keys import (
    PRIVATE_NAME,
    PUBLIC_NAME,
    FileSigner,
    good_signature,
    key_id,
    load_public,
    load_signer,
)
from quarantine.provenance.statement import Approval
from quarantine.records import Decision, Verdict
from quarantine.registries.directory import DirectoryRegistry
from quarantine.state import DATABASE, State, default_state_directory
from quarantine.tables import Stage, SubmissionRow
from quarantine.vault.vault import Vault

PROMOTABLE = (Stage.JUDGED, Stage.HELD, Stage.PROMOTED)


class Desk:
    """The parts of one state directory, and what people do with them."""

    @classmethod
    def existing(cls, directory: Path | None = None) -> Desk:
        """The desk of a state directory that is there; asking about one never makes one.

        Raises:
            NotFound: there is no state.
        """
        directory = directory or default_state_directory()
        if not (directory / DATABASE).exists():
            raise NotFound(
                f"there is no state in {printable(str(directory))}",
                remedy="name the directory that the inbox uses, with --state or QUARANTINE_STATE",
            )
        return cls(directory)

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or default_state_directory()
        self.state = State(self.directory)
        self.vault = Vault(self.directory / "vault")
        self.ledger = Ledger(self.directory / "ledger", anchor=self.directory / "ledger.anchor")

    @property
    def keys(self) -> Path:
        """Where the signing key lies."""
        return self.directory / "keys"

    @property
    def reports(self) -> Path:
        """Where reports are written, one directory for each submission."""
        return self.directory / "reports"

    def verdict(self, prefix: str) -> Verdict:
        """The verdict on the submission whose id starts with ``prefix``."""
        return self._verdict(self.state.find(prefix))

    def decide(self, prefix: str, decision: str, comment: str) -> Approval:
        """Record what the person who runs this thinks of a submission in review.

        Raises:
            BadInput: the decision is neither approve nor decline, or there is nothing to decide.
            NotPromotable: the person handed the model in, or decided before.
        """
        if decision not in {"approve", "decline"}:
            raise BadInput(f"{decision!r} is no decision", remedy="say approve or decline")
        row = self.state.find(prefix)
        verdict = self._verdict(row)
        if verdict.decision is not Decision.REVIEW:
            raise BadInput(
                f"the verdict on {row.id} is {verdict.decision}", remedy="only a review is decided"
            )
        approval = Approval(
            submission=row.digest,
            verdict_digest=verdict.digest,
            subject=current_account(),
            decision="approve" if decision == "approve" else "decline",
            comment=printable(comment),
            time=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
        if approval.subject == row.submitter:
            raise NotPromotable(
                f"{approval.subject} handed {row.id} in", remedy="another person has to decide on it"
            )
        self.state.record_approval(approval)
        stored = {a.subject: a for a in self.state.approvals(verdict.digest)}[approval.subject]
        if stored.decision != approval.decision:
            raise NotPromotable(
                f"{approval.subject} decided {stored.decision} before",
                remedy="a decision stands; hand the model in again to reopen it",
            )
        body = {"verdict": verdict.digest, "subject": stored.subject, "decision": stored.decision}
        key = f"decided:{verdict.digest}:{stored.subject}"
        self.ledger.append(
            "decision.recorded", {**body, "comment": stored.comment}, subject=row.digest, key=key
        )
        self.checkpoint()
        return stored

    def promote(self, prefix: str, registry: Path) -> str:
        """Promote the submission whose id starts with ``prefix``; returns where it lies."""
        row = self.state.find(prefix)
        return self.promote_row(row, self._verdict(row), registry)

    def promote_row(self, row: SubmissionRow, verdict: Verdict, registry: Path) -> str:
        """Promote one submission; safe to run twice.

        Raises:
            IntegrityError: the ledger does not hold the verdict or an approval as the state does.
        """
        approvals = self.state.approvals(verdict.digest)
        self._recorded(f"verdict.reached:{row.id}", verdict=verdict.digest, decision=verdict.decision)
        for approval in approvals:
            key = f"decided:{verdict.digest}:{approval.subject}"
            self._recorded(key, verdict=verdict.digest, decision=approval.decision)
        where = promote(
            verdict,
            self.vault.open(row.digest),
            DirectoryRegistry(registry),
            approvals=approvals,
            submitter=row.submitter,
            signer=self.signer(),
            ledger=self.ledger,
        )
        for stage in (Stage.JUDGED, Stage.HELD):
            self.state.move(row.id, stage, Stage.PROMOTED)
        return where

    def checkpoint(self) -> None:
        """Sign where the ledger stands, if there is a key: what was written up to here cannot be cut off unseen."""
        if (self.keys / PRIVATE_NAME).exists():
            self.ledger.checkpoint(self.signer())

    def signer(self) -> FileSigner:
        """The signer of this state directory."""
        return load_signer(self.keys)

    def verify_ledger(self) -> tuple[bool, str]:
        """Whether the ledger is what was written, and a sentence about it."""
        public = self.keys / PUBLIC_NAME
        key = load_public(public.read_bytes()) if public.exists() else None

        def check(signed_by: str, message: bytes, signature: bytes) -> bool:
            return key is not None and signed_by == key_id(key) and good_signature(key, message, signature)

        report = self.ledger.verify(check if key else None)
        if not report.entries and self.state.submissions():
            return False, "the ledger is NOT sound: it is empty, and there are submissions in custody"
        if report.sound:
            signed = "checkpoints" if key else "checkpoints (no key here to check them with)"
            return True, (
                f"the ledger is sound: {report.entries} entries, {report.checkpoints} {signed}, "
                f"{report.entries - report.sealed} entries since the last"
            )
        return False, f"the ledger is NOT sound: {'; '.join(report.problems)}"

    def _recorded(self, key: str, **wanted: str) -> None:
        """The state's tables alone open nothing: what they say must have been put down when it happened."""
        entry = self.ledger.find(key)
        if entry is None or any(entry.body.get(name) != value for name, value in wanted.items()):
            raise IntegrityError(
                f"the ledger does not hold {key!r} as the state does",
                remedy="run `quarantine ledger verify` and find out who wrote to the state directory",
            )

    def _verdict(self, row: SubmissionRow) -> Verdict:
        if row.verdict_digest is None or row.stage not in PROMOTABLE:
            raise NotPromotable(f"{row.id} has no verdict yet", remedy="run `quarantine inbox` to the end")
        return self.state.verdict(row.verdict_digest)


def current_account() -> str:
    """The operating-system account that runs this process; it is who acts."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
