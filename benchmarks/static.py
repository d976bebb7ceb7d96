"""Whole-process times of ``quarantine scan`` beside other scanners on the same files, against the budgets.

``python -m benchmarks.static [--big] [--modelaudit PATH]`` prints medians and ratios and writes
docs/benchmarks/static.json and static.md. modelaudit needs other versions of what we need, so that it lives in an
environment of its own: ``python3 -m venv /tmp/audit && /tmp/audit/bin/pip install modelaudit``. Scanners' exit
statuses are recorded; a run of ours without a verdict (2) has no ratio.
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
import time
from importlib.metadata import version
from pathlib import Path

from corpora import catalogue
from corpora import opcodes as op

OUTPUT = Path(__file__).parent.parent / "docs" / "benchmarks"
BUDGETS = {"modelscan": 1.0, "modelaudit": 0.1, "sha256sum": 1.15, "genops": 1.0}
"""The most that our time may be of each tool's, where there is a budget (design.md)."""
BIN = Path(sys.executable).parent
OPS = 4_000_000


def median(command: list[str], runs: int, folder: Path) -> dict[str, object]:
    """Median wall seconds of ``runs`` runs in ``folder`` after one to warm up, and the last exit status."""
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        status = subprocess.run(command, capture_output=True, check=False, cwd=folder).returncode
        seconds.append(time.perf_counter() - start)
    return {"seconds": round(statistics.median(seconds[1:]), 4), "status": status}


def subjects(folder: Path, size: int) -> dict[str, Path]:
    """Write the files that all scanners read."""
    wanted = {"benign-pickle-dict-protocol-4", "benign-torch-state-dict", "benign-sklearn-pipeline-pickle"}
    paths = catalogue.build([c for c in catalogue.all_cases() if c.id in wanted], folder)
    tree = folder / "tree"
    tree.mkdir()
    for i in range(1000):
        (tree / f"{i:04}.pkl").write_bytes(op.stream(op.EMPTY_LIST + op.small(i % 256) + op.APPEND))
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    with (folder / "big.safetensors").open("wb") as out:
        out.write(len(header).to_bytes(8, "little") + header)
        for start in range(0, size, 1 << 24):
            out.write(os.urandom(min(1 << 24, size - start)))
    (folder / "long.pkl").write_bytes(op.stream(op.EMPTY_LIST + (op.small(1) + op.APPEND) * (OPS // 2)))
    return {**paths, "tree-1000": tree, "big": folder / "big.safetensors", "opcodes-4m": folder / "long.pkl"}


def measure(runs: int, size: int, modelaudit: Path | None) -> dict[str, dict[str, dict[str, object]]]:
    """Medians by subject, then by tool."""
    ours = (
        [str(BIN / "quarantine")]
        if (BIN / "quarantine").exists()
        else [sys.executable, "-m", "quarantine.cli.main"]
    )
    peers = {
        "modelscan": [str(BIN / "modelscan"), "-p"],
        "picklescan": [str(BIN / "picklescan"), "-p"],
        "fickling": [str(BIN / "fickling"), "--check-safety"],
    }
    if modelaudit:
        peers["modelaudit"] = [str(modelaudit), "scan"]
    results: dict[str, dict[str, dict[str, object]]] = {}
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as work:
        cwd = Path(work)  # fickling leaves a file where it runs
        for subject, path in subjects(Path(name), size).items():
            tools = {"quarantine": [*ours, "scan", str(path)]}
            if subject == "big":
                tools["sha256sum"] = ["sha256sum", str(path)]
            elif subject == "opcodes-4m":
                code = "import pickletools,sys\nfor _ in pickletools.genops(open(sys.argv[1],'rb')): pass"
                tools["genops"] = [sys.executable, "-c", code, str(path)]
            else:
                tools |= {t: [*c, str(path)] for t, c in peers.items() if t != "fickling" or path.is_file()}
                if path.is_file():
                    tools["quarantine, second opinions"] = [*tools["quarantine"], "--second-opinion"]
            results[subject] = {tool: median(command, runs, cwd) for tool, command in tools.items()}
        results["help"] = {"quarantine": median([*ours, "--help"], runs, cwd)}
    return results


def table(results: dict[str, dict[str, dict[str, object]]]) -> str:
    """The results as a Markdown table; adds our time as a ratio of each tool's to the rows."""
    lines = ["| subject | tool | seconds | ours / this | budget | exit |", "|---|---|---:|---:|---:|---:|"]
    for subject, tools in results.items():
        own = tools["quarantine"]
        for tool, row in tools.items():
            valid = own["status"] in (0, 1, 3)
            row["ours_over_this"] = (
                round(float(str(own["seconds"])) / float(str(row["seconds"])), 3) if valid else None
            )
            budget = BUDGETS.get(tool, "")
            lines.append(
                f"| {subject} | {tool} | {row['seconds']} | {row['ours_over_this']} | {budget} | {row['status']} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the table of medians and ratios, write it and the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--big", action="store_true", help="2 GB instead of 200 MB of safetensors")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--modelaudit", type=Path, help="the modelaudit command of another environment")
    options = parser.parse_args()
    results = measure(options.runs, 2_000_000_000 if options.big else 200_000_000, options.modelaudit)
    text = table(results)
    print(text, end="")
    versions = {p: version(p) for p in ("modelscan", "picklescan", "fickling")}
    if options.modelaudit:
        asked = subprocess.run([options.modelaudit, "--version"], capture_output=True, text=True, check=True)
        versions["modelaudit"] = asked.stdout.strip().split()[-1]
    machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    record = {"results": results, "versions": versions, "machine": machine}
    (OUTPUT / "static.json").write_text(json.dumps(record, indent=2) + "\n")
    said = ", ".join(f"{name} {value}" for name, value in {**versions, **machine}.items())
    (OUTPUT / "static.md").write_text(
        "# Times beside other scanners\n\nMedians of whole processes in one run: `python -m benchmarks.static`. "
        "A ratio below 1 means that we are faster. Not every tool reads every file: the exit status says what it "
        f"made of it.\n\n{said}.\n\n{text}"
    )


if __name__ == "__main__":
    main()
