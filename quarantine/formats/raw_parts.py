"""Parts without a header of their own, whose properties and size an archive keeps elsewhere: LZMA, filters, copies.

After 7-Zip's DOC/lzma-specification.txt and Methods.txt, and APPNOTE 6.3.10, 5.8.8. Dictionaries are bounded, and
none is larger than what comes out.
"""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from typing import Any

from quarantine.formats.interface import Malformed, Source, TooLarge
from quarantine.formats.parts import WINDOW_LIMIT_BYTES, Fed, Part

_CHUNK_BYTES = 1 << 16
_SLOWLY_BYTES = 1 << 12


def lzma1(properties: bytes, size: int) -> Mapping[str, int]:
    """liblzma's filter for the five bytes of an LZMA header, for content of ``size`` bytes."""
    if len(properties) != 5 or properties[0] >= 9 * 5 * 5:
        raise Malformed("LZMA properties are broken")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    return {
        "id": lzma.FILTER_LZMA1,
        "dict_size": _dictionary(int.from_bytes(properties[1:], "little"), size),
        "lc": lc,
        "lp": lp,
        "pb": pb,
    }


def lzma2(properties: bytes, size: int) -> Mapping[str, int]:
    """liblzma's filter for the byte of an LZMA2 coder, for content of ``size`` bytes."""
    if len(properties) != 1 or properties[0] > 40:
        raise Malformed("LZMA2 properties are broken")
    bits = properties[0]
    wanted = 0xFFFFFFFF if bits == 40 else (2 | bits & 1) << (bits // 2 + 11)
    return {"id": lzma.FILTER_LZMA2, "dict_size": _dictionary(wanted, size)}


def _dictionary(wanted: int, size: int) -> int:
    needed = max(min(wanted, size), 1 << 12)
    if needed > WINDOW_LIMIT_BYTES:
        raise TooLarge("LZMA asks for a dictionary over the limit")
    return needed


def raw(*filters: Mapping[str, int]) -> lzma.LZMADecompressor:
    """A machine for a stream of these filters without a header.

    Raises:
        Malformed: liblzma does not take them.
    """
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=list(filters))
    except (lzma.LZMAError, ValueError) as error:
        raise Malformed(f"LZMA properties are broken: {error}") from None


class Sized(Fed):
    """An LZMA stream that ends after ``size`` bytes, with or without an end mark."""

    def __init__(self, machine: Any, packed: Source, start: int, size: int) -> None:
        super().__init__(machine, packed, start)
        self._left = size

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        block = super().block(min(limit, self._left)) if self._left else b""
        self._left -= len(block)
        if not block and self.end is None:
            self.end = self._finish()
        return block

    def _input(self) -> bytes:
        # Slowly at the end, because the machine does not tell how much of its input was needed.
        left = self._packed.size - self._fed
        self._feed = min(self._feed, max(1, left - _SLOWLY_BYTES))
        return super()._input()

    def _finish(self) -> int:
        """Let the machine take an end mark; the offset behind what it took."""
        for _ in range(64):
            if self._machine.eof:
                return self._fed - len(self._machine.unused_data)
            data = self._packed.read(self._fed, 1) if self._machine.needs_input else b""
            if self._machine.needs_input and not data:
                break
            self._fed += len(data)
            try:
                if self._machine.decompress(data, 1):
                    break
            except lzma.LZMAError:
                break
        return self._fed


class Filtered:
    """What a branch or delta filter makes of another part's bytes, as liblzma's filters do."""

    def __init__(self, inner: Part, filter_: Mapping[str, int]) -> None:
        # liblzma filters only in front of LZMA, so that the bytes are wrapped as LZMA2's uncompressed chunks.
        self._machine = raw(filter_, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 12})
        self._inner, self._first = inner, True
        self.end: int | None = None

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        while self.end is None:
            data = b""
            if self._machine.needs_input and not self._machine.eof:
                chunk = self._inner.block(_CHUNK_BYTES)
                data = b"\0"
                if chunk:
                    data = bytes([2 - self._first]) + (len(chunk) - 1).to_bytes(2, "big") + chunk
                self._first = False
            out = b"" if self._machine.eof else self._machine.decompress(data, limit)
            if out:
                return out
            if self._machine.eof:
                self.end = self._inner.end or 0
        return b""

    def copy(self) -> None:
        """liblzma's state cannot be copied."""


class Copied:
    """Bytes as they are."""

    def __init__(self, packed: Source, start: int) -> None:
        self._packed, self._at = packed, start
        self.end: int | None = None

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        data = self._packed.read(self._at, limit)
        self._at += len(data)
        if not data:
            self.end = self._at
        return data

    def copy(self) -> Copied:
        """A second reader at the same place."""
        return Copied(self._packed, self._at)


class OnePart:
    """A reader of one part that expands to at most ``size`` bytes. ``out`` counts them."""

    def __init__(self, part: Part, size: int) -> None:
        self.part, self._size = part, size
        self.out = 0

    def block(self, limit: int = 1 << 20) -> bytes:
        """The next bytes, at most ``limit``.

        Raises:
            Malformed: more come out than ``size``.
        """
        block = self.part.block(limit)
        self.out += len(block)
        if self.out > self._size:
            raise Malformed("compressed stream is longer than declared")
        return block

    def copy(self) -> OnePart | None:
        """A second reader at the same place, where the library can make one."""
        twin = self.part.copy()
        if twin is None:
            return None
        made = OnePart(twin, self._size)
        made.out = self.out
        return made
