"""SARIF 2.1.0 (OASIS standard) for code-scanning pages; one run, one result for each finding."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from quarantine import __version__
from quarantine.printable import printable
from quarantine.records import Finding, Severity, Verdict, digest_of

LEVELS = {
    Severity.INFO: "note",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}


class SarifReport:
    """One log with one run over all submissions."""

    name = "sarif"

    def render(self, verdicts: tuple[Verdict, ...]) -> str:
        """The log as JSON."""
        findings = [(verdict, finding) for verdict in verdicts for finding in verdict.evidence.findings]
        rules: dict[str, dict[str, Any]] = {}
        for _, finding in findings:
            rules.setdefault(finding.rule, _descriptor(finding))
        index = {rule: position for position, rule in enumerate(rules)}
        finished = all(verdict.evidence.coverage.complete for verdict in verdicts)
        log = {
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": "model-quarantine",
                            "semanticVersion": __version__,
                            "rules": list(rules.values()),
                        }
                    },
                    "invocations": [{"executionSuccessful": finished}],
                    "results": [_result(verdict, finding, index) for verdict, finding in findings],
                    "columnKind": "unicodeCodePoints",
                }
            ],
        }
        return msgspec.json.format(msgspec.json.encode(log)).decode() + "\n"


def _descriptor(finding: Finding) -> dict[str, Any]:
    name = "".join(part.capitalize() for part in finding.rule.split("-"))
    return {
        "id": finding.rule,
        "name": name,
        "shortDescription": {"text": _sentence(finding.title)},
        "fullDescription": {"text": _sentence(finding.title)},
        "help": {"text": _sentence(finding.remediation)},
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
    }


def _result(verdict: Verdict, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    file, _, member = finding.artifact.partition("!")
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(verdict, file)}}
    if finding.location is not None and not member:
        place["region"] = {
            "byteOffset": finding.location.offset,
            "byteLength": finding.location.length or 1,
        }
    location: dict[str, Any] = {"physicalLocation": place}
    if member:
        location["logicalLocations"] = [{"fullyQualifiedName": printable(finding.artifact), "kind": "member"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": LEVELS[finding.severity],
        "message": {"text": _sentence(finding.message)},
        "locations": [location],
        "partialFingerprints": {"finding/v1": digest_of(finding).removeprefix("sha256:")},
        "properties": {
            "submission": verdict.evidence.submission.digest,
            "evidence": {key: printable(value) for key, value in finding.evidence.items()},
        },
    }


def _uri(verdict: Verdict, file: str) -> str:
    name = verdict.evidence.submission.untrusted_name
    single = [entry.path for entry in verdict.evidence.submission.manifest.files] == [name]
    return quote(file if single or file == name else f"{name}/{file}")


def _sentence(text: str) -> str:
    text = printable(" ".join(text.split())) or "-"
    return text if text.endswith(".") else text + "."
