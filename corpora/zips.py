"""Writes ZIP archives field by field (PKWARE APPNOTE 6.3.10), also such as no archiver writes. It reads none."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Member:
    """One member. ``local`` and ``central`` override fields of one header alone, ``tail`` stands behind the data."""

    name: bytes
    data: bytes
    packed: bytes | None = None
    method: int = 0
    flags: int = 0
    extra: bytes = b""
    mode: int = 0
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    tail: bytes = b""

    def fields(self, which: dict[str, Any]) -> dict[str, Any]:
        """All fields as one of the headers says them."""
        held = self.data if self.packed is None else self.packed
        return {
            "name": self.name,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.data),
            "packed": len(held),
            "size": len(self.data),
            "extra": self.extra,
            "comment": b"",
            "disk": 0,
        } | which


def archive(
    *members: Member, comment: bytes = b"", end: dict[str, int] | None = None, front: bytes = b""
) -> bytes:
    """An archive of the members; ``end`` overrides fields of the end record, ``front`` is counted by the offsets."""
    out, directory = bytearray(front), bytearray()
    for member in members:
        here, there = member.fields(member.local), member.fields(member.central)
        at = there.get("offset", len(out))
        out += b"PK\3\4" + struct.pack(
            "<HHHHHIIIHH", 20, here["flags"], here["method"], 0, 0x21, here["crc"], here["packed"], here["size"],
            len(here["name"]), len(here["extra"]),
        ) + here["name"] + here["extra"]  # fmt: skip
        out += (member.data if member.packed is None else member.packed) + member.tail
        directory += b"PK\1\2" + struct.pack(
            "<HHHHHHIIIHHHHHII", 0x314, 20, there["flags"], there["method"], 0, 0x21, there["crc"], there["packed"],
            there["size"], len(there["name"]), len(there["extra"]), len(there["comment"]), there["disk"], 0,
            member.mode << 16, at,
        ) + there["name"] + there["extra"] + there["comment"]  # fmt: skip
    said = {"entries": len(members), "total": len(members), "size": len(directory), "offset": len(out)} | (
        end or {}
    )
    tail = struct.pack(
        "<HHHHIIH",
        said.get("disk", 0),
        said.get("cd_disk", 0),
        said["entries"],
        said["total"],
        said["size"],
        said["offset"],
        len(comment),
    )
    return bytes(out + directory) + b"PK\5\6" + tail + comment


def extra(kind: int, content: bytes) -> bytes:
    """One extra field."""
    return struct.pack("<HH", kind, len(content)) + content


def deflated(data: bytes) -> bytes:
    """Raw deflate."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(data) + machine.flush()
