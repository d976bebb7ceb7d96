"""GIF 87a and 89a: every block to the trailer; bytes behind it stay unclaimed.

After https://www.w3.org/Graphics/GIF/spec-gif89a.txt. Nothing is decoded.
"""

from __future__ import annotations

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource

_MAGICS = (b"GIF87a", b"GIF89a")
BLOCKS_LIMIT = 1 << 16
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B


class Gif:
    """GIF."""

    name = "gif"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(_MAGICS)

    def read(self, node: Node) -> None:
        """Walk the blocks."""
        with node.source.view() as data:
            end = _blocks(data)
        node.claim(0, end)
        if end < node.source.size:
            node.child("trailing", SliceSource(node.source, end, node.source.size - end))


def _byte(data: memoryview, at: int) -> int:
    if at >= len(data):
        raise Malformed("block is cut off", offset=len(data))
    return data[at]


def _table(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: memoryview) -> int:
    at = 13 + _table(_byte(data, 10))
    for _ in range(BLOCKS_LIMIT):
        kind = _byte(data, at)
        if kind == _TRAILER:
            return at + 1
        if kind == _IMAGE:
            at += 10 + _table(_byte(data, at + 9)) + 1
        elif kind == _EXTENSION:
            at += 2
        else:
            raise Malformed(f"block of kind {kind:#x} is not the specification's", offset=at)
        while length := _byte(data, at):
            at += 1 + length
        at += 1
    raise Malformed("image has too many blocks", offset=at)
