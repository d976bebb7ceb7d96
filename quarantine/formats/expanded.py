"""The content of a compressed range as a source: small content is kept in memory, large content is streamed.

After RFC 1950, 1951 and 1952, bzip2 and the .xz specification. Memory is bounded whatever the content's size:
large content is expanded again from the nearest checkpoint and never kept whole.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, ClassVar

from quarantine.formats.interface import Malformed, Source, TooLarge
from quarantine.formats.source import RawReader

MEMORY_LIMIT_BYTES = 96 << 20
VIEW_LIMIT_BYTES = 512 << 20
CHECKPOINT_BYTES = 32 << 20
PARTS_LIMIT = 10_000
_BLOCK = 1 << 20
_LARGEST_FEED, _SMALLEST_FEED = 1 << 18, 1 << 12
_WINDOW_BITS = {"deflate": -15, "zlib": 15, "gzip": 31}


def kind_of(head: bytes) -> str | None:
    """What compression the bytes begin with, by their magic; None if it is none that can be expanded here."""
    if head[:3] == b"\x1f\x8b\x08":
        return "gzip"
    if head[:3] == b"BZh" and head[3:4] in b"123456789" and head[4:10] in (
        b"1AY&SY", b"\x17rE8P\x90") and len(head) >= 10:  # fmt: skip
        return "bz2"
    if head[:6] == b"\xfd7zXZ\0":
        return "xz"
    if (
        head[:1] == b"\x5d"
        and head[1:3] == b"\0\0"
        and (head[5:13] == b"\xff" * 8 or head[10:13] == b"\0" * 3)
    ):
        return "lzma"
    if len(head) > 1 and head[0] & 15 == 8 and head[0] >> 4 < 8 and int.from_bytes(head[:2], "big") % 31 == 0:
        return None if head[1] & 32 else "zlib"
    return None


def _machine(kind: str) -> Any:  # the three libraries share no type
    if kind in _WINDOW_BITS:
        return zlib.decompressobj(_WINDOW_BITS[kind])
    return bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor(memlimit=MEMORY_LIMIT_BYTES)


class Expander:
    """Expands block by block; every part of a file of several parts (gzip members, xz streams) is read.

    ``out`` is how many bytes came out, ``ended`` the packed offset behind the last part, or None.
    """

    def __init__(self, packed: Source, kind: str) -> None:
        self._packed, self._kind = packed, kind
        self._machine = _machine(kind)
        self._fed, self._feed, self._pending = 0, _SMALLEST_FEED, b""
        self.out, self.parts = 0, 1
        self.ended: int | None = None

    def block(self, limit: int = _BLOCK) -> bytes:
        """The next bytes, at most ``limit``; empty at the end.

        Raises:
            Malformed: the stream is broken or cut off.
        """
        while self.ended is None:
            if self._machine.eof and not self._next_part():
                break
            data = self._input()
            try:
                block: bytes = self._machine.decompress(data, limit)
            except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
                raise Malformed(f"compressed stream is broken: {error}", offset=self._fed) from None
            if self._kind in _WINDOW_BITS:
                self._pending = self._machine.unconsumed_tail
            if not block and not data and not self._machine.eof:
                raise Malformed("compressed stream does not end", offset=self._packed.size)
            self.out += len(block)
            if block:
                return block
        return b""

    def _input(self) -> bytes:
        if self._pending:
            return self._pending
        if self._kind not in _WINDOW_BITS and not self._machine.needs_input:
            return b""
        data = self._packed.read(self._fed, self._feed)
        self._fed += len(data)
        self._feed = min(2 * self._feed, _LARGEST_FEED)
        return data

    def _next_part(self) -> bool:
        end = self._fed - len(self._machine.unused_data)
        if self._kind == "deflate" or kind_of(self._packed.read(end, 16)) != self._kind:
            self.ended = end
            return False
        self.parts += 1
        if self.parts > PARTS_LIMIT:
            raise TooLarge("more compressed parts in a row than are followed", offset=end)
        self._machine, self._fed, self._feed, self._pending = _machine(self._kind), end, _SMALLEST_FEED, b""
        return True

    def copy(self) -> Expander | None:
        """A second reader at the same place, where the library can make one."""
        if self._kind not in _WINDOW_BITS:
            return None
        made = Expander(self._packed, self._kind)
        made._machine = self._machine.copy()
        made._fed, made._feed, made._pending = self._fed, self._feed, self._pending
        made.out, made.parts, made.ended = self.out, self.parts, self.ended
        return made


class ExpandedSource:
    """What a compressed range expands to; ``size`` in bytes is known because it was expanded once already."""

    _kept: ClassVar[OrderedDict[int, ExpandedSource]] = OrderedDict()

    def __init__(self, packed: Source, kind: str, size: int) -> None:
        self._packed, self._kind = packed, kind
        self.size = size
        self._whole: bytes | None = None
        self._at: Expander | None = None
        self._block: tuple[int, bytes] = (0, b"")
        self._marks: list[Expander] = []

    def _expanded(self) -> bytes:
        if self._whole is None:
            reader, out = Expander(self._packed, self._kind), io.BytesIO()
            while out.tell() < self.size and (block := reader.block(min(_BLOCK, self.size - out.tell()))):
                out.write(block)
            self._whole = out.getvalue()
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
        self._whole, self._at, self._block = None, None, (0, b"")

    def read(self, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset``."""
        length = max(0, min(length, self.size - offset))
        if self.size <= MEMORY_LIMIT_BYTES:
            return self._expanded()[offset : offset + length] if length else b""
        out = bytearray()
        while len(out) < length:
            start, block = self._around(offset + len(out))
            part = block[offset + len(out) - start : offset + length - start]
            if not part:
                break
            out += part
        return bytes(out)

    def _around(self, offset: int) -> tuple[int, bytes]:
        start, block = self._block
        if start <= offset < start + len(block):
            return self._block
        if self._at is None or self._at.out > offset or self._mark(offset).out > self._at.out:
            self._at = self._mark(offset).copy() or Expander(self._packed, self._kind)
        while self._at.out <= offset:
            if self._at.out >= (len(self._marks) + 1) * CHECKPOINT_BYTES and (mark := self._at.copy()):
                self._marks.append(mark)
            start = self._at.out
            block = self._at.block()
            if not block:
                return start, b""
            self._block = start, block
        return self._block

    def _mark(self, offset: int) -> Expander:
        earlier = [mark for mark in self._marks if mark.out <= offset]
        return earlier[-1] if earlier else Expander(self._packed, self._kind)

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
