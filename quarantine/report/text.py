"""The report for a terminal: plain text, no colour codes, nothing from a submission unescaped."""

from __future__ import annotations

from collections.abc import Iterator

from quarantine.printable import printable
from quarantine.records import CONTEXT, SAID, Finding, Severity, Verdict

FINDINGS_SHOWN = 50
GAPS_SHOWN = 10
CLAIMS_SHOWN = 10


class TextReport:
    """A few lines for a pass, what was found and why for the rest."""

    name = "text"

    def render(self, verdicts: tuple[Verdict, ...]) -> str:
        """One block for each submission."""
        return "\n\n".join("\n".join(_block(verdict)) for verdict in verdicts) + "\n"


def _block(verdict: Verdict) -> Iterator[str]:
    evidence = verdict.evidence
    submission = evidence.submission
    yield f"{verdict.decision.upper()}  {printable(submission.untrusted_name, 200)}  (tier {evidence.tier})"
    files = submission.manifest.files
    yield f"  {len(files)} file(s), {submission.manifest.size_bytes:,} bytes, {submission.digest}"
    for reason in verdict.reasons:
        rules = f" [{', '.join(reason.rules)}]" if reason.rules else ""
        yield f"  {reason.decision:<6}  {printable(reason.message, 500)}{printable(rules, 300)}"
    numbered = enumerate(evidence.findings, start=1)
    shown = [(number, found) for number, found in numbered if found.severity is not Severity.INFO]
    for number, finding in shown[:FINDINGS_SHOWN]:
        yield from _finding(number, finding)
    if len(shown) > FINDINGS_SHOWN:
        yield f"  … and {len(shown) - FINDINGS_SHOWN} more findings; the JSON report has them all"
    gaps = evidence.coverage.gaps
    for gap in gaps[:GAPS_SHOWN]:
        yield f"  not looked at: {printable(gap.subject, 200)}: {printable(gap.reason, 200)}"
    if len(gaps) > GAPS_SHOWN:
        yield f"  … and {len(gaps) - GAPS_SHOWN} more gaps; the JSON report has them all"
    claims = [fact for fact in evidence.facts if fact.name.startswith(SAID)]
    if claims:
        yield "  The supplier says, unchecked, and it decided nothing:"
    for claim in claims[:CLAIMS_SHOWN]:
        name = printable(claim.name.removeprefix(SAID), 40)
        yield f"      {printable(claim.artifact, 200)}: {name}: {printable(claim.value, 200)}"
    if len(claims) > CLAIMS_SHOWN:
        yield f"      … and {len(claims) - CLAIMS_SHOWN} more; the JSON report has them all"


def _finding(number: int, finding: Finding) -> Iterator[str]:
    """A finding under its number, by which `quarantine explain` knows it."""
    place = printable(finding.artifact, 200)
    if finding.location is not None:
        place += f" at byte {finding.location.offset}"
    yield f"  {number}. {finding.severity.upper()}  {finding.rule}  {place}"
    yield f"      {printable(finding.message, 500)}"
    for key, value in sorted(finding.evidence.items()):
        if key in CONTEXT:
            continue
        yield f"      {printable(key)}: {printable(value, 300)}"
    yield f"      {printable(finding.remediation, 500)}"
