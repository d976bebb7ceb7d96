"""The benchmarks' code at a tiny scale: every subject is written and judged, the chart says what was measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import static
from benchmarks.chart import Bar, chart
from benchmarks.processes import run
from benchmarks.subjects import TINY, subjects
from quarantine.scanning import scan


@pytest.mark.parametrize("subject", subjects(giant=True), ids=lambda subject: subject.name)
def test_each_subject_is_an_honest_model(subject, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert scan(subject.build(tmp_path, TINY)).decision == "pass"


def test_a_run_writes_figures_a_table_and_a_chart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    only = ["--only", "safetensors-2gb", "--only", "benign-pickle-dict-protocol-4"]
    monkeypatch.setattr(sys, "argv", ["static", "--tiny", "--runs", "1", *only, "--output", str(tmp_path)])
    static.main()
    record = json.loads((tmp_path / "static.json").read_text())
    small = record["results"]["benign-pickle-dict-protocol-4"]
    assert {"quarantine", "modelscan", "picklescan", "fickling"} < set(small)
    assert small["quarantine"]["status"] == 0
    assert 5 < small["quarantine"]["peak_mb"] < 1000
    assert "load before" in record["machine"]
    assert "| safetensors-2gb | sha256sum |" in (tmp_path / "static.md").read_text()
    drawn = (tmp_path / "static.svg").read_text()
    assert "safetensors-2gb, sha256sum: " in drawn
    ElementTree.fromstring(drawn)


def test_the_chart_says_each_figure_in_words_and_escapes_names() -> None:
    drawn = ElementTree.fromstring(chart([Bar("a<b", "x&y", 0.5, 1.0), Bar("c", "z", 40.0, None)], "Times"))
    name = {"svg": "http://www.w3.org/2000/svg"}
    assert drawn.findtext("svg:title", namespaces=name) == "Times"
    assert drawn.findtext("svg:desc", namespaces=name) == "a<b, x&y: 0.50, budget 1; c, z: 40.00."


def test_a_run_without_a_verdict_has_no_ratio() -> None:
    row = {"seconds": 1.0, "fastest": 1.0, "peak_mb": 1}
    results = {"s": {"quarantine": {**row, "status": 2}, "modelscan": {**row, "status": 0}}}
    assert static.bars(results) == []


def test_memory_is_that_of_all_processes_together(tmp_path: Path) -> None:
    hold = "import time; held = b'x' * 60_000_000; time.sleep(0.6)"
    code = (
        f"import subprocess,sys; held = b'x' * 60_000_000; subprocess.run([sys.executable, '-c', {hold!r}])"
    )
    done = run([sys.executable, "-c", code], tmp_path, memory=True)
    assert done.status == 0
    assert done.peak_bytes is not None
    assert 120_000_000 < done.peak_bytes < 200_000_000
