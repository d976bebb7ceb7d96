"""gzip, zlib, bz2 and xz streams, as joblib writes them: expanded once, bounded, and followed as a child.

After RFC 1950, RFC 1952, bzip2 and the .xz specification. Bytes behind the stream stay unclaimed.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import Any

from quarantine.formats.interface import Malformed, Node, Source

EXPANDED_LIMIT_BYTES = 256 << 20
_FEED = 1 << 18


class Compressed:
    """One compressed stream."""

    name = "compressed"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return self._machine(head) is not None

    def _machine(self, head: bytes) -> Any:  # the three libraries share no type
        if head[:3] == b"\x1f\x8b\x08":
            return zlib.decompressobj(31)
        if head[:3] == b"BZh":
            return bz2.BZ2Decompressor()
        if head[:6] == b"\xfd7zXZ\0" or head[:5] == b"\x5d\0\0\x80\0":
            return lzma.LZMADecompressor(memlimit=256 << 20)
        if head[:1] == b"\x78" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0:
            return zlib.decompressobj()
        return None

    def read(self, node: Node) -> None:
        """Expand up to the limit and queue the content."""
        machine = self._machine(node.source.read(0, 16))
        out, at = bytearray(), 0
        try:
            while machine is not None and not machine.eof and at < node.source.size:
                block = node.source.read(at, _FEED)
                at += len(block)
                out += machine.decompress(block, EXPANDED_LIMIT_BYTES + 1 - len(out))
                if len(out) > EXPANDED_LIMIT_BYTES:
                    node.finding("zip-limit", size=len(out))
                    return
        except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
            raise Malformed(f"compressed stream is broken: {error}", offset=at) from None
        if machine is None or not machine.eof:
            raise Malformed("compressed stream does not end", offset=node.source.size)
        node.claim(0, at - len(machine.unused_data))
        node.child("content", bytes(out))
