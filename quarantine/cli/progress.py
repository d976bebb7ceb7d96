"""What a person sees while waiting: one line on a terminal's stderr, nothing in a pipeline."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from quarantine.jail.protocol import Progress
from quarantine.pipeline import OnProgress
from quarantine.printable import printable
from quarantine.records import StageName

INTERVAL_S = 0.1
QUIET_S = 1.0


@contextmanager
def progress_display() -> Iterator[OnProgress | None]:
    """Yield a callback that redraws one line, or None when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    started = shown = time.monotonic()

    def show(stage: StageName, progress: Progress) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - started < QUIET_S or now - shown < INTERVAL_S:
            return
        shown = now
        line = f"{stage}: {progress.done} of {progress.total} {printable(progress.note, 60)}"
        sys.stderr.write(f"\r\x1b[K{line[:100]}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        if shown != started:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
