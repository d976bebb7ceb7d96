"""ZIP archives, read so that no two readers can disagree: all records and CRCs must agree.

After PKWARE APPNOTE 6.3.10. Where two readings are possible both are followed. Every byte is claimed by a record
or by a member that was read, or stays unclaimed.
"""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quarantine.formats import zip_records as records
from quarantine.formats.expanded import ExpandedSource, Expander
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource
from quarantine.formats.zip_records import Directory, Header

if TYPE_CHECKING:
    from quarantine.formats.torch_zip import Layout

STORED, DEFLATED = 0, 8
ENCRYPTED = 0x2041
_BLOCK = 1 << 20
_LINK, _KIND = 0xA000, 0xF000


@dataclass(frozen=True)
class Member:
    """One member as its two headers describe it; ``read_as`` says how the central one places its data."""

    entry: Header
    here: Header

    @property
    def read_as(self) -> Header:
        """The central directory's reading, which is what Python and PyTorch take."""
        return replace(self.entry, data=self.here.data)

    @property
    def end(self) -> int:
        """The offset behind the packed data."""
        return self.here.data + self.entry.packed


class Zip:
    """A ZIP archive of anything; members are followed as artifacts."""

    name = "zip"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A local header in front, or an end record that points at a directory."""
        return head[:4] == records.LOCAL or any(
            records.plausible(source, at) for at in records.end_records(source)
        )

    def read(self, node: Node) -> None:
        """Check all records; queue every member, and read PyTorch's layouts as such."""
        from quarantine.formats.torch_zip import layout_of  # most artifacts are no archive

        listing = _members(node, _directory(node))
        layout = layout_of([member.entry.name for member in listing])
        node.known_as(layout.name)
        contents = {}
        for member in listing:
            if member.entry.raw.endswith(b"/") and not member.entry.size:
                continue
            contents[member] = _content(node, member.read_as)
            _other_reading(node, member, layout)
        _hand_on(node, layout, contents)


def _directory(node: Node) -> Directory:
    source = node.source
    ends = records.end_records(source)
    if not ends:
        raise Malformed("no end record", offset=max(0, source.size - records.TAIL_BYTES))
    sound = [at for at in ends if records.plausible(source, at)] or ends
    if sound[0] != ends[0]:
        node.finding(
            "zip-ambiguous", offset=ends[0], why="a reader may take another end record for the last one"
        )
    where = records.directory(source, sound[0])
    if where.base:
        node.finding("zip-prefix", offset=0, length=where.base)
        node.child("prefix", SliceSource(source, 0, where.base))
    if where.comment:
        node.finding("zip-comment", offset=where.end_record + 22, length=where.comment)
        comment = source.read(where.end_record + 22, where.comment)
        node.child("comment", comment)
    if where.end > source.size:
        node.finding("zip-ambiguous", offset=where.end_record, why="the comment is longer than the file")
    elif where.end < source.size:
        node.child("trailing", SliceSource(source, where.end, source.size - where.end))
    node.claim(where.start, where.end)
    return where


def _members(node: Node, where: Directory) -> list[Member]:
    found: list[Member] = []
    names: set[str] = set()
    for entry in records.entries(node.source, where):
        member = Member(entry, records.local(node.source, entry.offset))
        if member.end > node.source.size:
            raise Malformed("member ends behind the end of the file", offset=member.here.data)
        _check_name(node, entry, names)
        for kind in (*entry.odd, *member.here.odd):
            node.finding("zip-extra-field", offset=entry.at, id=hex(kind))
            if kind == records.UNICODE_PATH:
                node.finding("zip-ambiguous", offset=entry.at, why="a second name stands in an extra field")
        if entry.comment:
            node.finding("zip-comment", offset=entry.at, length=entry.comment)
        if differs := _differences(entry, member.here):
            why = "local header differs: " + ", ".join(differs)
            node.finding("zip-ambiguous", offset=member.here.at, member=entry.name, why=why)
        node.claim(member.here.offset, member.here.data)
        if member.here.late or entry.late:
            width = records.descriptor(node.source, member.end, entry)
            if width is None:
                node.finding("zip-ambiguous", offset=member.end, why="data descriptor differs or is missing")
            node.claim(member.end, member.end + (width or 0))
        found.append(member)
    spans = sorted((member.here.offset, member.end) for member in found)
    for (_, before), (after, _) in zip(spans, [*spans[1:], (where.start, 0)], strict=False):
        if before > after:
            raise Malformed("members overlap", offset=after)
    return found


def _check_name(node: Node, entry: Header, names: set[str]) -> None:
    name = entry.name
    plain = name.replace("\\", "/")
    drive = len(plain) > 1 and plain[1] == ":"
    if "\0" in name or plain.startswith("/") or ".." in plain.split("/") or drive:
        node.finding("zip-path-escape", offset=entry.at, member=name, how="its name")
    if entry.mode & _KIND == _LINK:
        node.finding("zip-path-escape", offset=entry.at, member=name, how="a link")
    # PyTorch finds members without regard to case; a file system may do so too.
    same = posixpath.normpath(plain).lower()
    if same in names:
        node.finding("zip-ambiguous", offset=entry.at, member=name, why="two members have this name")
    names.add(same)


def _differences(entry: Header, here: Header) -> list[str]:
    pairs = {
        "name": (here.raw, entry.raw),
        "flags": (here.flags, entry.flags),
        "method": (here.method, entry.method),
        "crc": (here.crc, entry.crc),
        "size": (here.size, entry.size),
        "packed size": (here.packed, entry.packed),
    }
    filled_later = {"crc", "size", "packed size"} if here.late else set()
    return [
        label
        for label, (mine, other) in pairs.items()
        if mine != other and not (label in filled_later and mine == 0)
    ]


def _content(node: Node, header: Header) -> Source | None:
    """The member's bytes, all of them read once and their CRC checked; None (and a finding) if they cannot be had."""
    if header.flags & ENCRYPTED or header.method not in (STORED, DEFLATED):
        node.finding("zip-unreadable-member", offset=header.at, member=header.name, method=header.method)
        node.unread()
        header = replace(header, flags=header.flags & ~ENCRYPTED)
        if header.method not in (STORED, DEFLATED):
            return None
    packed = SliceSource(node.source, header.data, header.packed)
    if header.method == STORED and header.packed != header.size:
        raise Malformed("stored member has two sizes", offset=header.at)
    crc = 0
    for block in _blocks(packed) if header.method == STORED else _inflated(node, packed, header):
        crc = zlib.crc32(block, crc)
    if crc != header.crc:
        node.finding("zip-ambiguous", offset=header.at, member=header.name, why="the CRC is wrong")
    return packed if header.method == STORED else ExpandedSource(packed, "deflate", header.size)


def _blocks(source: Source) -> Iterator[bytes]:
    for at in range(0, source.size, _BLOCK):
        yield source.read(at, _BLOCK)


def _inflated(node: Node, packed: Source, header: Header) -> Iterator[bytes]:
    reader = Expander(packed, "deflate")
    while block := reader.block():
        node.expanded(len(block))
        if reader.out > header.size:
            break
        yield block
    if reader.out != header.size or reader.ended != packed.size:
        raise Malformed("deflate stream and declared size disagree", offset=header.data)


def _other_reading(node: Node, member: Member, layout: Layout) -> None:
    here, entry = member.here, member.entry
    if here.raw == entry.raw and (here.late or (here.method, here.packed, here.size) == (
        entry.method, entry.packed, entry.size)):  # fmt: skip
        return
    if here.late or here.data + here.packed > node.source.size:
        here = replace(here, packed=entry.packed, size=entry.size, crc=entry.crc)
    try:
        content = _content(node, replace(here, crc=here.crc or entry.crc))
    except Malformed as error:
        node.finding("format-malformed", offset=here.at, why=f"by its local header: {error.why}")
        node.unread()
        return
    if content is not None:
        node.child(f"local/{here.name}", content, expect=layout.expected(here.name))


def _hand_on(node: Node, layout: Layout, contents: dict[Member, Source | None]) -> None:
    from quarantine.formats.torch_zip import storage_sizes

    by_name = {member.entry.name: held for member, held in contents.items() if held is not None}
    sizes = storage_sizes(layout, by_name)
    for member, held in contents.items():
        name = member.entry.name
        if held is None:
            continue
        if name in layout.storages:
            if sizes.get(name) != held.size:
                continue
        else:
            node.child(name, held, expect=layout.expected(name))
        node.claim(member.here.data, member.end)
