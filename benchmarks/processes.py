"""Run a command and say how long it took and how much memory all of its processes held at once.

The jail's workers are no children that the kernel accounts for, so the tree is looked at in /proc while it runs. Pages
that processes share are counted once for each (proportional set size, PSS, in proc(5)).
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Run:
    """One run of a command: wall seconds, exit status, and peak memory where it was asked for."""

    seconds: float
    status: int
    peak_bytes: int | None = None


def run(command: list[str], folder: Path, *, memory: bool = False) -> Run:
    """Run in ``folder``. Looking at memory takes time, so it is done in runs that nobody times."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        watcher = _Watcher(process.pid) if memory else None
        status = process.wait()
    seconds = time.perf_counter() - start
    return Run(seconds, status, watcher.peak_bytes() if watcher else None)


class _Watcher:
    def __init__(self, pid: int) -> None:
        self._pid, self._peak = pid, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def peak_bytes(self) -> int:
        self._stop.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self._peak = max(self._peak, sum(map(_memory, _tree(self._pid))))


def _tree(root: int) -> set[int]:
    """``root`` and all that came of it, as long as the processes in between live."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                # The command's name is in brackets and may hold anything; the parent is the second field behind it.
                parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
                children[int(parent)].append(int(entry.name))
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children[pid]
    return found


def _memory(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
