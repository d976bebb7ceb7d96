"""XGBoost's binary models: UBJSON (``.ubj``, and the buffer in a booster's pickle) and the older layout of C
structures.

The older one is after src/learner.cc, src/gbm/gbtree_model.h and include/xgboost/tree_model.h of XGBoost 1.7: every
structure has its size, and trees are walked as a predictor would. JSON models are text; their analyzer shares the
checks.
"""

from __future__ import annotations

import re
import struct
from array import array

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.ubjson import Reader
from quarantine.formats.xgboost_model import Contradiction, check, is_model, walk

_NAME_LIMIT, _TEXT_LIMIT = 200, 1 << 24
_OBJECTIVE = re.compile(rb"[a-z]{2,20}:[a-z0-9_]{2,40}")
_UBJSON = re.compile(rb"\{L\0{7}[\x01-\x40][A-Za-z]")
_LEARNER, _MODEL, _LINEAR, _TREE, _NODE, _STATS = 136, 160, 136, 148, 20, 16
"""Sizes of the structures in bytes."""


class XgboostUbjson:
    """A model in UBJSON."""

    name = "xgboost-ubjson"

    def recognise(self, head: bytes, source: Source) -> bool:
        """An object whose first key has a 64-bit length; nothing else begins so."""
        return _UBJSON.match(head) is not None

    def read(self, node: Node) -> None:
        """Read the document and check the model in it; claim it all."""
        with node.source.view() as data:
            reader = Reader(data)
            document = reader.value()
            node.claim(0, reader.at)
        if is_model(document):
            check(node, document)
        else:
            node.finding("boosting-contradiction", where="the document", why="it holds no model")


class XgboostBinary:
    """A model of before 2.0, as C structures in little endian."""

    name = "xgboost-binary"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The mark, or the name of an objective where the structures put it."""
        return head.startswith(b"binf") or self._objective(head, 0) is not None

    @staticmethod
    def _objective(head: bytes, start: int) -> bytes | None:
        at = start + _LEARNER
        length = int.from_bytes(head[at : at + 8], "little")
        name = head[at + 8 : at + 8 + length]
        sound = 4 < length < _NAME_LIMIT and len(name) == length
        return name if sound and _OBJECTIVE.fullmatch(name) else None

    def read(self, node: Node) -> None:
        """Follow the structures to the end."""
        with node.source.view() as data:
            start = 4 if bytes(data[:4]) == b"binf" else 0
            _Binary(node, data, start).read()


class _Binary:
    """Where the reader is in the structures; every step is checked against the end."""

    def __init__(self, node: Node, data: memoryview, start: int) -> None:
        self._node, self._data, self.at = node, data, start

    def take(self, length: int) -> memoryview:
        if not 0 <= length <= len(self._data) - self.at:
            raise Malformed("a structure ends behind the end of the file", offset=self.at)
        self.at += length
        return self._data[self.at - length : self.at]

    def count(self) -> int:
        return int.from_bytes(self.take(8), "little")

    def text(self, limit: int) -> bytes:
        length = self.count()
        if length > limit:
            raise Malformed("a text is longer than any model's", offset=self.at - 8)
        return bytes(self.take(length))

    def read(self) -> None:
        """The learner, its booster, and what stands behind."""
        learner = self.take(_LEARNER)
        _, features, classes, attributes, metrics = struct.unpack_from("<fIiii", learner)
        if not 0 <= classes < 1 << 20 or attributes not in (0, 1) or metrics not in (0, 1):
            raise Malformed("the learner's parameters are out of range", offset=0)
        if _OBJECTIVE.fullmatch(self.text(_NAME_LIMIT)) is None:
            raise Malformed("the objective has no name of XGBoost's", offset=self.at)
        booster, groups = self.text(_NAME_LIMIT), max(1, classes)
        if booster in (b"gbtree", b"dart"):
            trees = self._trees(features, groups)
            if booster == b"dart" and (trees != self.count() or len(self.take(4 * trees)) != 4 * trees):
                raise Malformed("there are not as many weights as trees", offset=self.at)
        elif booster == b"gblinear":
            self.take(_LINEAR)
            weights = self.count()
            if weights != (features + 1) * groups:
                raise Malformed("there are not as many weights as features", offset=self.at)
            self.take(4 * weights)
        else:
            raise Malformed("the booster is none of XGBoost's", offset=self.at)
        for _ in range(attributes * self._pairs()):
            key, value = self.text(_NAME_LIMIT), self.text(_TEXT_LIMIT)
            self._node.said(key.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
        for _ in range(metrics * self._pairs(metrics)):
            self.text(_NAME_LIMIT)
        self._node.claim(0, self.at)

    def _pairs(self, present: int = 1) -> int:
        if not present or self.at == len(self._data):
            return 0
        found = self.count()
        if found > (len(self._data) - self.at) // 8:
            raise Malformed("there are more attributes than the file holds", offset=self.at - 8)
        return found

    def _trees(self, features: int, groups: int) -> int:
        trees: int = struct.unpack_from("<i", self.take(_MODEL))[0]
        if not 0 <= trees <= (len(self._data) - self.at) // _TREE:
            raise Malformed("there are more trees than the file holds", offset=self.at - _MODEL)
        for index in range(trees):
            self._tree(index, features)
        info = array("i", bytes(self.take(4 * trees)))
        if not all(0 <= group < groups for group in info):
            self._node.finding("boosting-contradiction", where="the model", why="a tree is for no output")
        return trees

    def _tree(self, index: int, features: int) -> None:
        start = self.at
        _, nodes, _, _, _, vector = struct.unpack_from("<6i", self.take(_TREE))
        if not 0 < nodes <= (len(self._data) - self.at) // (_NODE + _STATS):
            raise Malformed("a tree has more nodes than the file holds", offset=start)
        columns = array("i", bytes(self.take(_NODE * nodes)))
        self.take(_STATS * nodes)
        if vector > 1:
            self.take(4 * self.count())
        parents = array("i", (value if value == -1 else value & 0x7FFFFFFF for value in columns[0::5]))
        split = array("i", (value & 0x7FFFFFFF for value in columns[3::5]))
        try:
            walk(columns[1::5], columns[2::5], parents, split, features)
        except Contradiction as error:
            self._node.finding("boosting-contradiction", offset=start, where=f"tree {index}", why=str(error))
