"""Where a zstd frame ends, by its block headers alone, and the content size that it declares. (RFC 8878, 3.1.1)"""

from __future__ import annotations

from quarantine.formats.interface import Source

MAGIC = b"\x28\xb5\x2f\xfd"
_SIZES = (0, 2, 4, 8)
_DICTIONARY = (0, 1, 2, 4)


def frame(source: Source, at: int) -> tuple[int, int | None] | None:
    """(end, declared size in bytes or None) of the frame at ``at``; None if there is no whole one."""
    head = source.read(at, 18)
    if head[:4] != MAGIC or len(head) < 6 or head[4] & 8:
        return None
    flags, single = head[4], head[4] >> 5 & 1
    width = _SIZES[flags >> 6] or single
    start = 5 + (not single) + _DICTIONARY[flags & 3]
    raw = source.read(at + start, width)
    declared = int.from_bytes(raw, "little") + (256 if width == 2 else 0) if width else None
    at += start + width
    while True:
        block = int.from_bytes(source.read(at, 3), "little")
        kind, length = block >> 1 & 3, block >> 3
        if kind == 3 or at + 3 > source.size:
            return None
        at += 3 + (1 if kind == 1 else length)
        if block & 1:
            break
    at += 4 if flags & 4 else 0
    return (at, declared) if at <= source.size else None
