"""Commands that judge files where they lie: scan, doctor, verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quarantine.cli.options import (
    FormatOption,
    OutputOption,
    PolicyOption,
    read_card,
    read_file,
    read_policy,
    write_output,
)
from quarantine.records import Decision, Tier

EXIT_STATUS = {Decision.PASS: 0, Decision.REJECT: 1, Decision.REVIEW: 3}


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    app.command()(scan)
    app.command()(doctor)
    verdicts = typer.Typer(help="Stored verdicts.", no_args_is_help=True, rich_markup_mode=None)
    verdicts.command("replay")(replay)
    app.add_typer(verdicts, name="verdict")


def scan(
    paths: Annotated[list[Path], typer.Argument(help="Models: files or directories, one submission each.")],
    tier: Annotated[Tier, typer.Option(help="Risk tier whose demands apply.")] = Tier.LOW,
    policy: PolicyOption = None,
    card: Annotated[Path | None, typer.Option(help="Intake card (TOML) of these models.")] = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Ask fickling and modelscan too, in jails of their own.")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(help="Keep results in this folder; what has not changed since costs its hash only."),
    ] = None,
    format_: FormatOption = "text",
    output: OutputOption = None,
) -> int:
    """Judge models and report. Exit status: 0 pass, 1 reject, 3 review, 2 no verdict."""
    from quarantine.cli.progress import progress_display
    from quarantine.report.table import load_report
    from quarantine.scanning import scan_many, worst

    report = load_report(format_)
    with progress_display() as display:
        verdicts = scan_many(
            paths,
            tier=tier,
            policy=read_policy(policy),
            card=read_card(card),
            second_opinion=second_opinion,
            cache=cache,
            on_progress=display.on_progress,
        )
    write_output(report.render(verdicts), output)
    return EXIT_STATUS[worst(verdicts).decision]


def replay(
    verdict: Annotated[Path, typer.Argument(help="A verdict in JSON, as `scan --format json` writes it.")],
) -> int:
    """Recompute a verdict from its own record. Exit status: 0 it agrees, 1 it does not."""
    from quarantine.policy.verdict import load_verdict
    from quarantine.policy.verdict import replay as recompute

    result = recompute(load_verdict(read_file(verdict, "the verdict")))
    typer.echo(result.sentence)
    return 0 if result.agrees else 1


def doctor(policy: PolicyOption = None) -> int:
    """Try each protection of the jail on this machine. Exit status: 1 if the policy's minimum is not met."""
    from quarantine.jail.backends import open_jail
    from quarantine.policy.document import default_policy

    minimum = (read_policy(policy) or default_policy()).jail_minimum
    protections = open_jail().verify()
    width = max(len(protection.name) for protection in protections)
    for protection in protections:
        needed = "required" if protection.name in minimum else "optional"
        mark = "holds" if protection.holds else "ABSENT"
        typer.echo(f"{protection.name:<{width}}  {mark:<6}  {needed:<8}  {protection.how}")
    missing = set(minimum) - {protection.name for protection in protections if protection.holds}
    if missing:
        typer.echo(f"The policy's minimum is not met: {', '.join(sorted(missing))}.", err=True)
    return 1 if missing else 0
