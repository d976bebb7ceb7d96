"""gzip, zlib, bz2, xz and lzma streams, as joblib writes them: expanded once, bounded, and followed as a child.

After RFC 1950, RFC 1952, bzip2 and the .xz specification. Bytes behind the last stream stay unclaimed.
"""

from __future__ import annotations

from quarantine.formats.expanded import ExpandedSource, Expander, kind_of
from quarantine.formats.interface import Malformed, Node, Source

_TRIAL = 256


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
        except Malformed as error:
            return error.offset == source.size  # cut off rather than broken
        return True

    def read(self, node: Node) -> None:
        """Expand to the end to learn the size, and queue the content."""
        kind = kind_of(node.source.read(0, 16))
        if kind is None:
            raise Malformed("no compressed stream", offset=0)
        reader = Expander(node.source, kind)
        while block := reader.block():
            node.expanded(len(block))
        end = node.source.size if reader.ended is None else reader.ended
        node.claim(0, end)
        node.child("content", ExpandedSource(node.source, kind, reader.out))
        if end < node.source.size:
            node.child("trailing", node.source.read(end, node.source.size - end))
