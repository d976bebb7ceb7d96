"""TensorStore's OCDBT, in which Orbax keeps checkpoints: the manifest, and the data files beside it.

After https://google.github.io/tensorstore/kvstore/ocdbt/. A data file is a row of tree nodes, each with its length and
CRC-32C, and of values: the JSON of an array, or a compressed chunk. Whatever is something else stays unclaimed.
"""

from __future__ import annotations

import json
import re
from functools import cache

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.zstd_frames import frame

_MANIFEST, _NODE, _VERSIONS = b"\x0c\xdb\x3a\x2a", b"\x0c\xdb\x20\xde", b"\x0c\xdb\x1b\xda"
_HEADER_BYTES, _CRC_BYTES, NODE_LIMIT_BYTES, JSON_LIMIT_BYTES = 12, 4, 32 << 20, 1 << 20
PARTS_LIMIT = 1 << 20
_DATA = re.compile(r"d/[0-9a-f]{32}")


class Ocdbt:
    """``manifest.ocdbt``, and what it explains."""

    name = "ocdbt"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic of a manifest or of a node."""
        return head.startswith((_MANIFEST, _NODE, _VERSIONS))

    def read(self, node: Node) -> None:
        """Check the manifest and claim it; walk the data files beside it."""
        source = node.source
        if not source.read(0, 4).startswith(_MANIFEST):
            node.claim(0, _walk(source))
            return
        end = _checked(source, 0)
        if end is None:
            raise Malformed("length or CRC of the manifest is wrong", offset=4)
        node.claim(0, end)
        folder = node.path.rpartition("/")[0]
        prefix = f"{folder}/" if folder else ""
        for path, held in node.siblings():
            if path.startswith(prefix) and _DATA.fullmatch(path[len(prefix) :]):
                node.claim_sibling(path, 0, _walk(held))


def _walk(source: Source) -> int:
    """How far the file is a row of nodes and values."""
    at = 0
    for _ in range(PARTS_LIMIT):
        head = source.read(at, 4)
        end: int | None = None
        if head in (_NODE, _VERSIONS):
            end = _checked(source, at)
        elif head[:1] == b"{":
            end = _json(source, at)
        elif (found := frame(source, at)) is not None:
            end = found[0]
        if end is None:
            break
        at = end
    return at


def _json(source: Source, at: int) -> int | None:
    text = source.read(at, JSON_LIMIT_BYTES).decode("latin-1")
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return at + end if "zarr_format" in value and text.isascii() else None


def _checked(source: Source, at: int) -> int | None:
    """The end of the part at ``at``; None if its length or CRC is wrong."""
    length = int.from_bytes(source.read(at + 4, 8), "little")
    if not _HEADER_BYTES + _CRC_BYTES < length <= min(NODE_LIMIT_BYTES, source.size - at):
        return None
    raw = source.read(at, length)
    return at + length if _crc32c(raw[:-_CRC_BYTES]) == int.from_bytes(raw[-_CRC_BYTES:], "little") else None


@cache
def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901 - eight steps of one value
        found.append(value)
    return tuple(found)


def _crc32c(data: bytes) -> int:
    """CRC-32C. (RFC 3720, appendix B.4)"""
    crc, table = 0xFFFFFFFF, _table()
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF
