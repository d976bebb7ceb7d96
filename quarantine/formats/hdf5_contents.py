"""Everything that an HDF5 file holds: its groups, datasets, named types and attributes, and what lies between them.

Objects are visited once, whatever links lead to them. Texts and bytes that a loader parses or unpickles become
artifacts: Keras reads ``model_config``, PyTables and pandas unpickle attributes and rows (tables/attributeset.py).
"""

from __future__ import annotations

from quarantine.formats import hdf5_objects as kinds
from quarantine.formats.hdf5_attributes import Attribute, Values
from quarantine.formats.hdf5_file import Cursor, Hdf5File
from quarantine.formats.hdf5_groups import Link, dense_links, link, shown, symbol_table
from quarantine.formats.hdf5_heaps import COLLECTION, free_space, local_heap
from quarantine.formats.hdf5_layout import CHUNKED, Layout, chunked_bytes, filters, layout, too_sparse
from quarantine.formats.hdf5_objects import Message, messages
from quarantine.formats.hdf5_types import dataspace
from quarantine.formats.interface import Malformed, Source, TooLarge
from quarantine.formats.opcodes import Reach, reach
from quarantine.formats.source import BytesSource, SliceSource

OBJECTS_LIMIT = 1 << 20
CHILDREN_LIMIT = 4096
_KNOWN = frozenset(range(kinds.FILE_SPACE + 1)) - {kinds.SHARED_TABLE, 9}
_SETTINGS = ("model_config", "training_config")
_MARK = b"\x80"


class Contents:
    """The walk over one file's objects."""

    def __init__(self, file: Hdf5File) -> None:
        self._file = file
        self._values = Values(file)
        self._children = 0
        self._datasets = 0
        self._root: set[str] = set()

    def extension(self, address: int) -> None:
        """Read the superblock's extension: sizes of B-trees and where free space is listed."""
        file = self._file
        for message in messages(file, file.once(address)):
            body = message.body
            if message.kind == kinds.TREE_K:
                body.take(1)
                file.chunk_k, file.group_k, file.leaf_k = body.number(2), body.number(2), body.number(2)
                if not (file.chunk_k and file.group_k and file.leaf_k):
                    raise file.corrupt("B-trees have nodes without entries", address)
            elif message.kind == kinds.FILE_SPACE:
                self._managers(body)
            elif message.kind == kinds.DRIVER:
                file.node.finding(
                    "hdf5-external", offset=body.where, what="a file driver", target="other files"
                )
            elif message.kind not in (kinds.NIL, kinds.CONTINUATION, kinds.TIME):
                raise Malformed("superblock extension with an unknown message", offset=body.where)

    def _managers(self, body: Cursor) -> None:
        version = body.number(1)
        if version == 1:
            _, persistent = body.number(1), body.number(1)
            body.length()
            body.length()
            body.take(2)
            body.address()
            count = 12
        else:
            raise Malformed("file space information of an unknown version", offset=body.where)
        for _ in range(count if persistent else 0):
            address = body.address()
            if address is not None:
                free_space(self._file, address)

    def walk(self, root: int) -> None:
        """Visit every object, beginning with the root group."""
        file = self._file
        todo: list[Link] = [("", root)]
        visited: set[int] = set()
        while todo:
            path, address = todo.pop()
            if address in visited:
                continue
            visited.add(address)
            if len(visited) > OBJECTS_LIMIT:
                raise TooLarge("more HDF5 objects than are read", offset=file.base + address)
            todo += [(f"{path[-400:]}/{name}", inner) for name, inner in self._object(path, address)]
            if not todo:
                todo += [("", address) for address in self._values.wanted - visited]
        file.node.fact("objects", len(visited))
        file.node.fact("tensors", self._datasets)

    def _object(self, path: str, address: int) -> list[Link]:
        found: list[Link] = []
        held: dict[int, Message] = {}
        attributes: list[Attribute] = []
        for message in self._values.header(address):
            kind, body = message.kind, message.body
            if kind not in _KNOWN:
                raise Malformed("object with an unknown message", offset=body.where)
            if kind in held and kind not in (kinds.LINK, kinds.ATTRIBUTE, kinds.NIL, kinds.CONTINUATION):
                raise self._file.corrupt("an object has a message twice", address)
            held[kind] = message
            if kind == kinds.SYMBOL_TABLE:
                found += self._table(path, body)
            elif kind == kinds.LINK_INFO:
                found += dense_links(self._file, body)
            elif kind == kinds.LINK:
                one = link(self._file, body)
                found += [one] if one else []
            elif kind == kinds.ATTRIBUTE:
                attributes.append(self._values.attribute(body, message.shared))
            elif kind == kinds.ATTRIBUTE_INFO:
                attributes += self._values.dense(body)
        for attribute in attributes:
            self._attribute(path, attribute)
        if kinds.LAYOUT in held:
            self._dataset(path, held)
        elif kinds.DATATYPE in held:
            self._values.type_of(held[kinds.DATATYPE].body, held[kinds.DATATYPE].shared)
        return found

    def _table(self, path: str, body: Cursor) -> list[Link]:
        addresses = body.address(), body.address()
        expected = self._file.root_table
        if not path and expected not in (None, addresses):
            raise self._file.corrupt("the superblock and the root group name two symbol tables", 0)
        return symbol_table(self._file, *addresses)

    def _dataset(self, path: str, held: dict[int, Message]) -> None:
        if not {kinds.DATASPACE, kinds.DATATYPE} <= set(held) or held[kinds.DATASPACE].shared:
            raise Malformed("dataset without a type or an extent", offset=held[kinds.LAYOUT].body.where)
        self._datasets += 1
        file = self._file
        kind = self._values.type_of(held[kinds.DATATYPE].body, held[kinds.DATATYPE].shared)
        space = dataspace(held[kinds.DATASPACE].body)
        pipeline = filters(file, held[kinds.FILTERS].body) if kinds.FILTERS in held else ()
        if kinds.EXTERNAL in held:
            self._external(path, held[kinds.EXTERNAL].body)
            return
        found = layout(file, held[kinds.LAYOUT].body, space, kind, pipeline)
        if too_sparse(found, space.count * kind.size):
            file.node.finding("hdf5-size-bomb", offset=held[kinds.LAYOUT].body.where, dataset=path,
                              declared=space.count * kind.size, stored=found.stored)  # fmt: skip
        if kind.bytes_alone:
            self._bytes(path, found)

    def _external(self, path: str, body: Cursor) -> None:
        """Raw data in other files."""
        start = body.where
        body.expect(b"", 1)
        body.zeros(3)
        _, used = body.number(2), body.number(2)
        heap = local_heap(self._file, body.address())
        heap.text(0)
        names = []
        for _ in range(used):
            names.append(shown(heap.text(body.length())))
            body.length()
            body.length()
        heap.close()
        self._file.node.finding(
            "hdf5-external", offset=start, what=f"the dataset {path}", target=", ".join(names)
        )

    def _attribute(self, path: str, attribute: Attribute) -> None:
        texts = self._values.texts(attribute)
        if len(texts) != 1:
            return
        name = f"{path.lstrip('/')}@{attribute.name}".lstrip("@")
        self._text(path, attribute.name, name, texts[0])
        if b"\0" in texts[0] and texts[0][:1] in (
            b"{",
            b"[",
        ):  # libhdf5 ends texts of some kinds at the first zero
            self._text(path, attribute.name, name, texts[0].partition(b"\0")[0])

    def _text(self, path: str, key: str, name: str, text: bytes) -> None:
        if not path and key in _SETTINGS:
            self._root.add(key)
            self._child(f"{name}.json", text, expect="text")
        elif text[:1] in (b"{", b"["):
            self._child(f"{name}.txt", text)
        elif runs(text):
            self._file.node.finding("hdf5-pickle", what=f"the attribute {name}")
            self._child(name, text, expect="pickle")

    def _bytes(self, path: str, found: Layout) -> None:
        """Follow a dataset of plain bytes that is a pickle."""
        if found.inside and runs(found.inside):
            self._file.node.finding("hdf5-pickle", what=f"the dataset {path}")
            self._child(path.lstrip("/"), found.inside, expect="pickle")
        if found.kind == CHUNKED:
            whole = chunked_bytes(self._file, found)
            if whole and _may_be_pickle(BytesSource(whole)) and reach(BytesSource(whole)) is Reach.RUNS:
                self._file.node.finding("hdf5-pickle", what=f"the dataset {path}")
                self._child(path.lstrip("/"), whole, expect="pickle")
        for address, size in found.pieces if found.kind != CHUNKED else ():
            source = SliceSource(self._file.node.source, self._file.base + address, size)
            if size > 1 and _may_be_pickle(source) and reach(source) is Reach.RUNS:
                self._file.node.finding("hdf5-pickle", what=f"the dataset {path}")
                self._counted()
                self._file.node.child(path.lstrip("/"), source, expect="pickle")

    def _child(self, name: str, data: bytes, expect: str | None = None) -> None:
        self._counted()
        self._file.node.child(name, data, expect=expect)

    def _counted(self) -> None:
        self._children += 1
        if self._children > CHILDREN_LIMIT:
            raise TooLarge("more nested artifacts in an HDF5 file than are followed")

    def slack(self) -> None:
        """Read the global heaps that only raw data refers to, follow what they hold, and claim empty space."""
        file = self._file
        for start, end in file.gaps():
            at = self._empty(start, end)
            while at + 16 <= end and file.read(at, 4) == COLLECTION:
                size = int.from_bytes(file.read(at + 8, file.sizes[1]), "little")
                if size > end - at:
                    raise file.corrupt("a global heap lies outside its place", at)
                self._values.heap(at)
                at = self._empty(at + size, end)
        for objects in self._values.heaps.values():
            for address, size in objects.values():
                self._object_of_heap(address, size)
        for start, end in file.gaps():
            file.claimed.append((start, self._empty(start, end)))
        if "model_config" in self._root:
            file.node.known_as("keras_h5")

    def _object_of_heap(self, address: int, size: int) -> None:
        node, at = self._file.node, self._file.base + address
        source = SliceSource(node.source, at, size)
        if size > 1 and _may_be_pickle(source) and reach(source) is Reach.RUNS:
            node.finding("hdf5-pickle", offset=at, what="a row of variable length")
            self._counted()
            node.child(f"heap-{at}", source, expect="pickle")

    def _empty(self, start: int, end: int) -> int:
        """Where the zero bytes end that a gap begins with."""
        file, step = self._file, 1 << 20
        for at in range(start, end, step):
            block = file.node.source.read(file.base + at, min(step, end - at))
            if block.count(0) < len(block):
                return at + len(block) - len(block.lstrip(b"\0"))
        return max(start, end)


def _may_be_pickle(source: Source) -> bool:
    return source.read(0, 1) == _MARK or source.read(source.size - 1, 1) == b"."


def runs(text: bytes) -> bool:
    """Whether PyTables' ``pickle.loads`` of this text would import or make something."""
    starts, ends = text.startswith(_MARK), text.endswith(b".")
    return len(text) > 1 and (
        (starts and ends) or ((starts or ends) and reach(BytesSource(text)) >= Reach.IMPORTS)
    )
