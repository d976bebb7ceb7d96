"""CatBoost's binary model: ``CBM1``, the size of a FlatBuffers core, the core, and tables of statistics behind it.

After catboost/libs/model/flatbuffers/model.fbs and model.cpp. The core's tables and vectors are followed within its
bounds, and the trees' tables are compared with each other. Statistics of categorical features behind the core are
followed too; those of texts and embeddings stay unclaimed, which is a review.
"""

from __future__ import annotations

import struct
from array import array

from quarantine.formats.interface import Malformed, Node, Source

MAGIC = b"CBM1"
_VERSION = "FlabuffersModel_v1"
_VECTOR_LIMIT = 1 << 28
# Fields of TModelCore and TModelTrees, by number.
_FORMAT, _TREES, _INFO, _PARTS = 0, 1, 2, 3
_DIMENSION, _SPLITS, _SIZES, _STARTS, _LEAVES, _STEPS = 0, 1, 2, 3, 8, 10


_STATISTICS = "static_provider_v1"
_BUCKETS, _VALUES = 1, 2  # fields of TCtrValueTable


class _Core:
    """A FlatBuffers buffer; every offset is checked before it is followed. (flatbuffers.dev, Internals.)"""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def number(self, form: str, at: int) -> int:
        """A number in little endian."""
        if not 0 <= at <= len(self._data) - struct.calcsize(form):
            raise Malformed("an offset leads out of the core", offset=8 + max(0, at))
        value: int = struct.unpack_from("<" + form, self._data, at)[0]
        return value

    def field(self, table: int, index: int) -> int | None:
        """Where the value of a table's field is; None if the table has none."""
        listing = table - self.number("i", table)
        size = self.number("H", listing)
        if 4 + 2 * index + 2 > size:
            return None
        offset = self.number("H", listing + 4 + 2 * index)
        return table + offset if offset else None

    def follow(self, at: int | None) -> int | None:
        """What an offset leads to."""
        return None if at is None else at + self.number("I", at)

    def vector(self, table: int, index: int, width: int) -> tuple[int, int]:
        """(first byte, number of elements) of a vector that a field holds."""
        at = self.follow(self.field(table, index))
        if at is None:
            return 0, 0
        count = self.number("I", at)
        if count > min(_VECTOR_LIMIT, (len(self._data) - at - 4) // width):
            raise Malformed("a vector is longer than the core", offset=8 + at)
        return at + 4, count

    def text(self, at: int | None) -> str:
        """The string at an offset."""
        if at is None:
            return ""
        length = self.number("I", at)
        if length > len(self._data) - at - 4:
            raise Malformed("a string is longer than the core", offset=8 + at)
        return bytes(self._data[at + 4 : at + 4 + length]).decode("utf-8", "replace")

    def integers(self, table: int, index: int) -> array[int]:
        """A vector of 32-bit numbers."""
        start, count = self.vector(table, index, 4)
        return array("i", bytes(self._data[start : start + 4 * count]))


class CatBoost:
    """A model as ``save_model`` writes it, or a pickle's buffer."""

    name = "catboost"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Follow the core."""
        size = int.from_bytes(node.source.read(4, 4), "little")
        if node.source.read(0, 4) != MAGIC or size > node.source.size - 8 or size < 16:
            raise Malformed("the core is longer than the file", offset=4)
        with node.source.view() as data, data[8 : 8 + size] as held:
            core = _Core(held)
            root = core.number("I", 0)
            if core.text(core.follow(core.field(root, _FORMAT))) != _VERSION:
                raise Malformed("the core is of no version that is known", offset=8)
            trees = core.follow(core.field(root, _TREES))
            if trees is None:
                raise Malformed("the core holds no trees", offset=8)
            _check(node, core, trees)
            start, count = core.vector(root, _INFO, 4)
            for index in range(min(count, 32)):
                entry = core.follow(start + 4 * index) or 0
                key, value = (core.text(core.follow(core.field(entry, part))) for part in (0, 1))
                node.said(key, value)
            start, count = core.vector(root, _PARTS, 4)
            parts = [core.text(core.follow(start + 4 * index)) for index in range(min(count, 8))]
        node.claim(0, 8 + size)
        if parts == [_STATISTICS]:
            _statistics(node, 8 + size)


def _statistics(node: Node, at: int) -> None:
    """Tables of categorical features: their number, and each with its size. (static_ctr_provider.cpp)"""
    start = at
    count = int.from_bytes(node.source.read(at, 4), "little")
    if count > (node.source.size - at) // 8:
        raise Malformed("there are more tables than the file holds", offset=at)
    at += 4
    for _ in range(count):
        size = int.from_bytes(node.source.read(at, 4), "little")
        if size > node.source.size - at - 4 or size < 16:
            raise Malformed("a table is longer than the file", offset=at)
        with node.source.view() as data, data[at + 4 : at + 4 + size] as held:
            table = _Core(held)
            root = table.number("I", 0)
            _, buckets = table.vector(root, _BUCKETS, 1)
            table.vector(root, _VALUES, 1)
            if buckets % 16:
                raise Malformed("a table's index holds no whole entries", offset=at)
        at += 4 + size
    node.claim(start, at)


def _check(node: Node, core: _Core, trees: int) -> None:
    sizes, starts = core.integers(trees, _SIZES), core.integers(trees, _STARTS)
    _, splits = core.vector(trees, _SPLITS, 4)
    at = core.field(trees, _DIMENSION)
    dimension = core.number("i", at) if at is not None else 0
    _, leaves = core.vector(trees, _LEAVES, 8)
    _, steps = core.vector(trees, _STEPS, 4)
    total = 0
    why = None
    for index, size in enumerate(sizes):
        if size < 0 or (len(starts) and (index >= len(starts) or starts[index] != total)):
            why = f"tree {index} does not begin where the one before it ends"
            break
        total += size
    if why is None and total != splits:
        why = f"the trees take {total} splits, and there are {splits}"
    if why is None and len(starts) not in (0, len(sizes)):
        why = "there are not as many trees as beginnings"
    if why is None and not steps and max(sizes, default=0) > 16:
        why = "a symmetric tree is deeper than CatBoost makes them"
    if why is None and not steps and sum(1 << size for size in sizes) * max(1, dimension) != leaves:
        why = f"there are {leaves} leaf values for other trees"
    if why is not None:
        node.finding("boosting-contradiction", offset=8, where="the model", why=why)
