"""HDF5 attributes: their values where those are text, because loaders parse, unpickle and follow such texts.

After the HDF5 File Format Specification 3.0, sections IV.A.2.m and III.E. Numbers are claimed and not read.
"""

from __future__ import annotations

from dataclasses import dataclass

from quarantine.formats.hdf5_file import Cursor, Hdf5File
from quarantine.formats.hdf5_heaps import fractal_heap, global_heap
from quarantine.formats.hdf5_objects import DATATYPE, LAYOUT, Message, messages
from quarantine.formats.hdf5_trees import records, tree
from quarantine.formats.hdf5_types import STRING, Dataspace, Datatype, dataspace, datatype
from quarantine.formats.interface import Malformed

TEXTS_LIMIT = 1 << 20


@dataclass(frozen=True)
class Attribute:
    """A named value; ``data`` is as it lies in the file."""

    name: str
    type: Datatype
    space: Dataspace
    data: bytes


class Values:
    """Attributes of one file, and the global heaps and named types that they refer to."""

    def __init__(self, file: Hdf5File) -> None:
        self._file = file
        self._types: dict[int, Datatype] = {}
        self._named: dict[int, list[Message]] = {}
        self.heaps: dict[int, dict[int, tuple[int, int]]] = {}
        self.wanted: set[int] = set()

    def header(self, address: int) -> list[Message]:
        """The messages of an object; those of a named type can be read again, because others refer to it."""
        if address in self._named:
            for message in self._named[address]:
                message.body.at = 0
            return self._named[address]
        found = messages(self._file, self._file.once(address))
        held = {message.kind for message in found}
        if DATATYPE in held and LAYOUT not in held:
            self._named[address] = found
        return found

    def type_of(self, body: Cursor, shared: bool) -> Datatype:
        """The datatype that a message describes, or that a shared message refers to."""
        if not shared:
            return datatype(body)
        address = _shared(body)
        if address not in self._types:
            self.wanted.add(address)
            held = next((m for m in self.header(address) if m.kind == DATATYPE and not m.shared), None)
            if held is None:
                raise Malformed("a shared datatype is none", offset=self._file.base + address)
            self._types[address] = datatype(held.body)
        return self._types[address]

    def attribute(self, body: Cursor, shared: bool = False) -> Attribute:
        """Read an attribute message."""
        if shared:
            raise Malformed("a shared attribute is not read", offset=body.where)
        version, flags = body.number(1), body.number(1)
        if not 1 <= version <= 3 or flags & ~3 or (version == 1 and flags):
            raise Malformed("attribute of an unknown version", offset=body.where)
        name_bytes, type_bytes, space_bytes = body.number(2), body.number(2), body.number(2)
        body.take(1 if version == 3 else 0)
        name = self._part(body, name_bytes, version)
        kind = self._part(body, type_bytes, version)
        space_cursor = self._part(body, space_bytes, version)
        if flags & 2:
            raise Malformed("a shared dataspace is not read", offset=body.where)
        held, space = self.type_of(kind, bool(flags & 1)), dataspace(space_cursor)
        data = body.take(space.count * held.size)
        raw = name.take(name_bytes)
        if not raw.endswith(b"\0") or b"\0" in raw[:-1]:
            raise Malformed("attribute's name does not end where it should", offset=body.where)
        body.zeros(body.left)
        return Attribute(raw[:-1].decode("utf-8", "backslashreplace"), held, space, data)

    def _part(self, body: Cursor, size: int, version: int) -> Cursor:
        part = self._file.cursor(body.take(size), body.where - self._file.base - size)
        if version == 1:
            body.zeros(-size % 8)
        return part

    def dense(self, body: Cursor) -> list[Attribute]:
        """The attributes of an object that keeps them in a heap; ``body`` is at an attribute info message."""
        if body.number(1) != 0:
            raise Malformed("attribute info of an unknown version", offset=body.where)
        flags = body.number(1)
        body.take(2 if flags & 1 else 0)
        heap_address, by_name = body.address(), body.address()
        by_order = body.address() if flags & 2 else None
        if heap_address is None:
            return []
        heap = fractal_heap(self._file, heap_address)
        found = []
        for record in records(self._file, tree(self._file, by_name)):
            if record[8] & ~1:
                raise Malformed("a shared attribute is not read", offset=body.where)
            found.append(self.attribute(Cursor(heap.get(record[:8]), 0, self._file.sizes)))
        if by_order is not None:
            for record in records(self._file, tree(self._file, by_order)):
                heap.get(record[:8])
        heap.close()
        return found

    def texts(self, attribute: Attribute) -> list[bytes]:
        """The texts that an attribute holds, without the zeros behind them."""
        held, count = attribute.type, attribute.space.count
        if count > TEXTS_LIMIT:
            return []
        if held.kind == STRING:
            parts = [attribute.data[at : at + held.size] for at in range(0, count * held.size, held.size)]
            return [part.rstrip(b"\0") for part in parts]
        if not held.text:
            return []
        cursor = Cursor(attribute.data, 0, self._file.sizes)
        found = []
        for _ in range(count):
            length, address, index = cursor.number(4), cursor.address(), cursor.number(4)
            cursor.take(held.size - 8 - self._file.sizes[0])
            found.append(self._heap_text(address, index, length))
        return found

    def _heap_text(self, address: int | None, index: int, length: int) -> bytes:
        if not address:
            return b""
        where, size = self.heap(address).get(index, (0, 0))
        if length > size:
            raise self._file.corrupt("a text is longer than its place in the heap", address)
        return self._file.read(where, length).rstrip(b"\0") if length else b""

    def heap(self, address: int) -> dict[int, tuple[int, int]]:
        """The objects of a global heap, read once."""
        if address not in self.heaps:
            self.heaps[address] = global_heap(self._file, self._file.once(address))
        return self.heaps[address]


def _shared(body: Cursor) -> int:
    """The address of the object header that a shared message refers to."""
    version, kind = body.number(1), body.number(1)
    if version == 1:
        body.zeros(6)
    if version not in (1, 2, 3) or (version == 3 and kind != 2):
        raise Malformed("a shared message of an unknown kind", offset=body.where)
    address = body.address()
    if address is None:
        raise Malformed("a shared message without an address", offset=body.where)
    return address
