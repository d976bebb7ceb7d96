"""ZIP archives, read so that no two readers can disagree: all records and CRCs must agree.

After PKWARE APPNOTE 6.3.10. Where two readings are possible both are followed. Every byte is claimed by a record
or by a member that was read, or stays unclaimed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from quarantine.formats import zip_methods as methods
from quarantine.formats import zip_records as records
from quarantine.formats.expanded import ExpandedSource, Stream
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.member_names import same_to_someone, way_out
from quarantine.formats.source import SliceSource
from quarantine.formats.zip_records import Directory, Header

if TYPE_CHECKING:
    from quarantine.formats.torch_zip import Layout

ENCRYPTED = 0x2041
_BLOCK = 1 << 20
_RECORD, _GAPS_LIMIT = 10240, 16
_KIND, _PLAIN_KINDS = 0xF000, (0, 0x1000, 0x4000, 0x8000)  # a pipe is what `zip -` reads from


@dataclass(frozen=True)
class Member:
    """One member as its two headers describe it; ``read_as`` says how the central one places its data."""

    entry: Header
    here: Header
    descriptor: int = 0

    @property
    def read_as(self) -> Header:
        """The central directory's reading, which is what Python and PyTorch take."""
        return replace(self.entry, data=self.here.data)

    @property
    def end(self) -> int:
        """The offset behind the packed data."""
        return self.here.data + self.entry.packed

    @property
    def folder(self) -> bool:
        """True if it is a folder to every reader."""
        sizes = (self.entry.size, self.entry.packed, self.here.size, self.here.packed)
        return self.entry.raw.endswith(b"/") and self.here.raw == self.entry.raw and not any(sizes)


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
        checked = _has_checksums(node, layout, listing)
        for member in listing:
            if member.folder:
                continue
            contents[member] = _content(node, member.read_as, checked)
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
    elif where.end + _RECORD > source.size and not any(source.read(where.end, _RECORD)):
        node.claim(where.end, source.size)  # bsdtar fills up the last record of a pipe
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
        _check_fields(node, entry, member.here)
        node.claim(member.here.offset, member.here.data)
        if member.here.late or entry.late:
            width = records.descriptor(node.source, member.end, entry)
            if width is None:
                node.finding("zip-ambiguous", offset=member.end, why="data descriptor differs or is missing")
            member = replace(member, descriptor=width or 0)
            node.claim(member.end, member.end + member.descriptor)
        found.append(member)
    gaps: list[tuple[int, int]] = []
    spans = sorted((member.here.offset, member.end + member.descriptor) for member in found)
    for (_, before), (after, _) in pairwise([(0, where.base), *spans, (where.start, 0)]):
        if before > after:
            raise Malformed("members overlap", offset=after)
        if before < after:
            gaps.append((before, after))
    for before, after in gaps[:_GAPS_LIMIT]:  # unclaimed, and opened all the same
        node.child(f"between-{before}", SliceSource(node.source, before, after - before))
    return found


def _check_fields(node: Node, entry: Header, here: Header) -> None:
    for header in (entry, here):
        for kind, content in header.odd:
            node.finding("zip-extra-field", offset=header.at, id=hex(kind))
            if content:
                node.child(f"extra/{header.name}/{kind:x}", content)
        for why in header.doubts:
            node.finding("zip-ambiguous", offset=header.at, member=entry.name, why=why)
        if header.flags & ~(records.PLAIN_FLAGS | ENCRYPTED):
            why = "flags are set that no writer sets"
            node.finding("zip-ambiguous", offset=header.at, member=entry.name, why=why)
    if entry.comment:
        node.finding("zip-comment", offset=entry.at, length=len(entry.comment))
        node.child(f"comment/{entry.name}", entry.comment)
    if differs := _differences(entry, here):
        why = "local header differs: " + ", ".join(differs)
        node.finding("zip-ambiguous", offset=here.at, member=entry.name, why=why)


def _check_name(node: Node, entry: Header, names: set[str]) -> None:
    name = entry.name
    how = way_out(name)
    if entry.mode & _KIND not in _PLAIN_KINDS:
        how = "a link" if entry.mode & _KIND == 0xA000 else "a device"
    if how:
        node.finding("zip-path-escape", offset=entry.at, member=name, how=how)
    same = same_to_someone(name)
    if same in names or not same:
        why = "two members have this name" if same else "a member has no name"
        node.finding("zip-ambiguous", offset=entry.at, member=name, why=why)
    names.add(same)


def _has_checksums(node: Node, layout: Layout, listing: list[Member]) -> bool:
    """False if PyTorch was told to leave checksums out. (torch.serialization.set_crc32_options)"""
    if not layout.name.startswith("torch") or any(member.entry.crc or member.here.crc for member in listing):
        return True
    node.finding("zip-no-checksums")
    return False


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


def _content(node: Node, header: Header, checked: bool = True) -> Source | None:
    """The member's bytes, all of them read once and their CRC checked; None (and a finding) if they cannot be had."""
    method = header.method
    if header.flags & ENCRYPTED or method not in methods.READ:
        if method in methods.UNREAD and not header.flags & ENCRYPTED:
            node.finding("format-not-read", offset=header.at, kind=f"zip member in {methods.UNREAD[method]}")
        else:
            node.finding("zip-unreadable-member", offset=header.at, member=header.name, method=method)
        node.unread()
        if method not in methods.READ:
            return None
    packed = SliceSource(node.source, header.data, header.packed)
    if method == methods.STORED and header.packed != header.size:
        raise Malformed("stored member has two sizes", offset=header.at)
    crc = 0
    for block in _blocks(packed) if method == methods.STORED else _expanded(node, packed, header):
        crc = zlib.crc32(block, crc)
    if crc != header.crc and checked:
        node.finding("zip-ambiguous", offset=header.at, member=header.name, why="the CRC is wrong")
    if method == methods.STORED:
        return packed
    return ExpandedSource(Stream(methods.reader(packed, method, header.size), header.size), 0, header.size)


def _blocks(source: Source) -> Iterator[bytes]:
    for at in range(0, source.size, _BLOCK):
        yield source.read(at, _BLOCK)


def _expanded(node: Node, packed: Source, header: Header) -> Iterator[bytes]:
    made = methods.reader(packed, header.method, header.size)()
    while block := made.block():
        node.expanded(len(block))
        if made.out > header.size:
            break
        yield block
    if made.out != header.size or methods.end(made) != packed.size:
        raise Malformed("compressed stream and declared size disagree", offset=header.data)


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
