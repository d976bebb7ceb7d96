"""Where an HDF5 dataset keeps its data: compact, contiguous, in chunks, or in other files, which is a finding.

After the HDF5 File Format Specification 3.0, sections IV.A.2.h, IV.A.2.i and IV.A.2.l. Chunks are claimed, not read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

from quarantine.formats.hdf5_file import Cursor, Hdf5File
from quarantine.formats.hdf5_types import RANK_LIMIT, Dataspace, Datatype
from quarantine.formats.interface import Malformed

COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = range(4)
SINGLE, IMPLICIT, FIXED_ARRAY, EXTENSIBLE_ARRAY, TREE = range(1, 6)
BOMB_FLOOR_BYTES, BOMB_RATIO = 4 << 30, 1000
"""As Keras has them: a dataset over the floor that is so many times larger than what is stored is a bomb."""
DECODED_LIMIT_BYTES = 16 << 20
_DEFLATE, _SHUFFLE, _FLETCHER, _KNOWN_LIMIT = 1, 2, 3, 6
# Registered filters that honest libraries use: LZO, bzip2, LZF, Blosc, LZ4, bitshuffle, ZFP, Zstandard, SZ3, Blosc2.
_REGISTERED = frozenset({305, 307, 32000, 32001, 32004, 32008, 32013, 32015, 32024, 32026})


@dataclass
class Layout:
    """``kind`` of storage; ``pieces`` are (address, size in bytes) of the data where it is not in chunks; ``inside``
    is the data of a compact dataset. ``stored`` counts the bytes of all data."""

    kind: int
    pieces: list[tuple[int, int]] = field(default_factory=list)
    inside: bytes = b""
    stored: int = 0
    filters: tuple[int, ...] = ()


def filters(file: Hdf5File, cursor: Cursor) -> tuple[int, ...]:
    """Read a filter pipeline; a filter that nobody knows is reported, because a plug-in would be loaded for it."""
    start = cursor.where
    version, count = cursor.number(1), cursor.number(1)
    if version not in (1, 2) or not 0 < count <= RANK_LIMIT:
        raise Malformed("filter pipeline of an unknown version, or too long", offset=start)
    cursor.zeros(6 if version == 1 else 0)
    found = []
    for _ in range(count):
        ident = cursor.number(2)
        name = cursor.number(2) if version == 1 or ident >= 256 else 0
        cursor.number(2)
        values = cursor.number(2)
        cursor.take(name + (-name % 8 if version == 1 else 0))
        cursor.take(4 * values)
        if version == 1 and values % 2:
            cursor.take(4)
        if not 1 <= ident <= _KNOWN_LIMIT and ident not in _REGISTERED:
            file.node.finding("hdf5-filter", offset=start, filter=ident)
        found.append(ident)
    return tuple(found)


def layout(
    file: Hdf5File, cursor: Cursor, space: Dataspace, element: Datatype, pipeline: tuple[int, ...]
) -> Layout:
    """Read a layout message and claim the data that it points at.

    Raises:
        Malformed: it breaks the specification.
    """
    version = cursor.number(1)
    whole = space.count * element.size
    if version in (1, 2):
        rank, kind = cursor.number(1), cursor.number(1)
        cursor.zeros(5)
        address = cursor.address() if kind != COMPACT else None
        if rank > RANK_LIMIT + 1:
            raise Malformed("dataset has too many dimensions", offset=cursor.where)
        dims = [cursor.number(4) for _ in range(rank)]
        if kind == CONTIGUOUS:
            return _contiguous(file, address, prod(dims) if address is not None else 0, whole)
        if kind == CHUNKED:
            return _old_chunks(file, address, dims, pipeline)
        if kind == COMPACT:
            return _compact(file, cursor, cursor.number(4), whole)
    elif version in (3, 4, 5):
        kind = cursor.number(1)
        if kind == COMPACT:
            return _compact(file, cursor, cursor.number(2), whole)
        if kind == CONTIGUOUS:
            return _contiguous(file, cursor.address(), cursor.length(), whole)
        if kind == CHUNKED and version == 3:
            rank, address = cursor.number(1), cursor.address()
            return _old_chunks(file, address, [cursor.number(4) for _ in range(rank)], pipeline)
        if kind == CHUNKED:
            return _new_chunks(file, cursor, space, element, pipeline)
        if kind == VIRTUAL:
            file.node.finding(
                "hdf5-external", offset=cursor.where, what="a virtual dataset", target="other datasets"
            )
            return Layout(VIRTUAL)
    raise Malformed("dataset layout of an unknown version or kind", offset=cursor.where)


def _compact(file: Hdf5File, cursor: Cursor, size: int, whole: int) -> Layout:
    inside = cursor.take(size)
    if size != whole:
        raise file.corrupt("a dataset's data is not as long as its extent", cursor.where - file.base)
    return Layout(COMPACT, inside=inside, stored=size)


def _contiguous(file: Hdf5File, address: int | None, size: int, whole: int) -> Layout:
    if address is None:
        return Layout(CONTIGUOUS)
    if size != whole:
        raise file.corrupt("a dataset's data is not as long as its extent", address)
    file.hold(address, size)
    return Layout(CONTIGUOUS, [(address, size)], stored=size)


def _chunked(file: Hdf5File, chunks: Iterator[tuple[int | None, int]], pipeline: tuple[int, ...]) -> Layout:
    found = Layout(CHUNKED, filters=pipeline)
    for address, size in chunks:
        if address is not None:
            file.hold(address, size)
            found.pieces.append((address, size))
            found.stored += size
    return found


def _old_chunks(file: Hdf5File, address: int | None, dims: list[int], pipeline: tuple[int, ...]) -> Layout:
    from quarantine.formats.hdf5_trees import first_tree

    if address is None:
        return Layout(CHUNKED)
    whole = prod(dims)

    def chunks() -> Iterator[tuple[int, int]]:
        for key, child in first_tree(file, address, 1, 8 + 8 * len(dims), file.chunk_k):
            size = int.from_bytes(key[:4], "little")
            if not pipeline and size != whole:
                raise file.corrupt("a chunk is not as long as its extent", child)
            yield child, size

    return _chunked(file, chunks(), pipeline)


def _new_chunks(file: Hdf5File, cursor: Cursor, space: Dataspace, element: Datatype,
                pipeline: tuple[int, ...]) -> Layout:  # fmt: skip
    from quarantine.formats import hdf5_indexes as indexes

    flags, rank, width = cursor.number(1), cursor.number(1), cursor.number(1)
    if flags & ~3 or not 1 < rank <= RANK_LIMIT + 1 or not 1 <= width <= 8:
        raise Malformed("chunked layout of an unknown kind", offset=cursor.where)
    dims = [cursor.number(width) for _ in range(rank)]
    if dims[-1] != element.size or not all(dims) or space.dims is None or len(space.dims) != rank - 1:
        raise Malformed("chunks do not fit the dataset's elements", offset=cursor.where)
    whole = prod(dims)
    kind = cursor.number(1)
    size = whole
    if kind == SINGLE:
        if flags & 2:
            size = cursor.length()
            cursor.take(4)
        return _chunked(file, iter([(cursor.address(), size)]), pipeline)
    cursor.take({IMPLICIT: 0, FIXED_ARRAY: 1, EXTENSIBLE_ARRAY: 5, TREE: 6}.get(kind, 0))
    address = cursor.address()
    if address is None:
        return Layout(CHUNKED)
    if kind == IMPLICIT:
        count = prod(-(-extent // chunk) for extent, chunk in zip(space.dims, dims, strict=False))
        return _contiguous(file, address, count * whole, count * whole)
    if kind == FIXED_ARRAY:
        return _chunked(file, indexes.fixed_array(file, address, whole), pipeline)
    if kind == EXTENSIBLE_ARRAY:
        return _chunked(file, indexes.extensible_array(file, address, whole), pipeline)
    if kind == TREE:
        return _chunked(file, indexes.tree_of_chunks(file, address, whole, rank - 1), pipeline)
    raise Malformed("chunks are found in an unknown way", offset=cursor.where)


def too_sparse(found: Layout, whole: int) -> bool:
    """Whether a dataset of ``whole`` bytes is a bomb: a reader would allocate far more than is stored."""
    return whole > BOMB_FLOOR_BYTES and whole > BOMB_RATIO * found.stored


def chunked_bytes(file: Hdf5File, found: Layout) -> bytes:
    """The bytes of a small dataset of single bytes in chunks, without the zeros behind them; nothing where a filter
    other than gzip, shuffle and Fletcher-32 changed them."""
    if set(found.filters) - {_DEFLATE, _SHUFFLE, _FLETCHER} or found.stored > DECODED_LIMIT_BYTES:
        return b""
    out = bytearray()
    for address, size in found.pieces:
        data = file.node.source.read(file.base + address, size - (4 if _FLETCHER in found.filters else 0))
        if _DEFLATE in found.filters:
            expander = zlib.decompressobj()
            try:
                data = expander.decompress(data, DECODED_LIMIT_BYTES)
            except zlib.error:
                return b""
        file.node.expanded(len(data))
        out += data
        if len(out) > DECODED_LIMIT_BYTES:
            return b""
    return bytes(out).rstrip(b"\0")
