"""The content of a compressed range as a source: small content is kept in memory, large content is streamed.

Memory is bounded whatever the content's size: large content is expanded again from the nearest checkpoint and never
kept whole. What a part of a compressed stream is, is written in ``parts``.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, ClassVar, Protocol

from quarantine.formats.interface import Source, TooLarge
from quarantine.formats.parts import MEMORY_LIMIT_BYTES, Part, kind_of, part, skipped
from quarantine.formats.source import RawReader

VIEW_LIMIT_BYTES = 512 << 20
CHECKPOINT_BYTES = 32 << 20
PARTS_LIMIT = 10_000
_BLOCK = 1 << 20
_SKIPS = ("zstd", "lz4")
# How many zeros a reader of that kind skips in front of a further part, and their unit in bytes.
_PADS = {"gzip": 1, "xz": 4}
_PADDING_LIMIT_BYTES = 1 << 20


class Reader(Protocol):
    """Something that expands from the beginning. ``out`` is how many bytes came out."""

    out: int

    def block(self, limit: int = _BLOCK) -> bytes:
        """The next bytes, at most ``limit``; empty at the end."""

    def copy(self) -> Reader | None:
        """A second reader at the same place, where the library can make one."""


class Expander:
    """Expands block by block; every part of a file of several parts (gzip members, xz streams) is read.

    ``out`` is how many bytes came out, ``ended`` the packed offset behind the last part, or None. ``starts`` are the
    parts' offsets, ``skips`` the frames between them that expand to nothing.
    """

    def __init__(self, packed: Source, kind: str, *, several: bool = True) -> None:
        self._packed, self._kind, self._several = packed, kind, several
        self.out = 0
        self.ended: int | None = None
        self.skips: list[tuple[int, int]] = []
        start = self._behind_skips(0)
        self.starts = [start]
        self._part: Part = part(packed, kind, start)

    def block(self, limit: int = _BLOCK) -> bytes:
        """The next bytes, at most ``limit``; empty at the end.

        Raises:
            Malformed: the stream is broken or cut off.
        """
        while self.ended is None:
            if block := self._part.block(limit):
                self.out += len(block)
                return block
            self._next_part(self._part.end or 0)
        return b""

    def _next_part(self, end: int) -> None:
        self.ended = end
        if self._kind == "deflate" or not self._several:
            return
        at = self._behind_skips(end)
        self.ended = at
        if unit := _PADS.get(self._kind):
            rest = self._packed.read(end, _PADDING_LIMIT_BYTES)
            zeros = len(rest) - len(rest.lstrip(b"\0"))
            at = end + zeros - zeros % unit
            self.ended = at if zeros == len(rest) and at == end + zeros else end
        if kind_of(self._packed.read(at, 16)) != self._kind:
            return
        if len(self.starts) >= PARTS_LIMIT:
            raise TooLarge("more compressed parts in a row than are followed", offset=at)
        self.starts.append(at)
        self.ended, self._part = None, part(self._packed, self._kind, at)

    def _behind_skips(self, at: int) -> int:
        if self._kind in _SKIPS:
            for start, end in skipped(self._packed, at, PARTS_LIMIT):
                if len(self.skips) >= PARTS_LIMIT:
                    raise TooLarge("more skippable frames than are followed", offset=start)
                self.skips.append((start, end))
                at = end
        return at

    def copy(self) -> Expander | None:
        """A second reader at the same place, where the library can make one."""
        twin = self._part.copy()
        if twin is None:
            return None
        made = Expander.__new__(Expander)
        made.__dict__ = self.__dict__ | {
            "_part": twin,
            "starts": list(self.starts),
            "skips": list(self.skips),
        }
        return made


class Stream:
    """Random access to all that ``make``'s readers expand to, ``size`` bytes; parts of it share one place."""

    def __init__(self, make: Callable[[], Reader], size: int) -> None:
        self._make = make
        self.size = size
        self._at: Reader | None = None
        self._block: tuple[int, bytes] = (0, b"")
        self._marks: list[Reader] = []

    def read(self, offset: int, length: int) -> bytes:
        """The bytes of ``[offset, offset+length)`` that exist."""
        out = bytearray()
        while len(out) < length:
            start, block = self._around(offset + len(out))
            piece = block[offset + len(out) - start : offset + length - start]
            if not piece:
                break
            out += piece
        return bytes(out)

    def _around(self, offset: int) -> tuple[int, bytes]:
        start, block = self._block
        if start <= offset < start + len(block):
            return self._block
        mark = self._mark(offset)
        if self._at is None or self._at.out > offset or (mark and mark.out > self._at.out):
            self._at = (mark.copy() if mark else None) or self._make()
        while self._at.out <= offset:
            if self._at.out >= (len(self._marks) + 1) * CHECKPOINT_BYTES and (twin := self._at.copy()):
                self._marks.append(twin)
            start = self._at.out
            block = self._at.block()
            if not block:
                return start, b""
            self._block = start, block
        return self._block

    def _mark(self, offset: int) -> Reader | None:
        return next((mark for mark in reversed(self._marks) if mark.out <= offset), None)

    def rest(self) -> None:
        """Forget the place; the next read expands from a checkpoint."""
        self._at, self._block = None, (0, b"")


class ExpandedSource:
    """``[start, start+size)`` of what a compressed range expands to; sizes are known, it was expanded once already."""

    _kept: ClassVar[OrderedDict[int, ExpandedSource]] = OrderedDict()

    def __init__(self, stream: Stream, start: int, size: int) -> None:
        self._stream, self._start = stream, start
        self.size = size
        self._whole: bytes | None = None

    def _expanded(self) -> bytes:
        if self._whole is None:
            self._whole = self._stream.read(self._start, self.size)
            kept = ExpandedSource._kept
            kept[id(self)] = self
            while (
                len(kept) > 1 and sum(len(held._whole or b"") for held in kept.values()) > MEMORY_LIMIT_BYTES
            ):
                kept.popitem(last=False)[1]._whole = None
        return self._whole

    def release(self) -> None:
        """Forget the expanded bytes; the next read expands again."""
        ExpandedSource._kept.pop(id(self), None)
        self._whole = None
        if self._start + self.size >= self._stream.size:
            self._stream.rest()

    def read(self, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset``."""
        length = max(0, min(length, self.size - offset))
        if self.size <= MEMORY_LIMIT_BYTES:
            return self._expanded()[offset : offset + length] if length else b""
        return self._stream.read(self._start + offset, length)

    def open(self) -> BinaryIO:
        """A fresh file object at offset 0."""
        if self.size <= MEMORY_LIMIT_BYTES:
            return io.BytesIO(self._expanded())
        return io.BufferedReader(RawReader(self), 1 << 16)

    @contextmanager
    def view(self) -> Iterator[memoryview]:
        """All bytes.

        Raises:
            TooLarge: they would not fit in memory.
        """
        if self.size > VIEW_LIMIT_BYTES:
            raise TooLarge(f"compressed content of {self.size} bytes cannot be seen whole")
        with memoryview(self._expanded()) as view:
            yield view


def expanded(packed: Source, kind: str, size: int, *, several: bool = True) -> ExpandedSource:
    """All that a compressed range expands to, which is ``size`` bytes."""
    return ExpandedSource(Stream(lambda: Expander(packed, kind, several=several), size), 0, size)
