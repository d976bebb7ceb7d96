"""Flatbuffers read and verified after a table of their fields: every offset, length and alignment is checked before it
is believed, no two objects overlap, and what lies between them is zero.

After https://flatbuffers.dev/internals/. The tables are data (``schemas/*.json``), made by ``corpora/makers``. A scalar
is ``i1`` to ``f8``, kind and bytes; ``[...]`` is a vector. Bulk data stays where it is and is kept as a range.
The reader walks with a list of its own, so depth costs nothing; offsets only point forward, so there are no circles.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from quarantine.formats.interface import Malformed, Node

OBJECTS_LIMIT = 4_000_000
DEPTH_LIMIT = 64
PADDING_LIMIT_BYTES = 4096  # the largest alignment that a writer of models uses
_SCALARS = frozenset({"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"})


class OutOfBounds(Malformed):
    """An offset or a length leads out of the buffer, or two objects share bytes: no writer makes that."""


@dataclass(frozen=True, slots=True)
class Range:
    """The elements of a vector of scalars or structs: where they begin, how many, bytes of each."""

    start: int
    count: int
    width: int

    @property
    def end(self) -> int:
        """Behind the last one."""
        return self.start + self.count * self.width


class Table(dict[str, Any]):
    """The fields of a table that are there, by name. ``at`` is its offset."""

    def __init__(self, kind: str, at: int) -> None:
        super().__init__()
        self.kind = kind
        self.at = at

    def text(self, name: str) -> str:
        """A string; empty if it is not there."""
        return str(self.get(name, ""))

    def number(self, name: str, default: int = 0) -> int:
        """A number, or its default."""
        return int(self.get(name, default))

    def rows(self, name: str) -> list[Any]:
        """A vector of tables or strings."""
        return self.get(name) or []


@cache
def schema(name: str) -> dict[str, Any]:
    """The table ``schemas/<name>.json``: ``root``, ``tables``, ``structs`` and ``unions``."""
    found: dict[str, Any] = json.loads(
        Path(__file__).with_name("schemas").joinpath(f"{name}.json").read_bytes()
    )
    return found


class Flatbuffer:
    """One flatbuffer in ``data[:end]``. ``unknown`` are the places of fields that its table does not have."""

    def __init__(self, data: memoryview, end: int, table: dict[str, Any]) -> None:
        self.data = data
        self._end = end
        self._schema = table
        self._made: dict[tuple[str, int], Any] = {}
        self._todo: list[tuple[Table, int, int]] = []
        self._ranges: list[tuple[int, int]] = [(0, 4)]
        self._vtables: set[tuple[int, int]] = set()
        self.unknown: list[tuple[str, int]] = []

    def root(self, identified: bool = True) -> Table:
        """The root table, with everything below it verified.

        Raises:
            OutOfBounds: what it holds leads out of the buffer or overlaps.
            Malformed: it breaks the specification otherwise.
        """
        if identified:
            self._ranges.append((4, 8))
        root = self._table(self._schema["root"], self._follow(0), 0)
        while self._todo:
            table, at, depth = self._todo.pop()
            self._fill(table, at, depth)
        self._ranges += self._vtables
        self._ranges.sort()
        return root

    def number(self, at: int, kind: str) -> int:
        """The number of that kind at ``at``; of a float, its bits."""
        width = int(kind[1])
        self._inside(at, width)
        return int.from_bytes(self.data[at : at + width], "little", signed=kind[0] == "i")

    def numbers(self, held: Range, signed: bool = True) -> list[int]:
        """The numbers of a vector."""
        raw = self.data[held.start : held.end]
        return [
            int.from_bytes(raw[at : at + held.width], "little", signed=signed)
            for at in range(0, len(raw), held.width)
        ]

    def taken(self) -> list[tuple[int, int]]:
        """The ranges that were understood: objects, and the zeros between that align the next.

        Raises:
            OutOfBounds: two objects share bytes.
        """
        found: list[tuple[int, int]] = []
        at = 0
        for start, end in self._ranges:
            if start < at:
                raise OutOfBounds("two objects overlap", offset=start)
            if start > at and start - at <= PADDING_LIMIT_BYTES and not any(self.data[at:start]):
                found.append((at, start))
            found.append((start, end))
            at = end
        if self._end - at < PADDING_LIMIT_BYTES and not any(self.data[at : self._end]):
            found.append((at, self._end))
        return found

    def add(self, start: int, end: int) -> None:
        """Count a range as one more object."""
        self._ranges = sorted([*self._ranges, (start, end)])

    @property
    def last(self) -> int:
        """The offset behind the last object."""
        return self._ranges[-1][1]

    def _inside(self, at: int, length: int) -> None:
        if at < 0 or at + length > self._end:
            raise OutOfBounds("offset or length leads out of the buffer", offset=max(0, min(at, self._end)))

    def _follow(self, at: int) -> int:
        offset = self.number(at, "u4")
        if not offset or at % 4:
            raise OutOfBounds("offset leads nowhere", offset=at)
        self._inside(at + offset, 4)
        return at + offset

    def _take(self, start: int, end: int) -> None:
        self._inside(start, end - start)
        if len(self._ranges) > OBJECTS_LIMIT:
            raise Malformed("more objects than any model has", offset=start)
        self._ranges.append((start, end))

    def _table(self, kind: str, at: int, depth: int) -> Table:
        if (kind, at) not in self._made:
            if depth > DEPTH_LIMIT:
                raise Malformed("tables are nested too deeply", offset=at)
            made = Table(kind, at)
            self._made[kind, at] = made
            self._todo.append((made, at, depth))
        found: Table = self._made[kind, at]
        return found

    def _fill(self, table: Table, at: int, depth: int) -> None:
        """Read the fields of one table."""
        vtable = at - self.number(at, "i4")
        if at % 4 or vtable % 2:
            raise OutOfBounds("table is not aligned", offset=at)
        length, size = self.number(vtable, "u2"), self.number(vtable + 2, "u2")
        if length < 4 or length % 2 or size < 4:
            raise OutOfBounds("table has no proper field table", offset=max(0, vtable))
        self._inside(vtable, length)
        self._vtables.add((vtable, vtable + length))
        self._take(at, at + size)
        rows = self._schema["tables"][table.kind]
        used = [(0, 4)]
        member = 0
        for slot in range((length - 4) // 2):
            offset = self.number(vtable + 4 + 2 * slot, "u2")
            row = rows[slot] if slot < len(rows) else None
            if not offset:
                member = 0
                continue
            if row is None:
                self.unknown.append((table.kind, at + offset))
                continue
            name, kind = row
            width, align = self._width(kind)
            if offset < 4 or offset + width > size or (at + offset) % align:
                raise OutOfBounds("field lies outside its table, or is not aligned", offset=at)
            used.append((offset, offset + width))
            if kind.startswith("union:"):
                value = self._union(kind[6:], member, at + offset, depth)
            else:
                value = self._value(kind, at + offset, depth)
            member = value if kind == "u1" else 0
            table[name] = value
        self._check_inside(table, at, size, used)

    def _check_inside(self, table: Table, at: int, size: int, used: list[tuple[int, int]]) -> None:
        end = 0
        for start, stop in sorted(used):
            if start < end:
                raise OutOfBounds(f"two fields of {table.kind} overlap", offset=at + start)
            if any(self.data[at + end : at + start]):
                self.unknown.append((table.kind, at + end))
            end = stop
        if any(self.data[at + end : at + size]):
            self.unknown.append((table.kind, at + end))

    def _width(self, kind: str) -> tuple[int, int]:
        """Bytes and alignment of a field in its table."""
        if kind in _SCALARS:
            return int(kind[1]), int(kind[1])
        if kind.startswith("struct:"):
            size, align = self._schema["structs"][kind[7:]]
            return size, align
        return 4, 4

    def _value(self, kind: str, at: int, depth: int) -> Any:
        if kind in _SCALARS:
            return self.number(at, kind)
        if kind.startswith("struct:"):
            return Range(at, 1, self._width(kind)[0])
        target = self._follow(at)
        if kind == "string":
            return self._string(target)
        if kind.startswith("["):
            return self._vector(kind[1:-1], target, depth)
        return self._table(kind, target, depth + 1)

    def _union(self, name: str, member: int, at: int, depth: int) -> Any:
        members = self._schema["unions"][name]
        kind = members[member] if member < len(members) else None
        if kind is None:
            self.unknown.append((name, at))
            return None
        if not kind.startswith("struct:"):
            return self._table(kind, self._follow(at), depth + 1)
        target, (size, align) = self._follow(at), self._width(kind)
        if target % align:
            raise OutOfBounds("struct is not aligned", offset=target)
        if (kind, target) not in self._made:
            self._made[kind, target] = Range(target, 1, size)
            self._take(target, target + size)
        return self._made[kind, target]

    def _string(self, at: int) -> str:
        if ("string", at) not in self._made:
            length = self.number(at, "u4")
            self._inside(at + 4, length + 1)
            if self.data[at + 4 + length]:
                raise OutOfBounds("string does not end with zero", offset=at)
            self._take(at, at + 5 + length)
            self._made["string", at] = bytes(self.data[at + 4 : at + 4 + length]).decode(
                "utf-8", "backslashreplace"
            )
        return str(self._made["string", at])

    def _vector(self, kind: str, at: int, depth: int) -> Any:
        key = (f"[{kind}]", at)
        if key in self._made:
            return self._made[key]
        count = self.number(at, "u4")
        width, align = self._width(kind)
        self._inside(at + 4, count * width)
        if count and (at + 4) % align:
            raise OutOfBounds("vector is not aligned", offset=at)
        self._take(at, at + 4 + count * width)
        if kind in _SCALARS or kind.startswith("struct:"):
            self._made[key] = Range(at + 4, count, width)
        else:
            if len(self._made) + count > OBJECTS_LIMIT:
                raise Malformed("more objects than any model has", offset=at)
            self._made[key] = [self._value(kind, at + 4 + 4 * index, depth) for index in range(count)]
        return self._made[key]


def verified(
    node: Node, data: memoryview, end: int, name: str, held: tuple[int, int] | None = None
) -> tuple[Flatbuffer, Table]:
    """The flatbuffer in ``data[:end]`` and its root after ``schemas/<name>.json``, verified and claimed.

    ``held`` is a range in it that another header takes. Reports what leads out of it, and fields that are not known.
    """
    buffer = Flatbuffer(data, end, schema(name))
    try:
        root = buffer.root()
        if held:
            buffer.add(*held)
        for start, stop in buffer.taken():
            node.claim(start, stop)
    except OutOfBounds as error:
        node.finding("flatbuffer-out-of-bounds", offset=error.offset, why=error.why)
        raise
    for kind, at in buffer.unknown[:16]:
        node.finding("flatbuffer-unknown-field", offset=at, table=kind)
        node.unread()
    return buffer, root
