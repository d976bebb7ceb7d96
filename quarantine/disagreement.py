"""Say where a second opinion and our own static analysis differ about a file.

The finding is a note for the reader: it adds to what both stages found and removes nothing of either.
"""

from __future__ import annotations

from collections.abc import Iterator

from quarantine.collect import Collected
from quarantine.jail.protocol import FindingSeen
from quarantine.records import Finding, Severity, StageName
from quarantine.ruleset import Ruleset

RULE = "opinion-disagrees"
_PREFIX = "opinion-"


def disagreements(static: Collected, opinions: Collected, rules: Ruleset) -> Iterator[Finding]:
    """One finding for each file and scanner that differ: they complain and we do not, or the other way round."""
    unclean = _unclean(static)
    everything_unclean = bool(static.problems)
    complained = {(finding.artifact, finding.rule) for finding in opinions.findings}
    for fact in opinions.facts:
        if (
            fact.name != fact.analyzer
            or not fact.name.startswith(_PREFIX)
            or not fact.value.endswith("issues")
        ):
            continue
        we_complain = everything_unclean or fact.artifact in unclean
        they_complain = (fact.artifact, fact.name) in complained
        if we_complain != they_complain:
            evidence = {
                "opinion": fact.name.removeprefix(_PREFIX),
                "says": "complains of this file" if they_complain else "has nothing against this file",
                "ours": "is complete and clean" if they_complain else "is not clean",
            }
            seen = FindingSeen(rule=RULE, artifact=fact.artifact, analyzer=fact.name, evidence=evidence)
            yield rules.finding(seen, StageName.OPINIONS)


def _unclean(static: Collected) -> set[str]:
    """The files, not the artifacts inside them, with a gap or a finding above low."""
    found = {finding.artifact for finding in static.findings if finding.severity.rank > Severity.LOW.rank}
    found |= {gap.subject for gap in static.gaps}
    return found | {artifact.split("!", 1)[0] for artifact in found}
