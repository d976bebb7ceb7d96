"""The wire format of Protocol Buffers, read field by field and bounded by the enclosing message.

After https://protobuf.dev/programming-guides/encoding/. Groups (long deprecated) and numbers that take more
bytes than they need are refused: no writer of model files makes them, and readers treat them differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from quarantine.formats.interface import Malformed

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_STEP_BYTES = 1 << 20
_CONTINUED = bytes(range(0x80, 0x100))


class Field(NamedTuple):
    """One field: where its key begins, and its value in ``[start, end)``. ``value`` is that of a number."""

    number: int
    wire: int
    at: int
    start: int
    end: int
    value: int


def varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    """(value, next offset) of a base-128 number below 2**64.

    Raises:
        Malformed: it does not end in time, or takes more bytes than it needs.
    """
    value = shift = 0
    start = at
    while at < end and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            if value >> 64 or (not byte and at - start > 1):
                raise Malformed("number is encoded in an unusual way", offset=start)
            return value, at
    raise Malformed("number does not end", offset=start)


def fields(data: memoryview, at: int, end: int) -> Iterator[Field]:
    """The fields of the message in ``[at, end)``, in order; values are not copied.

    Raises:
        Malformed: the bytes are no sequence of fields that ends with the message.
    """
    while at < end:
        begin = at
        key, at = varint(data, at, end)
        number, wire, value = key >> 3, key & 7, 0
        if not 0 < number < 1 << 29:
            raise Malformed("field number is out of range", offset=begin)
        start = at
        if wire == VARINT:
            value, at = varint(data, at, end)
        elif wire == LENGTH:
            length, start = varint(data, at, end)
            at = start + length
        elif wire in (FIXED64, FIXED32):
            at += 8 if wire == FIXED64 else 4
        else:
            raise Malformed(f"wire type {wire} is not in use", offset=begin)
        if at > end:
            raise Malformed("field ends behind its message", offset=begin)
        yield Field(number, wire, begin, start, at, value)


def packed_varints(data: memoryview, start: int, end: int) -> int:
    """How many base-128 numbers are packed in ``[start, end)``.

    Raises:
        Malformed: the last one does not end.
    """
    if start < end and data[end - 1] >= 0x80:
        raise Malformed("packed number does not end", offset=end - 1)
    steps = range(start, end, _STEP_BYTES)
    return sum(
        len(bytes(data[at : min(at + _STEP_BYTES, end)]).translate(None, delete=_CONTINUED)) for at in steps
    )
