"""CPython's marshal, read without building anything: the code objects in it and the names that they use.

After Python/marshal.c of versions 2.7 to 3.14. ``marshal.loads`` is never called, because it trusts its input. The
layout of a code object depends on the version that wrote it, which nothing in the stream tells; every layout is tried.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from quarantine.formats.interface import Malformed

DEPTH_LIMIT, COUNT_LIMIT = 60, 1 << 20
_FLAG = 0x80
_EMPTY = frozenset(b"NFTS.")
_FIXED = {"i": 4, "I": 8, "g": 8, "y": 16}
_LONG_TEXTS, _SHORT_TEXTS = frozenset("stuaA"), frozenset("zZ")
_LISTS = frozenset("([<>")


@dataclass(frozen=True)
class Layout:
    """How a range of versions writes a code object: ``numbers``, ``parts``, the first line, ``behind`` more parts."""

    numbers: int
    parts: tuple[str, ...]
    behind: int


_OLD = ("code", "consts", "names", "varnames", "freevars", "cellvars", "filename", "name")
_NEW = ("code", "consts", "names", "locals", "kinds", "filename", "name", "qualname")
LAYOUTS = {
    "3.11": Layout(5, _NEW, 2),
    "3.8": Layout(6, _OLD, 1),
    "3.0": Layout(5, _OLD, 1),
    "2.7": Layout(4, _OLD, 1),
}


@dataclass
class Code:
    """One code object: its own name, the names that it looks up, and its texts among the constants."""

    name: str
    names: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass
class Marshalled:
    """What a stream holds: ``top`` is whether its value is a code object, ``end`` the offset behind it."""

    end: int
    top: bool
    codes: list[Code] = field(default_factory=list)


class _Reader:
    def __init__(self, data: bytes, layout: Layout) -> None:
        self._data, self._layout = data, layout
        self._refs: list[object] = []
        self._interned: list[object] = []
        self._count = 0
        self.at = 0
        self.codes: list[Code] = []

    def take(self, length: int) -> bytes:
        if length < 0 or length > len(self._data) - self.at:
            raise Malformed("value ends behind the end of the stream", offset=self.at)
        self.at += length
        return self._data[self.at - length : self.at]

    def number(self) -> int:
        value: int = struct.unpack("<i", self.take(4))[0]
        return value

    def value(self, depth: int = 0) -> object:
        """The next value: texts and tuples as such, code as Code, all others as None."""
        start = self.at
        first = self.take(1)[0]
        self._count += 1
        if depth > DEPTH_LIMIT or self._count > COUNT_LIMIT:
            raise Malformed("values nest too deeply, or are too many", offset=start)
        kind, slot = chr(first & ~_FLAG), None
        if first & _FLAG and kind not in "r0NFTS.":
            slot = len(self._refs)
            self._refs.append(None)
        made = self._made(kind, depth, start)
        if slot is not None:
            self._refs[slot] = made
        return made

    def _made(self, kind: str, depth: int, start: int) -> object:
        if ord(kind) in _EMPTY:
            return None
        if kind in _FIXED:
            self.take(_FIXED[kind])
            return None
        if kind in "fx":
            for _ in range(1 if kind == "f" else 2):
                self.take(self.take(1)[0])
            return None
        if kind == "l":
            self.take(2 * abs(self.number()))
            return None
        if kind in _LONG_TEXTS or kind in _SHORT_TEXTS:
            text = self.take(self.number() if kind in _LONG_TEXTS else self.take(1)[0]).decode(
                "utf-8", "replace"
            )
            if kind == "t":
                self._interned.append(text)
            return text
        if kind in "rR":
            kept, index = (self._refs if kind == "r" else self._interned), self.number()
            if not 0 <= index < len(kept):
                raise Malformed("reference to a value that is not there", offset=start)
            return kept[index]
        if kind in _LISTS or kind == ")":
            count = self.take(1)[0] if kind == ")" else self.number()
            if not 0 <= count <= len(self._data) - self.at:
                raise Malformed("more items than bytes", offset=start)
            return tuple(self.value(depth + 1) for _ in range(count))
        if kind == ":":
            return tuple(self.value(depth + 1) for _ in range(3))
        if kind == "{":
            while self._data[self.at : self.at + 1] != b"0":
                self.value(depth + 1)
                self.value(depth + 1)
            self.take(1)
            return None
        if kind == "c":
            return self._code(depth)
        raise Malformed(f"type {kind!r} is not marshal's", offset=start)

    def _code(self, depth: int) -> Code:
        self.take(4 * self._layout.numbers)
        parts = {part: self.value(depth + 1) for part in self._layout.parts}
        self.take(4)
        for _ in range(self._layout.behind):
            self.value(depth + 1)
        names, consts = parts["names"], parts["consts"]
        if (
            not isinstance(names, tuple)
            or not isinstance(consts, tuple)
            or not isinstance(parts["name"], str)
        ):
            raise Malformed("a code object's parts are of other types", offset=self.at)
        code = Code(parts["name"], _texts(names), _texts(consts))
        self.codes.append(code)
        return code


def _texts(values: tuple[object, ...]) -> tuple[str, ...]:
    """The texts of a tuple, those in tuples inside of it too."""
    found: list[str] = []
    todo = list(values)
    while todo and len(found) < 10_000:
        value = todo.pop(0)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            todo = [*value[:1000], *todo]
    return tuple(found)


def read_marshal(data: bytes) -> Marshalled:
    """Read one value; of several layouts that fit, the one that takes all bytes.

    Raises:
        Malformed: no version of Python wrote this.
    """
    best: Marshalled | None = None
    error: Malformed | None = None
    for layout in LAYOUTS.values():
        reader = _Reader(data, layout)
        try:
            value = reader.value()
        except Malformed as why:
            error = error if error and (error.offset or 0) >= (why.offset or 0) else why
            continue
        found = Marshalled(reader.at, isinstance(value, Code), reader.codes)
        if best is None or found.end > best.end:
            best = found
    if best is None:
        raise error or Malformed("no marshal stream")
    return best
