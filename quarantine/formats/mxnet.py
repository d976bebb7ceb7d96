"""MXNet's array files (``.params``, ``.nd``): a list of arrays, dense or sparse, and their names.

After ``NDArray::Load`` and ``NDArray::LegacyLoad`` of MXNet 1.9.1 (src/ndarray/ndarray.cc), four layouts of one array.
Arrays must have the size of their shape, and are claimed, never looked at.
"""

from __future__ import annotations

import math
import struct

from quarantine.formats.interface import Malformed, Node, Source

MAGIC = struct.pack("<Q", 0x112)
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_COUNT_LIMIT, _RANK_LIMIT, _NAME_LIMIT_BYTES = 1 << 20, 32, 4096
# mshadow's type flags -> bytes of one element
_WIDTHS = {0: 4, 1: 8, 2: 2, 3: 1, 4: 4, 5: 1, 6: 8, 7: 1, 8: 2, 9: 2, 10: 4, 11: 8, 12: 2}
_AUXILIARY = {0: 0, 1: 1, 2: 2}
"""Storage type -> how many arrays of indices belong to it: dense, rows, compressed rows."""


class MxNet:
    """A list of arrays."""

    name = "mxnet"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Follow the arrays, then the names, to the end."""
        cursor = _Cursor(node.source)
        magic, reserved, count = cursor.numbers("QQQ")
        if struct.pack("<Q", magic) != MAGIC or reserved or count > _COUNT_LIMIT:
            raise Malformed("header is not MXNet's, or counts more arrays than any model has", offset=8)
        for _ in range(count):
            _array(cursor)
        (names,) = cursor.numbers("Q")
        if names not in (0, count):
            raise Malformed("there are names for some arrays only", offset=cursor.at - 8)
        for _ in range(names):
            (length,) = cursor.numbers("Q")
            if length > _NAME_LIMIT_BYTES:
                raise Malformed("name is longer than any model's", offset=cursor.at - 8)
            cursor.skip(length)
        node.claim(0, cursor.at)
        node.fact("arrays", count)


class _Cursor:
    """Where the reader is in the file; every step is checked against its end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.at = 0

    def numbers(self, form: str) -> tuple[int, ...]:
        """The next numbers, in little endian."""
        size = struct.calcsize("<" + form)
        raw = self._source.read(self.at, size)
        self.skip(size)
        return struct.unpack("<" + form, raw)

    def skip(self, length: int) -> None:
        """Go on."""
        if length > self._source.size - self.at:
            raise Malformed("value ends behind the end of the file", offset=self.at)
        self.at += length

    def shape(self, rank: int | None = None, width: str = "q") -> list[int] | None:
        """The next shape; None if it is not known."""
        begin = self.at
        if rank is None:
            (rank,) = self.numbers("i")
        if rank == -1:
            return None
        if not 0 <= rank <= _RANK_LIMIT:
            raise Malformed("array has an impossible shape", offset=begin)
        sides = list(self.numbers(width * rank))
        if any(not 0 <= side < 1 << 62 for side in sides):
            raise Malformed("array has an impossible shape", offset=begin)
        return sides

    def width(self) -> int:
        """The next type, as the bytes of one element."""
        (kind,) = self.numbers("i")
        if kind not in _WIDTHS:
            raise Malformed("array has an unknown type", offset=self.at - 4)
        return _WIDTHS[kind]


def _array(cursor: _Cursor) -> None:
    begin = cursor.at
    (magic,) = cursor.numbers("I")
    auxiliary, stored = 0, None
    if magic in (_V2, _V3):
        (storage,) = cursor.numbers("i")
        if storage not in _AUXILIARY:
            raise Malformed("array has an unknown kind of storage", offset=begin)
        auxiliary = _AUXILIARY[storage]
        stored = cursor.shape() if auxiliary else None
        shape = cursor.shape()
    elif magic == _V1:
        shape = cursor.shape()
    else:
        shape = cursor.shape(magic if magic <= _RANK_LIMIT else -2, "I")  # the oldest: no magic, a rank
    if shape is None or (not shape and magic != _V3):
        return
    cursor.numbers("ii")  # the device that it was on
    width = cursor.width()
    indices = []
    for _ in range(auxiliary):
        size = cursor.width()
        indices.append(math.prod(cursor.shape() or []) * size)
    cursor.skip(math.prod(shape if stored is None else stored) * width)
    for size in indices:
        cursor.skip(size)
