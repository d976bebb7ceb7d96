"""Sample sounds that come in frames: Ogg pages with their CRC, and MP3 frames with ID3 tags.

After RFC 3533, ISO 11172-3 and https://id3.org. Every page or frame must follow the one before; nothing is decoded.
"""

from __future__ import annotations

from functools import cache

from quarantine.formats.interface import Malformed, Node, Source, TooLarge

PAGES_LIMIT = 1 << 18
CRC_LIMIT_BYTES = 32 << 20
_RATES = {
    (3, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}  # version (3: MPEG 1), layer (1: III) -> kbit/s
_SAMPLING = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


@cache
def _table() -> tuple[int, ...]:
    found = []
    for first in range(256):
        crc = first << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
        found.append(crc & 0xFFFFFFFF)
    return tuple(found)


def _crc(data: bytes) -> int:
    crc, table = 0, _table()
    for byte in data:
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
    return crc


class Ogg:
    """Ogg pages of any codec."""

    name = "ogg"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic of a page of version 0."""
        return head.startswith(b"OggS\0")

    def read(self, node: Node) -> None:
        """Check every page and its CRC."""
        source, at = node.source, 0
        if source.size > CRC_LIMIT_BYTES:
            raise TooLarge("sound is over the limit", offset=CRC_LIMIT_BYTES)
        while at < source.size:
            head = source.read(at, 27)
            if len(head) < 27 or head[:5] != b"OggS\0":
                return  # what is no page stays unclaimed
            table = source.read(at + 27, head[26])
            size = 27 + len(table) + sum(table)
            if len(table) != head[26] or at + size > source.size:
                return
            page = source.read(at, size)
            if _crc(page[:22] + bytes(4) + page[26:]) != int.from_bytes(head[22:26], "little"):
                raise Malformed("page's CRC is wrong", offset=at)
            node.claim(at, at + size)
            at += size


class Mp3:
    """MPEG audio frames, with tags in front and behind."""

    name = "mp3"

    def recognise(self, head: bytes, source: Source) -> bool:
        """An ID3 tag, or two frames in a row."""
        if head.startswith(b"ID3") and len(head) > 10 and head[3] in (2, 3, 4):
            return True
        first = _frame(head[:4])
        return bool(first) and (first == source.size or bool(_frame(source.read(first, 4))))

    def read(self, node: Node) -> None:
        """Walk the frames; what is none stays unclaimed."""
        source, at, frames = node.source, 0, 0
        head = source.read(0, 10)
        if head.startswith(b"ID3"):
            length = 0
            for byte in head[6:10]:
                if byte > 127:
                    raise Malformed("tag's length is broken", offset=6)
                length = length << 7 | byte
            at = 10 + length + (10 if head[5] & 16 else 0)
        begin = at
        while frames < PAGES_LIMIT and (size := _frame(source.read(at, 4))):
            if at + size > source.size:
                break
            at, frames = at + size, frames + 1
        if frames < 2:
            raise Malformed("no frames of sound", offset=begin)
        node.claim(0, at)
        if source.size - at == 128 and source.read(at, 3) == b"TAG":
            node.claim(at, source.size)


def _frame(head: bytes) -> int:
    """Bytes of the frame that begins so; 0 if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer, rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or not layer or rate in (0, 15) or sampling == 3:
        return 0
    bits = _RATES[3 if version == 3 else 2, layer][rate] * 1000
    hertz, padding = _SAMPLING[version][sampling], head[2] >> 1 & 1
    if layer == 3:
        return (12 * bits // hertz + padding) * 4
    return (144 if layer == 2 or version == 3 else 72) * bits // hertz + padding
