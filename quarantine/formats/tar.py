"""Tar archives (v7, POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU), read strictly; every member is a child.

A header's checksum must be right, its padding zero; links, devices, sparse files and names that leave the folder are
findings, and so is whatever makes two readers find other members. PyTorch's own tars are named as such.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.member_names import way_out
from quarantine.formats.source import SliceSource
from quarantine.formats.tar_records import BLOCK, OCTAL_LIMIT, ZEROS, Header, checksum, header, pax, text

MEMBERS_LIMIT = 100_000
EXTENDED_LIMIT_BYTES = 1 << 20
_FILES, _FOLDER, _LINKS, _SYMBOLIC, _DEVICES = (
    (b"0", b"\0", b"7"),
    b"5",
    (b"1", b"2"),
    b"2",
    (b"3", b"4", b"6"),
)
_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK = (b"x", b"X"), b"g", b"L", b"K"
_EXTENDED = (*_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK)
_PAX_PLAIN = frozenset({"path", "linkpath", "size", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname",
                        "comment", "hdrcharset"})  # fmt: skip
# What bsdtar, star, GNU tar on SELinux and Windows note about a file; no reader takes a name or size from it.
_PAX_NOTES = ("SCHILY.", "LIBARCHIVE.", "RHT.security.", "MSWINDOWS.", "APPLE.")
_NOTE_LIMIT_BYTES = 256
_TORCH = {"pickle": "torch_tar_pickle", "storages": "torch_tar_storages", "tensors": "torch_tar_tensors"}


@dataclass
class _Walk:
    """What is known so far: the names that were given to the next member, and those that are taken."""

    given: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    members: list[tuple[str, Source]] = field(default_factory=list)


class Tar:
    """A tar archive."""

    name = "tar"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A first header whose checksum is right; chance makes none, and readers ask for no magic."""
        return len(head) >= BLOCK and head[0] != 0 and checksum(head[:BLOCK])

    def read(self, node: Node) -> None:
        """Walk the headers; queue every member; claim headers, members and the padding that is zero."""
        walk = _Walk()
        try:
            _headers(node, walk)
        finally:  # what stands in front of a break still counts
            _hand_on(node, walk)


def _headers(node: Node, walk: _Walk) -> None:
    source, at = node.source, 0
    for _ in range(MEMBERS_LIMIT):
        block = source.read(at, BLOCK)
        if block == ZEROS:
            _end(node, at)
            return
        head = header(block, at)
        start, at = at, at + BLOCK
        for why in head.doubts:
            node.finding("tar-member", offset=start, member=head.name, what=why)
        if head.more:
            at = _behind_map(source, at)
        size = _size(node, head, walk.given, start)
        data = SliceSource(source, at, size)
        at = _padded(node, start, at + size)
        if head.kind in _EXTENDED:
            _extended(node, head, data, walk, start)
        else:
            _member(node, head, data, walk, start)
            walk.given = {}
    raise Malformed(f"more than {MEMBERS_LIMIT} members", offset=at)


def _behind_map(source: Source, at: int) -> int:
    """The offset behind the blocks in which GNU tar goes on with the map of a sparse file."""
    for _ in range(MEMBERS_LIMIT):
        block = source.read(at, BLOCK)
        at += BLOCK
        if len(block) < BLOCK or not block[504]:
            return at
    raise Malformed("map of a sparse file does not end", offset=at)


def _size(node: Node, head: Header, given: dict[str, str], start: int) -> int:
    """How much data stands behind a header, if all readers agree.

    Raises:
        Malformed: they do not, so that they would find the next header at other places.
    """
    kind, size = head.kind, head.size
    named = given.get("path", head.name).endswith("/") or (kind == b"\0" and head.name.endswith("/"))
    folder = kind == _FOLDER or (kind in _FILES and named)
    if size and (folder or kind in _LINKS or kind in _DEVICES):
        node.finding("tar-member", offset=start, member=head.name, what="data, and is no file")
        raise Malformed("a member that is no file has data", offset=start)
    if "size" not in given or kind in _EXTENDED:
        return size
    wide = int(given["size"]) if given["size"].isascii() and given["size"].isdigit() else -1
    # Writers use it for what the octal field has no room for.
    if wide != size and not (wide >= OCTAL_LIMIT and size in (0, OCTAL_LIMIT - 1)):
        node.finding("tar-member", offset=start, member=head.name, what="two sizes")
        raise Malformed("extended header and header give two sizes", offset=start)
    return wide


def _padded(node: Node, start: int, end: int) -> int:
    """Claim up to ``end`` and the padding behind it, if that is zero; the next header's offset."""
    after = -(-end // BLOCK) * BLOCK
    padding = node.source.read(end, after - end)
    node.claim(start, end if padding.strip(b"\0") else after)
    return after


def _end(node: Node, at: int) -> None:
    """Claim the end: two zero blocks, then zeros up to a full record."""
    tail = node.source.size
    if tail - at < 2 * BLOCK:
        raise Malformed("archive has one end block where two belong", offset=at)
    rest = node.source.read(at, min(tail - at, 1 << 20))
    zeros = len(rest) - len(rest.lstrip(b"\0"))
    node.claim(at, at + zeros)
    if at + zeros < tail:
        node.child("trailing", SliceSource(node.source, at + zeros, tail - at - zeros))


def _extended(node: Node, head: Header, data: Source, walk: _Walk, start: int) -> None:
    """Keep what a header that describes the next one says."""
    if data.size > EXTENDED_LIMIT_BYTES:
        raise Malformed("extended header is over its limit", offset=start)
    raw = data.read(0, data.size)
    if head.kind in (_LONG_NAME, _LONG_LINK):
        key = "path" if head.kind == _LONG_NAME else "linkpath"
        if raw.rstrip(b"\0").count(b"\0") or key in walk.given:
            node.finding("tar-member", offset=start, member=head.name, what="two long names")
        walk.given[key] = text(raw)
        return
    fields = pax(raw, start + BLOCK)
    for key, value in fields.items():
        if key not in _PAX_PLAIN and not key.startswith(_PAX_NOTES):
            node.finding("tar-member", offset=start, member=head.name, what=f"the extended field {key}")
        elif len(value) > _NOTE_LIMIT_BYTES and key not in ("path", "linkpath"):
            node.child(f"extended/{head.name}/{key}", value.encode("utf-8", "surrogateescape"))
        if key in ("path", "linkpath", "size") and (not value or "\0" in value or key in walk.given):
            node.finding("tar-member", offset=start, member=head.name, what=f"a {key} that readers differ on")
    if head.kind == b"X":
        node.finding("tar-member", offset=start, member=head.name, what="an extended header of Solaris")
    if head.kind == _GLOBAL_PAX:
        if fields.keys() & {"path", "linkpath", "size"}:
            node.finding("tar-member", offset=start, member=head.name, what="a global name or size")
        return
    walk.given |= fields


def _member(node: Node, head: Header, data: Source, walk: _Walk, start: int) -> None:
    name = walk.given.get("path", head.name)
    plain = posixpath.normpath(name.replace("\\", "/"))
    if how := way_out(name):
        node.finding("zip-path-escape", offset=start, member=name, how=how)
    if any(part in walk.links for part in _parents(plain)):
        node.finding("zip-path-escape", offset=start, member=name, how="a link that stands in its path")
    if head.kind in _LINKS:
        _link(node, head, plain, walk, start)
    elif head.kind in _DEVICES or (head.kind not in _FILES and head.kind != _FOLDER):
        node.finding("tar-member", offset=start, member=name, what=f"a member of type {head.kind!r}")
    if head.kind == _FOLDER:
        return
    if plain in walk.files or not name:
        why = "two members have this name" if name else "a member has no name"
        node.finding("zip-ambiguous", offset=start, member=name, why=why)
    walk.files.add(plain)
    if head.kind not in _LINKS and head.kind not in _DEVICES and not (name.endswith("/") and not data.size):
        walk.members.append((name, data))


def _parents(plain: str) -> list[str]:
    parts = plain.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _link(node: Node, head: Header, plain: str, walk: _Walk, start: int) -> None:
    """Report a link: one that leaves the folder, or that goes through another, is an attack. (CVE-2025-4517)"""
    target = walk.given.get("linkpath", head.target)
    symbolic = head.kind == _SYMBOLIC
    base = posixpath.dirname(plain) if symbolic else ""
    reached = posixpath.normpath(posixpath.join(base, target))
    through = any(
        part in walk.links for part in (*_parents(reached), *_parents(posixpath.join(base, target)))
    )
    leaves = way_out(target) if not symbolic else target.startswith(("/", "\\")) or reached.startswith("..")
    if not target or leaves or through or (not symbolic and reached not in walk.files):
        node.finding("zip-path-escape", offset=start, member=plain, how="a link")
    else:
        node.finding("archive-link", offset=start, member=plain, target=target)
    if symbolic:
        walk.links.add(plain)


def _hand_on(node: Node, walk: _Walk) -> None:
    """Queue the members, those of PyTorch's tars as what it takes them for. (torch/serialization.py, legacy_load)"""
    torch = {posixpath.normpath(name) for name, _ in walk.members} >= _TORCH.keys()
    if torch:
        node.known_as("torch_tar")
    for name, data in walk.members:
        node.child(name, data, expect=_TORCH.get(posixpath.normpath(name)) if torch else None)
