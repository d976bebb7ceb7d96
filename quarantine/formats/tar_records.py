"""The header blocks of a tar: plain, pax and GNU ones, each parsed by itself and compared with what readers make of it.

After POSIX.1-1988 and POSIX.1-2001 (pax), GNU tar's header, Lib/tarfile.py and libarchive. It follows nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from quarantine.formats.interface import Malformed

BLOCK = 512
ZEROS = bytes(BLOCK)
USTAR, GNU, NONE = b"ustar\x0000", b"ustar  \0", bytes(8)
OCTAL_LIMIT = 8**11
# Name and link; then owner, group and the first part of the name in ustar.
_TEXTS = ((0, 100), (157, 257), (265, 297), (297, 329), (345, 500))
_DIGITS = re.compile(rb" *[0-7]*[ \0]*")
_BLANKS = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"


@dataclass(frozen=True)
class Header:
    """One header block. ``size`` in bytes is that of the data behind it; ``doubts`` say where readers differ."""

    name: str
    kind: bytes
    size: int
    target: str
    more: bool
    doubts: tuple[str, ...]


def checksum(block: bytes) -> bool:
    """Whether the block's checksum is right to the most lenient reader, which is Python's tarfile."""
    try:
        said = _leniently(block[148:156])
    except ValueError:
        return False
    plain = sum(block[:148]) + 8 * 32 + sum(block[156:BLOCK])
    signed = plain - 256 * sum(byte > 127 for byte in block[:148] + block[156:BLOCK])
    return said in (plain, signed)


def _leniently(raw: bytes) -> int:
    """A number as ``tarfile.nti`` reads it: Python's own octal, or base 256."""
    if raw[:1] == b"\x80":
        return int.from_bytes(raw[1:], "big")
    if raw[:1] == b"\xff":
        return int.from_bytes(raw, "big", signed=True)
    return int(raw.split(b"\0", 1)[0].decode("ascii").strip(_BLANKS) or "0", 8)


def number(raw: bytes) -> int:
    """An octal number, or GNU's base-256 one. ValueError if not every reader takes it for the same."""
    if raw[0] == 0x80:
        value = int.from_bytes(raw[1:], "big")
        if value >= 1 << 62:
            raise ValueError("too large")
        return value
    if not _DIGITS.fullmatch(raw):
        raise ValueError("not octal")
    return int(raw.strip(b" \0") or b"0", 8)


def text(raw: bytes) -> str:
    """The text in front of the first NUL."""
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _behind_end(raw: bytes) -> bytes:
    """What stands behind the NUL that ends a text, but zeros."""
    return raw.partition(b"\0")[2].strip(b"\0")


def header(block: bytes, at: int) -> Header:
    """The header in a block.

    Raises:
        Malformed: it is none, or readers would find the next one at different places.
    """
    if len(block) < BLOCK:
        raise Malformed("archive ends without its end blocks", offset=at)
    if not checksum(block):
        raise Malformed("header has a wrong checksum", offset=at)
    doubts = []
    try:
        number(block[148:156])
    except ValueError:
        doubts.append("a checksum that is a number to some readers alone")
    try:
        size = number(block[124:136])
    except ValueError:
        raise Malformed("member size is no number to every reader", offset=at) from None
    magic = block[257:265]
    if magic not in (USTAR, GNU, NONE):
        raise Malformed("header has an unknown magic", offset=at)
    if (magic == USTAR and block[500:508].strip(b"\0")) or (magic == NONE and any(block[500:])):
        doubts.append("bytes in fields that its format does not have")
    if any(_behind_end(block[first:last]) for first, last in _TEXTS[: 2 if magic != USTAR else None]):
        doubts.append("bytes behind the end of a name")
    name, kind, prefix = text(block[:100]), block[156:157], text(block[345:500])
    if magic == USTAR and prefix:
        name = f"{prefix}/{name}"
    elif block[345:346] != b"\0" and kind != b"S":
        # Python's tarfile takes them for a part of the name whatever the magic says.
        doubts.append("bytes where other formats have a part of the name")
    more = bool(kind == b"S" and block[482])
    return Header(name, kind, size, text(block[157:257]), more, tuple(doubts))


def pax(raw: bytes, start: int) -> dict[str, str]:
    """The fields of an extended header whose records begin at ``start``.

    Raises:
        Malformed: a record is broken.
    """
    fields: dict[str, str] = {}
    at = 0
    while at < len(raw):
        digits, space, _ = raw[at : at + 8].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = raw[at : at + length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if not length or len(record) != length or not record.endswith(b"\n") or not equals or not key:
            raise Malformed("extended header record is broken", offset=start + at)
        name = key.decode("utf-8", "replace")
        if name in fields:
            raise Malformed("extended header has a field twice", offset=start + at)
        fields[name] = value.decode("utf-8", "surrogateescape")
        at += length
    return fields
