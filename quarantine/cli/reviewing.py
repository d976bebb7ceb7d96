"""Commands for a reviewer who has to decide: what is in a model, and what a finding means."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quarantine.cli.options import read_file

if TYPE_CHECKING:
    from quarantine.records import Finding, Verdict


class Table(StrEnum):
    """What can be shown of a model."""

    ARTIFACTS = "artifacts"
    OPCODES = "opcodes"
    BYTES = "bytes"
    TENSORS = "tensors"


def register(app: typer.Typer) -> None:
    """Add the commands of this group."""
    app.command()(inspect)
    app.command()(explain)


def inspect(
    path: Annotated[Path, typer.Argument(help="A model: a file or directory.")],
    table: Annotated[Table, typer.Option("--show", help="What to show.")] = Table.ARTIFACTS,
    artifact: Annotated[str, typer.Option(help="One artifact, as a finding names it; all if left out.")] = "",
    offset: Annotated[int, typer.Option(min=0, help="The byte to show opcodes or bytes around.")] = 0,
    rows: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many rows.")] = 200,
) -> None:
    """Show what a model holds, read in a jail: its artifacts, a pickle's opcodes, bytes, or tensors."""
    from quarantine.cli.columns import in_columns
    from quarantine.inspecting import COLUMNS, look
    from quarantine.jail.protocol import View
    from quarantine.scanning import open_house

    view = View(table=table.value, artifact=artifact, offset=offset, rows=rows)
    found = look(path, view, open_house())
    several = not artifact
    head = (*(["artifact"] if several else []), *COLUMNS[table])
    typer.echo(in_columns([head, *((row.artifact, *row.cells) if several else row.cells for row in found)]))
    if len(found) == rows:
        typer.echo(f"(the first {rows} rows; --rows shows more)", err=True)


def explain(
    finding: Annotated[str, typer.Argument(help="A finding's number in the verdict, or the id of its rule.")],
    verdict: Annotated[Path, typer.Option("--verdict", help="A verdict, as `scan --format json` writes it.")],
) -> None:
    """Explain findings of a verdict: what was seen where, why it matters, what to do, and what it decided."""
    from quarantine.errors import NotFound
    from quarantine.policy.verdict import load_verdict

    held = load_verdict(read_file(verdict, "the verdict"))
    numbered = list(enumerate(held.evidence.findings, start=1))
    wanted = [(number, found) for number, found in numbered if finding in (str(number), found.rule)]
    if not wanted:
        raise NotFound(
            f"the verdict has no finding {finding!r}",
            remedy=f"it has {len(numbered)}: give a number from 1 on, or the id of a rule that it reports",
        )
    for number, found in wanted:
        typer.echo("\n".join(_explained(number, found, held)) + "\n")


def _explained(number: int, finding: Finding, verdict: Verdict) -> list[str]:
    from quarantine.errors import NotFound
    from quarantine.printable import printable
    from quarantine.records import CONTEXT
    from quarantine.ruleset import load_rules

    where = printable(finding.artifact, 500)
    at = f", byte {finding.location.offset}" if finding.location else ""
    lines = [f"Finding {number}: {finding.title}", f"  rule       {finding.rule} ({finding.severity})"]
    lines += [f"  where      {where}{at}", f"  seen by    {finding.analyzer}, stage {finding.stage}"]
    lines += [f"  what       {printable(finding.message, 2000)}"]
    for key, value in sorted(finding.evidence.items()):
        shown = value.split("\n") if key in CONTEXT else [value]
        lines += [f"  {key:<9}  {printable(part, 2000)}" for part in shown]
    try:
        rule = load_rules().get(finding.rule)
    except NotFound:
        lines += ["  why        this installation has no such rule any more"]
    else:
        lines += [f"  why        {' '.join(rule.why.split())}"]
        lines += [
            f"  see        {' '.join((*rule.references.cwe, *rule.references.atlas, *rule.references.cve))}"
        ]
    lines += [f"  do         {' '.join(finding.remediation.split())}"]
    for reason in verdict.reasons:
        if finding.rule in reason.rules:
            lines += [f"  decided    {reason.decision}: {printable(reason.message, 500)}"]
    return lines
