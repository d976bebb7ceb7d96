"""The items of a MessagePack stream, one header at a time; values are ranges and are never copied or built.

After https://github.com/msgpack/msgpack/blob/master/spec.md.
"""

from __future__ import annotations

from typing import NamedTuple

from quarantine.formats.interface import Malformed

MAP, ARRAY, TEXT, BINARY, EXTENSION, NUMBER, PLAIN = (
    "map",
    "array",
    "text",
    "binary",
    "extension",
    "number",
    "plain",
)
_NUMBERS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_SIZED = {
    0xC4: (BINARY, 1), 0xC5: (BINARY, 2), 0xC6: (BINARY, 4), 0xD9: (TEXT, 1), 0xDA: (TEXT, 2), 0xDB: (TEXT, 4),
    0xC7: (EXTENSION, 1), 0xC8: (EXTENSION, 2), 0xC9: (EXTENSION, 4),
    0xDC: (ARRAY, 2), 0xDD: (ARRAY, 4), 0xDE: (MAP, 2), 0xDF: (MAP, 4),
}  # fmt: skip
_FLOATS = {0xCA: 4, 0xCB: 8}


class Item(NamedTuple):
    """One item: its kind, where its content is, and its number (a value, a count of entries, an extension's type)."""

    kind: str
    at: int
    start: int
    end: int
    number: int


def item(data: memoryview, at: int, end: int) -> Item:
    """The item at ``at``; of a map or array only the header.

    Raises:
        Malformed: it has no type of MessagePack, ends behind ``end``, or counts more entries than bytes are left.
    """
    if at >= end:
        raise Malformed("value is missing", offset=at)
    first = data[at]
    here = at + 1
    if first < 0x80 or first >= 0xE0:
        return Item(NUMBER, at, here, here, first if first < 0x80 else first - 256)
    if first in (0xC0, 0xC2, 0xC3):
        return Item(PLAIN, at, here, here, first - 0xC2)
    if first in _FLOATS:
        return _inside(Item(PLAIN, at, here, here + _FLOATS[first], 0), end)
    if first in _NUMBERS:
        stop = here + _NUMBERS[first]
        value = int.from_bytes(data[here:stop], "big", signed=first >= 0xD0)
        return _inside(Item(NUMBER, at, here, stop, value), end)
    if first < 0x90:
        return _counted(Item(MAP, at, here, here, first & 15), end)
    if first < 0xA0:
        return _counted(Item(ARRAY, at, here, here, first & 15), end)
    if first < 0xC0:
        return _inside(Item(TEXT, at, here, here + (first & 31), 0), end)
    if 0xD4 <= first <= 0xD8:
        return _extension(data, at, here, 1 << (first - 0xD4), end)
    if first not in _SIZED:
        raise Malformed("no type of MessagePack", offset=at)
    kind, width = _SIZED[first]
    length = int.from_bytes(data[here : here + width], "big")
    here += width
    if kind == EXTENSION:
        return _extension(data, at, here, length, end)
    if kind in (MAP, ARRAY):
        return _counted(Item(kind, at, here, here, length), end)
    return _inside(Item(kind, at, here, here + length, 0), end)


def _extension(data: memoryview, at: int, here: int, length: int, end: int) -> Item:
    found = _inside(Item(EXTENSION, at, here + 1, here + 1 + length, 0), end)
    kind = data[here]
    return found._replace(number=kind - 256 if kind > 127 else kind)


def _inside(found: Item, end: int) -> Item:
    if found.end > end:
        raise Malformed("value ends behind its container", offset=found.at)
    return found


def _counted(found: Item, end: int) -> Item:
    if found.start > end or found.number * (2 if found.kind == MAP else 1) > end - found.start:
        raise Malformed("more entries than bytes", offset=found.at)
    return found
