"""JUnit XML for pipelines: a suite for each submission, a case for each file and one for the verdict."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from quarantine.printable import printable
from quarantine.records import Decision, Severity, Verdict


class JunitReport:
    """Anything but a pass is a failure; files fail with the findings above low in them."""

    name = "junit"

    def render(self, verdicts: tuple[Verdict, ...]) -> str:
        """The document."""
        root = Element("testsuites")
        for verdict in verdicts:
            _suite(root, verdict)
        indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, verdict: Verdict) -> None:
    name = printable(verdict.evidence.submission.untrusted_name, 500)
    suite = SubElement(root, "testsuite", name=name)
    cases = failures = 0
    for file in verdict.evidence.submission.manifest.files:
        case = SubElement(suite, "testcase", classname=name, name=printable(file.path, 1000))
        cases += 1
        found = [
            finding
            for finding in verdict.evidence.findings
            if finding.artifact.partition("!")[0] == file.path and finding.severity.rank > Severity.LOW.rank
        ]
        if found:
            failures += 1
            lines = [f"{f.severity} {f.rule} {f.artifact}: {f.message}" for f in found]
            failure = SubElement(
                case, "failure", type=found[0].rule, message=printable(found[0].message, 500)
            )
            failure.text = "\n".join(printable(line, 1000) for line in lines)
    case = SubElement(suite, "testcase", classname=name, name="verdict")
    cases += 1
    if verdict.decision is not Decision.PASS:
        failures += 1
        reasons = "; ".join(
            reason.message for reason in verdict.reasons if reason.decision is not Decision.PASS
        )
        SubElement(case, "failure", type=verdict.decision.value, message=printable(reasons, 1000))
    suite.set("tests", str(cases))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suite.set("skipped", "0")
