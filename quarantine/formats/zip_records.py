"""The records of a ZIP: end record, central directory, local headers and data descriptors, each parsed by itself.

After PKWARE APPNOTE 6.3.10. It parses and compares; it opens no member and follows nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from quarantine.formats.interface import Malformed, Source

MEMBERS_LIMIT = 100_000
_DOS_FOLDER, _UNIX_FOLDER = 0x10, 4
# Compression level, sizes behind the data, UTF-8 names; encryption is judged apart.
PLAIN_FLAGS = 0x0002 | 0x0004 | 0x0008 | 0x0800
TAIL_BYTES = 22 + 0xFFFF
END, ENTRY, LOCAL = b"PK\5\6", b"PK\1\2", b"PK\3\4"
ZIP64, UNICODE_PATH, PADDING = 0x0001, 0x7075, 0x4246
# Field -> the most bytes that its writer puts there: time stamps, owners, NTFS times, jar's mark, alignment.
_KNOWN_EXTRA = {0x5455: 13, 0x7875: 24, 0x7855: 4, 0x5855: 12, 0x000A: 32, 0xCAFE: 0, 0xD935: 2, 0x6375: 0}


@dataclass(frozen=True)
class Directory:
    """Where the central directory is. ``base`` is the length in bytes of what stands in front of the archive."""

    entries: int
    start: int
    size: int
    base: int
    end_record: int
    comment: int

    @property
    def end(self) -> int:
        """The offset behind the end record and its comment."""
        return self.end_record + 22 + self.comment


@dataclass(frozen=True)
class Header:
    """One member as one header describes it. Sizes and offsets in bytes; ``data`` is known for local ones only.

    ``odd`` are extra fields that few writers make, as (id, content); ``doubts`` say what readers could disagree about.
    """

    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    data: int = 0
    comment: bytes = b""
    mode: int = 0
    at: int = 0
    odd: tuple[tuple[int, bytes], ...] = field(default=())
    doubts: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """The name, as the UTF-8 flag says that it is written."""
        return self.raw.decode("utf-8" if self.flags & 0x800 else "cp437", "surrogateescape")

    @property
    def late(self) -> bool:
        """True if sizes and CRC stand in a descriptor behind the data."""
        return bool(self.flags & 8)


def end_records(source: Source) -> list[int]:
    """Offsets of every end-record signature that a reader could find, the last one first."""
    start = max(0, source.size - TAIL_BYTES)
    tail = source.read(start, TAIL_BYTES)
    found: list[int] = []
    at = tail.rfind(END)
    while at >= 0 and len(found) < 64:
        if len(tail) - at >= 22:
            found.append(start + at)
        at = tail.rfind(END, 0, at)
    return found


def plausible(source: Source, at: int) -> bool:
    """Whether the end record at ``at`` points at a directory; chance bytes in other formats do not."""
    size, offset = struct.unpack("<II", source.read(at + 12, 8))
    if at >= 20 and source.read(at - 20, 4) == b"PK\6\7":
        return True
    return size + offset <= at and (
        not size or ENTRY in (source.read(at - size, 4), source.read(min(offset, at), 4))
    )


def directory(source: Source, at: int) -> Directory:
    """Read the end record at ``at`` and the ZIP64 one in front of it.

    Raises:
        Malformed: they disagree, span disks, or point outside the file.
    """
    raw = source.read(at, 22)
    disk, cd_disk, here, total, size, offset, comment = struct.unpack_from("<HHHHIIH", raw, 4)
    end = at
    locator = source.read(at - 20, 20) if at >= 20 else b""
    if locator[:4] == b"PK\6\7":
        # The locator's offset does not count what stands in front; the record must end where the locator begins.
        end = at - 76
        record = source.read(end, 56) if end >= 0 else b""
        if record[:4] != b"PK\6\6" or int.from_bytes(record[4:12], "little") != 44:
            raise Malformed("ZIP64 end record is not in front of its locator", offset=at - 20)
        wide = struct.unpack_from("<IIQQQQ", record, 16)
        for old, new, full in zip(
            (disk, cd_disk, here, total, size, offset), wide, (0xFFFF,) * 4 + (0xFFFFFFFF,) * 2, strict=True
        ):
            if old not in (new, full):
                raise Malformed("ZIP64 and plain end records disagree", offset=at)
        disk, cd_disk, here, total, size, offset = wide
        if int.from_bytes(locator[8:16], "little") + (end - size - offset) != end:
            raise Malformed("ZIP64 locator points elsewhere", offset=at - 20)
        if any(locator[4:8]) or int.from_bytes(locator[16:20], "little") > 1:
            raise Malformed("archive spans several disks", offset=at - 20)
    if disk or cd_disk or here != total:
        raise Malformed("archive spans several disks", offset=at)
    base = end - size - offset
    if base < 0 or size < 46 * total or size > end:
        raise Malformed("central directory does not fit in front of its end record", offset=at)
    if total > MEMBERS_LIMIT:
        raise Malformed(f"archive has {total} members, more than are followed", offset=at)
    return Directory(total, end - size, size, base, at, comment)


def entries(source: Source, where: Directory) -> Iterator[Header]:
    """The entries of a central directory, offsets counted from the file's start.

    Raises:
        Malformed: an entry is missing or the directory is longer than its entries.
    """
    data, at = source.read(where.start, where.size), 0
    for _ in range(where.entries):
        if data[at : at + 4] != ENTRY or at + 46 > len(data):
            raise Malformed("central directory entry is missing", offset=where.start + at)
        flags, method, _, _, crc, packed, size, n, m, k, disk = struct.unpack_from(
            "<HHHHIIIHHHH", data, at + 8
        )
        mode, offset = struct.unpack_from("<II", data, at + 38)
        raw, behind = data[at + 46 : at + 46 + n], at + 46 + n
        if behind + m + k > len(data):
            raise Malformed("central directory entry is cut off", offset=where.start + at)
        found = extra(data[behind : behind + m], [size, packed, offset], raw, where.start + behind)
        (size, packed, offset), odd, doubts = found
        if disk not in (0, 0xFFFF):
            doubts += ("the member begins on another disk",)
        if size and not raw.endswith(b"/") and (mode & _DOS_FOLDER or mode >> 28 == _UNIX_FOLDER):
            # miniz, which PyTorch reads with, takes it for a folder and gives no content.
            doubts += ("its attributes say that it is a folder",)
        yield Header(raw, flags, method, crc, packed, size, where.base + offset, mode=mode >> 16, at=where.start + at,
                     comment=data[behind + m : behind + m + k], odd=odd, doubts=doubts)  # fmt: skip
        at += 46 + n + m + k
    if at != len(data):
        raise Malformed("central directory is longer than its entries", offset=where.start + at)


def local(source: Source, at: int) -> Header:
    """The local header at ``at``.

    Raises:
        Malformed: there is none, or it is cut off.
    """
    head = source.read(at, 30)
    if len(head) != 30 or head[:4] != LOCAL:
        raise Malformed("local header is missing", offset=at)
    flags, method, _, _, crc, packed, size, n, m = struct.unpack_from("<HHHHIIIHH", head, 6)
    data = at + 30 + n + m
    if data > source.size:
        raise Malformed("local header is cut off", offset=at)
    raw = source.read(at + 30, n)
    (size, packed), odd, doubts = extra(source.read(at + 30 + n, m), [size, packed], raw, at + 30 + n)
    return Header(raw, flags, method, crc, packed, size, at, data, at=at, odd=odd, doubts=doubts)


Fields = tuple[list[int], tuple[tuple[int, bytes], ...], tuple[str, ...]]


def extra(raw: bytes, wanted: list[int], name: bytes, where: int) -> Fields:
    """(``wanted`` with saturated values replaced from the ZIP64 field, unusual fields, what is in doubt).

    Raises:
        Malformed: a field is longer than its room.
    """
    at, values, seen = 0, list(wanted), set[int]()
    odd: list[tuple[int, bytes]] = []
    doubts: list[str] = []
    while at + 4 <= len(raw):
        kind, length = struct.unpack_from("<HH", raw, at)
        body = raw[at + 4 : at + 4 + length]
        if len(body) != length:
            raise Malformed("extra field is longer than its room", offset=where + at)
        if kind in seen and kind in (ZIP64, UNICODE_PATH):
            doubts.append("an extra field that says sizes or names stands there twice")
        elif kind == ZIP64:
            values, sound = _widened(body, values)
            if not sound:
                doubts.append("the ZIP64 field says more than the header asks for")
        elif kind == UNICODE_PATH:
            if not _same_name(body, name):
                doubts.append("a second name stands in an extra field")
        elif not (kind == PADDING and not body.strip(b"Z\0")) and length > _KNOWN_EXTRA.get(kind, -1):
            odd.append((kind, body))
        seen.add(kind)
        at += 4 + length
    if any(raw[at:]):
        raise Malformed("bytes behind the last extra field", offset=where + at)
    return values, tuple(odd), tuple(doubts)


def _widened(body: bytes, values: list[int]) -> tuple[list[int], bool]:
    """``values`` with saturated ones replaced, and whether all readers of the field see the same."""
    found, rest = list(values), body
    for i, value in enumerate(values):
        if value == 0xFFFFFFFF and len(rest) >= 8:
            found[i], rest = int.from_bytes(rest[:8], "little"), rest[8:]
    if rest in (b"", bytes(4)) and len(body) - len(rest) == 8 * values.count(0xFFFFFFFF):
        return found, 0xFFFFFFFF not in found
    whole = b"".join(value.to_bytes(8, "little") for value in found)
    return found, whole.startswith(body) and len(body) % 8 == 0


def _same_name(body: bytes, name: bytes) -> bool:
    """Whether a Unicode name (APPNOTE 4.6.9) is ``name`` again, or says what ASCII cannot."""
    if body[:1] != b"\1" or body[1:5] != zlib.crc32(name).to_bytes(4, "little"):
        return False
    text = body[5:].decode("utf-8", "replace")
    return body[5:] == name or not text.isascii()


def descriptor(source: Source, at: int, entry: Header) -> int | None:
    """Length in bytes of the data descriptor at ``at`` if it agrees with ``entry``; None if none does."""
    tail = source.read(at, 24)
    for form in ("<4sIQQ", "<4sIII", "<IQQ", "<III"):
        width = struct.calcsize(form)
        values = struct.unpack_from(form, tail) if len(tail) >= width else ()
        rest = (entry.crc, entry.packed, entry.size)
        if values in ((b"PK\7\x08", *rest), rest):
            return width
    return None
