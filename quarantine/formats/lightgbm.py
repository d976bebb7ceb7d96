"""LightGBM's text model: a header, trees of the sizes that it announces, importances and parameters.

After src/boosting/gbdt_model_text.cpp and src/io/tree.cpp of LightGBM 2 to 4. The loader jumps by ``tree_sizes`` and
the predictor follows children without looking, so that each tree is walked here first. Lines are read one tree at a
time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from quarantine.formats.interface import Malformed, Node, Source, TooLarge

TREE_LIMIT_BYTES = 256 << 20
LINE_LIMIT_BYTES = 64 << 20
_VERSION = re.compile(rb"v[2-9]")
_KEY = re.compile(rb"[a-z][a-z0-9_]{0,40}")
_FLAGS = frozenset({b"average_output", b"linear_tree"})
_SECTIONS = {b"parameters:": b"end of parameters", b"parser:": b"end of parser"}
_CONTROL = bytes(range(9)) + bytes(range(0x0B, 0x20)) + b"\x7f"
Fields = dict[bytes, bytes]


class Contradiction(Exception):
    """Parts of a tree contradict each other."""


class LightGbm:
    """A model as ``Booster.save_model`` writes it."""

    name = "lightgbm"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The first line and the version or the number of classes in the next ones."""
        return re.match(rb"tree\r?\n(?:version=|num_class=)", head) is not None

    def read(self, node: Node) -> None:
        """Read section by section, and walk every tree."""
        with node.source.open() as file:
            reader = _Reader(node, file)
            reader.model()
            node.claim(0, reader.at)


class _Reader:
    def __init__(self, node: Node, file: BinaryIO) -> None:
        self._node, self._file = node, file
        self.at = 0
        self._features = 0

    def _line(self) -> bytes | None:
        """The next line without its end; None at the end of the file."""
        raw = self._file.readline(LINE_LIMIT_BYTES)
        if len(raw) >= LINE_LIMIT_BYTES:
            raise TooLarge("a line is longer than any model's", offset=self.at)
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        if len(line.translate(None, _CONTROL)) != len(line):
            raise Malformed("the text holds control characters", offset=self.at)
        self.at += len(raw)
        return line if raw else None

    def _fields(self) -> Iterator[tuple[bytes, bytes]]:
        """The ``key=value`` lines up to an empty one."""
        while line := self._line():
            key, mark, value = line.partition(b"=")
            if not mark and line in _FLAGS:
                continue
            if not mark or _KEY.fullmatch(key) is None:
                raise Malformed("a line is no key and value", offset=self.at - len(line))
            yield key, value

    def _block(self) -> Fields:
        found: Fields = {}
        for key, value in self._fields():
            if key in found:
                raise Malformed(f"{key.decode()} appears twice", offset=self.at)
            found[key] = value
        return found

    def model(self) -> None:
        """All sections."""
        self._line()
        header = self._block()
        if _VERSION.fullmatch(header.get(b"version", b"v2")) is None:
            raise Malformed("the version is none that LightGBM has written", offset=0)
        classes, each, last = (
            _number(header.get(key), 0)
            for key in (b"num_class", b"num_tree_per_iteration", b"max_feature_idx")
        )
        self._features = last + 1
        if not 0 < classes < 1 << 20 or not 0 < each < 1 << 20 or not 0 < self._features < 1 << 31:
            raise Malformed("the header's counts are out of range", offset=0)
        for key in (b"feature_names", b"feature_infos"):
            if len(header.get(key, b"").split(b" ")) != self._features:
                self._contradiction("the header", f"{key.decode()} are not for {self._features} features")
        sizes = header.get(b"tree_sizes")
        self._trees([_number(size, 0) for size in sizes.split()] if sizes is not None else None)
        self._rest()

    def _contradiction(self, where: str, why: str) -> None:
        self._node.finding("boosting-contradiction", offset=self.at, where=where, why=why)

    def _trees(self, sizes: list[int] | None) -> None:
        count, line = 0, self._line()
        while line is not None and line != b"end of trees":
            start = self.at - len(line) - 1
            if line.startswith(b"Tree="):
                if line != b"Tree=%d" % count:
                    raise Malformed("trees are not numbered in order", offset=start)
                tree = self._block()
                if self.at - start > TREE_LIMIT_BYTES:
                    raise TooLarge("a tree is larger than is read", offset=start)
                try:
                    check_tree(tree, self._features)
                except (Contradiction, ValueError, KeyError, OverflowError) as error:
                    self._contradiction(f"tree {count}", f"{type(error).__name__}: {error}")
                    return self._skip()
                line = self._line()
                while line == b"":
                    line = self._line()
                after = self.at - len(line or b"") - (line is not None)
                if sizes is not None and (count >= len(sizes) or sizes[count] != after - start):
                    self._contradiction(
                        f"tree {count}", f"it takes {after - start} bytes, which tree_sizes does not say"
                    )
                count += 1
                continue
            if line:
                raise Malformed("a line between the trees is of none", offset=start)
            line = self._line()
        if line is None and sizes is None:
            return None  # old versions wrote no end
        if line is None or (sizes is not None and len(sizes) != count):
            raise Malformed("there are not as many trees as the header says", offset=self.at)
        return None

    def _skip(self) -> None:
        while self._line() not in (None, b"end of trees"):
            continue

    def _rest(self) -> None:
        """Importances, parameters and the categories of pandas."""
        importances = False
        while (line := self._line()) is not None:
            if line in _SECTIONS:
                importances = False
                while (inner := self._line()) != _SECTIONS[line]:
                    if inner is None:
                        raise Malformed(f"{line.decode()} does not end", offset=self.at)
                    if inner and line == b"parameters:" and not (inner[:1] == b"[" and inner[-1:] == b"]"):
                        raise Malformed("a parameter is none", offset=self.at - len(inner))
            elif line.startswith(b"pandas_categorical:"):
                self._categories(line.partition(b":")[2])
            elif line in (b"feature_importances:", b"feature importances:"):
                importances = True
            elif line and not (importances and re.fullmatch(rb".*=\d+(?:\.\d+)?(?:e[+-]?\d+)?", line)):
                raise Malformed("a line behind the trees is of no section", offset=self.at - len(line))

    def _categories(self, raw: bytes) -> None:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            raise Malformed("pandas_categorical is no JSON", offset=self.at) from None
        if found is not None and not (
            isinstance(found, list) and all(isinstance(held, list) for held in found)
        ):
            raise Malformed("pandas_categorical holds no lists", offset=self.at)


def _number(value: bytes | None, least: int) -> int:
    if value is None or not re.fullmatch(rb"-?\d{1,12}", value) or int(value) < least:
        raise Malformed(f"{(value or b'a missing value')[:40]!r} is no count", offset=0)
    return int(value)


def check_tree(tree: Fields, features: int) -> None:
    """Walk a tree as the predictor does.

    Raises:
        Contradiction: its arrays differ in length, or a child, feature or category lies outside of them.
        ValueError, KeyError: a number is none, or an array is missing.
    """
    leaves, categorical = int(tree[b"num_leaves"]), int(tree.get(b"num_cat", b"0"))
    if not 0 < leaves < 1 << 28 or not 0 <= categorical <= leaves:
        raise Contradiction("it has no leaves, or more than any tree")
    if len(tree[b"leaf_value"].split()) != leaves:
        raise Contradiction("leaf_value has another length")
    if leaves > 1:
        left, right, split = (
            _integers(tree[key], leaves - 1, key) for key in (b"left_child", b"right_child", b"split_feature")
        )
        if len(tree[b"threshold"].split()) != leaves - 1:
            raise Contradiction("threshold has another length")
        _walk(left, right, leaves)
        if not all(0 <= feature < features for feature in split):
            raise Contradiction("it asks for a feature that does not exist")
        kinds = (
            _integers(tree[b"decision_type"], leaves - 1, b"decision_type")
            if b"decision_type" in tree
            else []
        )
        _categorical(tree, categorical, kinds)
    if tree.get(b"is_linear") == b"1":
        counts = _integers(tree[b"num_features"], leaves, b"num_features")
        used = [int(part) for part in tree[b"leaf_features"].split()]
        if (
            min(counts) < 0
            or len(used) != sum(counts)
            or not all(0 <= feature < features for feature in used)
        ):
            raise Contradiction("a leaf's features are not there")
        if len(tree[b"leaf_coeff"].split()) != len(used) or len(tree[b"leaf_const"].split()) != leaves:
            raise Contradiction("a leaf's coefficients are not there")


def _integers(value: bytes, length: int, name: bytes) -> list[int]:
    found = [int(part) for part in value.split()]
    if len(found) != length:
        raise Contradiction(f"{name.decode()} has {len(found)} entries, not {length}")
    return found


def _walk(left: list[int], right: list[int], leaves: int) -> None:
    todo, nodes, ends = [0], bytearray(leaves - 1), bytearray(leaves)
    while todo:
        at = todo.pop()
        if at < -leaves or at >= leaves - 1:
            raise Contradiction(f"a child {at} is outside of the tree")
        seen, place = (nodes, at) if at >= 0 else (ends, -1 - at)
        if seen[place]:
            raise Contradiction(f"a child {at} is reached twice")
        seen[place] = 1
        if at >= 0:
            todo += (left[at], right[at])
    if not all(nodes) or not all(ends):
        raise Contradiction("a part is never reached")


def _categorical(tree: Fields, categorical: int, kinds: list[int]) -> None:
    chosen = [
        int(float(value)) for value, kind in zip(tree[b"threshold"].split(), kinds, strict=False) if kind & 1
    ]
    if chosen and not categorical:
        raise Contradiction("a split by category has no categories")
    if not categorical:
        return
    starts = _integers(tree[b"cat_boundaries"], categorical + 1, b"cat_boundaries")
    if starts != sorted(starts) or starts[0] != 0 or starts[-1] != len(tree[b"cat_threshold"].split()):
        raise Contradiction("categories lie outside of their table")
    if not all(0 <= place < categorical for place in chosen):
        raise Contradiction("a split's categories are not there")
