"""Commands about submissions in custody: inbox, list, show, decide, promote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quarantine.cli.options import (
    FormatOption,
    OutputOption,
    PolicyOption,
    StateOption,
    read_policy,
    write_output,
)
from quarantine.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quarantine.desk import Desk
    from quarantine.tables import SubmissionRow

EXIT_NO_VERDICT = 2


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (inbox, list_, report, decide, promote):
        app.command(command.__name__.rstrip("_"))(command)


def inbox(
    directory: Annotated[Path, typer.Argument(help="The directory that models are dropped into.")],
    once: Annotated[bool, typer.Option("--once", help="Judge what is there, then exit.")] = False,
    policy: PolicyOption = None,
    state: StateOption = None,
) -> int:
    """Take drops into custody, judge them, and promote a pass where the inbox's configuration says so.

    Exit status with --once: 0 all is judged, 2 something in custody has no verdict yet.
    """
    from quarantine.cli.progress import progress_display
    from quarantine.desk import Desk
    from quarantine.service import open_inbox

    desk = Desk(state)
    before = {row.id: row.stage for row in desk.state.submissions()}
    with progress_display() as display:
        service = open_inbox(
            directory, desk, read_policy(policy), say=display.say, on_progress=display.on_progress
        )
        try:
            service.drain() if once else service.watch()
        finally:
            service.close()
    rows = [
        row
        for row in desk.state.submissions()
        if row.verdict_digest is None or row.stage != before.get(row.id)
    ]
    if rows:
        typer.echo("")
        _table(desk, rows)
    return 0 if all(row.verdict_digest for row in rows) else EXIT_NO_VERDICT


def list_(state: StateOption = None) -> None:
    """List the submissions in custody and their verdicts."""
    from quarantine.desk import Desk

    desk = Desk.existing(state)
    _table(desk, desk.state.submissions())


def _table(desk: Desk, rows: Sequence[SubmissionRow]) -> None:
    from quarantine.report.summary import accuracy, deciding

    widths = (15, 9, 10, 10, 14, 7, 10, 30, 0)
    heads = ("id", "verdict", "stage", "tier", "handed in by", "right", "attacked", "decided by", "name")
    typer.echo("".join(f"{head:<{width}}" for head, width in zip(heads, widths, strict=True)))
    for row in rows:
        said = ("-", "-", "-", "-")
        if row.verdict_digest:
            verdict = desk.state.verdict(row.verdict_digest)
            right, attacked = (accuracy(verdict, f"{kind}_accuracy") for kind in ("clean", "robust"))
            said = (verdict.decision, right, attacked, printable(deciding(verdict), 29))
        name = printable(row.untrusted_name, 100)
        cells = (row.id, said[0], row.stage, row.tier, row.submitter, *said[1:], name)
        typer.echo("".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)))


def report(
    submission: Annotated[str, typer.Argument(help="A submission's id, or the start of it.")],
    format_: FormatOption = "text",
    output: OutputOption = None,
    state: StateOption = None,
) -> None:
    """Show the report on a submission in custody."""
    from quarantine.desk import Desk
    from quarantine.report.table import load_report

    write_output(load_report(format_).render((Desk.existing(state).verdict(submission),)), output)


def decide(
    submission: Annotated[str, typer.Argument(help="A submission's id, or the start of it.")],
    decision: Annotated[str, typer.Argument(help="approve or decline")],
    comment: Annotated[str, typer.Option(help="Why; goes into the record.")],
    state: StateOption = None,
) -> None:
    """Record your decision on a submission in review. You act as your operating-system account."""
    from quarantine.desk import Desk

    made = Desk.existing(state).decide(submission, decision, comment)
    typer.echo(f"{made.decision} by {made.subject} recorded for verdict {made.verdict_digest}")


def promote(
    submission: Annotated[str, typer.Argument(help="A submission's id, or the start of it.")],
    registry: Annotated[Path, typer.Option(help="The registry's directory.")],
    state: StateOption = None,
) -> None:
    """Copy a submission whose verdict opens the gate into a registry, with its signed verdict."""
    from quarantine.desk import Desk

    typer.echo(Desk.existing(state).promote(submission, registry))
