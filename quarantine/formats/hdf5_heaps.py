"""HDF5's heaps: local (names of a group), global (variable-length data) and fractal (links and attributes).

After the HDF5 File Format Specification 3.0, sections III.D, III.E and III.G.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from quarantine.formats.hdf5_file import Cursor, Hdf5File, checked
from quarantine.formats.interface import Malformed

COLLECTION = b"GCOL"
_FREE_END = 1  # the offset that ends a local heap's list of free blocks
_ROWS_LIMIT = 64
_FORMER = re.compile(rb"[ -~\0]*")  # libhdf5 leaves the names of what was deleted
_FORMER_LIMIT_BYTES = 1 << 12


@dataclass
class LocalHeap:
    """A group's names; ``used`` are the ranges of its data that a name or a free block explains."""

    file: Hdf5File
    address: int
    data: bytes
    used: list[tuple[int, int]] = field(default_factory=list)

    def text(self, offset: int) -> bytes:
        """The name at an offset."""
        end = self.data.find(b"\0", offset)
        if offset >= len(self.data) or end < 0:
            raise self.file.corrupt("a name lies outside its heap", self.address)
        self.used.append((offset, end + 1))
        return self.data[offset:end]

    def close(self) -> None:
        """Claim the data, as far as names, zero bytes, and names of what was deleted explain it."""
        at = 0
        for start, end in [*sorted(self.used), (len(self.data), len(self.data))]:
            if start > at:
                zeros(self.file, self.address + at, self.address + start)
            if at < start <= at + _FORMER_LIMIT_BYTES and _FORMER.fullmatch(self.data, at, start):
                self.file.claimed.append((self.address + at, self.address + start))
            self.file.claimed.append((self.address + max(at, start), self.address + end))
            at = max(at, end)


def local_heap(file: Hdf5File, address: int | None) -> LocalHeap:
    """Read a local heap; its free blocks must lie inside and apart."""
    at = file.once(address)
    head = 8 + 2 * file.sizes[1] + file.sizes[0]
    cursor = file.cursor(file.read(at, head), at)
    cursor.expect(b"HEAP", 0)
    cursor.zeros(3)
    size, free, where = cursor.length(), cursor.length(), file.once(cursor.address())
    file.hold(at, head)
    heap = LocalHeap(file, where, file.read(where, size))
    file.hold(where, size, used=0)
    undefined = (1 << (8 * file.sizes[1])) - 1
    width, last = 2 * file.sizes[1], -1
    while free not in (_FREE_END, undefined):
        if free <= last or free + width > size:
            raise file.corrupt("a free block of a heap lies outside it", where)
        block = file.cursor(heap.data[free : free + width], where + free)
        last, free, length = free, block.length(), block.length()
        if length < width or last + length > size:
            raise file.corrupt("a free block of a heap is larger than it", where)
        heap.used.append((last, last + width))
    return heap


def global_heap(file: Hdf5File, address: int) -> dict[int, tuple[int, int]]:
    """The objects of a collection: index -> (address, size). Claims the whole.

    Raises:
        Malformed: it breaks the specification.
    """
    head = 8 + file.sizes[1]
    cursor = file.cursor(file.read(address, head), address)
    cursor.expect(COLLECTION, 1)
    cursor.zeros(3)
    size = cursor.length()
    if size < 4096 and address + size > file.end:
        raise file.corrupt("a global heap lies outside the file", address)
    file.hold(address, size, used=head)
    found: dict[int, tuple[int, int]] = {}
    at, end, width = address + head, address + size, 8 + file.sizes[1]
    file.copied += size
    with file.node.source.view() as data:
        while at + width <= end:
            row = file.cursor(bytes(data[file.base + at : file.base + at + width]), at)
            index, _ = row.number(2), row.number(2)
            row.take(4)
            length = row.length()
            if index == 0:
                if length > end - at:
                    raise file.corrupt("free space of a global heap is larger than it", at)
                file.claimed.append((at, at + width))
                _free(file, data, at + width, end)
                return found
            behind = at + width + -(-length // 8) * 8
            if behind > end or index in found:
                raise file.corrupt("an object of a global heap lies outside it, or has its number twice", at)
            found[index] = (at + width, length)
            file.claimed.append((at, at + width + length))
            _free(file, data, at + width + length, behind)
            at = behind
        _free(file, data, at, end)
    return found


def zeros(file: Hdf5File, start: int, end: int) -> None:
    """Claim unused bytes as far as they are zero."""
    raw = file.read(start, end - start)
    file.claimed.append((start, end - len(raw.lstrip(b"\0"))))


def _free(file: Hdf5File, data: memoryview, start: int, end: int) -> None:
    """Claim unused bytes as far as they are zero."""
    raw = bytes(data[file.base + start : file.base + end])
    file.claimed.append((start, end - len(raw.lstrip(b"\0"))))


@dataclass
class FractalHeap:
    """A heap of links or attributes. ``blocks`` are (first offset in the heap, address, size) of direct blocks."""

    file: Hdf5File
    id_bytes: int
    offset_bytes: int
    length_bytes: int
    tiny_long: bool
    huge_tree: int | None
    direct_huge: bool
    filtered: bool
    blocks: list[tuple[int, int, int]] = field(default_factory=list)
    used: list[tuple[int, int]] = field(default_factory=list)
    huge: dict[int, tuple[int, int]] | None = None

    def get(self, ident: bytes) -> bytes:
        """The object with that heap id.

        Raises:
            Malformed: there is none.
        """
        cursor = Cursor(ident, 0, self.file.sizes)
        first = cursor.number(1)
        kind = first >> 4 & 3
        if first >> 6 or kind == 3:
            raise Malformed("heap id of an unknown kind")
        if kind == 2:
            length = (first & 15) + 1
            if self.tiny_long:
                length = (((first & 15) << 8) | cursor.number(1)) + 1
            return cursor.take(length)
        if kind == 1:
            return self._huge(cursor)
        offset, length = cursor.number(self.offset_bytes), cursor.number(self.length_bytes)
        index = bisect_right(self.blocks, (offset, self.file.end, 0)) - 1
        if index >= 0:
            start, address, size = self.blocks[index]
            if offset < start + size:
                if offset + length > start + size:
                    raise self.file.corrupt("an object lies outside its heap block", address)
                self.used.append((address + offset - start, address + offset - start + length))
                return self.file.read(address + offset - start, length)
        raise Malformed("heap id of an object that no block holds")

    def close(self) -> None:
        """Claim the blocks, as far as objects and zero bytes explain them."""
        self.file.claimed += self.used
        taken, index = sorted(self.used), 0
        for _, address, size in sorted(self.blocks, key=lambda block: block[1]):
            at, end = address, address + size
            while index < len(taken) and taken[index][0] < end:
                if taken[index][0] > at:
                    zeros(self.file, at, taken[index][0])
                at = max(at, taken[index][1])
                index += 1
            if at < end:
                zeros(self.file, at, end)

    def _huge(self, cursor: Cursor) -> bytes:
        if self.filtered:
            raise Malformed("large heap objects with filters are not read")
        if self.direct_huge:
            address, length = cursor.address(), cursor.length()
            return self.file.read(address, length)
        wanted = cursor.number(min(cursor.left, self.file.sizes[1]))
        address, length = (self.huge or {}).get(wanted, (None, 0))
        return self.file.read(address, length)


def fractal_heap(file: Hdf5File, address: int | None) -> FractalHeap:
    """Read a fractal heap's header and blocks."""
    from quarantine.formats.hdf5_trees import records, tree

    at = file.once(address)
    wide, long = file.sizes
    size = 22 + 12 * long + 3 * wide
    cursor = file.cursor(file.peek(at, size + long + 4096), at)
    cursor.expect(b"FRHP", 0)
    id_bytes, filters, flags, managed = cursor.number(2), cursor.number(2), cursor.number(1), cursor.number(4)
    cursor.length()
    huge_tree = cursor.address()
    cursor.length()
    space = cursor.address()
    for _ in range(4):
        cursor.length()
    cursor.length(), cursor.length(), cursor.length(), cursor.length()
    width, start, largest = cursor.number(2), cursor.length(), cursor.length()
    bits, _, root, rows = cursor.number(2), cursor.number(2), cursor.address(), cursor.number(2)
    if filters:
        raise Malformed("heap with filters is not read", offset=file.base + at)
    cursor.take(4)
    file.hold(at, cursor.at)
    checked(file, file.read(at, cursor.at), at)
    if flags & ~3 or not 1 <= width <= 1024 or not 0 < start <= largest or bits > 64 or rows > _ROWS_LIMIT:
        raise file.corrupt("a fractal heap's geometry is impossible", at)
    if start & (start - 1) or largest & (largest - 1) or width & (width - 1):
        raise file.corrupt("a fractal heap's blocks are no powers of two", at)
    offset_bytes = (bits + 7) // 8
    smaller = min(largest, managed)
    direct_huge = id_bytes - 1 >= wide + long
    heap = FractalHeap(
        file, id_bytes, offset_bytes, min(_encoded(largest), _encoded(smaller)), id_bytes - 1 > 16, huge_tree,
        direct_huge, bool(filters))  # fmt: skip
    heap.blocks = sorted(_blocks(file, at, heap, root, rows, (start, largest, width, bool(flags & 2))))
    if huge_tree is not None:
        heap.huge = {}
        for record in records(file, tree(file, huge_tree)):
            row = Cursor(record, 0, file.sizes)
            where, length = row.address(), row.length()
            file.hold(where, length)
            if where is not None:
                heap.huge[row.length() if row.left else len(heap.huge)] = (where, length)
    if space is not None:
        free_space(file, space)
    return heap


def _encoded(limit: int) -> int:
    """How many bytes lengths up to ``limit`` take."""
    return (limit.bit_length() - 1) // 8 + 1


def _blocks(file: Hdf5File, header: int, heap: FractalHeap, root: int | None, rows: int,
            shape: tuple[int, int, int, bool]) -> Iterator[tuple[int, int, int]]:  # fmt: skip
    start, largest, width, sums = shape
    direct_rows = (largest // start).bit_length() + 1
    todo = [] if root is None else [(root, 0, start, rows)]
    while todo:
        address, offset, size, rows = todo.pop()
        at = file.once(address)
        prefix = 5 + file.sizes[0] + heap.offset_bytes
        if not rows:
            head = file.cursor(file.read(at, prefix), at)
            head.expect(b"FHDB", 0)
            _same(head, header, offset, heap.offset_bytes)
            prefix += 4 if sums else 0
            file.hold(at, size, used=prefix)
            heap.used.append((at, at + prefix))
            yield offset, at, size
            continue
        length = prefix + rows * width * file.sizes[0] + 4
        cursor = file.cursor(checked(file, file.read(at, length), at), at)
        cursor.expect(b"FHIB", 0)
        _same(cursor, header, offset, heap.offset_bytes)
        file.hold(at, length)
        for row in range(rows):
            block = start << max(0, row - 1)
            for _ in range(width):
                child = cursor.address()
                if child is not None:
                    inner = 0 if row < direct_rows else (block // (start * width)).bit_length()
                    todo.append((child, offset, block, inner))
                offset += block


def _same(cursor: Cursor, header: int, offset: int, width: int) -> None:
    if cursor.address() != header or cursor.number(width) != offset:
        raise Malformed("a block belongs to another heap, or lies elsewhere in it", offset=cursor.where)


def free_space(file: Hdf5File, address: int | None) -> list[tuple[int, int]]:
    """Claim a free-space manager; returns the (address, size) of sections that are plain, as those of a file are."""
    at = file.once(address)
    wide, long = file.sizes
    cursor = file.cursor(file.peek(at, 18 + 8 * long + wide), at)
    cursor.expect(b"FSHD", 0)
    client = cursor.number(1)
    cursor.length()
    cursor.length()
    serial = cursor.length()
    cursor.length()
    cursor.take(6)
    bits, largest = cursor.number(2), cursor.length()
    where, used, room = cursor.address(), cursor.length(), cursor.length()
    cursor.take(4)
    file.hold(at, cursor.at)
    checked(file, file.read(at, cursor.at), at)
    if where is None:
        return []
    if used > room:
        raise file.corrupt("a list of free space is larger than its place", at)
    file.once(where)
    body = file.cursor(checked(file, file.read(where, used), where), where)
    body.expect(b"FSSE", 0)
    if body.address() != at:
        raise Malformed("a list of free space belongs to another manager", offset=file.base + where)
    file.hold(where, room, used=used)
    rest = file.read(where + used, room - used)
    file.claimed.append((where + used, where + room - len(rest.lstrip(b"\0"))))
    return _sections(body, serial, (bits + 7) // 8, (largest.bit_length() + 7) // 8) if client == 1 else []


def _sections(body: Cursor, serial: int, offset_bytes: int, size_bytes: int) -> list[tuple[int, int]]:
    count_bytes = max(1, (serial.bit_length() + 7) // 8)
    found: list[tuple[int, int]] = []
    while len(found) < serial:
        count, size = body.number(count_bytes), body.number(size_bytes)
        if not count:
            raise Malformed("a list of free space has an empty row", offset=body.where)
        for _ in range(min(count, serial)):
            found.append((body.number(offset_bytes), size))
            body.take(1)
    return found
