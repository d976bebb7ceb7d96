"""Torch7's objects (``.t7``) in binary form: values, tables, tensors, storages, and functions, which are programs.

After https://github.com/torch/torch7/blob/master/File.lua. A function in such a file is Lua bytecode, which
``torch.load`` hands to Lua, and Lua runs bytecode without checking it. Objects are read to the end; data is claimed.
"""

from __future__ import annotations

import math
import re
import struct

from quarantine.formats.interface import Malformed, Node, Source

_NIL, _NUMBER, _TEXT, _TABLE, _OBJECT, _BOOL = 0, 1, 2, 3, 4, 5
_FUNCTIONS = {6: "a function", 7: "a function with values", 8: "a function with values"}
_TEXT_LIMIT_BYTES, _RANK_LIMIT, _OBJECTS_LIMIT = 1 << 24, 16, 1 << 20
_WIDTHS = {"Byte": 1, "Char": 1, "Short": 2, "Int": 4, "Long": 8, "Float": 4, "Double": 8, "Half": 2}
_CLASS = re.compile(r"torch\.(Cuda)?([A-Z][a-z]+)?(Tensor|Storage)")
# A type, the first index, for an object its version.
_BEGINNINGS = (
    b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1",
    b"\x03\0\0\0\x01\0\0\0",
    b"\x06\0\0\0\x01\0\0\0",
    b"\x07\0\0\0\x01\0\0\0",
    b"\x08\0\0\0\x01\0\0\0",
)
_ASCII = re.compile(rb"[4678]\n1\n(?:3\nV 1\n|[0-9])")


class Torch7:
    """One Torch7 object with all that it refers to."""

    name = "torch7"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A type and the first index; in text form the same in digits."""
        return head.startswith(_BEGINNINGS) or _ASCII.match(head) is not None

    def read(self, node: Node) -> None:
        """Follow every object."""
        if _ASCII.match(node.source.read(0, 16)):
            node.finding("format-opaque", kind="a Torch7 object in text form")
            node.unread()
            return
        cursor = _Cursor(node)
        todo = [1]  # how many values are still to be read, of each object that is open
        while todo:
            todo[-1] -= 1
            if not todo[-1]:
                todo.pop()
            if more := cursor.step():
                todo.append(more)
        node.claim(0, cursor.at)


class _Cursor:
    """Where the reader is in the file; what is still to be read is a stack, so that depth costs no recursion."""

    def __init__(self, node: Node) -> None:
        self._node, self._source = node, node.source
        self._known: set[int] = set()
        self.at = 0

    def step(self) -> int:
        """Read one value; returns how many values belong to it and follow."""
        begin = self.at
        kind = self._numbers("i")[0]
        if kind == _NIL:
            return 0
        if kind == _NUMBER:
            self._skip(8)
            return 0
        if kind == _TEXT:
            self._text()
            return 0
        if kind == _BOOL:
            if self._numbers("i")[0] not in (0, 1):
                raise Malformed("bool is neither 0 nor 1", offset=begin)
            return 0
        if kind not in (_TABLE, _OBJECT, *_FUNCTIONS):
            raise Malformed("value has an unknown type", offset=begin)
        index = self._numbers("i")[0]
        if index in self._known:
            return 0
        self._known.add(index)
        if index <= 0 or len(self._known) > _OBJECTS_LIMIT:
            raise Malformed("object's index is none, or there are too many", offset=begin)
        if kind in _FUNCTIONS:
            size = self._numbers("i")[0]
            self._node.finding("torch7-function", offset=begin, length=max(0, size), what=_FUNCTIONS[kind])
            self._skip(size)
            return 1
        return self._table(begin) if kind == _TABLE else self._object(begin)

    def _table(self, begin: int) -> int:
        size = self._numbers("i")[0]
        if not 0 <= size <= (self._source.size - self.at) // 8:
            raise Malformed("table has more entries than the file has room for", offset=begin)
        return 2 * size

    def _object(self, begin: int) -> int:
        version = self._text()
        name = self._text() if re.fullmatch(rb"V [0-9]{1,4}", version) else version
        kind = _CLASS.fullmatch(name.decode("latin-1"))
        if kind is None:
            return 1  # a class of Lua: a table of its fields
        width = _WIDTHS.get(kind[2] or ("Float" if kind[1] else ""))
        if width is None:
            raise Malformed("tensor has an unknown type", offset=begin)
        if kind[3] == "Storage":
            self._skip(self._numbers("q")[0] * width)
            return 0
        rank = self._numbers("i")[0]
        if not 0 <= rank <= _RANK_LIMIT:
            raise Malformed("tensor has an impossible shape", offset=begin)
        sides = self._numbers(f"{rank}q{rank}q")[:rank]
        if any(side < 0 for side in sides) or math.prod(sides) >> 62:
            raise Malformed("tensor has an impossible shape", offset=begin)
        self._skip(8)  # where the tensor begins in its storage
        return 1

    def _text(self) -> bytes:
        size = self._numbers("i")[0]
        if not 0 <= size <= _TEXT_LIMIT_BYTES:
            raise Malformed("text is longer than any model's", offset=self.at - 4)
        begin = self.at
        self._skip(size)
        return self._source.read(begin, size)

    def _numbers(self, form: str) -> tuple[int, ...]:
        size = struct.calcsize("<" + form)
        raw = self._source.read(self.at, size)
        self._skip(size)
        return struct.unpack("<" + form, raw)

    def _skip(self, length: int) -> None:
        if not 0 <= length <= self._source.size - self.at:
            raise Malformed("value ends behind the end of the file", offset=self.at)
        self.at += length
