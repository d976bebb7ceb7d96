"""RAR archives of versions 4 and 5: every header is checked, stored members are followed, packed ones are unread.

After RARLAB's RAR 5.0 archive format note and technote.txt of UnRAR 4. Nothing is expanded, because the method has no
specification.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.member_names import same_to_someone, way_out
from quarantine.formats.source import SliceSource

RAR4, RAR5 = b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0"
BLOCKS_LIMIT = 100_000
HEADER_LIMIT_BYTES = 2 << 20


@dataclass(frozen=True)
class Block:
    """One block. ``method`` is that of a member, None for all others; offsets and sizes in bytes."""

    at: int
    data: int
    end: int
    name: str = ""
    method: int | None = None
    crc: int | None = None
    size: int = 0
    folder: bool = False
    link: bool = False
    encrypted: bool = False
    last: bool = False


class Rar:
    """A RAR archive."""

    name = "rar"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic of either version."""
        return head.startswith((RAR4, RAR5))

    def read(self, node: Node) -> None:
        """Walk the blocks; queue what is stored and claim it."""
        blocks = _blocks5(node.source) if node.source.read(0, 8) == RAR5 else _blocks4(node.source)
        node.claim(0, 8 if node.source.read(0, 8) == RAR5 else 7)
        names: set[str] = set()
        for block in blocks:
            node.claim(block.at, block.data)
            _block(node, block, names)
            if block.last:
                if block.end < node.source.size:
                    node.child("trailing", SliceSource(node.source, block.end, node.source.size - block.end))
                return
        raise Malformed("archive does not end", offset=node.source.size)


def _block(node: Node, block: Block, names: set[str]) -> None:
    data = SliceSource(node.source, block.data, block.end - block.data)
    if block.encrypted:
        node.finding("zip-unreadable-member", offset=block.at, member=block.name, method="encrypted")
        node.unread()
        return
    if block.method is None:
        return  # what it holds stays unclaimed
    if how := "a link" if block.link else way_out(block.name):
        node.finding("zip-path-escape", offset=block.at, member=block.name, how=how)
    same = same_to_someone(block.name)
    if same in names and not block.folder:
        why = "two members have this name"
        node.finding("zip-ambiguous", offset=block.at, member=block.name, why=why)
    names.add(same)
    if block.method:
        node.finding("format-not-read", offset=block.at, kind=f"packed member of a rar: {block.name}")
        node.unread()
        return
    if block.folder and not data.size:
        return
    crc = 0
    for at in range(0, data.size, 1 << 20):
        crc = zlib.crc32(data.read(at, 1 << 20), crc)
    if data.size != block.size or (block.crc is not None and crc != block.crc):
        node.finding("zip-ambiguous", offset=block.at, member=block.name, why="the CRC or size is wrong")
    node.claim(block.data, block.end)
    node.child(block.name, data)


class _Fields:
    """Where the reader is in a header."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        """The next bytes."""
        if not 0 <= length <= len(self.data) - self.at:
            raise Malformed("header ends inside a value")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self) -> int:
        """The next number of variable length."""
        value = 0
        for index in range(10):
            byte = self.take(1)[0]
            value |= (byte & 127) << (7 * index)
            if byte < 128:
                return value
        raise Malformed("number is too long")


def _blocks5(source: Source) -> Iterator[Block]:
    at = len(RAR5)
    for _ in range(BLOCKS_LIMIT):
        front = _Fields(source.read(at + 4, 3))
        length = front.number()
        start = at + 4 + front.at
        body = source.read(start, length)
        crc = zlib.crc32(front.data[: front.at] + body).to_bytes(4, "little")
        if length > HEADER_LIMIT_BYTES or len(body) != length or source.read(at, 4) != crc:
            raise Malformed("header is cut off, or its CRC is wrong", offset=at)
        block = _block5(_Fields(body), at, start + length)
        if block.end > source.size:
            raise Malformed("data ends behind the end of the file", offset=at)
        yield block
        at = block.end
    raise Malformed("archive has more blocks than are followed", offset=at)


def _block5(fields: _Fields, at: int, data: int) -> Block:
    kind, flags = fields.number(), fields.number()
    extra = fields.number() if flags & 1 else 0
    size = fields.number() if flags & 2 else 0
    end = data + size
    if kind in (1, 5):
        return Block(at, data, end, last=kind == 5)
    if kind == 4:
        return Block(at, data, end, "all of it", encrypted=True)
    if kind != 2:
        return Block(at, data, end)
    about, unpacked, _ = fields.number(), fields.number(), fields.number()
    if about & 2:
        fields.take(4)
    crc = struct.unpack("<I", fields.take(4))[0] if about & 4 else None
    method, _ = fields.number() >> 7 & 7, fields.number()
    name = fields.take(fields.number()).decode("utf-8", "surrogateescape")
    kinds = _records(_Fields(fields.take(extra)))
    if fields.at != len(fields.data):
        raise Malformed("header has bytes that belong to no field", offset=at)
    return Block(at, data, end, name, method, crc, unpacked, bool(about & 1), 5 in kinds, 1 in kinds)


def _records(fields: _Fields) -> set[int]:
    """The kinds of the records in a header's extra area."""
    kinds = set()
    while fields.at < len(fields.data):
        record = _Fields(fields.take(fields.number()))
        kinds.add(record.number())
    return kinds


def _blocks4(source: Source) -> Iterator[Block]:
    at = len(RAR4)
    for _ in range(BLOCKS_LIMIT):
        head = source.read(at, 7)
        if len(head) < 7:
            raise Malformed("archive does not end", offset=at)
        crc, kind, flags, length = struct.unpack("<HBHH", head)
        body = source.read(at, length)
        if length < 7 or len(body) != length or zlib.crc32(body[2:]) & 0xFFFF != crc:
            raise Malformed("header is cut off, or its CRC is wrong", offset=at)
        block = _block4(_Fields(body[7:]), at, at + length, kind, flags)
        if block.end > source.size:
            raise Malformed("data ends behind the end of the file", offset=at)
        yield block
        at = block.end
    raise Malformed("archive has more blocks than are followed", offset=at)


def _block4(fields: _Fields, at: int, data: int, kind: int, flags: int) -> Block:
    if kind == 0x73:
        return Block(at, data, data, "all of it", encrypted=bool(flags & 0x80))
    if kind != 0x74:
        size = struct.unpack("<I", fields.take(4))[0] if flags & 0x8000 else 0
        return Block(at, data, data + size, last=kind == 0x7B)
    packed, unpacked, _, crc, _, _, method, length, mode = struct.unpack("<IIBIIBBHI", fields.take(25))
    if flags & 0x100:
        high, higher = struct.unpack("<II", fields.take(8))
        packed, unpacked = packed + (high << 32), unpacked + (higher << 32)
    name = fields.take(length).split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    folder, link = flags & 0xE0 == 0xE0, mode & 0xF000 == 0xA000
    return Block(at, data, data + packed, name, method - 0x30, crc, unpacked, folder, link, bool(flags & 4))
