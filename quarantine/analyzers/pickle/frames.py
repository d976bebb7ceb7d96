"""Frames that end where no opcode ends: CPython's C machine then reads other names from one file than from another.

It drops what is left of a frame when an argument crosses its end, but only if the file has no ``peek`` (io.BytesIO, so
torch.load), and never in ``pickle.loads`` (Modules/_pickle.c, _Unpickler_ReadImpl). Picklers end frames between opcodes
and the last one with STOP (Lib/pickle.py, _Framer), so anything else is a finding.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from quarantine.analyzers.pickle.symbolic import walk
from quarantine.formats.interface import Source

_FRAME = re.compile(rb"\x95(?=.{5}\x00{3})", re.DOTALL)
_HEADER = 8
LONGEST_FRAME = 1 << 20
"""Bytes; picklers end a frame after the object that takes it beyond 64 KiB."""


def may_have_frames(source: Source, start: int, end: int) -> bool:
    """Whether a machine could take any of the bytes for a frame; all of a frame has to be there."""
    with source.view() as data:
        return any(
            int.from_bytes(data[match.end() : match.end() + _HEADER], "little") <= source.size - match.end()
            for match in _FRAME.finditer(data, start, end)
        )


class Unbuffered:
    """A file without ``peek``, which sees each request of the C machine; ``split`` says what is wrong with a frame."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._wanted = ""
        self._last: tuple[int, int] | None = None
        self.split: str | None = None

    def read(self, size: int) -> bytes:
        """Read as a file does. After a frame only the next opcode may be asked for: one byte."""
        at, wanted = self._file.tell(), self._wanted
        data = self._file.read(size)
        self._wanted = ""
        if wanted == "frame":
            self._last, self._wanted = (at, at + len(data)), "opcode"
        elif wanted == "opcode" and size != 1:
            self._cross()
        elif wanted == "header" and size == _HEADER:
            self._wanted = "frame" if any(data) else ""
        elif size == 1 and data == b"\x95":
            self._wanted = "header"
        return data

    def readline(self) -> bytes:
        """Read a line, which no frame is followed by."""
        if self._wanted == "opcode":
            self._cross()
        self._wanted = ""
        return self._file.readline()

    def _cross(self) -> None:
        self.split = self.split or "a frame ends in the midst of an opcode"

    def finish(self, source: Source, end: int) -> None:
        """To be called when the machine reached STOP: the last frame must end with it."""
        if self.split or self._last is None or self._last[1] != end:
            return
        first, after = self._last
        if after - first > LONGEST_FRAME or walk(source.read(first, after - first)).stopped != after - first:
            self.split = "a frame goes on behind the end of the pickle"
