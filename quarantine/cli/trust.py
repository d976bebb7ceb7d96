"""Commands about keys, releases and the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quarantine.cli.options import StateOption, read_file


def register(app: typer.Typer) -> None:
    """Add the command ``verify`` and the groups ``keys`` and ``ledger``."""
    app.command()(verify)
    keys = typer.Typer(help="The key that signs verdicts.", no_args_is_help=True, rich_markup_mode=None)
    keys.command("init")(init_keys)
    keys.callback()(_group)
    app.add_typer(keys, name="keys")
    ledger = typer.Typer(
        help="The record of everything decided.", no_args_is_help=True, rich_markup_mode=None
    )
    ledger.command("verify")(verify_ledger)
    ledger.callback()(_group)
    app.add_typer(ledger, name="ledger")


def _group() -> None:
    """Keep a group of one command a group."""


def init_keys(state: StateOption = None) -> None:
    """Make the Ed25519 key pair of this state directory."""
    from quarantine.desk import Desk
    from quarantine.provenance import keys

    made = keys.init(Desk(state).keys)
    typer.echo(f"private key: {made.private_path} (keep it there)")
    typer.echo(f"public key:  {made.public_path} (give it to whoever verifies)")


def verify(
    directory: Annotated[Path, typer.Argument(help="A release: the directory that holds verdict.dsse.json.")],
    key: Annotated[Path, typer.Option(help="The public key (PEM) that must have signed.")],
) -> int:
    """Check bytes, signature and verdict of a release, offline. Exit status: 1 if one is not as signed."""
    from quarantine.errors import IntegrityError
    from quarantine.gate.verify import verify as verify_release

    try:
        checked = verify_release(directory, read_file(key, "the public key", 1 << 16))
    except IntegrityError as error:
        typer.echo(f"NOT INTACT: {error}", err=True)
        return 1
    typer.echo(checked.sentence)
    return 0


def verify_ledger(state: StateOption = None) -> int:
    """Check the ledger's chain and checkpoints. Exit status: 1 if anything was changed."""
    from quarantine.desk import Desk

    sound, sentence = Desk.existing(state).verify_ledger()
    typer.echo(sentence, err=not sound)
    return 0 if sound else 1
