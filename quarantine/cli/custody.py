"""Commands about submissions in custody: inbox, list, show, decide, promote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quarantine.cli.options import PolicyOption, StateOption, read_policy, write_output


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    for command in (inbox, list_, report, decide, promote):
        app.command(command.__name__.rstrip("_"))(command)


def inbox(
    directory: Annotated[Path, typer.Argument(help="The directory that models are dropped into.")],
    once: Annotated[bool, typer.Option("--once", help="Judge what is there, then exit.")] = False,
    policy: PolicyOption = None,
    state: StateOption = None,
) -> None:
    """Take drops into custody, judge them, and promote a pass where the inbox's configuration says so."""
    from quarantine.service import open_service

    service = open_service(directory, state, read_policy(policy), say=typer.echo)
    service.drain() if once else service.watch()


def list_(state: StateOption = None) -> None:
    """List the submissions in custody and their verdicts."""
    from quarantine.service import open_desk

    for line in open_desk(state).table():
        typer.echo(line)


def report(
    submission: Annotated[str, typer.Argument(help="A submission's id, or the start of it.")],
    format_: Annotated[
        str, typer.Option("--format", help="text, json, html, sarif, junit or markdown.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option(help="Write the report there instead of printing it.")
    ] = None,
    state: StateOption = None,
) -> None:
    """Show the report on a submission in custody."""
    from quarantine.report.table import load_report
    from quarantine.service import open_desk

    write_output(load_report(format_).render((open_desk(state).verdict(submission),)), output)


def decide(
    submission: Annotated[str, typer.Argument(help="A submission's id, or the start of it.")],
    decision: Annotated[str, typer.Argument(help="approve or decline")],
    comment: Annotated[str, typer.Option(help="Why; goes into the record.")],
    state: StateOption = None,
) -> None:
    """Record your decision on a submission in review. You act as your operating-system account."""
    from quarantine.service import open_desk

    typer.echo(open_desk(state).decide(submission, decision, comment))


def promote(
    submission: Annotated[str, typer.Argument(help="A submission's id, or the start of it.")],
    registry: Annotated[Path, typer.Option(help="The registry's directory.")],
    state: StateOption = None,
) -> None:
    """Copy a submission whose verdict opens the gate into a registry, with its signed verdict."""
    from quarantine.service import open_desk

    typer.echo(open_desk(state).promote(submission, registry))
