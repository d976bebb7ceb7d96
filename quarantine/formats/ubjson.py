"""UBJSON as XGBoost writes it, read into a small tree; typed arrays stay packed, so that memory is about the file's
size.

After https://ubjson.org (draft 12) and XGBoost's src/common/json.cc, whose reader takes keys and lengths as ``L``
alone. Counts are compared with the bytes that are left before anything is made of them.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Any

from quarantine.formats.interface import Malformed

DEPTH_LIMIT = 64
ITEMS_LIMIT = 20_000_000
_NUMBERS = {
    b"i": ("b", 1),
    b"U": ("B", 1),
    b"I": ("h", 2),
    b"l": ("i", 4),
    b"L": ("q", 8),
    b"d": ("f", 4),
    b"D": ("d", 8),
}
_PLAIN = {b"Z": None, b"T": True, b"F": False}


class Reader:
    """One pass over the bytes of a document; ``at`` is where it is."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._items = 0
        self.at = 0

    def _take(self, length: int) -> memoryview:
        if not 0 <= length <= len(self._data) - self.at:
            raise Malformed("a value ends behind the end of the file", offset=self.at)
        self.at += length
        return self._data[self.at - length : self.at]

    def _mark(self) -> bytes:
        self._items += 1
        if self._items > ITEMS_LIMIT:
            raise Malformed("the document has more values than any model", offset=self.at)
        return bytes(self._take(1))

    def _length(self) -> int:
        if self._mark() != b"L":
            raise Malformed("a length is no 64-bit number", offset=self.at - 1)
        return int.from_bytes(self._take(8), "big", signed=True)

    def _text(self) -> str:
        start = self.at
        try:
            return str(self._take(self._length()), "utf-8")
        except UnicodeDecodeError:
            raise Malformed("text is not UTF-8", offset=start) from None

    def value(self, depth: int = 0) -> Any:
        """The next value.

        Raises:
            Malformed: it is cut off, nests too deeply, or is none that XGBoost writes.
        """
        return self._value(self._mark(), depth)

    def _value(self, mark: bytes, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise Malformed("values nest too deeply", offset=self.at)
        if mark == b"{":
            return self._object(depth)
        if mark == b"[":
            return self._array(depth)
        if mark == b"S":
            return self._text()
        if mark in _NUMBERS:
            form, width = _NUMBERS[mark]
            return struct.unpack(f">{form}", self._take(width))[0]
        if mark in _PLAIN:
            return _PLAIN[mark]
        raise Malformed("a value is of no kind that XGBoost writes", offset=self.at - 1)

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while bytes(self._data[self.at : self.at + 1]) != b"}":
            start, key = self.at, self._text()
            if key in found:
                raise Malformed("an object has a duplicate key", offset=start)
            found[key] = self.value(depth + 1)
        self._take(1)
        return found

    def _array(self, depth: int) -> Any:
        mark = self._mark()
        if mark == b"$":
            kind = bytes(self._take(1))
            if self._mark() != b"#" or kind not in _NUMBERS:
                raise Malformed("a typed array is of no kind that XGBoost writes", offset=self.at - 1)
            return self._packed(kind, self._length())
        if mark == b"#":
            count = self._length()
            if not 0 <= count <= len(self._data) - self.at:
                raise Malformed("an array is longer than the file", offset=self.at)
            return [self.value(depth + 1) for _ in range(count)]
        found = []
        while mark != b"]":
            found.append(self._value(mark, depth + 1))
            mark = self._mark()
        return found

    def _packed(self, kind: bytes, count: int) -> array[Any]:
        form, width = _NUMBERS[kind]
        if not 0 <= count <= (len(self._data) - self.at) // width:
            raise Malformed("an array is longer than the file", offset=self.at)
        numbers = array(form)
        numbers.frombytes(self._take(count * width))
        if sys.byteorder == "little":
            numbers.byteswap()
        return numbers
