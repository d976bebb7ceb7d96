"""gzip, zlib, bz2, xz and lzma streams, as joblib writes them: expanded once, bounded, and followed as a child.

After RFC 1950, RFC 1952, bzip2 and the .xz specification. Bytes behind the last stream stay unclaimed.
"""

from __future__ import annotations

from quarantine.formats.expanded import ExpandedSource, Expander, kind_of
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource

_TRIAL = 256
_ZFILE = b"ZF0x"
_ZFILE_HEADER_BYTES = 2 + 19


class Compressed:
    """Compressed streams of one kind, one after another."""

    name = "compressed"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic; where it is as short as zlib's, the first bytes must expand too."""
        kind = kind_of(head)
        if kind not in ("zlib", "lzma"):
            return kind is not None
        try:
            Expander(source, kind).block(_TRIAL)
        except Malformed:  # a loader would get nothing out of it either
            return False
        return True

    def read(self, node: Node) -> None:
        """Expand to the end to learn the size, and queue the content."""
        kind = kind_of(node.source.read(0, 16))
        if kind is None:
            raise Malformed("no compressed stream", offset=0)
        _expand(node, kind, 0)


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


def _expand(node: Node, kind: str, start: int) -> int:
    """Expand what begins at ``start``, claim and queue it; its size in bytes."""
    size = node.source.size
    packed = SliceSource(node.source, start, size - start)
    reader = Expander(packed, kind)
    while block := reader.block():
        node.expanded(len(block))
    end = size if reader.ended is None else start + reader.ended
    node.claim(start, end)
    node.child("content", ExpandedSource(packed, kind, reader.out))
    if end < size:
        node.child("trailing", SliceSource(node.source, end, size - end))
    return reader.out
