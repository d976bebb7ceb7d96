"""The tables of the state, and what a row of them says of a submission. (SQLite through SQLAlchemy)"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from quarantine.records import IntakeCard, Tier

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


class Stage(StrEnum):
    """How far a submission is."""

    TAKEN = "taken"
    JUDGED = "judged"
    HELD = "held"
    PROMOTED = "promoted"
    FAILED = "failed"


@dataclass(frozen=True)
class SubmissionRow:
    """One submission in custody. ``drop_key`` tells one handing-in of the same bytes from another."""

    id: str
    digest: str
    untrusted_name: str
    stage: Stage
    tier: Tier
    drop_key: str
    taken_at: str
    updated_at: str
    submitter: str
    card: IntakeCard | None
    verdict_digest: str | None


def tables() -> tuple[Table, Table, Table, Table]:
    """The tables of submissions, verdicts, refusals and approvals."""
    from sqlalchemy import Column, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table

    data = MetaData()
    names = ("digest", "untrusted_name", "stage", "tier", "submitter", "taken_at", "updated_at")
    submissions = Table(
        "submissions",
        data,
        Column("id", String, primary_key=True),
        *(Column(name, String, nullable=False) for name in names),
        Column("drop_key", String, nullable=False, unique=True),
        Column("card", String),
        Column("verdict_digest", String),
    )
    verdicts = Table(
        "decisions",
        data,
        Column("submission", String, nullable=False),
        Column("context", String, nullable=False),
        Column("verdict_digest", String, nullable=False),
        Column("document", LargeBinary, nullable=False),
        Column("decided_at", String, nullable=False),
        PrimaryKeyConstraint("submission", "context"),
    )
    refusals = Table(
        "refusals",
        data,
        Column("drop_key", String, primary_key=True),
        Column("reason", String, nullable=False),
        Column("refused_at", String, nullable=False),
    )
    approvals = Table(
        "approvals",
        data,
        Column("verdict_digest", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("document", LargeBinary, nullable=False),
        PrimaryKeyConstraint("verdict_digest", "subject"),
    )
    return submissions, verdicts, refusals, approvals


def configure(connection: Any, _record: object) -> None:
    """Set a new connection up: nothing is committed that is not on the disk."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def begin_immediately(connection: Connection) -> None:
    """Take the write lock at once: a reader that becomes a writer could otherwise fail half-way."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def row_of(row: Any) -> SubmissionRow:
    """The submission that a row of the table stands for."""
    values = dict(row)
    card = values.pop("card")
    values.update(stage=Stage(values["stage"]), tier=Tier(values["tier"]))
    return SubmissionRow(card=msgspec.json.decode(card, type=IntakeCard) if card else None, **values)
