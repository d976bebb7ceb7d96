"""The inbox service: drops in a directory become submissions in custody with a verdict.

Each step is recorded before the next begins and may run twice, so a process killed anywhere resumes (design,
promise 6). Judging and promoting are passed in; nothing of a drop is parsed here.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from quarantine.durable import replace_file
from quarantine.errors import BadInput, Changed, CustodyError, IntegrityError, JailError, StateError
from quarantine.intake.away import Away
from quarantine.intake.card import InboxConfig, read_card_file, read_inbox_config
from quarantine.intake.custody import take
from quarantine.intake.ready import (
    CARD_SUFFIX,
    READY_SUFFIX,
    Readiness,
    Snapshot,
    drop_key,
    drops,
    look_at_card,
    owner,
    unchanged,
)
from quarantine.ledger.ledger import Ledger
from quarantine.printable import printable
from quarantine.records import Decision, IntakeCard, Verdict, digest_of
from quarantine.state import State
from quarantine.tables import Stage, SubmissionRow
from quarantine.vault.vault import Vault, storage_errors

Judge = Callable[[SubmissionRow], Verdict]
Publish = Callable[[SubmissionRow, Verdict], None]
Promote = Callable[[SubmissionRow, Verdict], bool]
"""Promotes and records it; False if the gate stays shut."""


def _nothing(*_: object) -> None:
    """Default for hooks."""


class Inbox:
    """One inbox directory. ``context`` is the digest of rules and policy; in it there is one verdict only.

    ``on_taking`` is told (name, bytes copied, bytes in all) while a drop is taken, ``on_refused`` (name, why).
    """

    def __init__(
        self,
        root: Path,
        *,
        vault: Vault,
        state: State,
        ledger: Ledger,
        judge: Judge,
        context: str,
        publish: Publish = _nothing,
        promote: Promote | None = None,
        checkpoint: Callable[[str], None] = _nothing,
        on_taking: Callable[[str, int, int], None] = _nothing,
        on_refused: Callable[[str, str], None] = _nothing,
    ) -> None:
        self._root, self._vault, self._state, self._ledger = root, vault, state, ledger
        self._judge, self._context = judge, context
        self._publish, self._promote, self._checkpoint = publish, promote, checkpoint
        self._on_taking, self._on_refused = on_taking, on_refused
        if not root.is_dir():
            raise BadInput(f"the inbox {root} is no directory", remedy="make it, or name another")
        self._config = read_inbox_config(root)
        self._readiness = Readiness(self._config.quiet_s)
        self._lock = self._take_lock()
        try:
            self._away = Away(root)
        except BaseException:
            os.close(self._lock)
            raise
        vault.sweep()

    @property
    def config(self) -> InboxConfig:
        """What the organisation set for this inbox."""
        return self._config

    def close(self) -> None:
        """Let another process serve this inbox, and this state."""
        self._away.close()
        os.close(self._lock)

    def drain(self) -> None:
        """Finish what was begun, take and judge all complete drops, waiting for those that become quiet.

        Drops that are still written to after twice the quiet period are left for the next time.
        """
        deadline = time.monotonic() + 2 * self._config.quiet_s + 0.1
        while self.step() and time.monotonic() < deadline:
            time.sleep(min(0.1, self._config.quiet_s / 4 + 0.01))

    def watch(self, stop: Any = None) -> None:
        """Serve until ``stop`` (a ``threading.Event``) is set."""
        from watchfiles import watch

        self.drain()
        pause_ms = max(50, int(self._config.quiet_s * 1000))
        for _ in watch(self._root, stop_event=stop, rust_timeout=pause_ms, yield_on_timeout=True):
            self.step()

    def step(self) -> int:
        """One round over everything; how many drops are not complete yet."""
        self._away.clear()
        waiting = 0
        for drop in drops(self._root):
            seen = self._readiness.complete(drop)
            waiting += seen is None or not self._receive(drop, seen)
        for row in self._state.submissions(Stage.TAKEN):
            self._decide(row)
        for row in self._state.submissions(Stage.JUDGED):
            self._finish(row)
        return waiting

    def _receive(self, drop: Path, seen: Snapshot) -> bool:
        """Take or refuse a drop; False if it is still being written to, so that the next round looks anew."""
        key, card_seen = drop_key(drop, seen), look_at_card(drop)
        refusal = drop_key(drop, seen + card_seen)
        if self._state.refused(refusal):
            return True
        try:
            card = self._card(drop, seen, card_seen)
            submission = take(
                drop, self._vault, untrusted_name=drop.name, on_bytes=partial(self._on_taking, drop.name)
            )
        except Changed:
            return False
        except (CustodyError, BadInput) as error:
            self._refuse(drop, refusal, str(error))
            return True
        self._checkpoint("sealed")
        if not unchanged(drop, seen) or look_at_card(drop) != card_seen:
            return False  # What was sealed may be half of it.
        row = self._state.add(
            submission, tier=self._config.tier, drop_key=key, submitter=owner(seen), card=card
        )
        self._checkpoint("recorded")
        self._note(row, "custody.taken", {"name": row.untrusted_name, "tier": row.tier.value})
        self._checkpoint("taken-in-ledger")
        self._remove(drop, row, seen)
        self._checkpoint("drop-removed")
        return True

    def _card(self, drop: Path, seen: Snapshot, card_seen: Snapshot) -> IntakeCard | None:
        card = None
        if card_seen:
            beside = drop.with_name(drop.name + CARD_SUFFIX)
            if card_seen[0][6] not in {seen[0][6], 0, os.geteuid()}:
                raise BadInput(
                    f"{beside} belongs to {owner(card_seen)} and the model to {owner(seen)}",
                    remedy="whoever hands the model in writes the card too",
                )
            card = read_card_file(beside)
        if self._config.owner is None:
            return card
        # The owner is the organisation's to name, whatever the card says.
        from msgspec.structs import replace

        return replace(card or IntakeCard(), owner=self._config.owner)

    def _refuse(self, drop: Path, key: str, reason: str) -> None:
        self._ledger.append(
            "custody.refused", {"reason": reason}, subject=printable(drop.name), key=f"no:{key}"
        )
        with storage_errors(self._root):
            note = drop.with_name(printable(drop.name, 100).replace("/", "_") + ".refused.txt")
            replace_file(note, (printable(reason) + "\n").encode())
        self._checkpoint("refusal-noted")
        self._state.refuse(key, reason)
        self._on_refused(drop.name, reason)

    def _decide(self, row: SubmissionRow) -> None:
        self._note(row, "custody.taken", {"name": row.untrusted_name, "tier": row.tier.value})
        context = digest_of([self._context, row.tier, row.card])
        verdict = self._state.verdict_on(row.digest, context)
        if verdict is None:
            try:
                verdict = self._judge(row)
            except JailError as error:
                # No jail is no verdict; the submission stays in custody and is judged when there is one.
                self._note(row, "verdict.postponed", {"reason": str(error)})
                return
            if verdict.evidence.submission.digest != row.digest:
                raise IntegrityError(
                    f"submission {row.id}: the verdict is on other bytes than the vault sealed",
                    remedy="check the vault with `quarantine vault verify`",
                )
            self._checkpoint("judged")
            verdict = self._state.store_verdict(verdict, context)
        self._checkpoint("verdict-stored")
        body = {"verdict": verdict.digest, "decision": verdict.decision.value}
        self._note(row, "verdict.reached", body)
        self._checkpoint("verdict-in-ledger")
        self._publish(row, verdict)
        self._checkpoint("published")
        self._state.move(row.id, Stage.TAKEN, Stage.JUDGED, verdict_digest=verdict.digest)
        self._checkpoint("stage-judged")

    def _finish(self, row: SubmissionRow) -> None:
        assert row.verdict_digest is not None
        verdict = self._state.verdict(row.verdict_digest)
        may = verdict.decision is Decision.PASS and self._config.auto_promote
        if not may or self._promote is None or not self._promote(row, verdict):
            self._state.move(row.id, Stage.JUDGED, Stage.HELD)
            return
        self._checkpoint("promoted")
        self._state.move(row.id, Stage.JUDGED, Stage.PROMOTED)
        self._checkpoint("stage-promoted")

    def _note(self, row: SubmissionRow, event: str, body: dict[str, Any]) -> None:
        body = {"id": row.id, **body}
        self._ledger.append(event, body, subject=row.digest, key=f"{event}:{row.id}")

    def _remove(self, drop: Path, row: SubmissionRow, seen: Snapshot) -> None:
        """Move the drop out of sight in one step, then delete it; put it back if it is another by now."""
        with storage_errors(self._root):
            # Marker and card go first: left behind, they would be taken for a later drop's.
            for suffix in (READY_SUFFIX, CARD_SUFFIX, ".refused.txt"):
                drop.with_name(drop.name + suffix).unlink(missing_ok=True)
            self._checkpoint("companions-removed")
        if self._away.put(drop.name, row.id, seen[0][2]):
            self._checkpoint("drop-moved")
            self._away.clear()

    def _take_lock(self) -> int:
        with storage_errors(self._state.directory):
            fd = os.open(self._state.directory / "inbox.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise StateError(
                "another process serves an inbox with this state", remedy="end it, or use another state"
            ) from None
        return fd
