"""MessagePack as Flax, Orbax, spaCy and msgpack-numpy write it: every item checked, arrays checked against their size.

After https://github.com/msgpack/msgpack/blob/master/spec.md, flax/serialization.py (extension types 1 to 3) and
msgpack_numpy.py, whose object arrays are pickles and are followed. Tensor data is claimed, never looked at.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from quarantine.formats.blobs import Blobs
from quarantine.formats.interface import Malformed, Node, Source, TooLarge
from quarantine.formats.msgpack_items import ARRAY, BINARY, EXTENSION, MAP, NUMBER, PLAIN, TEXT, Item, item

DEPTH_LIMIT, ITEMS_LIMIT, TRIAL_ITEMS, TRIAL_BYTES = 256, 1 << 24, 1 << 16, 16 << 20
_ARRAY_TYPE, _COMPLEX_TYPE, _SCALAR_TYPE, _TIME_TYPE = 1, 2, 3, -1
_UNUSED = b"\xc1"
_SHORT_TEXT_BYTES, _LONG_TEXT_BYTES = 16, 256 << 20
_LEAST_PICKLE_BYTES = 8
_LONGEST_HEADER_BYTES = 9
_BITS = re.compile(
    r"(?:float|u?int|complex|bfloat|str|bytes|datetime|timedelta)(\d{1,6})(?:\[\w{1,4}\])?|bool"
)
_SMALL = re.compile(r"float[468]_e\dm\d\w*|u?int[24]|float0")


@dataclass
class _Open:
    """A map or array whose end is not reached. ``words`` are a map's short values by key, ``data`` where "data" is."""

    kind: str
    left: int
    key: bytes | None = None
    keys: set[bytes] = field(default_factory=set)
    words: dict[bytes, bytes] = field(default_factory=dict)
    data: tuple[int, int] | None = None


class Msgpack:
    """MessagePack."""

    name = "msgpack"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A map whose first key is a word; any other container only if it can be read to the end of the file."""
        try:
            with memoryview(head) as data:
                first = item(data, 0, source.size if source.size > len(head) else len(head))
                if first.kind == MAP and first.number:
                    key = item(data, first.start, len(head))
                    if key.kind in (TEXT, BINARY) and key.start < key.end:
                        word = bytes(data[key.start : key.end])
                        plain = word.isascii() and word.decode().isprintable()
                        following = bytes(data[key.end : key.end + 1]) != _UNUSED
                        # One letter is what chance makes of numbers now and then.
                        return plain and following and (len(word) > 1 or _sound(data, key.end, source.size))
        except (Malformed, IndexError):
            return False
        if first.kind not in (MAP, ARRAY, EXTENSION) or source.size > TRIAL_BYTES:
            return False
        if first.kind == EXTENSION and first.number not in (_ARRAY_TYPE, _SCALAR_TYPE):
            return False
        return _ends(source)

    def read(self, node: Node) -> None:
        """Check every item and claim all; follow pickles in values."""
        with node.source.view() as data:
            end = _Reader(node, data).run()
        node.claim(0, end)


def _sound(data: memoryview, at: int, size: int) -> bool:
    """Whether there are only items from ``at`` to the end of what is seen."""
    while at + _LONGEST_HEADER_BYTES < len(data):
        found = item_or_none(data, at, size)
        if found is None:
            return False
        at = found.end
    return True


def _ends(source: Source) -> bool:
    """Whether one value of items takes all bytes."""
    left, at = 1, 0
    with source.view() as data:
        for _ in range(TRIAL_ITEMS):
            found = item_or_none(data, at, len(data))
            if found is None:
                return False
            at = found.end
            left += {MAP: 2, ARRAY: 1}.get(found.kind, 0) * found.number - 1
            if not left:
                return at == len(data)
    return True


def item_or_none(data: memoryview, at: int, end: int) -> Item | None:
    """The item at ``at``; None if there is none."""
    try:
        return item(data, at, end)
    except Malformed:
        return None


class _Reader:
    def __init__(self, node: Node, data: memoryview) -> None:
        self._node, self._data = node, data
        self._blobs = Blobs(node)
        self._arrays = 0
        self._odd: set[int] = set()

    def run(self) -> int:
        """Read one value; returns the offset behind it."""
        open_, at = [_Open(ARRAY, 1)], 0
        for _ in range(ITEMS_LIMIT):
            while open_ and not open_[-1].left:
                self._close(open_.pop())
            if not open_:
                self._node.fact("tensors", self._arrays)
                return at
            found = item(self._data, at, len(self._data))
            at = found.end
            top = open_[-1]
            if top.kind == MAP and top.key is None:
                top.key = self._key(top, found)
                continue
            top.left -= 1
            self._value(top, found)
            top.key = None
            if found.kind in (MAP, ARRAY):
                if len(open_) > DEPTH_LIMIT:
                    raise Malformed("values nest too deeply", offset=found.at)
                open_.append(_Open(found.kind, found.number))
        raise TooLarge(f"more than {ITEMS_LIMIT} items", offset=at)

    def _key(self, top: _Open, found: Item) -> bytes:
        if found.kind in (MAP, ARRAY, EXTENSION):
            raise Malformed("a key is neither text nor number", offset=found.at)
        # Text and binary keys of the same bytes are one key to a reader that decodes raw.
        key = bytes(self._data[found.start : found.end])
        key = key if found.kind in (TEXT, BINARY) else b"\0" + bytes(self._data[found.at : found.end])
        if key in top.keys:
            raise Malformed("a map has a duplicate key", offset=found.at)
        top.keys.add(key)
        return key

    def _value(self, top: _Open, found: Item) -> None:
        if found.kind == EXTENSION:
            self._extension(found)
        if found.kind not in (TEXT, BINARY):
            return
        length = found.end - found.start
        if top.key is not None and length <= _SHORT_TEXT_BYTES:
            top.words[top.key] = bytes(self._data[found.start : found.end])
        if top.key == b"data":
            top.data = found.start, found.end
        if found.kind == BINARY:
            self._blobs.value("value", found.start, found.end)
        elif length > _LONG_TEXT_BYTES:
            raise TooLarge("a text is longer than is searched", offset=found.at)
        elif length > _LEAST_PICKLE_BYTES:
            self._blobs.text(f"text-{found.start}", bytes(self._data[found.start : found.end]))

    def _close(self, top: _Open) -> None:
        """What msgpack-numpy does with a map that describes an array. (msgpack_numpy.py, decode.)"""
        if b"nd" in top.keys and b"data" in top.keys:
            self._arrays += 1
            if top.words.get(b"kind") == b"O" and top.data:
                start, end = top.data
                self._node.finding("msgpack-object-array", offset=start)
                self._node.child(f"object-{start}", bytes(self._data[start:end]), expect="pickle")

    def _extension(self, found: Item) -> None:
        if found.number in (_ARRAY_TYPE, _SCALAR_TYPE):
            self._arrays += 1
            self._array(found)
        elif found.number == _COMPLEX_TYPE:
            parts = self._parts(found, 2)
            if any(part.kind not in (PLAIN, NUMBER) for part in parts):
                raise Malformed("complex number is not a pair of numbers", offset=found.at)
        elif found.number != _TIME_TYPE or found.end - found.start not in (4, 8, 12):
            self._blobs.value("extension", found.start, found.end)
            if found.number not in self._odd:
                self._odd.add(found.number)
                self._node.finding("msgpack-extension", offset=found.at, type=found.number)

    def _parts(self, found: Item, count: int) -> list[Item]:
        head = item(self._data, found.start, found.end)
        if head.kind != ARRAY or head.number != count:
            raise Malformed("array is not described as Flax does", offset=found.at)
        parts: list[Item] = []
        at = head.end
        for _ in range(count):
            part = item(self._data, at, found.end)
            at = part.end
            if part.kind == ARRAY and not parts:
                for _ in range(part.number):
                    at = item(self._data, at, found.end).end
            parts.append(part)
        if at != found.end:
            raise Malformed("bytes behind an array", offset=at)
        return parts

    def _array(self, found: Item) -> None:
        """Shape, dtype's name and data, as flax.serialization packs them."""
        shape, dtype, buffer = self._parts(found, 3)
        if shape.kind != ARRAY or dtype.kind not in (TEXT, BINARY) or buffer.kind not in (TEXT, BINARY):
            raise Malformed("array is not described as Flax does", offset=found.at)
        if dtype.end - dtype.start > 32 or shape.number > 64:
            raise Malformed("array has a type or shape that no library writes", offset=found.at)
        lengths, at = [], shape.end
        for _ in range(shape.number):
            length = item(self._data, at, found.end)
            at = length.end
            if length.kind != NUMBER or length.number < 0:
                raise Malformed("a shape holds something that is no length", offset=length.at)
            lengths.append(length.number)
        bits = _bits(bytes(self._data[dtype.start : dtype.end]).decode("ascii", "replace"))
        if bits is None:
            raise Malformed("array has a dtype that is not a plain one", offset=dtype.at)
        if math.prod(lengths) * bits != 8 * (buffer.end - buffer.start):
            raise Malformed("array's shape and data disagree", offset=found.at)


def _bits(name: str) -> int | None:
    """Bits of an item of the dtype of that name; small types take a byte each in NumPy's memory."""
    if _SMALL.fullmatch(name):
        return 8
    match = _BITS.fullmatch(name)
    if match is None:
        return None
    if name.startswith(("datetime", "timedelta")):
        return 64
    return int(match[1]) if match[1] else 8
