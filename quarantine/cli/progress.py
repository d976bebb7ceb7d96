"""What a person sees while waiting: one line on a terminal's stderr, nothing in a pipeline."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from quarantine.jail.protocol import Progress
from quarantine.printable import printable
from quarantine.stages import OnProgress

INTERVAL_S = 0.2
QUIET_S = 1.0
WIDTH = 100


@contextmanager
def progress_display() -> Iterator[OnProgress | None]:
    """Yield a callback that redraws one line, or None when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    line = _Line()
    try:
        yield line.show
    finally:
        line.clear()


class _Line:
    """All that is under way, in one line; threads may share it. What reached its end is not shown."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._under_way: dict[str, str] = {}
        self._drawn = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._ticker.start()

    def show(self, what: str, progress: Progress) -> None:
        """Take in how far ``what`` is."""
        how_far = f" {progress.done} of {progress.total}" if progress.total > 1 else ""
        with self._lock:
            if progress.done >= progress.total:
                self._under_way.pop(what, None)
            else:
                self._under_way[what] = f"{what}{how_far} {printable(progress.note, 60)}".rstrip()

    def clear(self) -> None:
        """Leave the terminal as it was."""
        self._stop.set()
        self._ticker.join()
        if self._drawn:
            _draw("")

    def _tick(self) -> None:
        """Redraw now and then, also when nothing reports: a person sees that it has not stopped."""
        wait_s = QUIET_S
        while not self._stop.wait(wait_s):
            wait_s = INTERVAL_S
            with self._lock:
                parts = list(self._under_way.values())
            if parts:
                self._drawn = True
                _draw(f"{time.monotonic() - self._started:.0f} s  {' | '.join(parts)}"[:WIDTH])


def _draw(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()
