"""How HDF5 finds the chunks of a dataset since version 1.10: fixed arrays, extensible arrays and B-trees.

After the HDF5 File Format Specification 3.0, section VII. Yields (address, size in bytes) for every chunk there is.
"""

from __future__ import annotations

from collections.abc import Iterator

from quarantine.formats.hdf5_file import Cursor, Hdf5File, checked
from quarantine.formats.interface import Malformed

_ELEMENTS_LIMIT = 4 << 20


def _element(cursor: Cursor, width: int, wide: int, whole: int) -> tuple[int | None, int]:
    """One chunk: its address, and with filters its size and which were left out."""
    address = cursor.address()
    if width == wide:
        return address, whole
    size = cursor.number(width - wide - 4)
    cursor.take(4)
    return address, size


def fixed_array(file: Hdf5File, address: int, whole: int) -> Iterator[tuple[int | None, int]]:
    """Chunks of a dataset that cannot grow."""
    wide, long = file.sizes
    at = file.once(address)
    size = 12 + long + wide
    head = file.cursor(checked(file, file.read(at, size), at), at)
    head.expect(b"FAHD", 0)
    client, width, bits, count = head.number(1), head.number(1), head.number(1), head.length()
    where = head.address()
    file.hold(at, size)
    _possible(file, at, client, width, bits, count)
    if where is None:
        return
    where = file.once(where)
    pages = -(-count // (1 << bits)) if count > 1 << bits else 0
    prefix = 6 + wide + (pages + 7) // 8
    length = prefix + (0 if pages else count * width) + 4
    body = file.cursor(checked(file, file.read(where, length), where), where)
    body.expect(b"FADB", 0)
    if body.number(1) != client or body.address() != at:
        raise Malformed("a block of an array belongs to another", offset=file.base + where)
    used = body.take((pages + 7) // 8)
    file.hold(where, length)
    if not pages:
        for _ in range(count):
            yield _element(body, width, wide, whole)
    where += length
    for page in range(pages):
        inside = min(1 << bits, count - (page << bits))
        length = inside * width + 4
        if used[page // 8] & 0x80 >> page % 8:
            yield from _page(file, where, length, (inside, width, whole))
        else:
            file.hold(where, length)
        where += length


def _page(
    file: Hdf5File, where: int, length: int, shape: tuple[int, int, int]
) -> Iterator[tuple[int | None, int]]:
    count, width, whole = shape
    cursor = file.cursor(checked(file, file.read(where, length), where), where)
    file.hold(where, length)
    for _ in range(count):
        yield _element(cursor, width, file.sizes[0], whole)


def _possible(file: Hdf5File, at: int, client: int, width: int, bits: int, count: int) -> None:
    wide = file.sizes[0]
    good = width == wide if client == 0 else wide + 4 < width <= wide + 12
    if client > 1 or not good or bits > 31 or count > _ELEMENTS_LIMIT:
        raise file.corrupt("an array of chunks has an impossible geometry", at)


def extensible_array(file: Hdf5File, address: int, whole: int) -> Iterator[tuple[int | None, int]]:
    """Chunks of a dataset that can grow in one dimension."""
    wide, long = file.sizes
    at = file.once(address)
    size = 16 + 6 * long + wide
    head = file.cursor(checked(file, file.read(at, size), at), at)
    head.expect(b"EAHD", 0)
    client, width, bits = head.number(1), head.number(1), head.number(1)
    first, least, pointers, page_bits = head.number(1), head.number(1), head.number(1), head.number(1)
    for _ in range(6):
        head.length()
    where = head.address()
    file.hold(at, size)
    _possible(file, at, client, width, page_bits, 0)
    powers = all(value and not value & (value - 1) for value in (least, pointers))
    if bits > 64 or not powers or least.bit_length() > bits:
        raise file.corrupt("an array of chunks has an impossible geometry", at)
    if where is None:
        return
    array = _Extensible(file, at, client, width, whole, (bits + 7) // 8, 1 << page_bits)
    blocks = 1 + bits - (least.bit_length() - 1)
    inside = 2 * (pointers.bit_length() - 1)  # super blocks whose data blocks the index block names
    counts = [(1 << number // 2, least << (number + 1) // 2) for number in range(blocks)]
    named = [elements for count, elements in counts[:inside] for _ in range(count)]
    where = file.once(where)
    length = 6 + wide + first * width + len(named) * wide + max(0, blocks - inside) * wide + 4
    index = file.cursor(checked(file, file.read(where, length), where), where)
    index.expect(b"EAIB", 0)
    array.same(index)
    file.hold(where, length)
    for _ in range(first):
        yield _element(index, width, wide, whole)
    for elements in named:
        yield from array.data(index.address(), elements)
    for count, elements in counts[inside:]:
        yield from array.super_block(index.address(), count, elements)


class _Extensible:
    """The blocks of one extensible array."""

    def __init__(self, file: Hdf5File, header: int, client: int, width: int, whole: int, offset_bytes: int,
                 page: int) -> None:  # fmt: skip
        self._file, self._header, self._client = file, header, client
        self._width, self._whole, self._offset_bytes, self._page = width, whole, offset_bytes, page

    def same(self, cursor: Cursor) -> None:
        """Check that a block belongs to this array."""
        if cursor.number(1) != self._client or cursor.address() != self._header:
            raise Malformed("a block of an array belongs to another", offset=cursor.where)

    def super_block(self, address: int | None, count: int, elements: int) -> Iterator[tuple[int | None, int]]:
        """The chunks of all data blocks that a super block names."""
        if address is None:
            return
        file = self._file
        at = file.once(address)
        pages = -(-elements // self._page) if elements > self._page else 0
        if count > _ELEMENTS_LIMIT:
            raise file.corrupt("an array of chunks has an impossible geometry", at)
        masks = (pages + 7) // 8
        length = 6 + file.sizes[0] + self._offset_bytes + count * masks + count * file.sizes[0] + 4
        cursor = file.cursor(checked(file, file.read(at, length), at), at)
        cursor.expect(b"EASB", 0)
        self.same(cursor)
        cursor.take(self._offset_bytes)
        used = [cursor.take(masks) for _ in range(count)]
        file.hold(at, length)
        for mask in used:
            yield from self.data(cursor.address(), elements, mask)

    def data(self, address: int | None, elements: int, used: bytes = b"") -> Iterator[tuple[int | None, int]]:
        """The chunks of a data block, which is in pages where it is large."""
        if address is None:
            return
        file = self._file
        at = file.once(address)
        if elements > _ELEMENTS_LIMIT:
            raise file.corrupt("an array of chunks has an impossible geometry", at)
        pages = elements // self._page if elements > self._page else 0
        length = 6 + file.sizes[0] + self._offset_bytes + (0 if pages else elements * self._width) + 4
        cursor = file.cursor(checked(file, file.read(at, length), at), at)
        cursor.expect(b"EADB", 0)
        self.same(cursor)
        cursor.take(self._offset_bytes)
        file.hold(at, length)
        if not pages:
            for _ in range(elements):
                yield _element(cursor, self._width, file.sizes[0], self._whole)
        at += length
        for page in range(pages):
            length = self._page * self._width + 4
            if used[page // 8 : page // 8 + 1] and used[page // 8] & 0x80 >> page % 8:
                yield from _page(file, at, length, (self._page, self._width, self._whole))
            else:
                file.hold(at, length)
            at += length


def tree_of_chunks(file: Hdf5File, address: int, whole: int, rank: int) -> Iterator[tuple[int | None, int]]:
    """Chunks of a dataset that can grow in several dimensions."""
    from quarantine.formats.hdf5_trees import records, tree

    head = tree(file, address)
    wide = file.sizes[0]
    sized = head.record_bytes - wide - 8 * rank
    if (head.kind, sized > 4) not in ((10, False), (11, True)) or (head.kind == 10 and sized):
        raise file.corrupt("a B-tree of chunks has other records than chunks", address)
    for record in records(file, head):
        cursor = Cursor(record, 0, file.sizes)
        where = cursor.address()
        yield where, cursor.number(sized - 4) if sized else whole
