"""Parquet: the footer, and through it every column chunk page by page, indexes and filters.

After https://parquet.apache.org/docs/file-format/ and parquet.thrift. Values are claimed, never decoded. Arrow's schema
in the footer is read, because extension types in it were unpickled by pyarrow before 14.0.1.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from quarantine.formats.arrow_schema import check_schema
from quarantine.formats.blobs import Blobs
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.thrift import Compact

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
FOOTER_LIMIT_BYTES = 256 << 20
_TAIL_BYTES = 8


class Parquet:
    """A Parquet file."""

    name = "parquet"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith((MAGIC, ENCRYPTED))

    def read(self, node: Node) -> None:
        """Claim what the footer explains."""
        size = node.source.size
        tail = node.source.read(max(0, size - _TAIL_BYTES), _TAIL_BYTES)
        if node.source.read(0, 4) == ENCRYPTED:
            node.finding("format-not-read", kind="encrypted Parquet")
            node.unread()
            return
        length = int.from_bytes(tail[:4], "little")
        start = size - _TAIL_BYTES - length
        if tail[4:] != MAGIC or start < 4 or length > FOOTER_LIMIT_BYTES:
            raise Malformed("footer is missing or longer than the file", offset=max(0, size - _TAIL_BYTES))
        node.claim(0, 4)
        with node.source.view() as data:
            reader = Compact(data, start, size - _TAIL_BYTES)
            footer = reader.struct()
            node.claim(start, reader.at)
            node.claim(size - _TAIL_BYTES, size)
            _metadata(node, footer)
            _groups(node, data, footer, start)


def _structs(value: object) -> list[dict[int, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _metadata(node: Node, footer: dict[int, Any]) -> None:
    blobs = Blobs(node)
    if isinstance(footer.get(6), bytes):
        node.said("created_by", footer[6].decode("utf-8", "replace"))
    for pair in _structs(footer.get(5)):
        key, value = pair.get(1, b""), pair.get(2, b"")
        if not isinstance(key, bytes) or not isinstance(value, bytes):
            raise Malformed("metadata is no pair of texts")
        if key == b"ARROW:schema":
            try:
                check_schema(node, base64.b64decode(value, validate=True))
            except binascii.Error:
                raise Malformed("Arrow's schema is not Base64") from None
        else:
            blobs.text(f"metadata-{key[:20].decode('ascii', 'replace')}", value)


def _groups(node: Node, data: memoryview, footer: dict[int, Any], end: int) -> None:
    for group in _structs(footer.get(4)):
        for column in _structs(group.get(1)):
            if 1 in column:
                node.finding("parquet-external", path=_shown(column[1]))
            meta = column.get(3)
            if 8 in column or not isinstance(meta, dict):
                node.finding("format-not-read", kind="encrypted Parquet column")
                node.unread()
                continue
            _chunk(node, data, meta, end)
            _copy(node, data, column, end)
            for offset, length in ((column.get(4), column.get(5)), (column.get(6), column.get(7))):
                _index(node, data, offset, length, end)
            _filter(node, data, meta.get(14), meta.get(15), end)


def _shown(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "?"


def _chunk(node: Node, data: memoryview, meta: dict[int, Any], end: int) -> None:
    size, first, words = meta.get(7), meta.get(9), meta.get(11)
    if type(size) is not int or type(first) is not int:
        raise Malformed("column has no place")
    at = min(first, words) if type(words) is int and words > 0 else first
    stop = at + size
    if at < 4 or size < 0 or stop > end:
        raise Malformed("column lies outside the data", offset=max(0, at))
    begin = at
    while at < stop:
        reader = Compact(data, at, stop)
        page = reader.struct()
        length = page.get(3)
        if type(length) is not int or length < 0 or reader.at + length > stop:
            raise Malformed("page ends behind its column", offset=at)
        at = reader.at + length
    node.claim(begin, stop)


def _copy(node: Node, data: memoryview, column: dict[int, Any], end: int) -> None:
    """Older writers repeat a column's description, or the inner part of it, behind the column."""
    offset = column.get(2)
    if type(offset) is not int or not 4 <= offset < end:
        return
    reader = Compact(data, offset, end)
    try:
        again = reader.struct()
    except Malformed:
        return  # the offset is that of a page in other files
    if again in (column, column[3]):
        node.claim(offset, reader.at)


def _index(node: Node, data: memoryview, offset: object, length: object, end: int) -> None:
    if type(offset) is not int or type(length) is not int:
        return
    if offset < 4 or length < 0 or offset + length > end:
        raise Malformed("index lies outside the data", offset=max(0, offset))
    reader = Compact(data, offset, offset + length)
    reader.struct()
    node.claim(offset, reader.at)


def _filter(node: Node, data: memoryview, offset: object, length: object, end: int) -> None:
    """A Bloom filter: a header with the size of its bits, and the bits."""
    if type(offset) is not int:
        return
    if not 4 <= offset < end:
        raise Malformed("filter lies outside the data", offset=max(0, offset))
    reader = Compact(data, offset, end)
    bits = reader.struct().get(1)
    if type(bits) is not int or bits < 0 or reader.at + bits > end:
        raise Malformed("filter ends behind the data", offset=offset)
    if type(length) is int and length != reader.at + bits - offset:
        raise Malformed("filter has two sizes", offset=offset)
    node.claim(offset, reader.at + bits)
