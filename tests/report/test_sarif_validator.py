"""SARIF is judged by the format's own validator, JUnit is read back by junitparser."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from quarantine.report.junit import JunitReport
from quarantine.report.sarif import SarifReport
from tests.report.verdicts import hostile_names_verdict, reject_verdict

TOOL = Path(__file__).parents[1] / "tools/node_modules/.bin/sarif-multitool"


@pytest.mark.parametrize("make", [reject_verdict, hostile_names_verdict])
def test_the_validator_finds_nothing_wrong(tmp_path: Path, make) -> None:
    log, result = tmp_path / "report.sarif", tmp_path / "validated.sarif"
    log.write_text(SarifReport().render((make(),)))
    subprocess.run(
        [TOOL, "validate", log, "--output", result, "--level", "Error;Warning", "--log", "ForceOverwrite"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    found = json.loads(result.read_text())["runs"][0].get("results", [])
    assert [f"{f['ruleId']}: {f['message']}" for f in found if f.get("level") == "error"] == []


@pytest.mark.parametrize("make", [reject_verdict, hostile_names_verdict])
def test_junit_is_read_back_with_its_failures(make) -> None:
    from junitparser import JUnitXml

    document = JUnitXml.fromstring(JunitReport().render((make(),)).encode())
    (suite,) = list(document)
    failed = [case.name for case in suite if case.result]
    assert failed[-1] == "verdict"
    assert suite.failures == len(failed)
