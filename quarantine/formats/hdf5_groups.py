"""What an HDF5 group holds: links in symbol tables, in messages, and in heaps; those to other files are findings.

After the HDF5 File Format Specification 3.0, sections III.B, III.C, IV.A.2.c and IV.A.2.g.
"""

from __future__ import annotations

from collections.abc import Iterator

from quarantine.formats.hdf5_file import Cursor, Hdf5File
from quarantine.formats.hdf5_heaps import fractal_heap, local_heap
from quarantine.formats.hdf5_trees import first_tree, records, tree
from quarantine.formats.interface import Malformed

HARD, SOFT, EXTERNAL = 0, 1, 64
_SCRATCH_BYTES, _STAB, _SYMBOLIC = 16, 1, 2
NAME_LIMIT_BYTES = 1 << 16
Link = tuple[str, int]
"""A name, and the address of the object header that it leads to."""


def symbol_table(file: Hdf5File, tree_address: int | None, heap_address: int | None) -> list[Link]:
    """The links of a group of the old kind."""
    heap = local_heap(file, heap_address)
    heap.text(0)  # the empty name, which the first key of the tree is
    found: list[Link] = []
    for key, child in first_tree(file, tree_address, 0, file.sizes[1], file.group_k):
        heap.text(int.from_bytes(key, "little"))
        found += _symbols(file, child, heap.text)
    heap.close()
    return found


def _symbols(file: Hdf5File, address: int, text: object) -> Iterator[Link]:
    assert callable(text)
    wide = file.sizes[0]
    width = 2 * wide + 8 + _SCRATCH_BYTES
    size = 8 + 2 * file.leaf_k * width
    at = file.once(address)
    cursor = file.cursor(file.read(at, size), at)
    cursor.expect(b"SNOD", 1)
    cursor.zeros(1)
    count = cursor.number(2)
    if count > 2 * file.leaf_k:
        raise file.corrupt("a group's node has more links than it can have", at)
    file.hold(at, size, used=0)
    file.claimed.append((at, at + 8 + count * width))
    rest = file.read(at + 8 + count * width, size - 8 - count * width)
    file.claimed.append((at, at + size - len(rest.lstrip(b"\0"))))
    for _ in range(count):
        name_offset, header = cursor.number(wide), cursor.address()
        kind = cursor.number(4)
        cursor.zeros(4)
        scratch = file.cursor(cursor.take(_SCRATCH_BYTES), cursor.where - file.base)
        name = shown(text(name_offset))
        if kind == _SYMBOLIC:
            text(scratch.number(4))
            continue
        if kind > _SYMBOLIC or header is None:
            raise Malformed("a group's node has a link of an unknown kind", offset=cursor.where)
        yield name, header


def link(file: Hdf5File, cursor: Cursor) -> Link | None:
    """One link message; None for one that leads to no object header."""
    start = cursor.where
    if cursor.number(1) != 1:
        raise Malformed("link message of an unknown version", offset=start)
    flags = cursor.number(1)
    kind = cursor.number(1) if flags & 8 else HARD
    cursor.take(8 if flags & 4 else 0)
    cursor.take(1 if flags & 16 else 0)
    name = shown(cursor.take(cursor.number(1 << (flags & 3))))
    if kind == HARD:
        address = cursor.address()
        if address is None:
            raise Malformed("link without an address", offset=start)
        return name, address
    value = cursor.take(cursor.number(2))
    if kind == EXTERNAL:
        target = shown(value[1:].replace(b"\0", b" ").strip())
        file.node.finding("hdf5-external", offset=start, what=f"the link {name}", target=target)
    elif kind != SOFT:
        file.node.finding("hdf5-unknown-link", offset=start, link=name, kind=kind)
    return None


def dense_links(file: Hdf5File, cursor: Cursor) -> list[Link]:
    """The links of a group that keeps them in a heap; ``cursor`` is at a link info message."""
    if cursor.number(1) != 0:
        raise Malformed("link info of an unknown version", offset=cursor.where)
    flags = cursor.number(1)
    cursor.take(8 if flags & 1 else 0)
    heap_address, by_name = cursor.address(), cursor.address()
    by_order = cursor.address() if flags & 2 else None
    if heap_address is None:
        return []
    heap = fractal_heap(file, heap_address)
    found: list[Link] = []
    for record in records(file, tree(file, by_name)):
        data = heap.get(record[4:])
        held = link(file, Cursor(data, 0, file.sizes))
        found += [held] if held else []
    if by_order is not None:
        for record in records(file, tree(file, by_order)):
            heap.get(record[8:])
    heap.close()
    return found


def shown(name: bytes) -> str:
    """A name as text."""
    return name[:NAME_LIMIT_BYTES].decode("utf-8", "backslashreplace")
