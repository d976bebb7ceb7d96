"""ZIP, read so that no two readers can disagree: all records and CRCs must agree.

After PKWARE APPNOTE 6.3.10. Only stored and deflated members are opened, and only up to a limit; every byte
is claimed by a record or stays unclaimed.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import InflatedSource, SliceSource

MEMBERS_LIMIT = 100_000
INFLATED_LIMIT_BYTES = 256 << 20
TOTAL_LIMIT_BYTES = 1 << 30
_KNOWN_EXTRA = frozenset({0x0001, 0x5455, 0x7875, 0x4246, 0x000A, 0x5855})


@dataclass(frozen=True)
class Member:
    """One entry of the central directory, with its local data found. Sizes in bytes."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header: int
    data: int = 0


def _directory(source: Source) -> tuple[int, int, int, int, bool]:
    """(end record's offset, entries, directory size, directory offset, zip64), from the end of the file."""
    start = max(0, source.size - 65_557)
    tail = source.read(start, 65_557)
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if len(tail) - at >= 22 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            break
        at = tail.rfind(b"PK\5\6", 0, at)
    if at < 0:
        raise Malformed("no end of central directory that ends with the file", offset=start)
    disk, cd_disk, here, total, size, offset, _ = struct.unpack_from("<HHHHIIH", tail, at + 4)
    end = start + at
    locator = source.read(end - 20, 20) if end >= 20 else b""
    if locator[:4] == b"PK\6\7":
        where = int.from_bytes(locator[8:16], "little")
        record = source.read(where, 56)
        if where + 56 != end - 20 or record[:4] != b"PK\6\6":
            raise Malformed("ZIP64 end record is not in front of its locator", offset=end - 20)
        _, _, _, disk64, cd64, here64, total64, size64, offset64 = struct.unpack_from("<QHHIIQQQQ", record, 4)
        for old, new, full in (
            (total, total64, 0xFFFF),
            (here, here64, 0xFFFF),
            (size, size64, 0xFFFFFFFF),
            (offset, offset64, 0xFFFFFFFF),
        ):
            if old not in (new, full):
                raise Malformed("ZIP64 and plain end records disagree", offset=end)
        disk, cd_disk, here, total, size, offset = disk64, cd64, here64, total64, size64, offset64
        end = where
    if disk or cd_disk or here != total:
        raise Malformed("archive spans several disks", offset=end)
    return end, total, size, offset, end != start + at


def _extra(node: Node, raw: bytes, where: int, wanted: list[int]) -> list[int]:
    """Walk extra fields; return the values with the 32-bit ones replaced from the ZIP64 field."""
    at, values = 0, list(wanted)
    while at + 4 <= len(raw):
        kind, length = struct.unpack_from("<HH", raw, at)
        body = raw[at + 4 : at + 4 + length]
        if len(body) != length:
            raise Malformed("extra field is longer than its room", offset=where + at)
        if kind == 1:
            for i, value in enumerate(values):
                if value == 0xFFFFFFFF and len(body) >= 8:
                    values[i], body = int.from_bytes(body[:8], "little"), body[8:]
        elif kind not in _KNOWN_EXTRA:
            node.finding("zip-extra-field", offset=where + at, length=length + 4, id=hex(kind))
        at += 4 + length
    if any(raw[at:]):
        raise Malformed("bytes behind the last extra field", offset=where + at)
    return values


def members(node: Node) -> list[Member]:
    """All members, checked against their local headers; claims every record and member.

    Raises:
        Malformed: the records break the specification or disagree.
    """
    source = node.source
    end, total, size, declared, _ = _directory(source)
    base = end - size - declared
    if base < 0 or size > end or total > MEMBERS_LIMIT or size < 46 * total:
        raise Malformed("central directory does not fit in front of its end record", offset=end)
    if base:
        node.finding("zip-prefix", offset=0, length=base)
    directory = source.read(end - size, size)
    node.claim(end - size, source.size)
    comment = source.size - source.read(max(0, end), source.size - end).rfind(b"PK\5\6") - end - 22
    if comment > 0:
        node.finding("zip-comment", offset=source.size - comment, length=comment)
    found, at = [], 0
    names: set[str] = set()
    spans: list[tuple[int, int]] = []
    for _ in range(total):
        if directory[at : at + 4] != b"PK\1\2" or at + 46 > size:
            raise Malformed("central directory entry is missing", offset=end - size + at)
        flags, method, _, _, crc, packed, full, n, m, k = struct.unpack_from("<HHHHIIIHHH", directory, at + 8)
        raw = directory[at + 46 : at + 46 + n]
        extra = directory[at + 46 + n : at + 46 + n + m]
        header = int.from_bytes(directory[at + 42 : at + 46], "little")
        full, packed, header = _extra(node, extra, end - size + at + 46 + n, [full, packed, header])
        attributes = int.from_bytes(directory[at + 38 : at + 42], "little")
        name = raw.decode("utf-8" if flags & 0x800 else "cp437", "surrogateescape")
        if k:
            node.finding("zip-comment", offset=end - size + at, length=k)
        _name(node, name, names, attributes)
        member = _local(node, Member(name, flags, method, crc, packed, full, base + header), raw)
        spans.append((member.header, member.data + member.packed))
        found.append(member)
        at += 46 + n + m + k
    if at != size:
        raise Malformed("central directory is longer than its entries", offset=end - size + at)
    spans.sort()
    for (_, before), (after, _) in zip(spans, [*spans[1:], (end - size, 0)], strict=True):
        if before > after:
            raise Malformed("members overlap", offset=after)
    return found


def _name(node: Node, name: str, names: set[str], attributes: int) -> None:
    plain = name.replace("\\", "/")
    parts = plain.rstrip("/").split("/")
    if "\0" in name or plain.startswith("/") or ".." in parts or (len(plain) > 1 and plain[1] == ":"):
        node.finding("zip-path-escape", member=name)
    if (attributes >> 16) & 0xF000 == 0xA000:
        node.finding("zip-path-escape", member=name, kind="link")
    if name in names:
        node.finding("zip-ambiguous", member=name, why="two members have this name")
    names.add(name)


def _local(node: Node, entry: Member, raw: bytes) -> Member:
    head = node.source.read(entry.header, 30)
    if len(head) != 30 or head[:4] != b"PK\3\4":
        raise Malformed("local header is missing", offset=entry.header)
    flags, method, _, _, crc, packed, size, n, m = struct.unpack_from("<HHHHIIIHH", head, 6)
    name = node.source.read(entry.header + 30, n)
    extra = node.source.read(entry.header + 30 + n, m)
    size, packed = _extra(node, extra, entry.header + 30 + n, [size, packed])
    data = entry.header + 30 + n + m
    late = bool(flags & 8)
    differs = [
        label
        for label, here, there in (
            ("name", name, raw),
            ("flags", flags, entry.flags),
            ("method", method, entry.method),
            ("crc", 0 if late and not crc else crc, 0 if late and not crc else entry.crc),
            ("size", 0 if late and not size else size, 0 if late and not size else entry.size),
            ("packed", 0 if late and not packed else packed, 0 if late and not packed else entry.packed),
        )
        if here != there
    ]
    if differs:
        node.finding("zip-ambiguous", offset=entry.header, why="local header differs: " + ", ".join(differs))
    if data + entry.packed > node.source.size:
        raise Malformed("member ends behind the end of the file", offset=data)
    end = data + entry.packed
    node.claim(entry.header, end)
    if late:
        tail = node.source.read(end, 24)
        for form in ("<4sIQQ", "<4sIII", "<IQQ", "<III"):
            width = struct.calcsize(form)
            values = struct.unpack_from(form, tail) if len(tail) >= width else ()
            if values in (
                (b"PK\7\x08", entry.crc, entry.packed, entry.size),
                (entry.crc, entry.packed, entry.size),
            ):
                node.claim(end, end + width)
                break
        else:
            node.finding("zip-ambiguous", offset=end, why="data descriptor differs or is missing")
    return Member(name=entry.name, flags=entry.flags, method=entry.method, crc=entry.crc, packed=entry.packed,
                  size=entry.size, header=entry.header, data=data)  # fmt: skip


def content(node: Node, member: Member) -> Source | None:
    """The member's bytes after its CRC was checked; None (with a finding) if they cannot be had."""
    packed = SliceSource(node.source, member.data, member.packed)
    if member.flags & 0x2041 or member.method not in (0, 8):
        node.finding("zip-unreadable-member", offset=member.header, member=member.name, method=member.method)
        return None
    if member.method == 0:
        if member.packed != member.size:
            raise Malformed("stored member has two sizes", offset=member.header)
        with packed.view() as view:
            crc = zlib.crc32(view)
    else:
        if member.size > INFLATED_LIMIT_BYTES:
            node.finding("zip-limit", offset=member.header, member=member.name, size=member.size)
            return None
        crc = _inflated_crc(packed, member)
    if crc != member.crc:
        node.finding("zip-ambiguous", offset=member.header, member=member.name, why="CRC is wrong")
    return packed if member.method == 0 else InflatedSource(packed, member.size)


def _inflated_crc(packed: Source, member: Member) -> int:
    machine, crc, size = zlib.decompressobj(-15), 0, 0
    with packed.view() as view:
        feed: bytes | memoryview = view
        while not machine.eof:
            try:
                block = machine.decompress(feed, 1 << 20)
            except zlib.error as error:
                raise Malformed(f"deflate stream is broken: {error}", offset=member.data) from None
            crc, size, feed = zlib.crc32(block, crc), size + len(block), machine.unconsumed_tail
            if size > member.size or (not block and not feed and not machine.eof):
                break
    if size != member.size or not machine.eof or machine.unused_data:
        raise Malformed("deflate stream and declared size disagree", offset=member.data)
    return crc


class Zip:
    """A ZIP archive of anything; members are followed as artifacts."""

    name = "zip"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A local header in front, or an end record that ends with the file."""
        return head[:4] in (b"PK\3\4", b"PK\5\6") or b"PK\5\6" in source.read(
            max(0, source.size - 65_557), 65_557
        )

    def read(self, node: Node) -> None:
        """Check all records; queue every member, or read PyTorch's layout as such."""
        from quarantine.formats.torch_zip import roles

        listing = members(node)
        layout = roles([member.name for member in listing])
        total = 0
        for member in listing:
            if member.name.endswith("/") and not member.size:
                continue
            if member.method == 8:
                total += member.size
            if total > TOTAL_LIMIT_BYTES:
                node.finding("zip-limit", offset=member.header, member=member.name, size=total)
                return
            source = content(node, member)
            role = layout.get(member.name)
            if source is not None and role != "storage":
                node.child(member.name, source, expect=role)
        if layout:
            node.fact("layout", "torch")
