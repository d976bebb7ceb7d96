"""Whole-process times and memory of ``quarantine scan`` beside other scanners on the same files, against the budgets.

``python -m benchmarks.static [--giant] [--modelaudit PATH]`` writes static.json, static.md and static.svg into
docs/benchmarks. modelaudit needs other versions of what we need, so that it lives in an environment of its own:
``python3 -m venv /tmp/audit && /tmp/audit/bin/pip install modelaudit``. The tools take turns, run by run, so that what
else the machine does falls on all of them. Scanners' exit statuses are recorded; a run of ours without a verdict (2)
has no ratio.

A full run takes about 5 minutes and 2 GB in the temporary directory, with modelaudit about 30, and ``--giant`` adds 15:
it hashes 800 GB of holes twice, once by another tool. Run it on an idle machine. ``--tiny`` tries the code and measures
nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.chart import Bar, chart
from benchmarks.processes import Run, run
from benchmarks.subjects import FULL, TINY, Scale, Subject, subjects

OUTPUT = Path(__file__).parent.parent / "docs" / "benchmarks"
OURS, WITH_OPINIONS = "quarantine", "quarantine, second opinions"
BUDGETS = {"modelscan": 1.0, "modelaudit": 0.1, "sha256sum": 1.15, "genops": 1.0, WITH_OPINIONS: 1.6}
"""The most that our time may be of each tool's, where there is a budget; with second opinions, of modelscan's."""
LARGE_SUBJECTS = ("safetensors-2gb", "torch-2gb", "giant-800gb")
MEMORY_BUDGET_BYTES = 300 << 20
BIN = Path(sys.executable).parent
GENOPS = "import pickletools,sys\nfor _ in pickletools.genops(open(sys.argv[1],'rb')): pass"
SHA256 = 'if [ -d "$1" ]; then find "$1" -type f -exec sha256sum {} +; else sha256sum "$1"; fi'

Rows = dict[str, dict[str, dict[str, Any]]]
"""Figures by subject, then by tool."""


def commands(subject: Subject, path: Path, modelaudit: Path | None) -> dict[str, list[str]]:
    """What to run on one subject, by tool. fickling reads single files; no other scanner is given the giant."""
    tools = {OURS: [*_ours(), "scan", "--", str(path)]}
    if subject.rival == "sha256sum":
        tools["sha256sum"] = ["sh", "-c", SHA256, "sh", str(path)]
    if subject.rival == "genops":
        tools["genops"] = [sys.executable, "-c", GENOPS, str(path)]
    if subject.name == "giant-800gb":
        return tools
    if subject.with_opinions:
        tools[WITH_OPINIONS] = [*_ours(), "scan", "--second-opinion", "--", str(path)]
    tools["modelscan"] = [str(BIN / "modelscan"), "-p", str(path)]
    tools["picklescan"] = [str(BIN / "picklescan"), "-p", str(path)]
    if path.is_file():
        tools["fickling"] = [str(BIN / "fickling"), "--check-safety", str(path)]
    if modelaudit:
        tools["modelaudit"] = [str(modelaudit), "scan", str(path)]
    return tools


def _ours() -> list[str]:
    command = BIN / "quarantine"
    return [str(command)] if command.exists() else [sys.executable, "-m", "quarantine.cli.main"]


def take_turns(tools: dict[str, list[str]], runs: int, folder: Path) -> dict[str, dict[str, Any]]:
    """One run of each in which its memory is looked at, then ``runs`` rounds in which each runs once and is timed.

    With no rounds the first run counts.
    """
    first = {tool: run(command, folder, memory=True) for tool, command in tools.items()}
    timed: dict[str, list[Run]] = {tool: [] for tool in tools}
    for _ in range(runs):
        for tool, command in tools.items():
            timed[tool].append(run(command, folder))
    return {tool: _figures(first[tool], timed[tool] or [first[tool]]) for tool in tools}


def _figures(first: Run, timed: list[Run]) -> dict[str, Any]:
    seconds = [each.seconds for each in timed]
    return {
        "seconds": round(statistics.median(seconds), 4),
        "fastest": round(min(seconds), 4),
        "peak_mb": round((first.peak_bytes or 0) / 1e6),
        "status": timed[-1].status,
    }


def measure(chosen: list[Subject], scale: Scale, runs: int, modelaudit: Path | None) -> Rows:
    """All figures; what is scanned is written before it is measured and removed behind."""
    results: Rows = {}
    with tempfile.TemporaryDirectory() as work:  # fickling leaves a file where it runs
        for subject in chosen:
            with tempfile.TemporaryDirectory() as name:
                path = subject.build(Path(name), scale)
                os.sync()
                rounds = 0 if subject.name == "giant-800gb" else runs
                results[subject.name] = take_turns(commands(subject, path, modelaudit), rounds, Path(work))
            print(f"{subject.name}: {results[subject.name]}", file=sys.stderr, flush=True)
        results["help"] = take_turns({OURS: [*_ours(), "--help"]}, runs, Path(work))
    return results


def bars(results: Rows) -> list[Bar]:
    """Our time over each other tool's, where we gave a verdict; with second opinions, over modelscan's."""
    found = []
    for subject, tools in results.items():
        for tool, row in tools.items():
            ours, theirs = (row, tools["modelscan"]) if tool == WITH_OPINIONS else (tools[OURS], row)
            if tool != OURS and ours["status"] in (0, 1, 3):
                found.append(Bar(subject, tool, ours["seconds"] / theirs["seconds"], BUDGETS.get(tool)))
    return found


def table(results: Rows) -> str:
    """The figures as a Markdown table."""
    ratios = {(bar.subject, bar.tool): bar.ratio for bar in bars(results)}
    lines = ["| subject | tool | median s | fastest s | ours / this | budget | peak MB | exit |"]
    lines += ["|---|---|---:|---:|---:|---:|---:|---:|"]
    for subject, tools in results.items():
        for tool, row in tools.items():
            ratio = f"{ratios[subject, tool]:.3f}" if (subject, tool) in ratios else ""
            budget = BUDGETS.get(tool, "") if ratio else ""
            lines.append(
                f"| {subject} | {tool} | {row['seconds']} | {row['fastest']} | {ratio} | {budget} | {row['peak_mb']} "
                f"| {row['status']} |"
            )
    return "\n".join(lines) + "\n"


def page(record: dict[str, Any], chosen: list[Subject]) -> str:
    """The page about one run."""
    results: Rows = record["results"]
    said = ", ".join(f"{name} {value}" for name, value in {**record["versions"], **record["machine"]}.items())
    what = "\n".join(f"- {subject.name}: {subject.what}" for subject in chosen)
    large = [results[name][OURS]["peak_mb"] for name in LARGE_SUBJECTS if name in results]
    memory = (
        f"Our peak on the large ones: {max(large)} MB; the budget is {MEMORY_BUDGET_BYTES >> 20} MiB."
        if large
        else ""
    )
    return f"""# Times beside other scanners

Whole processes in one run of `python -m benchmarks.static`, the tools by turns: medians of {record["runs"]} runs and
the fastest; the giant runs once. A ratio below 1 means that we are faster; with second opinions it is to modelscan's
time. Not every tool reads every file: the exit status says what it made of it. Peak memory is that of all processes of
a tool together, looked at in a run of its own. {memory} modelscan is measured with h5py
installed, which it imports at its start; without it, it starts sooner and reads no HDF5.

![Our time over each other tool's](static.svg)

{said}.

{what}

{table(results)}"""


def main() -> None:
    """Measure, print the table, write it, the chart and the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--giant", action="store_true", help="150 shards of 800 GB too")
    parser.add_argument("--tiny", action="store_true", help="small sizes: try the code, measure nothing")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", action="append", help="a subject; may be given again")
    parser.add_argument("--modelaudit", type=Path, help="the modelaudit command of another environment")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the folder for the results")
    options = parser.parse_args()
    chosen = [s for s in subjects(options.giant) if not options.only or s.name in options.only]
    before = os.getloadavg()[0]
    results = measure(chosen, TINY if options.tiny else FULL, options.runs, options.modelaudit)
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load before": round(before, 2),
    }
    record = {
        "results": results,
        "runs": options.runs,
        "versions": _versions(options.modelaudit),
        "machine": machine,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "static.json").write_text(json.dumps(record, indent=2) + "\n")
    (options.output / "static.md").write_text(page(record, chosen))
    (options.output / "static.svg").write_text(chart(bars(results), "Our time over each other tool's"))
    print(table(results), end="")


def _versions(modelaudit: Path | None) -> dict[str, str]:
    versions = {name: version(name) for name in ("modelscan", "picklescan", "fickling", "h5py")}
    if modelaudit:
        asked = subprocess.run([modelaudit, "--version"], capture_output=True, text=True, check=True)
        versions["modelaudit"] = asked.stdout.strip().split()[-1]
    return versions


if __name__ == "__main__":
    main()
