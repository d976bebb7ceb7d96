"""The sorted table of LevelDB, in which TensorFlow keeps the index of a checkpoint: blocks of keys and values, an
index of the blocks, a footer.

After https://github.com/google/leveldb/blob/main/doc/table_format.md. Blocks lie one behind the other without gaps,
keys go up, restarts are where they should be, and each block's CRC fits. TensorFlow's writer never compresses
(tensor_bundle.cc), so compressed blocks are refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from quarantine.formats.crc32c import masked
from quarantine.formats.interface import Malformed
from quarantine.formats.protobuf import varint

MAGIC = bytes.fromhex("57fb808b247547db")
FOOTER_BYTES, TRAILER_BYTES, HANDLES_BYTES = 48, 5, 40
TABLE_LIMIT_BYTES = 64 << 20
CRC_LIMIT_BYTES = (
    4 << 20
)  # behind that many, blocks are read without their CRC, which plain Python makes slowly
Entry = tuple[bytes, int, int]


def _handle(data: memoryview, at: int, end: int) -> tuple[int, int, int]:
    offset, at = varint(data, at, end)
    size, at = varint(data, at, end)
    return offset, size, at


def _block(data: memoryview, offset: int, size: int, checked: bool) -> Iterator[Entry]:
    """The entries of a block: key, and where its value lies.

    Raises:
        Malformed: it lies outside the table, is compressed, its CRC is wrong or its keys do not go up.
    """
    end = offset + size
    if end + TRAILER_BYTES > len(data) - FOOTER_BYTES or size < 8:
        raise Malformed("block lies outside the table", offset=min(offset, len(data)))
    if data[end]:
        raise Malformed("block is compressed", offset=end)
    if checked and masked(data[offset : end + 1]) != int.from_bytes(
        data[end + 1 : end + TRAILER_BYTES], "little"
    ):
        raise Malformed("block's CRC is wrong", offset=offset)
    count = int.from_bytes(data[end - 4 : end], "little")
    stop = end - 4 - 4 * count
    if not count or stop < offset:
        raise Malformed("block has no proper restarts", offset=end - 4)
    restarts = {int.from_bytes(data[at : at + 4], "little") for at in range(stop, end - 4, 4)}
    at, key, plain = offset, b"", set()
    while at < stop:
        begin = at
        shared, at = varint(data, at, stop)
        fresh, at = varint(data, at, stop)
        length, at = varint(data, at, stop)
        if shared > len(key) or at + fresh + length > stop:
            raise Malformed("entry ends behind its block", offset=begin)
        if not shared:
            plain.add(begin - offset)
        following = key[:shared] + bytes(data[at : at + fresh])
        if begin > offset and following <= key:
            raise Malformed("keys do not go up", offset=begin)
        key, at = following, at + fresh
        yield key, at, at + length
        at += length
    if not restarts <= plain | {0}:
        raise Malformed("restart is not at an entry", offset=stop)


def entries(data: memoryview) -> Iterator[Entry]:
    """All entries of the table in order.

    Raises:
        Malformed: the table has gaps, or a block is broken.
    """
    size = len(data)
    if size > TABLE_LIMIT_BYTES or size < FOOTER_BYTES or bytes(data[size - 8 :]) != MAGIC:
        raise Malformed("no sorted table of this size", offset=max(0, size - 8))
    start = size - FOOTER_BYTES
    meta, meta_size, at = _handle(data, start, start + HANDLES_BYTES)
    index, index_size, at = _handle(data, at, start + HANDLES_BYTES)
    if any(data[at : start + HANDLES_BYTES]):
        raise Malformed("padding of the footer is not zero", offset=at)
    checked = size <= CRC_LIMIT_BYTES
    expected, last = 0, b""
    for _, from_, to in _block(data, index, index_size, checked):
        offset, length, at = _handle(data, from_, to)
        if offset != expected or at != to:
            raise Malformed("blocks do not lie one behind the other", offset=from_)
        for entry in _block(data, offset, length, checked):
            if last and entry[0] <= last:
                raise Malformed("keys do not go up", offset=offset)
            last = entry[0]
            yield entry
        expected = offset + length + TRAILER_BYTES
    if next(_block(data, meta, meta_size, checked), None) is not None:
        raise Malformed("the table has metadata that its writer never makes", offset=meta)
    if (
        meta != expected
        or index != meta + meta_size + TRAILER_BYTES
        or index + index_size + TRAILER_BYTES != start
    ):
        raise Malformed("blocks do not lie one behind the other", offset=expected)
