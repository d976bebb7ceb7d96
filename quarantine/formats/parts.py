"""One part of a compressed stream (a gzip member, an xz stream, a zstd frame), expanded block by block.

After RFC 1950 to 1952, RFC 8878, the .xz, LZ4 frame, lzip and bzip2 specifications. Memory is bounded by the block and
by the window that a part may ask for, never by what comes out. It knows nothing of what stands behind a part.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol

from quarantine.formats.interface import Malformed, Source, TooLarge
from quarantine.formats.source import RawReader, SliceSource

MEMORY_LIMIT_BYTES = 96 << 20
WINDOW_LIMIT_BYTES = 1 << 27  # what `zstd` takes without being told otherwise
BLOCKS_LIMIT = 1 << 22
GZIP, BZ2, XZ, ZSTD, LZ4, LZIP = (
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"LZIP\x01",
)
SKIPPABLE = b"\x2a\x4d\x18"
_LARGEST_FEED, _SMALLEST_FEED = 1 << 18, 1 << 12
_WINDOW_BITS = {"deflate": -15, "zlib": 15, "gzip": 31}
_BLOCK_BYTES = 1 << 17


class NeedsMore(Malformed):
    """A part that cannot be expanded without something that is not in it, such as a dictionary."""


class Part(Protocol):
    """``end`` is the offset behind the part once all of it came out, and None before."""

    end: int | None

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``; empty at the end.

        Raises:
            Malformed: the part is broken or cut off.
        """

    def copy(self) -> Part | None:
        """A second reader at the same place, where the library can make one."""


def kind_of(head: bytes) -> str | None:
    """What compression the bytes begin with, by their magic; None if it is none that can be expanded here."""
    whole_magics = {GZIP: "gzip", XZ: "xz", ZSTD: "zstd", LZ4: "lz4", LZIP: "lzip"}
    for magic, kind in whole_magics.items():
        if head.startswith(magic):
            return kind
    if head[:3] == BZ2 and head[3:4] in b"123456789" and head[4:10] in (
        b"1AY&SY", b"\x17rE8P\x90") and len(head) >= 10:  # fmt: skip
        return "bz2"
    if (
        head[:1] == b"\x5d"
        and head[1:3] == b"\0\0"
        and (head[5:13] == b"\xff" * 8 or head[10:13] == b"\0" * 3)
    ):
        return "lzma"
    if len(head) > 1 and head[0] & 15 == 8 and head[0] >> 4 < 8 and int.from_bytes(head[:2], "big") % 31 == 0:
        return None if head[1] & 32 else "zlib"
    return None


def part(packed: Source, kind: str, start: int) -> Part:
    """A reader of the part of that kind which begins at ``start``."""
    if kind == "zstd":
        return ZstdFrame(packed, start)
    if kind == "lzip":
        return LzipMember(packed, start)
    return Fed(_machine(kind), packed, start)


def _machine(kind: str) -> Any:  # the libraries share no type
    if kind in _WINDOW_BITS:
        return Inflater(_WINDOW_BITS[kind])
    if kind == "lz4":
        import lz4.frame

        return lz4.frame.LZ4FrameDecompressor()
    return bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor(memlimit=MEMORY_LIMIT_BYTES)


class Inflater:
    """zlib's decompressor in the manner of bz2's and lzma's."""

    def __init__(self, window_bits: int) -> None:
        self._machine = zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""
        return self._machine.eof

    @property
    def needs_input(self) -> bool:
        """Whether nothing that was given is left."""
        return not self._machine.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What was given and lies behind the end."""
        return self._machine.unused_data

    def decompress(self, data: bytes, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        return self._machine.decompress(self._machine.unconsumed_tail or data, limit)

    def copy(self) -> Inflater:
        """A second one in the same state."""
        made = Inflater.__new__(Inflater)
        made._machine = self._machine.copy()
        return made


class Fed:
    """A part that one machine of ``zlib``, ``bz2``, ``lzma`` or ``lz4`` expands, fed piece by piece."""

    def __init__(self, machine: Any, packed: Source, start: int) -> None:
        self._machine, self._packed = machine, packed
        self._fed, self._feed = start, _SMALLEST_FEED
        self.end: int | None = None

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        while self.end is None:
            if self._machine.eof:
                self.end = self._fed - len(self._machine.unused_data or b"")
                break
            hungry = self._machine.needs_input
            data = self._input()
            try:
                block: bytes = self._machine.decompress(data, limit)
            except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError, RuntimeError) as error:
                raise Malformed(f"compressed stream is broken: {error}", offset=self._fed) from None
            # A machine that was not hungry may have had nothing left after all.
            if not block and not data and not self._machine.eof and hungry == self._machine.needs_input:
                raise Malformed("compressed stream does not end", offset=self._packed.size)
            if block:
                return block
        return b""

    def _input(self) -> bytes:
        if not self._machine.needs_input:
            return b""
        data = self._packed.read(self._fed, self._feed)
        self._fed += len(data)
        self._feed = min(2 * self._feed, _LARGEST_FEED)
        return data

    def copy(self) -> Fed | None:
        """A second reader at the same place; only zlib's machines can be copied."""
        if not isinstance(self._machine, Inflater):
            return None
        made = Fed(self._machine.copy(), self._packed, self._fed)
        made._feed, made.end = self._feed, self.end
        return made


class ZstdFrame:
    """A frame of RFC 8878. Its blocks are walked first, so that its end is known and it is all there."""

    def __init__(self, packed: Source, start: int) -> None:
        import zstandard

        self.end: int | None = None
        self._after = _zstd_end(packed, start)
        # `max_window_size` is also what libzstd may allocate.
        machine = zstandard.ZstdDecompressor(max_window_size=WINDOW_LIMIT_BYTES)
        frame: BinaryIO = RawReader(SliceSource(packed, start, self._after - start))  # type: ignore[assignment]
        self._reader = machine.stream_reader(frame, read_size=_LARGEST_FEED)
        self._broken = zstandard.ZstdError
        self._start = start

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        if self.end is not None:
            return b""
        try:
            block: bytes = self._reader.read(limit)
        except self._broken as error:
            raise Malformed(f"compressed stream is broken: {error}", offset=self._start) from None
        if not block:
            self.end = self._after
        return block

    def copy(self) -> None:
        """libzstd's state cannot be copied."""


def _zstd_end(packed: Source, start: int) -> int:
    """The offset behind the frame at ``start``. (RFC 8878, 3.1.1.)"""
    head = packed.read(start, 18)
    if len(head) < 6:
        raise Malformed("zstd frame is cut off", offset=start)
    flags = head[4]
    if flags & 8:
        raise Malformed("zstd frame header has its reserved bit set", offset=start + 4)
    single = bool(flags & 32)
    window = (1 << 10 + (head[5] >> 3)) // 8 * (8 + (head[5] & 7))
    if window > WINDOW_LIMIT_BYTES and not single:
        raise TooLarge("zstd frame asks for a window over the limit", offset=start + 5)
    dictionary = (0, 1, 2, 4)[flags & 3]
    at = 5 + (not single)
    if any(head[at : at + dictionary]):
        raise NeedsMore("zstd frame needs a dictionary", offset=start + at)
    at = start + at + dictionary + (int(single), 2, 4, 8)[flags >> 6]
    for _ in range(BLOCKS_LIMIT):
        raw = packed.read(at, 3)
        header = int.from_bytes(raw, "little")
        kind, size = header >> 1 & 3, header >> 3
        if len(raw) < 3 or kind == 3 or size > _BLOCK_BYTES:
            raise Malformed("zstd block is cut off, reserved or too large", offset=at)
        at += 3 + (1 if kind == 1 else size)
        if header & 1:
            at += 4 * bool(flags & 4)
            if at > packed.size:
                raise Malformed("zstd frame is cut off", offset=packed.size)
            return at
    raise TooLarge("zstd frame has more blocks than are followed", offset=at)


class LzipMember:
    """A member of an lzip file: header, LZMA stream with an end mark, CRC and sizes. (lzip manual, File format.)"""

    def __init__(self, packed: Source, start: int) -> None:
        coded = packed.read(start + 5, 1)
        if not coded:
            raise Malformed("lzip member is cut off", offset=start)
        size = (1 << (coded[0] & 31)) - ((1 << (coded[0] & 31)) // 16) * (coded[0] >> 5)
        if not 1 << 12 <= size <= MEMORY_LIMIT_BYTES:
            raise TooLarge("lzip member asks for a dictionary over the limit", offset=start + 5)
        chain = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": 3, "lp": 0, "pb": 2}]
        machine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
        self._inner, self._packed, self._start = Fed(machine, packed, start + 6), packed, start
        self._crc, self._out = 0, 0
        self.end: int | None = None

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        if self.end is not None:
            return b""
        block = self._inner.block(limit)
        self._crc, self._out = zlib.crc32(block, self._crc), self._out + len(block)
        if not block:
            at = self._inner.end or 0
            wanted = self._crc.to_bytes(4, "little") + self._out.to_bytes(8, "little")
            if self._packed.read(at, 20) != wanted + (at + 20 - self._start).to_bytes(8, "little"):
                raise Malformed("lzip member and its trailer disagree", offset=at)
            self.end = at + 20
        return block

    def copy(self) -> None:
        """liblzma's state cannot be copied."""


def skippable(packed: Source, at: int) -> int:
    """Length in bytes of the skippable frame at ``at`` (RFC 8878, 3.1.2, and the LZ4 frames'), 0 if there is none."""
    head = packed.read(at, 8)
    if len(head) < 8 or head[1:4] != SKIPPABLE or not 0x50 <= head[0] <= 0x5F:
        return 0
    size = 8 + int.from_bytes(head[4:8], "little")
    return size if at + size <= packed.size else 0


def skipped(packed: Source, at: int, limit: int) -> Iterator[tuple[int, int]]:
    """The skippable frames in a row that begin at ``at``, as (start, end), at most ``limit``."""
    for _ in range(limit):
        length = skippable(packed, at)
        if not length:
            return
        yield at, at + length
        at += length
