"""HDF5 datatypes and dataspaces: how large an element is, how many there are, and what they could hide.

After the HDF5 File Format Specification 3.0, sections IV.A.2.b and IV.A.2.d. Nothing is read but the descriptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from quarantine.formats.hdf5_file import Cursor
from quarantine.formats.interface import Malformed

DEPTH_LIMIT = 16
RANK_LIMIT = 32
FIXED, FLOAT, TIME, STRING, BITFIELD, OPAQUE, COMPOUND, REFERENCE, ENUM, VARIABLE, ARRAY, COMPLEX = range(12)
_PROPERTIES_BYTES = {FIXED: 4, FLOAT: 12, TIME: 2, STRING: 0, BITFIELD: 4, REFERENCE: 0}


@dataclass(frozen=True)
class Datatype:
    """``size`` in bytes of an element. ``text`` is true for variable-length strings, ``heap`` if any part of an
    element lies in a global heap."""

    kind: int
    size: int
    text: bool = False
    heap: bool = False

    @property
    def bytes_alone(self) -> bool:
        """Whether an element is plain bytes or text, so that the whole can be a file of its own."""
        return self.kind in (STRING, OPAQUE) or (self.kind in (FIXED, BITFIELD) and self.size == 1)


@dataclass(frozen=True)
class Dataspace:
    """The extent; ``dims`` is None for the null dataspace, which holds nothing."""

    dims: tuple[int, ...] | None

    @property
    def count(self) -> int:
        """How many elements there are."""
        return 0 if self.dims is None else prod(self.dims)


def dataspace(cursor: Cursor) -> Dataspace:
    """Read a dataspace message.

    Raises:
        Malformed: it breaks the specification.
    """
    version, rank, flags = cursor.number(1), cursor.number(1), cursor.number(1)
    kind = 1
    if version == 1:
        cursor.zeros(5)
    elif version == 2:
        kind = cursor.number(1)
    if version not in (1, 2) or rank > RANK_LIMIT or kind > 2 or flags & ~1 or (kind != 1 and rank):
        raise Malformed("dataspace is none of the specification's", offset=cursor.where)
    dims = tuple(cursor.length() for _ in range(rank))
    if flags & 1:
        limits = [cursor.length() for _ in range(rank)]
        if any(limit < dim for dim, limit in zip(dims, limits, strict=True)):
            raise Malformed("dataspace is larger than its own limit", offset=cursor.where)
    return Dataspace(None if kind == 2 else dims)


def datatype(cursor: Cursor, depth: int = 0) -> Datatype:
    """Read a datatype, with all that it is made of.

    Raises:
        Malformed: it breaks the specification.
    """
    first = cursor.number(1)
    version, kind = first >> 4, first & 15
    bits, size = cursor.number(3), cursor.number(4)
    if not 1 <= version <= 5 or kind > COMPLEX or depth > DEPTH_LIMIT or not size:
        raise Malformed("datatype is none of the specification's", offset=cursor.where)
    if kind in _PROPERTIES_BYTES:
        _plain(cursor, kind, size, cursor.take(_PROPERTIES_BYTES[kind]))
        return Datatype(kind, size, heap=kind == REFERENCE)
    if kind == OPAQUE:
        cursor.take(bits & 0xFF)  # a tag, which readers show or take for a NumPy dtype
        return Datatype(kind, size)
    if kind == COMPOUND:
        return _compound(cursor, version, bits & 0xFFFF, size, depth)
    if kind == VARIABLE:
        inner = datatype(cursor, depth + 1)
        if size < 8 or bits & 15 > 1:
            raise Malformed("variable-length datatype of an unknown kind", offset=cursor.where)
        return Datatype(kind, size, text=bits & 15 == 1, heap=inner.size > 0)
    if kind == ENUM:
        return _enumeration(cursor, version, bits & 0xFFFF, size, depth)
    if kind == ARRAY:
        dims = _dimensions(cursor, version)
        inner = datatype(cursor, depth + 1)
        if inner.size * prod(dims) != size:
            raise Malformed("array datatype does not have the size of its parts", offset=cursor.where)
        return Datatype(kind, size, heap=inner.heap)
    inner = datatype(cursor, depth + 1)
    if inner.kind != FLOAT or inner.size * 2 != size:
        raise Malformed("complex datatype is not a pair of numbers", offset=cursor.where)
    return Datatype(kind, size)


def _plain(cursor: Cursor, kind: int, size: int, properties: bytes) -> None:
    if kind in (FIXED, FLOAT, BITFIELD):
        start, precision = int.from_bytes(properties[:2], "little"), int.from_bytes(properties[2:4], "little")
        if not precision or start + precision > 8 * size:
            raise Malformed("number's bits lie outside its bytes", offset=cursor.where)
    if kind == FLOAT and any(properties[at] + properties[at + 1] > 8 * size for at in (4, 6)):
        raise Malformed("number's exponent or mantissa lies outside its bytes", offset=cursor.where)


def _name(cursor: Cursor, version: int) -> bytes:
    start = cursor.at
    name = cursor.text()
    if version < 3:
        cursor.zeros(-(cursor.at - start) % 8)
    return name


def _dimensions(cursor: Cursor, version: int) -> tuple[int, ...]:
    rank = cursor.number(1)
    if rank > RANK_LIMIT:
        raise Malformed("array datatype has too many dimensions", offset=cursor.where)
    if version < 3:  # version 1 has the layout of 2 in files of HDF5 1.4 to 1.6
        cursor.zeros(3)
    dims = tuple(cursor.number(4) for _ in range(rank))
    if version < 3:
        cursor.take(4 * rank)
    return dims


def _compound(cursor: Cursor, version: int, members: int, size: int, depth: int) -> Datatype:
    width = 4 if version < 3 else (size.bit_length() + 7) // 8
    spans: list[tuple[int, int]] = []
    heap = False
    for _ in range(members):
        _name(cursor, version)
        start = cursor.number(width)
        dims: tuple[int, ...] = ()
        if version == 1:
            rank = cursor.number(1)
            cursor.zeros(3)
            cursor.take(8)
            dims = tuple(cursor.number(4) for _ in range(4))[:rank]
        inner = datatype(cursor, depth + 1)
        heap |= inner.heap
        spans.append((start, start + inner.size * prod(dims)))
    at = 0
    for start, end in sorted(spans):
        if start < at or end > size:
            raise Malformed("members of a compound datatype overlap or leave it", offset=cursor.where)
        at = end
    return Datatype(COMPOUND, size, heap=heap)


def _enumeration(cursor: Cursor, version: int, members: int, size: int, depth: int) -> Datatype:
    inner = datatype(cursor, depth + 1)
    if inner.kind != FIXED or inner.size != size:
        raise Malformed("enumeration is not one of whole numbers", offset=cursor.where)
    for _ in range(members):
        _name(cursor, version)
    cursor.take(members * size)
    return Datatype(ENUM, size)
