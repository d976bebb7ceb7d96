"""Tar archives (POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU long names), read strictly; every member is a child.

A header's checksum must be right, its padding zero; links, devices, sparse files and names that leave the folder
are findings. Old tar files whose header has no magic are refused, because chance can make one.
"""

from __future__ import annotations

from dataclasses import dataclass

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource

BLOCK = 512
MEMBERS_LIMIT = 100_000
NAME_LIMIT_BYTES = 1 << 16
_MAGICS = (b"ustar\x0000", b"ustar  \0")
_ZEROS = bytes(BLOCK)
_FILES, _FOLDER, _LINKS = (b"0", b"\0", b"7"), b"5", (b"1", b"2")
_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"
_PAX_PLAIN = frozenset(
    {"path", "linkpath", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment"}
)


@dataclass(frozen=True)
class Header:
    """One header block. ``size`` in bytes is that of the data behind it."""

    name: str
    kind: bytes
    size: int


class Tar:
    """A tar archive."""

    name = "tar"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic of ustar, pax or GNU tar, and a checksum that is right."""
        return head[257:265] in _MAGICS and len(head) >= BLOCK and _checksum(head[:BLOCK])

    def read(self, node: Node) -> None:
        """Walk the headers; queue every member; claim headers, members and the padding that is zero."""
        source, at = node.source, 0
        given: dict[str, str] = {}
        names: set[str] = set()
        for _ in range(MEMBERS_LIMIT):
            block = source.read(at, BLOCK)
            if block == _ZEROS:
                _end(node, at)
                return
            header = _header(block, at)
            start, at = at, at + BLOCK
            data = SliceSource(source, at, header.size)
            at = _padded(node, start, at + header.size)
            if header.kind in (_PAX, _LONG_NAME, _LONG_LINK, _GLOBAL_PAX):
                given |= _extended(node, header, data, start)
            else:
                _member(node, given.get("path", header.name), header, data, names, start)
                given = {}
        raise Malformed(f"more than {MEMBERS_LIMIT} members", offset=at)


def _checksum(block: bytes) -> bool:
    try:
        return _number(block[148:156]) == sum(block[:148]) + 8 * 32 + sum(block[156:])
    except ValueError:
        return False


def _number(raw: bytes) -> int:
    """An octal number, or GNU's base-256 one. ValueError if it is neither."""
    if raw[0] == 0x80:
        return int.from_bytes(raw[1:], "big")
    digits = raw.strip(b" \0")
    if digits.strip(b"01234567"):
        raise ValueError("not octal")
    return int(digits or b"0", 8)


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _header(block: bytes, at: int) -> Header:
    if len(block) < BLOCK:
        raise Malformed("archive ends without its end blocks", offset=at)
    if block[257:265] not in _MAGICS or not _checksum(block):
        raise Malformed("header has no magic or a wrong checksum", offset=at)
    try:
        size = _number(block[124:136])
    except ValueError:
        raise Malformed("member size is no number", offset=at) from None
    name, kind = _text(block[:100]), block[156:157]
    if block[257:265] == _MAGICS[0] and (prefix := _text(block[345:500])):
        name = f"{prefix}/{name}"
    if size and kind not in (*_FILES, _PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK):
        # Readers differ in whether data stands behind a link, a folder or a device.
        raise Malformed("a member that is no file has data", offset=at)
    return Header(name, kind, size)


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


def _extended(node: Node, header: Header, data: Source, start: int) -> dict[str, str]:
    """What a header that describes the next one says."""
    if data.size > NAME_LIMIT_BYTES:
        raise Malformed("extended header is over its limit", offset=start)
    raw = data.read(0, data.size)
    if header.kind == _LONG_NAME:
        return {"path": _text(raw)}
    if header.kind == _LONG_LINK:
        return {}
    fields = _pax(raw, start)
    for key in fields.keys() - _PAX_PLAIN:
        node.finding("tar-member", offset=start, member=header.name, what=f"the extended field {key}")
    if header.kind == _GLOBAL_PAX and fields.keys() - {"comment"}:
        node.finding("tar-member", offset=start, member=header.name, what="a global extended header")
    return {} if header.kind == _GLOBAL_PAX else fields


def _pax(raw: bytes, start: int) -> dict[str, str]:
    fields: dict[str, str] = {}
    at = 0
    while at < len(raw):
        digits, space, _ = raw[at : at + 8].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = raw[at : at + length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if not length or len(record) != length or not record.endswith(b"\n") or not equals:
            raise Malformed("extended header record is broken", offset=start + BLOCK + at)
        fields[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at += length
    return fields


def _member(node: Node, name: str, header: Header, data: Source, names: set[str], start: int) -> None:
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or "\0" in name:
        node.finding("zip-path-escape", offset=start, member=name, how="its name")
    if header.kind in _LINKS:
        node.finding("zip-path-escape", offset=start, member=name, how="a link")
    elif header.kind != _FOLDER and header.kind not in _FILES:
        node.finding("tar-member", offset=start, member=name, what=f"a member of type {header.kind!r}")
    if header.kind == _FOLDER:
        return
    same = name.removeprefix("./")
    if same in names:
        node.finding("zip-ambiguous", offset=start, member=name, why="two members have this name")
    names.add(same)
    if header.kind in _FILES:
        node.child(name, data)
