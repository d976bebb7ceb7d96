"""BMP: headers, colours and pixel rows of exactly the size that they give.

After Windows' BITMAPFILEHEADER and its successors. Nothing is decoded.
"""

from __future__ import annotations

from quarantine.formats.interface import Malformed, Node, Source

_HEADERS = {12, 40, 52, 56, 108, 124}
_PALETTE_LIMIT = 256


def _number(raw: bytes, at: int, width: int) -> int:
    return int.from_bytes(raw[at : at + width], "little", signed=width == 4)


class Bmp:
    """An uncompressed BMP; compressed ones are claimed by their declared size."""

    name = "bmp"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic, reserved zeros, and a header of one of the sizes that exist."""
        return head[:2] == b"BM" and not any(head[6:10]) and _number(head, 14, 4) in _HEADERS

    def read(self, node: Node) -> None:
        """Check the sizes and claim all."""
        raw = node.source.read(0, 138)
        size, start, header = _number(raw, 2, 4), _number(raw, 10, 4), _number(raw, 14, 4)
        wide = 2 if header == 12 else 4
        width, height = _number(raw, 18, wide), abs(_number(raw, 18 + wide, wide))
        depth = _number(raw, 20 + 2 * wide, 2)
        packing = 0 if header == 12 else _number(raw, 30, 4)
        if depth not in (1, 4, 8, 16, 24, 32) or width <= 0 or not 0 <= packing <= 3:
            raise Malformed("header is not the specification's", offset=14)
        pixels = _number(raw, 34, 4) if packing in (1, 2) else height * (-(-width * depth // 32) * 4)
        # Between headers and pixels lie the masks and the colours.
        least = 14 + header
        if not least <= start <= least + 16 + 4 * _PALETTE_LIMIT or pixels <= 0:
            raise Malformed("colours or pixels lie where no writer puts them", offset=10)
        if start + pixels > node.source.size or size not in (0, start + pixels, node.source.size):
            raise Malformed("pixels and file size disagree", offset=2)
        node.claim(0, start + pixels)
        rest = node.source.size - start - pixels
        if rest < 4 and not any(node.source.read(start + pixels, rest)):
            node.claim(start + pixels, node.source.size)
