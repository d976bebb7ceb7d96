"""What a person sees while waiting: a few lines on a terminal's stderr, nothing in a pipeline.

Names in it are the supplier's: they are escaped and cut to the terminal's width. The cursor rests on a line of its
own below, so that whatever else is written, and an interrupt at any time, finds the terminal in order.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from quarantine.jail.protocol import Progress
from quarantine.printable import printable
from quarantine.stages import OnProgress

INTERVAL_S = 0.2
QUIET_S = 1.0
ESTIMATE_FROM_S = 2.0
ROWS_LIMIT = 8
_WHAT_CELLS = 44
_UP_AND_CLEAR = "\x1b[{}A\r\x1b[J"


@dataclass
class Display:
    """``on_progress`` takes in how far something is; ``say`` prints a line that stays, on standard output."""

    on_progress: OnProgress | None
    say: Callable[[str], None]


@contextmanager
def progress_display() -> Iterator[Display]:
    """A display that redraws itself until it is left, or a silent one where stderr is no terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield Display(None, _print)
        return
    block = _Block()
    try:
        yield Display(block.show, block.say)
    finally:
        block.close()


@dataclass
class _Row:
    """One thing under way; ``since`` is when it was first heard of, in monotonic seconds."""

    since: float
    progress: Progress

    def text(self, what: str, now: float) -> str:
        return f"{_duration(now - self.since):>7}  {what}  {self._how_far(now)}".rstrip()

    def _how_far(self, now: float) -> str:
        done, total = self.progress.done, self.progress.total
        note = printable(self.progress.note, 200)
        if self.progress.unit == "bytes":
            return f"{_bytes(done)} of {_bytes(total)}{self._time_left(now)}"
        if self.progress.unit == "files" and total > 1:
            return f"{done:,} of {total:,} files  {note}"
        return f"{done:,} of {total:,}  {note}" if total > 1 else note

    def _time_left(self, now: float) -> str:
        """From the rate so far, once there is one."""
        elapsed = now - self.since
        if elapsed < ESTIMATE_FROM_S or not self.progress.done:
            return ""
        left = elapsed * (self.progress.total - self.progress.done) / self.progress.done
        return f", about {_duration(max(left, 1))} left"


class _Block:
    """The lines on the terminal, and all that is under way; threads may share it. What reached its end is not shown."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Row] = {}
        self._drawn: list[int] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._ticker.start()

    def show(self, what: str, progress: Progress) -> None:
        """Take in how far ``what`` is."""
        with self._lock:
            if progress.done >= progress.total:
                self._under_way.pop(what, None)
            elif row := self._under_way.get(what):
                row.progress = progress
            else:
                self._under_way[what] = _Row(time.monotonic(), progress)

    def say(self, line: str) -> None:
        """Print a line where the block was; the block comes back below it."""
        with self._lock:
            self._draw([])
            _print(line)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._stop.set()
        self._ticker.join()
        self._draw([])

    def _tick(self) -> None:
        """Redraw now and then, also when nothing reports: a person sees that it has not stopped."""
        wait_s = QUIET_S
        while not self._stop.wait(wait_s):
            wait_s = INTERVAL_S
            with self._lock:
                self._draw(self._lines())

    def _lines(self) -> list[str]:
        rows, now = list(self._under_way.items()), time.monotonic()
        room = max(1, min(ROWS_LIMIT, _terminal().lines - 2))
        if len(rows) > room:
            more = len(rows) - room + 1
            rows = rows[: room - 1]
            last = [f"and {more} more under way"]
        else:
            last = []
        names = [_tail(printable(what), _WHAT_CELLS) for what, _ in rows]
        width = max(map(_cells, names), default=0)
        padded = [name + " " * (width - _cells(name)) for name in names]
        return [row.text(name, now) for name, (_, row) in zip(padded, rows, strict=True)] + last

    def _draw(self, lines: list[str]) -> None:
        """Put ``lines`` where the last ones are, as many rows as those take at the width that it has now."""
        columns = _terminal().columns
        rows = sum(max(1, -(-cells // columns)) for cells in self._drawn)
        if not rows and not lines:
            return
        shown = [_head(_writable(line), columns - 1) for line in lines]
        self._drawn = [_cells(line) for line in shown]
        up = _UP_AND_CLEAR.format(rows) if rows else ""
        with suppress(OSError):  # a terminal that has gone ends no scan
            sys.stderr.write(up + "".join(f"{line}\n" for line in shown))
            sys.stderr.flush()


def _print(line: str) -> None:
    print(line, flush=True)


def _writable(text: str) -> str:
    """``text`` as it is written; a letter that the terminal's encoding lacks becomes several."""
    encoding = sys.stderr.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _terminal() -> os.terminal_size:
    try:
        size = os.get_terminal_size(sys.stderr.fileno())
    except (OSError, ValueError):
        size = os.terminal_size((0, 0))
    return os.terminal_size((size.columns or 80, size.lines or 24))


def _cells(text: str) -> int:
    """The columns that a terminal gives to ``text``: letters may take two, or none."""
    from rich.cells import cell_len

    return cell_len(text)


def _head(text: str, cells: int) -> str:
    """The beginning of ``text`` that fits into so many cells; whatever adds no cells is bounded too."""
    from rich.cells import set_cell_size

    text = text[: 4 * max(cells, 1)]
    return text if _cells(text) <= cells else set_cell_size(text, max(cells, 0))


def _tail(text: str, cells: int) -> str:
    """``text``, or the end of it: of a long path the end tells most."""
    if len(text) > 4 * cells:
        text = "…" + text[-4 * cells :]
    while _cells(text) > cells:
        text = "…" + text[2 if text[0] == "…" else 1 :]
    return text


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} m"
    return f"{minutes} m {rest} s" if minutes else f"{rest} s"


def _bytes(size: int) -> str:
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1000:.0f} kB"
