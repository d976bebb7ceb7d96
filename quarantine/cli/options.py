"""Options that several commands share, and how they become records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quarantine.errors import BadInput

if TYPE_CHECKING:
    from quarantine.records import IntakeCard, Policy

PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="A policy file; the built-in one if left out.")
]
FormatOption = Annotated[str, typer.Option("--format", help="text, json, html, sarif, junit or markdown.")]
OutputOption = Annotated[Path | None, typer.Option(help="Write the report there instead of printing it.")]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        envvar="QUARANTINE_STATE",
        help="The state directory; ~/.local/state/quarantine if left out.",
    ),
]


def read_file(path: Path, what: str, limit_bytes: int = 1 << 30) -> bytes:
    """The bytes of a file that the user named; ``what`` says what it should have been."""
    try:
        if path.stat().st_size > limit_bytes:
            raise BadInput(f"{path} is too large for {what}", remedy="name another file")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"cannot read {what} {path}: {error.strerror}", remedy="name a readable file"
        ) from None


def read_policy(path: Path | None) -> Policy | None:
    """The policy in a file, or None for the built-in one."""
    if path is None:
        return None
    from quarantine.policy.document import parse_policy

    return parse_policy(read_file(path, "the policy", 1 << 20), str(path))


def read_card(path: Path | None) -> IntakeCard | None:
    """The intake card in a file."""
    if path is None:
        return None
    from quarantine.intake.card import parse_card

    return parse_card(read_file(path, "the intake card", 1 << 16), str(path))


def write_output(text: str, output: Path | None) -> None:
    """Print, or write a file whole."""
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write {output}: {error.strerror}", remedy="name another --output") from None
