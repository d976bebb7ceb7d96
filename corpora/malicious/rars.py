"""RAR archives that store a payload, and others that nothing here opens. (RARLAB's RAR 5.0 note, UnRAR 4's technote)"""

from __future__ import annotations

import struct
import zlib

from corpora import opcodes as op
from corpora.case import Case, Content, benign, broken, hostile, one_file

_ANY = ("pickle-*", "zip-*", "format-*", "coverage-*")


def _vint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _block5(body: bytes) -> bytes:
    whole = _vint(len(body)) + body
    return struct.pack("<I", zlib.crc32(whole)) + whole


def rar5(*members: tuple[str, bytes], method: int = 0, extra: bytes = b"") -> bytes:
    """An archive of version 5 whose members are stored, whatever ``method`` says."""
    out = b"Rar!\x1a\x07\1\0" + _block5(b"\1\0\0")
    for name, data in members:
        about = _vint(4) + _vint(len(data)) + b"\0" + struct.pack("<I", zlib.crc32(data)) + _vint(method << 7)
        raw = name.encode()
        sizes = (_vint(len(extra)) if extra else b"") + _vint(len(data))
        out += (
            _block5(b"\2" + _vint(3 if extra else 2) + sizes + about + b"\1" + _vint(len(raw)) + raw + extra)
            + data
        )
    return out + _block5(b"\5\0\0")


def rar4(*members: tuple[str, bytes], method: int = 0x30, flags: int = 0) -> bytes:
    """An archive of version 4 whose members are stored, whatever ``method`` says."""
    out = b"Rar!\x1a\x07\0" + _block4(0x73, 0, bytes(6))
    for name, data in members:
        raw = name.encode()
        sizes = struct.pack("<II", len(data), len(data))
        body = sizes + struct.pack("<BIIBBHI", 3, zlib.crc32(data), 0, 20, method, len(raw), 0o100644) + raw
        out += _block4(0x74, 0x8000 | flags, body) + data
    return out + _block4(0x7B, 0x4000, b"")


def _block4(kind: int, flags: int, body: bytes) -> bytes:
    rest = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(rest) & 0xFFFF) + rest


def cases() -> list[Case]:
    """Payloads that are stored, members that are packed or encrypted, honest stored ones."""
    p = op.payload
    text = ("README.md", b"# Tiny\n")
    stored: dict[str, Content] = {
        "5-stored": lambda f: rar5(text, ("data.pkl", p(f))),
        "4-stored": lambda f: rar4(text, ("data.pkl", p(f))),
        "5-traversal": lambda f: rar5(("../../CANARY", b"x")),
        "4-behind": lambda f: rar4(text) + p(f),
        "5-link": lambda f: rar5(("a", b""), extra=b"\x05\x05\x01\0\x01x"),
    }
    found = [hostile(f"rar-{n}", "model.rar", c, f"rar archive: {n}", _ANY) for n, c in stored.items()]
    unread = {
        "5-packed": rar5(text, method=3),
        "4-packed": rar4(text, method=0x33),
        "4-encrypted": rar4(text, flags=4),
        "5-cut-off": rar5(text)[:-5],
    }
    found += [
        broken(f"rar-{n}", "model.rar", lambda f, c=c: c, f"rar archive: {n}", _ANY)  # type: ignore[misc]
        for n, c in unread.items()
    ]
    honest = {"4": rar4(text), "5": rar5(text)}
    return found + [
        benign(f"benign-rar-{n}", f"a stored readme in rar {n}", one_file("a.rar", lambda _, c=c: c))  # type: ignore[misc]
        for n, c in honest.items()
    ]
