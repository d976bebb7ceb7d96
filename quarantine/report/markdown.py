"""Markdown for a pull request. Text from the submission stands in code spans only, so nothing of it renders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quarantine.printable import printable
from quarantine.records import Severity, Verdict

FINDINGS_SHOWN = 50


class MarkdownReport:
    """A heading, the reasons and a table of findings for each submission."""

    name = "markdown"

    def render(self, verdicts: tuple[Verdict, ...]) -> str:
        """The document."""
        return "\n".join(line for verdict in verdicts for line in _section(verdict)) + "\n"


def _section(verdict: Verdict) -> Iterator[str]:
    evidence = verdict.evidence
    yield f"## {verdict.decision.upper()}: {span(evidence.submission.untrusted_name, 200)}"
    yield ""
    yield f"Tier {evidence.tier}, submission {span(evidence.submission.digest)}, verdict {span(verdict.digest)}."
    yield ""
    yield "| leads to | reason |"
    yield "|---|---|"
    for reason in verdict.reasons:
        yield f"| {reason.decision} | {span(reason.message, 300)} |"
    yield ""
    shown = [finding for finding in evidence.findings if finding.severity is not Severity.INFO]
    if shown:
        yield "| severity | rule | where | what |"
        yield "|---|---|---|---|"
    for finding in shown[:FINDINGS_SHOWN]:
        place = finding.artifact + (f" @ {finding.location.offset}" if finding.location else "")
        yield f"| {finding.severity} | {span(finding.rule)} | {span(place, 200)} | {span(finding.message, 300)} |"
    if len(shown) > FINDINGS_SHOWN:
        yield ""
        yield f"{len(shown) - FINDINGS_SHOWN} more findings are in the JSON report."
    yield ""


def span(untrusted: str, limit: int = 4096) -> str:
    """A code span that holds ``untrusted`` and cannot be left by it (CommonMark 6.1), safe in a table."""
    text = printable(untrusted, limit).replace("|", "\\u007c").replace("`", "\\u0060")
    return f"`{re.sub(r' +', ' ', text) or ' '}`"
