"""How far a pickle machine would get with some bytes: tells real streams from bytes that only begin like one.

After Lib/pickletools.py and Modules/_pickle.c. It follows stack depth and kinds only, gives nothing a value, and is
never stricter than the C machine, so that what breaks here breaks there too.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache

from quarantine.formats.interface import Source

STEPS_LIMIT = 20_000
HIGHEST_PROTOCOL = 5
_PAGE = 1 << 12
_LINE_PAGE, _LINE_TAIL, _LINES_PAGE = 1 << 10, 64, 1 << 20
_NUMBER = re.compile(rb"[+-]?\s*(?:0[xX][0-9a-fA-F_]+|0[oObB]?[0-7_]*|[0-9][0-9_]*)")
_WIDTHS = {
    "K": 1, "M": 2, "J": 4, "G": 8, "h": 1, "j": 4, "q": 1, "r": 4, "\x80": 1, "\x95": 8,
    "\x82": 1, "\x83": 2, "\x84": 4,
}  # fmt: skip
_COUNTED = {
    "T": 4, "U": 1, "B": 4, "C": 1, "X": 4, "\x8a": 1, "\x8b": 4, "\x8c": 1, "\x8d": 8, "\x8e": 8, "\x96": 8,
}  # fmt: skip
_LINES = {"I": 1, "L": 1, "F": 1, "S": 1, "V": 1, "P": 1, "p": 1, "g": 1, "c": 2, "i": 2}
_STRINGS, _IMPORTS = frozenset("STUVX\x8c\x8d"), frozenset("ci\x93\x82\x83\x84")
_CALLS = frozenset("Roi\x81\x92b")
# opcode: (values taken, kind pushed); kinds: s string, o other, ? anything
_PLAIN = {
    **dict.fromkeys("NIJKMLFG\x88\x89\x8a\x8b]})\x8f", (0, "o")),
    **dict.fromkeys("STUVX\x8c\x8d", (0, "s")), **dict.fromkeys("BC\x8e\x96", (0, "o")),
    **dict.fromkeys("Pghjc\x82\x83\x84\x97", (0, "?")),
    "0": (1, ""), "R": (2, "?"), "\x81": (2, "?"), "\x92": (3, "?"), "\x93": (2, "?"), "a": (2, "o"), "b": (2, "?"),
    "s": (3, "o"), "Q": (1, "?"), "\x85": (1, "o"), "\x86": (2, "o"), "\x87": (3, "o"), "\x98": (1, "?"),
    "p": (0, ""), "q": (0, ""), "r": (0, ""), "\x94": (0, ""), "\x80": (0, ""), "\x95": (0, ""),
}  # fmt: skip
_TO_MARK = {
    "t": "o",
    "l": "o",
    "d": "o",
    "\x91": "o",
    "o": "?",
    "i": "?",
    "1": "",
    "e": "",
    "u": "",
    "\x90": "",
}


class Reach(IntEnum):
    """What machines do before they break, with one stream or several in a row.

    STOPS ends without importing, RUNS imports and then calls or ends.
    """

    NOTHING = 0
    STOPS = 1
    IMPORTS = 2
    RUNS = 3


@cache
def _known() -> frozenset[str]:
    return frozenset(_PLAIN) | frozenset(_TO_MARK) | frozenset("(.2")


class _Window:
    """Cheap forward reading of a source in pages."""

    def __init__(self, source: Source, head: bytes, at: int) -> None:
        self._source, self._page, self._base = source, head, at

    def take(self, at: int, length: int) -> bytes:
        if not self._base <= at <= at + length <= self._base + len(self._page):
            self._page, self._base = self._source.read(at, max(_PAGE, length)), at
        return self._page[at - self._base : at - self._base + length]

    def line(self, at: int) -> tuple[bytes, int] | None:
        """The line at ``at`` and the offset behind its end; None if nothing is there.

        A machine takes lines of any length, so that the end of one is looked for as far as the file goes. Of a long
        one the middle is left out.
        """
        first = self.take(at, min(_LINE_PAGE, max(0, self._source.size - at)))
        if not first:
            return None
        if b"\n" in first:
            text = first[: first.index(b"\n")]
            return text, at + len(text) + 1
        base, page, found = at, first, -1
        while found < 0 and base + len(page) < self._source.size:
            base += len(page)
            page = self._source.read(base, _LINES_PAGE)
            found = page.find(b"\n")
        # Both machines drop the last byte of a line that does not end.
        end = base + found if found >= 0 else base + len(page) - 1
        if end - at <= len(first):
            return first[: end - at], end + 1
        rest = max(at + len(first), end - _LINE_TAIL)
        return first + self._source.read(rest, end - rest), end + 1


def _sound(code: str, lines: list[bytes]) -> bool:
    text = lines[0].split(b"\0")[0].strip()
    try:
        if code == "I" and lines[0][:1] == b"\0":
            return True  # what strtol finds nothing in, up to the NUL, is a zero
        if code in "IL":
            plain = text.removesuffix(b"L").rstrip() if code == "L" else text
            return _NUMBER.fullmatch(plain) is not None
        if code == "F":
            float(text)
        elif code == "S":
            whole = lines[0].strip()
            return len(whole) >= 2 and whole[:1] == whole[-1:] and whole[:1] in b"'\""
        elif code in "pg":
            int(text)
        elif code in "ci":
            # A name with a control character in it is no module that exists anywhere.
            return all(line and line.decode("utf-8").isprintable() for line in lines)
        elif code == "P":
            lines[0].decode("ascii")
    except ValueError:
        return False
    return True


def reach(source: Source, start: int = 0, steps: int = STEPS_LIMIT) -> Reach:
    """How far machines get from ``start``; what outlasts ``steps`` opcodes counts as one that runs."""
    window = _Window(source, source.read(start, 64), start)
    stack: list[str] = []
    marks: list[int] = []
    best, at = Reach.NOTHING, start
    for _ in range(steps):
        code = window.take(at, 1).decode("latin-1")
        if code not in _known() or not code:
            return best
        at += 1
        if code == ".":
            if len(stack) <= (marks[-1] if marks else 0):
                return best
            if best >= Reach.IMPORTS:
                return Reach.RUNS
            best = Reach.STOPS  # loaders that read several streams in a row go on behind it
            stack.clear()
            marks.clear()
            continue
        if code in _LINES:
            lines = []
            for _ in range(_LINES[code]):
                line = window.line(at)
                if line is None:
                    return best
                text, at = line
                lines.append(text)
            if not _sound(code, lines):
                return best
        else:
            at += _WIDTHS.get(code, 0)
            if code in _COUNTED:
                at += _COUNTED[code] + int.from_bytes(window.take(at, _COUNTED[code]), "little")
        if at > source.size or (code == "\x80" and window.take(at - 1, 1)[0] > HIGHEST_PROTOCOL):
            return best
        fence = marks[-1] if marks else 0
        kinds = stack[-2:] if code == "\x93" else []
        if code == "(":
            marks.append(len(stack))
        elif code == "2":
            if len(stack) <= fence:
                return best
            stack.append(stack[-1])
        elif code == "0" and len(stack) == fence and marks:
            marks.pop()
        elif code in _TO_MARK:
            if not marks or (code == "o" and len(stack) == fence):
                return best
            del stack[marks.pop() :]
            if code in "eu\x90" and not stack:
                return best
            stack.extend(_TO_MARK[code])
        else:
            taken, pushed = _PLAIN[code]
            if len(stack) - fence < taken:
                return best
            del stack[len(stack) - taken :]
            stack.extend(pushed)
        if code in _IMPORTS and "o" not in kinds:
            best = max(best, Reach.IMPORTS)
        if code in _CALLS and best >= Reach.IMPORTS:
            return Reach.RUNS
    return Reach.RUNS
