"""How a ZIP member's packed bytes are expanded, by its compression method.

After PKWARE APPNOTE 6.3.10, 4.4.5 and 5.8, and the methods of Lib/zipfile (8, 12, 14, 93) and libarchive (95).
"""

from __future__ import annotations

from collections.abc import Callable

from quarantine.formats.expanded import Expander, Reader
from quarantine.formats.interface import Malformed, Source
from quarantine.formats.raw_parts import OnePart, Sized, lzma1, raw

STORED, DEFLATED, LZMA = 0, 8, 14
_KINDS = {DEFLATED: "deflate", 12: "bz2", 93: "zstd", 95: "xz"}
READ = frozenset({STORED, LZMA, *_KINDS})
UNREAD = {9: "Deflate64", 97: "WavPack", 98: "PPMd"}
"""Methods that archivers still write and that nothing here expands."""


def reader(packed: Source, method: int, size: int) -> Callable[[], Reader]:
    """What makes readers of a member of ``size`` bytes, packed in any of ``READ`` but ``STORED``."""
    if method == LZMA:
        return lambda: OnePart(_lzma(packed, size), size)
    return lambda: Expander(packed, _KINDS[method], several=False)


def end(made: Reader) -> int | None:
    """The packed offset behind what a reader has expanded; None if it is not at its end, or left bytes out."""
    return (
        made.part.end
        if isinstance(made, OnePart)
        else made.ended
        if isinstance(made, Expander) and not made.skips
        else None
    )


def _lzma(packed: Source, size: int) -> Sized:
    """The LZMA method: version, length of the properties, properties, stream. (APPNOTE 5.8.8)"""
    head = packed.read(0, 9)
    if head[2:4] != b"\5\0" or len(head) < 9:
        raise Malformed("LZMA member has no properties", offset=0)
    return Sized(raw(lzma1(head[4:], size)), packed, 9, size)
