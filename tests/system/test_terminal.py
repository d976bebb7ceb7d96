"""The progress display on a real terminal, which a small emulator here draws: names that lie, narrow windows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from quarantine.cli import progress
from quarantine.jail.protocol import Progress

SLOW = b"\x80\x02" + b"(" * 3_000_000 + b"."
"""A stream that is read for over a second, small as it is: every mark stays open."""


class Screen:
    """What a terminal of so many columns shows: text, line ends, wrapping, cursor up and clear; nothing else."""

    def __init__(self, columns: int) -> None:
        self.columns, self.lines, self.row, self.column = columns, [""], 0, 0

    def feed(self, text: str) -> None:
        for escape, letter in re.findall(r"(\x1b\[[\d;?]*[A-Za-z])|(.)", text, re.DOTALL):
            if escape:
                self._escape(escape)
            elif letter == "\n":
                self._down()
            elif letter == "\r":
                self.column = 0
            else:
                assert letter.isprintable(), f"{letter!r} reached the terminal"
                if self.column == self.columns:
                    self._down()
                    self.column = 0
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[: self.column] + letter + line[self.column + 1 :]
                self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def _escape(self, escape: str) -> None:
        if escape == "\x1b[J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        else:
            assert escape.endswith("A"), f"{escape!r} reached the terminal"
            self.row -= int(escape[2:-1])
            assert self.row >= 0, "it went above where it began"


def on_terminal(
    command: list[str], columns: int, encoding: str = "utf-8"
) -> tuple[int, str, list[list[str]]]:
    """Run with stderr on a terminal; the exit status, stdout, and what the screen showed after each piece of output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    screen, seen = Screen(columns), []
    environment = {**os.environ, "TERM": "xterm", "PYTHONIOENCODING": encoding}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment) as run:
        os.close(theirs)
        while True:
            try:
                data = os.read(ours, 1 << 16)
            except OSError:
                break
            if not data:
                break
            screen.feed(data.decode())
            seen.append([line for line in screen.lines if line])
        assert run.stdout is not None
        output = run.stdout.read()
    os.close(ours)
    return run.returncode, output, seen


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A tree that takes a while, with names that would do something to a terminal or to markup."""
    tree = tmp_path / "[bold]model"
    tree.mkdir()
    for name in ("[red]a.pkl", "--output=b.pkl", "語" * 60 + ".pkl", "d d.pkl"):
        (tree / name).write_bytes(SLOW)
    return tree


@pytest.mark.parametrize("columns", [100, 24, 7])
def test_lines_are_redrawn_in_place_within_the_width_and_cleared(
    quarantine_command: str, slow: Path, columns: int
) -> None:
    started = time.monotonic()
    status, output, seen = on_terminal([quarantine_command, "scan", str(slow)], columns)
    assert time.monotonic() - started > 2, "too quick to show anything"
    assert status == 1
    assert output.startswith("REJECT")
    shown = {line for lines in seen for line in lines}
    assert max(map(len, (line for line in shown)), default=0) < columns
    assert max(map(len, seen)) <= 3
    assert seen[-1] == [], "nothing is left on the terminal"
    if columns == 100:
        assert any(re.search(r"^ +\d+ s  static  \d of 4 files  \S", line) for line in shown), shown
        assert any("[red]a.pkl" in line or "--output=b.pkl" in line for line in shown), "as it is called"


def test_letters_that_the_terminal_lacks_stay_within_the_width(quarantine_command: str, slow: Path) -> None:
    (name,) = [path for path in slow.iterdir() if "語" in path.name]
    _, _, seen = on_terminal([quarantine_command, "scan", str(name), str(slow)], 60, "ascii:backslashreplace")
    shown = {line for lines in seen for line in lines}
    assert any("\\u8a9e" in line for line in shown), shown
    assert max(map(len, shown)) < 60
    assert seen[-1] == []


def test_several_models_are_told_apart(quarantine_command: str, slow: Path) -> None:
    _, _, seen = on_terminal([quarantine_command, "scan", "--", *map(str, sorted(slow.iterdir()))], 120)
    shown = {line for lines in seen for line in lines}
    assert any("[red]a.pkl: static" in line for line in shown), shown
    assert any("--output=b.pkl: static" in line for line in shown), shown
    assert seen[-1] == []


def test_an_interrupt_leaves_its_sentence_on_a_line_of_its_own(quarantine_command: str, slow: Path) -> None:
    command = ["timeout", "--signal=INT", "--foreground", "1.8", quarantine_command, "scan", str(slow)]
    _, _, seen = on_terminal(command, 100)
    assert seen[-1][-1] == "quarantine: interrupted; no verdict, nothing was lost; run the command again"


def test_more_than_fits_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_terminal", lambda: os.terminal_size((80, 6)))
    block = progress._Block()
    try:
        for number in range(20):
            block.show(f"{number}", Progress(done=0, total=1))
        lines = block._lines()
    finally:
        block.close()
    assert len(lines) == 4
    assert lines[-1] == "and 17 more under way"


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J\x9b1A\u202e\u200b\r\n", "a" * 5000, "語" * 4000, "e" + "\u0301" * 4000, "\ud800", ""]
)
def test_no_name_is_longer_than_its_line_or_more_than_text(hostile: str) -> None:
    row = progress._Row(0.0, Progress(done=2**63 - 1, total=2**63 - 1, note=hostile[:256], unit="files"))
    name = progress._tail(progress.printable(hostile), 44)
    line = progress._head(row.text(name, 10.0), 59)
    assert line.isprintable()
    assert progress._cells(line) <= 59
    assert len(line) <= 4 * 59
