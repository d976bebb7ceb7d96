"""``python -m tests.fuzz.run --minutes N``: fuzz every target, each in a process of its own, and print what came out.

The minutes are shared out over the targets and the processors. Inputs that crash, or are slow, lie in
``fuzz-findings/``, named by target and digest, with what happened beside them. The exit status is 1 if any crashed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.seeds import Seed, chosen, full
from tests.fuzz.targets import Target, all_targets

FINDINGS = Path("fuzz-findings")
SEEDS_LIMIT = 150
_GRACE_S = 120
_HEAD = (
    f"{'target':22} {'inputs':>8} {'inputs/s':>9} {'edges':>6} {'new':>6} " + "crashes  slowest s  peak MiB"
)


def _fuzz(target: Target, seeds: list[Seed], seconds: int, findings: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="quarantine-fuzz-") as name:
        folder, corpus = Path(name), Path(name, "corpus")
        corpus.mkdir()
        for data in chosen(target, seeds, SEEDS_LIMIT):
            (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
        result = folder / "result.json"
        places = [str(corpus), str(findings.absolute()), str(result)]
        command = [sys.executable, "-m", "tests.fuzz.one", target.name, str(seconds), *places]
        with (folder / "log").open("w+b") as log:
            try:
                status: int | str = subprocess.run(
                    command,
                    stdout=log,
                    stderr=log,
                    timeout=seconds + _GRACE_S,
                    stdin=subprocess.DEVNULL,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                status = "hung"
            log.seek(0)
            text = log.read().decode(errors="replace")
        figures: dict[str, object] = json.loads(result.read_text()) if result.exists() else {}
    edges = [int(number) for number in re.findall(r"cov: (\d+)", text)]
    start = re.search(r"INITED cov: (\d+)", text)
    figures |= {
        "edges": max(edges, default=0),
        "new": max(edges, default=0) - (int(start[1]) if start else 0),
    }
    if status != 0:
        figures["ended"] = f"{status}: {text[-1500:]}"
    return figures


def _row(name: str, seconds: int, figures: dict[str, object]) -> str:
    inputs = int(str(figures.get("executions", 0)))
    cells = f"{inputs:8} {inputs / seconds:9.0f} {figures['edges']:>6} {figures['new']:>6}"
    peak = int(str(figures.get("peak_bytes", 0))) >> 20
    return f"{name:22} {cells} {figures.get('crashes', 0):>7} {figures.get('slowest_s', 0):>10} {peak:>9}"


def main() -> int:
    """Fuzz all targets, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("targets", nargs="*", help="names of targets; all if none is given")
    asked = parser.parse_args()
    targets = [target for target in all_targets() if not asked.targets or target.name in asked.targets]
    workers = os.cpu_count() or 1
    seconds = max(2, int(asked.minutes * 60 * workers / len(targets)))
    FINDINGS.mkdir(exist_ok=True)
    seeds = full()
    print(
        f"{len(seeds)} seeds, {len(targets)} targets, {seconds} s each, {workers} at a time\n{_HEAD}",
        flush=True,
    )
    bad = total = 0
    with ThreadPoolExecutor(workers) as pool:
        runs = pool.map(lambda target: _fuzz(target, seeds, seconds, FINDINGS), targets)
        for target, figures in zip(targets, runs, strict=True):
            print(_row(target.name, seconds, figures), flush=True)
            if ended := figures.get("ended"):
                print(f"  {target.name} ended with {ended}", flush=True)
            bad += bool(figures.get("crashes") or ended)
            total += int(str(figures.get("executions", 0)))
    print(f"{total} inputs; {bad} of {len(targets)} targets with a crash, a hang or too much memory")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
