"""HDF5's B-trees: version 1 (symbol tables, chunks) and version 2 (links, attributes, large objects, chunks).

After the HDF5 File Format Specification 3.0, sections III.A and III.B.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quarantine.formats.hdf5_file import Hdf5File, checked
from quarantine.formats.interface import Malformed

_LEVELS_LIMIT = 32


def first_tree(
    file: Hdf5File, address: int | None, kind: int, key_bytes: int, half: int
) -> Iterator[tuple[bytes, int]]:
    """(key, child address) of every leaf entry of a B-tree of version 1, of ``kind`` 0 (groups) or 1 (chunks)."""
    wide = file.sizes[0]
    size = 8 + 2 * wide + (2 * half + 1) * key_bytes + 2 * half * wide
    todo: list[tuple[int | None, int | None]] = [(address, None)]
    while todo:
        where, level = todo.pop()
        at = file.once(where)
        cursor = file.cursor(file.read(at, size), at)
        if cursor.take(4) != b"TREE" or cursor.number(1) != kind:
            raise Malformed("B-tree node without its signature, or of another kind", offset=file.base + at)
        depth, count = cursor.number(1), cursor.number(2)
        if (level is not None and depth != level) or depth > _LEVELS_LIMIT or count > 2 * half:
            raise file.corrupt("a B-tree node has another level or more entries than it can have", at)
        cursor.take(2 * wide)
        rows = [(cursor.take(key_bytes), cursor.address()) for _ in range(count)]
        cursor.take(key_bytes if cursor.left >= key_bytes else 0)
        rest = cursor.take(cursor.left)
        file.hold(at, size, used=size - len(rest.lstrip(b"\0")))
        for key, child in rows:
            if child is None:
                raise Malformed("B-tree entry without an address", offset=file.base + at)
            if depth:
                todo.append((child, depth - 1))
            else:
                yield key, child


@dataclass(frozen=True)
class Tree:
    """The header of a B-tree of version 2."""

    kind: int
    node_bytes: int
    record_bytes: int
    depth: int
    root: int | None
    root_records: int


def tree(file: Hdf5File, address: int | None) -> Tree:
    """Read the header of a B-tree of version 2."""
    at = file.once(address)
    size = 22 + file.sizes[0] + file.sizes[1]
    cursor = file.cursor(checked(file, file.read(at, size), at), at)
    cursor.expect(b"BTHD", 0)
    kind, node_bytes, record_bytes = cursor.number(1), cursor.number(4), cursor.number(2)
    depth = cursor.number(2)
    cursor.take(2)
    root, count = cursor.address(), cursor.number(2)
    if not 64 <= node_bytes <= 1 << 20 or not 0 < record_bytes < node_bytes or depth > _LEVELS_LIMIT:
        raise file.corrupt("a B-tree's geometry is impossible", at)
    file.hold(at, size)
    return Tree(kind, node_bytes, record_bytes, depth, root, count)


def records(file: Hdf5File, head: Tree) -> Iterator[bytes]:
    """Every record of a B-tree of version 2."""
    wide = file.sizes[0]
    most = [(head.node_bytes - 10) // head.record_bytes]  # records of a node, by depth
    total = [most[0]]  # records of a whole subtree
    count_bytes = (most[0].bit_length() + 7) // 8
    pointer = [0]
    for depth in range(1, head.depth + 1):
        below = (total[depth - 1].bit_length() + 7) // 8 if depth > 1 else 0
        pointer.append(wide + count_bytes + below)
        most.append((head.node_bytes - 10 - pointer[depth]) // (head.record_bytes + pointer[depth]))
        total.append((most[depth] + 1) * total[depth - 1] + most[depth])
    todo = [] if head.root is None else [(head.root, head.root_records, head.depth)]
    while todo:
        address, count, depth = todo.pop()
        at = file.once(address)
        if count > most[depth]:
            raise file.corrupt("a B-tree node has more records than it can have", at)
        length = 6 + count * head.record_bytes + (count + 1) * pointer[depth] * bool(depth) + 4
        cursor = file.cursor(checked(file, file.read(at, length), at), at)
        cursor.expect(b"BTIN" if depth else b"BTLF", 0)
        if cursor.number(1) != head.kind:
            raise Malformed("B-tree node of another kind", offset=file.base + at)
        rest = file.read(at + length, head.node_bytes - length)
        file.hold(at, head.node_bytes, used=head.node_bytes - len(rest.lstrip(b"\0")))
        for _ in range(count):
            yield cursor.take(head.record_bytes)
        for _ in range((count + 1) if depth else 0):
            child, inner = cursor.address(), cursor.number(count_bytes)
            cursor.take(pointer[depth] - wide - count_bytes)
            if child is None:
                raise Malformed("B-tree entry without an address", offset=file.base + at)
            todo.append((child, inner, depth - 1))
