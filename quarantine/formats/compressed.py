"""Compressed streams as loaders and people write them: expanded once, bounded, and followed as a child.

After RFC 1950, RFC 1952, RFC 8878, bzip2, and the .xz, LZ4 frame and lzip specifications. Bytes behind the last part
stay unclaimed; what headers and skippable frames hold besides is followed as well.
"""

from __future__ import annotations

import struct

from quarantine.formats.expanded import Expander, expanded
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.parts import NeedsMore, kind_of, skipped
from quarantine.formats.source import SliceSource

_TRIAL = 256
_ZFILE = b"ZF0x"
_ZFILE_HEADER_BYTES = 2 + 19
_SKIPS_LIMIT = 64
_HEADER_LIMIT_BYTES = 1 << 17
_NAME_LIMIT_BYTES = 1024
_SEEK_TABLE, _SEEKABLE = b"\x5e\x2a\x4d\x18", b"\xb1\xea\x92\x8f"


class Compressed:
    """Compressed streams of one kind, one after another."""

    name = "compressed"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic; where it is as short as zlib's, the first bytes must expand too."""
        kind = _kind(source)
        if kind not in ("zlib", "lzma"):
            return kind is not None
        try:
            Expander(source, kind).block(_TRIAL)
        except Malformed:  # a loader would get nothing out of it either
            return False
        return True

    def read(self, node: Node) -> None:
        """Expand to the end to learn the size, and queue the content."""
        kind = _kind(node.source)
        if kind is None:
            raise Malformed("no compressed stream", offset=0)
        try:
            _expand(node, kind, 0)
        except NeedsMore as error:
            node.finding("format-not-read", offset=error.offset, kind=f"{kind}: {error.why}")
            node.unread()


class ZFile:
    """joblib's compressed pickles of before 0.10: ``ZF``, the length in hex, a zlib stream."""

    name = "zfile"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The prefix."""
        return head.startswith(_ZFILE)

    def read(self, node: Node) -> None:
        """Check the length and queue the pickle. (joblib/numpy_pickle_compat.py, read_zfile.)"""
        head = node.source.read(0, _ZFILE_HEADER_BYTES + 1)
        try:
            declared = int(head[2:_ZFILE_HEADER_BYTES], 16)
        except ValueError:
            raise Malformed("length is no hexadecimal number", offset=2) from None
        start = _ZFILE_HEADER_BYTES + head.endswith(b" ")
        node.claim(0, start)
        if _expand(node, "zlib", start) != declared:
            raise Malformed("content is not as long as the header says", offset=2)


def _kind(source: Source) -> str | None:
    """The kind of the first part; skippable frames may stand in front of it."""
    at = max((end for _, end in skipped(source, 0, _SKIPS_LIMIT)), default=0)
    kind = kind_of(source.read(at, 16))
    return kind if not at or kind in ("zstd", "lz4") else None


def _expand(node: Node, kind: str, start: int) -> int:
    """Expand what begins at ``start``, claim and queue it; its size in bytes."""
    size = node.source.size
    packed = SliceSource(node.source, start, size - start)
    reader = Expander(packed, kind)
    while block := reader.block():
        node.expanded(len(block))
    end = size if reader.ended is None else start + reader.ended
    node.claim(start, end)
    node.child("content", expanded(packed, kind, reader.out))
    if kind == "gzip":
        for at in reader.starts:
            _gzip_header(node, packed, at)
    for first, last in reader.skips:
        if not _is_index(packed, first, last, reader):
            node.child(f"skipped-{first}", SliceSource(packed, first + 8, last - first - 8))
    if end < size:
        node.child("trailing", SliceSource(node.source, end, size - end))
    return reader.out


def _gzip_header(node: Node, packed: Source, at: int) -> None:
    """Follow what a member's header holds that no reader looks at. (RFC 1952, 2.3; zlib has checked its form.)"""
    raw = packed.read(at, _HEADER_LIMIT_BYTES)
    flags, here = raw[3], 10
    if flags & 0xE0:
        raise Malformed("gzip header has reserved bits set", offset=at + 3)
    if flags & 4:
        length = struct.unpack_from("<H", raw, here)[0]
        extra = raw[here + 2 : here + 2 + length]
        here += 2 + length
        if not (length == 6 and extra[:4] == b"BC\2\0"):  # bgzip's block size
            node.child(f"extra-{at}", extra)
    for flag, what in ((8, "name"), (16, "comment")):
        if flags & flag:
            end = raw.find(b"\0", here)
            if end < 0:
                raise Malformed("gzip header is over its limit", offset=at)
            text = raw[here:end]
            if text and (what == "comment" or len(text) > _NAME_LIMIT_BYTES):
                node.child(f"{what}-{at}", text)
            here = end + 1


def _is_index(packed: Source, start: int, end: int, read: Expander) -> bool:
    """Whether a skippable frame says no more than its reader knows: pzstd's frame sizes, or a seek table.

    After zstd's contrib/pzstd and contrib/seekable_format/zstd_seekable_compression_format.md.
    """
    head, foot = packed.read(start, 12), packed.read(end - 9, 9)
    if end - start == 12 and head[:1] == b"\x50":
        behind = end + int.from_bytes(head[8:], "little")
        return behind == read.ended or any(behind == first for first, _ in read.skips)
    if head[:4] != _SEEK_TABLE or foot[5:] != _SEEKABLE or end - start < 17 or foot[4] & 0x7F:
        return False
    width, count = 12 if foot[4] & 0x80 else 8, int.from_bytes(foot[:4], "little")
    if end - start != 17 + count * width or count != len(read.starts):
        return False
    rows = packed.read(start + 8, count * width)
    sizes = [struct.unpack_from("<II", rows, at) for at in range(0, len(rows), width)]
    return (sum(size for size, _ in sizes), sum(size for _, size in sizes)) == (start, read.out)
