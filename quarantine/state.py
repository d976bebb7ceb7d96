"""What stands where: one row per submission in custody, its stage, and the verdicts already reached.

SQLite, written with compare-and-set only, so that a step that runs twice changes nothing the second time
(design, promise 6). Holds no bytes of any submission.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from quarantine.errors import IntegrityError, NotFound, StateError
from quarantine.provenance.statement import Approval
from quarantine.records import IntakeCard, Submission, Tier, Verdict, canonical
from quarantine.tables import Stage, SubmissionRow, begin_immediately, configure, row_of, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

BUSY_S = 30
ID_LENGTH = 12


DATABASE = "state.sqlite"


def default_state_directory() -> Path:
    """``$QUARANTINE_STATE``, or ``~/.local/state/quarantine``."""
    named = os.environ.get("QUARANTINE_STATE")
    return Path(named) if named else Path.home() / ".local" / "state" / "quarantine"


class State:
    """The state in one directory, made with mode 0700 if it is not there."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or default_state_directory()
        from sqlalchemy import create_engine, event

        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _state_error(self.directory, error) from error
        path = self.directory / DATABASE
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_S})
        event.listen(self._engine, "connect", configure)
        event.listen(self._engine, "begin", begin_immediately)
        self._submissions, self._verdicts, self._refusals, self._approvals = tables()
        with self._transaction() as connection:
            self._submissions.metadata.create_all(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def add(
        self,
        submission: Submission,
        *,
        tier: Tier,
        drop_key: str,
        submitter: str,
        card: IntakeCard | None = None,
    ) -> SubmissionRow:
        """Record that a submission is in custody; the same drop again gives the same row."""
        from sqlalchemy import func, insert, select

        table = self._submissions
        with self._transaction() as connection:
            query = select(table).where(table.c.drop_key == drop_key)
            known = connection.execute(query).mappings().first()
            if known is None:
                stem = submission.digest.removeprefix("sha256:")[:ID_LENGTH]
                same = select(func.count()).select_from(table).where(table.c.id.startswith(stem))
                count = connection.execute(same).scalar_one()
                now = _now()
                connection.execute(
                    insert(table).values(
                        id=f"{stem}-{count + 1}" if count else stem,
                        digest=submission.digest,
                        untrusted_name=submission.untrusted_name,
                        stage=Stage.TAKEN.value,
                        tier=tier.value,
                        drop_key=drop_key,
                        submitter=submitter,
                        taken_at=submission.taken_at,
                        updated_at=now,
                        card=canonical(card).decode() if card else None,
                    )
                )
                known = connection.execute(query).mappings().one()
            return row_of(known)

    def find(self, prefix: str) -> SubmissionRow:
        """The submission whose id, or whose digest, starts with ``prefix``.

        Raises:
            NotFound: there is none, or more than one.
        """
        from sqlalchemy import or_, select

        table = self._submissions
        hexadecimal = prefix.removeprefix("sha256:")
        match = or_(
            table.c.id.startswith(hexadecimal, autoescape=True),
            table.c.digest.startswith("sha256:" + hexadecimal, autoescape=True),
        )
        with self._transaction() as connection:
            rows = [row_of(row) for row in connection.execute(select(table).where(match)).mappings()]
        rows = [row for row in rows if row.id == hexadecimal] or rows
        if len(rows) != 1 or not hexadecimal:
            what = "fits several submissions" if len(rows) > 1 else "is not known"
            raise NotFound(
                f"submission {prefix!r} {what}", remedy="`quarantine list` shows the ids; give enough of one"
            )
        return rows[0]

    def submissions(self, stage: Stage | None = None) -> list[SubmissionRow]:
        """All submissions, or those at one stage, oldest first."""
        from sqlalchemy import select

        table = self._submissions
        query = select(table).order_by(table.c.taken_at, table.c.id)
        if stage is not None:
            query = query.where(table.c.stage == stage.value)
        with self._transaction() as connection:
            return [row_of(row) for row in connection.execute(query).mappings()]

    def move(self, row_id: str, before: Stage, after: Stage, *, verdict_digest: str | None = None) -> bool:
        """Move a submission from one stage to the next; False if it was not (or no longer) at ``before``."""
        from sqlalchemy import update

        table = self._submissions
        values: dict[str, Any] = {"stage": after.value, "updated_at": _now()}
        if verdict_digest is not None:
            values["verdict_digest"] = verdict_digest
        change = update(table).where(table.c.id == row_id, table.c.stage == before.value).values(**values)
        with self._transaction() as connection:
            return connection.execute(change).rowcount == 1

    def store_verdict(self, verdict: Verdict, context: str) -> Verdict:
        """Keep the verdict on (submission, ``context``); an earlier one stays and is returned.

        ``context`` names all else the verdict depends on: rules, policy, tier and card.
        """
        from sqlalchemy.dialects.sqlite import insert

        values = {
            "submission": verdict.evidence.submission.digest,
            "context": context,
            "verdict_digest": verdict.digest,
            "document": canonical(verdict),
            "decided_at": _now(),
        }
        with self._transaction() as connection:
            connection.execute(insert(self._verdicts).values(**values).on_conflict_do_nothing())
        stored = self.verdict_on(verdict.evidence.submission.digest, context)
        assert stored is not None
        return stored

    def verdict_on(self, submission: str, context: str) -> Verdict | None:
        """The verdict already reached on a submission in this context."""
        table = self._verdicts
        return self._load(table.c.submission == submission, table.c.context == context)

    def verdict(self, verdict_digest: str) -> Verdict:
        """The stored verdict with that digest.

        Raises:
            NotFound: there is none.
            IntegrityError: what is stored under that digest is something else.
        """
        found = self._load(self._verdicts.c.verdict_digest == verdict_digest)
        if found is None:
            raise NotFound(f"verdict {verdict_digest} is not stored here", remedy="check the digest")
        if found.digest != verdict_digest:
            raise IntegrityError(
                f"the stored verdict {verdict_digest} was changed",
                remedy="find out who wrote to the state directory; have the model handed in again",
            )
        return found

    def refuse(self, drop_key: str, reason: str) -> None:
        """Remember that a drop, as it is now, is not acceptable."""
        from sqlalchemy.dialects.sqlite import insert

        values = {"drop_key": drop_key, "reason": reason, "refused_at": _now()}
        with self._transaction() as connection:
            connection.execute(insert(self._refusals).values(**values).on_conflict_do_nothing())

    def refused(self, drop_key: str) -> bool:
        """True if this drop, in this very state, was refused."""
        from sqlalchemy import select

        table = self._refusals
        with self._transaction() as connection:
            return connection.execute(select(table).where(table.c.drop_key == drop_key)).first() is not None

    def record_approval(self, approval: Approval) -> None:
        """Keep a person's decision on a verdict; the first one of each person on each verdict stands."""
        from sqlalchemy.dialects.sqlite import insert

        values = {
            "verdict_digest": approval.verdict_digest,
            "subject": approval.subject,
            "document": canonical(approval),
        }
        with self._transaction() as connection:
            connection.execute(insert(self._approvals).values(**values).on_conflict_do_nothing())

    def approvals(self, verdict_digest: str) -> tuple[Approval, ...]:
        """The decisions of people on a verdict, by subject."""
        from sqlalchemy import select

        table = self._approvals
        query = (
            select(table.c.document).where(table.c.verdict_digest == verdict_digest).order_by(table.c.subject)
        )
        with self._transaction() as connection:
            documents = connection.execute(query).scalars().all()
        return tuple(msgspec.json.decode(document, type=Approval) for document in documents)

    def _load(self, *conditions: Any) -> Verdict | None:
        from sqlalchemy import select

        with self._transaction() as connection:
            document = connection.execute(select(self._verdicts.c.document).where(*conditions)).scalar()
        return None if document is None else msgspec.json.decode(document, type=Verdict)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        from sqlalchemy.exc import DatabaseError

        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            raise _state_error(self.directory, error.orig or error) from error


def _state_error(where: Path, error: BaseException) -> StateError:
    return StateError(
        f"the state in {where} cannot be used: {getattr(error, 'strerror', None) or error}",
        remedy="free space, make it writable or end what locks it, then run again; nothing was lost",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
