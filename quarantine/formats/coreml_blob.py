"""Core ML's weight files (MIL blob storage, version 2): a header, then a record of 64 bytes in front of each blob.

After StorageFormat.hpp of coremltools (mlmodel/src/MILBlob/Blob). Everything is aligned to 64 bytes, padding is zero.
Where a model beside the file refers to it, a blob that no value refers to stays unclaimed.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from quarantine.formats.interface import Malformed, Node, Source

ALIGNMENT = 64
_SENTINEL = 0xDEADBEEF
_HEADER, _RECORD = struct.Struct("<II56s"), struct.Struct("<IIQQQ32s")
_TYPES = range(1, 18)  # BlobDataType
_PARTS_OF_BYTES = range(8, 14)  # the types whose last byte can have bits to spare


class Entry(NamedTuple):
    """One blob: its record begins at ``at``, its data lies in ``[start, end)``."""

    at: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """Length of the data in bytes."""
        return self.end - self.start


def entry_at(source: Source, at: int) -> Entry | None:
    """The blob whose record begins at ``at``; None if there is no sound one."""
    raw = source.read(at, _RECORD.size) if at < source.size else b""
    if len(raw) < _RECORD.size:
        return None
    # What is reserved holds whatever was in memory: coremltools before 8 sets none of it, and no reader looks at it.
    sentinel, kind, size, start, padding_bits, _ = _RECORD.unpack(raw)
    sound = sentinel == _SENTINEL and kind in _TYPES and (kind not in _PARTS_OF_BYTES or padding_bits < 8)
    if not sound or at % ALIGNMENT or start != at + ALIGNMENT or start + size > source.size:
        return None
    return Entry(at, start, start + size)


class CoreMlBlob:
    """The weight file of an ML program."""

    name = "coreml-blob"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The header's version and zeros, and the first record's mark."""
        if len(head) < _HEADER.size:
            return False
        count, version, zeros = _HEADER.unpack(head[: _HEADER.size])
        marked = head[ALIGNMENT : ALIGNMENT + 4] == struct.pack("<I", _SENTINEL)
        return version == 2 and not any(zeros) and (marked or (not count and source.size == ALIGNMENT))

    def read(self, node: Node) -> None:
        """Follow the records to the end."""
        count = int.from_bytes(node.source.read(0, 4), "little")
        wanted = set(node.described())
        node.claim(0, ALIGNMENT)
        at = end = ALIGNMENT
        for _ in range(count):
            entry = entry_at(node.source, at)
            if entry is None:
                raise Malformed("no sound record of a blob", offset=at)
            node.claim(entry.at, entry.start)
            if not wanted or (entry.start, entry.end) in wanted:
                node.claim(entry.start, entry.end)
            end = entry.end
            at = -(-end // ALIGNMENT) * ALIGNMENT
            if any(node.source.read(end, at - end)):
                raise Malformed("padding is not zero", offset=end)
            node.claim(end, at)
