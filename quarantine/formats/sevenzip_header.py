"""The header of a 7z archive as plain records: packed streams, folders with their coders, substreams, files.

After 7-Zip's DOC/7zFormat.txt. Every count is checked against the bytes that are left before it is used; nothing is
expanded here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from quarantine.formats.interface import Malformed

END, HEADER, ARCHIVE_PROPERTIES, ADDITIONAL, MAIN_STREAMS, FILES = range(6)
PACK_INFO, UNPACK_INFO, SUBSTREAMS, SIZE, CRC, FOLDER, CODERS_SIZE, UNPACK_STREAMS = range(6, 14)
EMPTY_STREAM, EMPTY_FILE, ANTI, NAMES, _CREATED, _ACCESSED, _MODIFIED, ATTRIBUTES = range(14, 22)
COMMENT, ENCODED, START_POSITION, DUMMY = range(22, 26)
CODERS_LIMIT, STREAMS_LIMIT = 32, 32
FILES_LIMIT = 100_000


@dataclass(frozen=True)
class Coder:
    """One method of a folder and its properties."""

    method: bytes
    properties: bytes
    inputs: int = 1
    outputs: int = 1


@dataclass
class Folder:
    """What was packed together. ``sizes`` are those of each coder's output, in bytes; ``binds`` say (input, output)."""

    coders: list[Coder]
    binds: list[tuple[int, int]]
    packed: list[int]
    sizes: list[int] = field(default_factory=list)
    crc: int | None = None
    parts: list[tuple[int, int | None]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes that come out of the last coder, the one whose output no other takes."""
        taken = {output for _, output in self.binds}
        return next((size for index, size in enumerate(self.sizes) if index not in taken), 0)


@dataclass
class Streams:
    """Where packed data begins (counted from behind the signature header), how long each stream is, the folders."""

    start: int = 0
    packed: list[tuple[int, int | None]] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)


@dataclass
class File:
    """One file or folder. ``has_data`` says that a substream belongs to it."""

    name: str = ""
    has_data: bool = True
    folder: bool = False
    anti: bool = False
    mode: int = 0
    link: bool = False


class Cursor:
    """Where the reader is in the header; every step is checked against its end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        if not 0 <= length <= len(self.data) - self.at:
            raise Malformed("7z header ends inside a value")
        self.at += length
        return self.data[self.at - length : self.at]

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def number(self) -> int:
        """The next number of 7z's variable length. (ReadNumber in 7zIn.cpp)"""
        first = self.byte()
        value, mask = 0, 0x80
        for index in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * index)
            value |= self.byte() << (8 * index)
            mask >>= 1
        return value

    def count(self, limit: int) -> int:
        """The next number, which counts things of which there are at most ``limit``."""
        value = self.number()
        if value > limit:
            raise Malformed("7z header counts more than is followed")
        return value

    def bits(self, count: int) -> list[bool]:
        """The next bit vector."""
        raw = self.take(-(-count // 8))
        return [bool(raw[index // 8] & 0x80 >> index % 8) for index in range(count)]

    def defined(self, count: int) -> list[bool]:
        """The next bit vector that is left out where all bits are set."""
        return [True] * count if self.byte() else self.bits(count)

    def crcs(self, count: int) -> list[int | None]:
        """The next digests."""
        return [struct.unpack("<I", self.take(4))[0] if known else None for known in self.defined(count)]

    def expect(self, *kinds: int) -> int:
        """The next property id, which must be one of ``kinds``."""
        kind = self.byte()
        if kind not in kinds:
            raise Malformed(f"7z header has property {kind} where it does not belong")
        return kind


def streams(cursor: Cursor) -> Streams:
    """StreamsInfo: packed streams, folders, and what each folder holds."""
    found = Streams()
    kind = cursor.expect(PACK_INFO, UNPACK_INFO, SUBSTREAMS, END)
    if kind == PACK_INFO:
        _pack_info(cursor, found)
        kind = cursor.expect(UNPACK_INFO, SUBSTREAMS, END)
    if kind == UNPACK_INFO:
        _unpack_info(cursor, found)
        kind = cursor.expect(SUBSTREAMS, END)
    for folder in found.folders:
        folder.parts = [(folder.size, folder.crc)]
    if kind == SUBSTREAMS:
        _substreams(cursor, found.folders)
        cursor.expect(END)
    if sum(len(folder.packed) for folder in found.folders) != len(found.packed):
        raise Malformed("7z folders and packed streams do not belong together")
    return found


def _pack_info(cursor: Cursor, found: Streams) -> None:
    found.start = cursor.number()
    count = cursor.count(FILES_LIMIT)
    sizes, crcs = [0] * count, [None] * count  # type: tuple[list[int], list[int | None]]
    while (kind := cursor.expect(SIZE, CRC, END)) != END:
        if kind == SIZE:
            sizes = [cursor.number() for _ in range(count)]
        else:
            crcs = cursor.crcs(count)
    found.packed = list(zip(sizes, crcs, strict=True))


def _unpack_info(cursor: Cursor, found: Streams) -> None:
    cursor.expect(FOLDER)
    count = cursor.count(FILES_LIMIT)
    if cursor.byte():
        raise Malformed("7z header keeps its folders elsewhere")
    found.folders = [_folder(cursor) for _ in range(count)]
    cursor.expect(CODERS_SIZE)
    for folder in found.folders:
        folder.sizes = [cursor.number() for coder in folder.coders for _ in range(coder.outputs)]
    while cursor.expect(CRC, END) != END:
        for folder, crc in zip(found.folders, cursor.crcs(count), strict=True):
            folder.crc = crc


def _folder(cursor: Cursor) -> Folder:
    coders = []
    for _ in range(cursor.count(CODERS_LIMIT)):
        flags = cursor.byte()
        if flags & 0xC0:
            raise Malformed("7z coder has reserved bits set")
        method = cursor.take(flags & 15)
        inputs, outputs = (cursor.count(STREAMS_LIMIT), cursor.count(STREAMS_LIMIT)) if flags & 16 else (1, 1)
        properties = cursor.take(cursor.number()) if flags & 32 else b""
        coders.append(Coder(method, properties, inputs, outputs))
    inputs, outputs = sum(coder.inputs for coder in coders), sum(coder.outputs for coder in coders)
    if not coders or not outputs or inputs < outputs - 1:
        raise Malformed("7z folder has no coder, or no output")
    binds = [(cursor.count(inputs), cursor.count(outputs)) for _ in range(outputs - 1)]
    free = inputs - len(binds)
    if free == 1:
        packed = [index for index in range(inputs) if index not in {first for first, _ in binds}][:1]
    else:
        packed = [cursor.count(inputs) for _ in range(free)]
    return Folder(coders, binds, packed)


def _substreams(cursor: Cursor, folders: list[Folder]) -> None:
    kind = cursor.expect(UNPACK_STREAMS, SIZE, CRC, END)
    counts = [1] * len(folders)
    if kind == UNPACK_STREAMS:
        counts = [cursor.count(FILES_LIMIT) for _ in folders]
        kind = cursor.expect(SIZE, CRC, END)
    if sum(counts) > FILES_LIMIT:
        raise Malformed("7z header counts more than is followed")
    sizes = []
    for folder, count in zip(folders, counts, strict=True):
        row = [cursor.number() for _ in range(count - 1)] if kind == SIZE else []
        if count and (len(row) != count - 1 or sum(row) > folder.size):
            raise Malformed("7z substreams are larger than their folder")
        sizes.append([*row, folder.size - sum(row)] if count else [])
    if kind == SIZE:
        kind = cursor.expect(CRC, END)
    known = [count == 1 and folder.crc is not None for folder, count in zip(folders, counts, strict=True)]
    given: list[int | None] = []
    if kind == CRC:
        missing = sum(count for count, done in zip(counts, known, strict=True) if not done)
        given = cursor.crcs(missing)
        cursor.expect(END)
    rest = iter(given)
    for folder, row, done in zip(folders, sizes, known, strict=True):
        folder.parts = [(size, folder.crc if done else next(rest, None)) for size in row]


def files(cursor: Cursor) -> list[File]:
    """FilesInfo: names, attributes, and which files have no data."""
    count = cursor.count(FILES_LIMIT)
    found = [File() for _ in range(count)]
    while kind := cursor.byte():
        body = Cursor(cursor.take(cursor.number()))
        empty = [file for file in found if not file.has_data]
        if kind == EMPTY_STREAM:
            for file, bit in zip(found, body.bits(count), strict=True):
                file.has_data, file.folder = not bit, bit
        elif kind in (EMPTY_FILE, ANTI):
            for file, bit in zip(empty, body.bits(len(empty)), strict=True):
                file.folder, file.anti = (
                    file.folder and not (bit and kind == EMPTY_FILE),
                    bit and kind == ANTI,
                )
        elif kind == NAMES:
            _names(body, found)
        elif kind == ATTRIBUTES:
            _attributes(body, found)
        elif kind in (_CREATED, _ACCESSED, _MODIFIED, START_POSITION):
            known = body.defined(count)
            body.expect(0)
            body.take(8 * sum(known))
        elif kind == DUMMY:
            if any(body.data):
                raise Malformed("7z header has bytes in its padding")
            body.at = len(body.data)
        else:
            raise Malformed(f"7z header has property {kind} where it does not belong")
        if body.at != len(body.data):
            raise Malformed("7z header has bytes behind a property")
    return found


def _names(body: Cursor, found: list[File]) -> None:
    body.expect(0)
    raw = body.take(len(body.data) - 1)
    if len(raw) % 2:
        raise Malformed("7z header has half a letter in its names")
    names = raw.decode("utf-16-le", "surrogatepass").split("\0")
    if len(names) != len(found) + 1 or names[-1]:
        raise Malformed("7z header has another number of names than of files")
    for file, name in zip(found, names, strict=False):
        file.name = name


def _attributes(body: Cursor, found: list[File]) -> None:
    known = body.defined(len(found))
    body.expect(0)
    for file, has in zip(found, known, strict=True):
        if has:
            value = struct.unpack("<I", body.take(4))[0]
            # Windows' reparse points, and the Unix mode in the upper half where 0x8000 says so.
            file.mode = value >> 16 if value & 0x8000 else 0
            file.link = bool(value & 0x400) or file.mode & 0xF000 == 0xA000
