"""Fuzz one target in this process, guided by coverage, until its time is up; started by ``tests.fuzz.run``.

A crash does not end the run: its input is kept and the next one is tried. Only what Python cannot come back from, a
hang inside C, ends the process; libFuzzer then keeps the input itself.
"""

from __future__ import annotations

import hashlib
import json
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

import atheris

with atheris.instrument_imports(include=["quarantine"]):
    from tests.fuzz.targets import Crash, Target, all_targets, load_all

    load_all()
from tests.fuzz.mutate import mutated

MEMORY_BYTES = 2560 << 20
HANG_S = 10
"""Seconds of this process's own time that an input may take; the machine's load does not count."""
SEED_LIMIT_BYTES = 64 << 10


class Hang(BaseException):
    """An input took longer than ``HANG_S``."""


class Recorder:
    """Runs inputs, keeps those that crash, one for each place in the code, and what the run was like."""

    def __init__(self, target: Target, findings: Path) -> None:
        self._target, self._findings = target, findings
        self._places: set[str] = set()
        self.figures = {"executions": 0, "crashes": 0, "slowest_s": 0.0, "slowest": "", "peak_bytes": 0}

    def __call__(self, data: bytes) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG_S)
        began = time.process_time()
        try:
            self._target.run(data)
        except (Crash, Hang, Exception) as error:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            self._keep(data, error)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        took = time.process_time() - began
        self.figures["executions"] += 1  # type: ignore[operator]
        if took > self.figures["slowest_s"]:  # type: ignore[operator]
            self.figures |= {"slowest_s": round(took, 3), "slowest": hashlib.sha256(data).hexdigest()[:16]}
            if took > 1:
                self._write(data, "slow", f"{took:.1f} s")

    def _keep(self, data: bytes, error: BaseException) -> None:
        cause = error.__cause__ or error.__context__ or error if isinstance(error, Crash) else error
        frames = [
            frame for frame in traceback.extract_tb(cause.__traceback__) if "quarantine" in frame.filename
        ]
        place = (
            f"{type(cause).__name__} {frames[-1].filename}:{frames[-1].lineno}"
            if frames
            else repr(cause)[:200]
        )
        if place in self._places:
            return
        self._places.add(place)
        self.figures["crashes"] = len(self._places)
        self._write(data, "crash", "".join(traceback.format_exception(cause))[-6000:])

    def _write(self, data: bytes, kind: str, why: str) -> None:
        stem = self._findings / f"{self._target.name}-{kind}-{hashlib.sha256(data).hexdigest()[:16]}"
        stem.write_bytes(data)
        stem.with_suffix(".txt").write_text(why)


def _hung(_: int, __: FrameType | None) -> None:
    raise Hang(f"over {HANG_S} s")


def main(name: str, seconds: int, corpus: Path, findings: Path, result: Path) -> None:
    """Fuzz the target of that name; the figures go to ``result`` as the process ends."""
    target = next(target for target in all_targets() if target.name == name)
    seeds = [path.read_bytes() for path in sorted(corpus.iterdir())]
    record = Recorder(target, findings)
    signal.signal(signal.SIGVTALRM, _hung)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    ends = time.monotonic() + seconds

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        if seed % 3 == 0:
            return bytes(atheris.Mutate(data, max_size))
        return mutated(data, seeds, seed)[:max_size]

    def test(data: bytes) -> None:
        record(data)
        if record.figures["executions"] % 20 == 0 or time.monotonic() > ends:  # type: ignore[operator]
            record.figures["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            result.write_text(json.dumps(record.figures))

    options = [f"-max_total_time={seconds}", f"-max_len={SEED_LIMIT_BYTES}", "-timeout=60", "-rss_limit_mb=2600",
               f"-artifact_prefix={findings}/{name}-hard-", "-seed=1", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], test, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
