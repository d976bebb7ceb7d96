"""Thrift's compact protocol, read generically and bounded: structures as maps of field numbers, nothing interpreted.

After https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from typing import Any

from quarantine.formats.interface import Malformed

DEPTH_LIMIT, VALUES_LIMIT = 24, 5_000_000
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = (
    0,
    1,
    2,
    3,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
)
_INTEGERS = (4, 5, 6)


class Compact:
    """A reader at ``at``; the bytes end at ``end``."""

    def __init__(self, data: memoryview, at: int, end: int) -> None:
        self._data, self._end = data, end
        self._left = VALUES_LIMIT
        self.at = at

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The fields of the structure that begins here: numbers, bytes, lists, maps as lists of pairs, structures.

        Raises:
            Malformed: it is not one, or a field is there twice.
        """
        found: dict[int, Any] = {}
        number = 0
        while True:
            start = self.at
            head = self._byte()
            kind, step = head & 15, head >> 4
            if kind == _STOP:
                if head:
                    raise Malformed("structure ends in an unusual way", offset=start)
                return found
            number = number + step if step else self._zigzag()
            if number in found:
                raise Malformed("a field is there twice", offset=start)
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth + 1)

    def _value(self, kind: int, depth: int) -> Any:
        self._left -= 1
        if depth > DEPTH_LIMIT or self._left < 0:
            raise Malformed("values nest too deeply, or are too many", offset=self.at)
        if kind in _INTEGERS:
            return self._zigzag()
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind in (_DOUBLE, _UUID):
            return self._take(8 if kind == _DOUBLE else 16)
        if kind == _BINARY:
            return self._take(self._varint())
        if kind in (_LIST, _SET):
            head = self._byte()
            count = head >> 4 if head >> 4 != 15 else self._varint()
            return [self._value(head & 15, depth + 1) for _ in range(self._counted(count))]
        if kind == _MAP:
            count = self._counted(self._varint())
            kinds = self._byte() if count else 0
            return [
                (self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1)) for _ in range(count)
            ]
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise Malformed(f"type {kind} is not Thrift's", offset=self.at)

    def _counted(self, count: int) -> int:
        if count > self._end - self.at:
            raise Malformed("more elements than bytes", offset=self.at)
        return count

    def _byte(self) -> int:
        if self.at >= self._end:
            raise Malformed("structure does not end", offset=self.at)
        self.at += 1
        return self._data[self.at - 1]

    def _take(self, length: int) -> bytes:
        if length > self._end - self.at:
            raise Malformed("value ends behind its structure", offset=self.at)
        self.at += length
        return bytes(self._data[self.at - length : self.at])

    def _varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise Malformed("number does not end", offset=self.at)

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
