"""FlatBuffers tables, read field by field with every offset checked. (https://flatbuffers.dev/internals/)"""

from __future__ import annotations

from dataclasses import dataclass

from quarantine.formats.interface import Malformed

VECTOR_LIMIT = 1 << 20


def _number(data: bytes, at: int, width: int, *, signed: bool = False) -> int:
    if not 0 <= at <= len(data) - width:
        raise Malformed("offset points outside of the buffer", offset=None)
    return int.from_bytes(data[at : at + width], "little", signed=signed)


@dataclass(frozen=True)
class Table:
    """A table at ``at`` of ``data``."""

    data: bytes
    at: int

    def _place(self, slot: int) -> int:
        table = self.at - _number(self.data, self.at, 4, signed=True)
        size = _number(self.data, table, 2)
        offset = _number(self.data, table + 4 + 2 * slot, 2) if 6 + 2 * slot <= size else 0
        return self.at + offset if offset else 0

    def number(self, slot: int, width: int) -> int:
        """A signed number of ``width`` bytes; 0 if the field is not there."""
        place = self._place(slot)
        return _number(self.data, place, width, signed=True) if place else 0

    def table(self, slot: int) -> Table | None:
        """A table; None if the field is not there."""
        place = self._place(slot)
        return Table(self.data, place + _number(self.data, place, 4)) if place else None

    def tables(self, slot: int) -> list[Table]:
        """A vector of tables."""
        place = self._place(slot)
        if not place:
            return []
        start = place + _number(self.data, place, 4)
        count = _number(self.data, start, 4)
        if count > VECTOR_LIMIT or start + 4 + 4 * count > len(self.data):
            raise Malformed("vector is longer than its buffer")
        places = range(start + 4, start + 4 + 4 * count, 4)
        return [Table(self.data, at + _number(self.data, at, 4)) for at in places]

    def text(self, slot: int) -> bytes:
        """A string's bytes; empty if the field is not there."""
        place = self._place(slot)
        if not place:
            return b""
        start = place + _number(self.data, place, 4)
        length = _number(self.data, start, 4)
        if start + 4 + length > len(self.data):
            raise Malformed("string is longer than its buffer")
        return self.data[start + 4 : start + 4 + length]


def root(data: bytes) -> Table:
    """The root table of a buffer."""
    return Table(data, _number(data, 0, 4))
