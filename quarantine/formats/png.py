"""PNG: every chunk with its CRC, and image data that expands to exactly the pixels that the header counts.

After https://www.w3.org/TR/png-3/. Pixels are counted, never decoded. Bytes behind IEND, a common hiding place, and
private chunks of more than a few KiB stay unclaimed.
"""

from __future__ import annotations

import zlib

from quarantine.formats.blobs import Blobs
from quarantine.formats.interface import Malformed, Node, Source, TooLarge
from quarantine.formats.source import SliceSource

MAGIC = b"\x89PNG\r\n\x1a\n"
RAW_LIMIT_BYTES, PRIVATE_LIMIT_BYTES, CHUNKS_LIMIT = 1 << 30, 1 << 14, 1 << 18
_STEP = 1 << 18
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_KNOWN = frozenset(
    {b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI",
     b"tEXt", b"zTXt", b"iTXt", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"eXIf", b"tIME", b"acTL", b"fcTL", b"fdAT",
     b"oFFs", b"pCAL", b"sCAL", b"gIFg", b"gIFx", b"sTER", b"iDOT", b"orNT", b"vpAg", b"caNv", b"caBX"}
)  # fmt: skip


class Png:
    """PNG, animated ones too."""

    name = "png"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Check every chunk; follow what lies behind the last."""
        source, at, expected, blobs = node.source, len(MAGIC), 0, Blobs(node)
        data: list[tuple[int, int]] = []
        node.claim(0, at)
        for number in range(CHUNKS_LIMIT):
            head = source.read(at, 8)
            kind, length = head[4:8], int.from_bytes(head[:4], "big")
            start, end = at + 8, at + 8 + length
            if len(head) < 8 or not kind.isalpha() or end + 4 > source.size:
                raise Malformed("chunk is cut off or has no proper type", offset=at)
            if _crc(source, at + 4, end) != int.from_bytes(source.read(end, 4), "big"):
                raise Malformed("chunk's CRC is wrong", offset=at)
            if (number == 0) != (kind == b"IHDR") or (kind[:1].isupper() and kind not in _KNOWN | {b"IHDR"}):
                raise Malformed("critical chunk is unknown or out of its place", offset=at)
            if kind == b"IHDR":
                expected = _raw_size(source.read(start, 14), length)
            elif kind == b"IDAT":
                data.append((start, end))
            elif kind not in _KNOWN:
                blobs.value(kind.decode(), start, end)
            if kind in _KNOWN or kind == b"IHDR" or length <= PRIVATE_LIMIT_BYTES:
                node.claim(at, end + 4)
            at = end + 4
            if kind == b"IEND":
                if length:
                    raise Malformed("the last chunk holds something", offset=start)
                break
        _expand(node, data, expected)
        if at < source.size:
            node.child("trailing", SliceSource(source, at, source.size - at))


def _crc(source: Source, start: int, end: int) -> int:
    crc = 0
    for at in range(start, end, _STEP):
        crc = zlib.crc32(source.read(at, min(_STEP, end - at)), crc)
    return crc


def _raw_size(raw: bytes, length: int) -> int:
    """Bytes of the filtered rows, all passes of an interlaced image together."""
    width, height = int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:8], "big")
    depth, color, interlaced = raw[8], raw[9], raw[12]
    sound = length == 13 and depth in _DEPTHS.get(color, ()) and not any(raw[10:12]) and interlaced < 2
    if not sound or not 0 < width < 1 << 31 or not 0 < height < 1 << 31:
        raise Malformed("image header is not the specification's", offset=16)
    total = 0
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * depth * _SAMPLES[color] // 8))
    if total > RAW_LIMIT_BYTES:
        raise TooLarge("image has more pixels than are counted", offset=16)
    return total


def _expand(node: Node, data: list[tuple[int, int]], expected: int) -> None:
    """Expand the image data without keeping it."""
    machine, out = zlib.decompressobj(), 0
    for start, end in data:
        for at in range(start, end, _STEP):
            block = node.source.read(at, min(_STEP, end - at))
            while block and not machine.eof:
                try:
                    out += len(machine.decompress(block, 1 << 20))
                except zlib.error as error:
                    raise Malformed(f"image data is broken: {error}", offset=at) from None
                block = machine.unconsumed_tail
            if out > expected or machine.unused_data or (machine.eof and block):
                raise Malformed("more image data than pixels", offset=at)
    node.expanded(out)
    if out != expected or not machine.eof:
        raise Malformed("less image data than pixels", offset=data[-1][0] if data else 8)
