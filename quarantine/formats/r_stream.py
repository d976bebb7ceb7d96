"""The two spellings of R's serialisation, XDR and ASCII, as a cursor over numbers and bytes.

After src/main/serialize.c of R (InInteger, InReal, InString) and RFC 4506. Vectors are stepped over, never copied.
"""

from __future__ import annotations

import re
from typing import Protocol

from quarantine.formats.interface import Malformed

_WORD = re.compile(rb"[ \t\r\n]*([^ \t\r\n]{1,200})")
_SPACE = re.compile(rb"[ \t\r\n]*")
_ESCAPES = {
    b"n": 10,
    b"t": 9,
    b"v": 11,
    b"b": 8,
    b"r": 13,
    b"f": 12,
    b"a": 7,
    b"\\": 92,
    b"?": 63,
    b"'": 39,
    b'"': 34,
}
MISSING = -(1 << 31)


class Cursor(Protocol):
    """Where the reader is."""

    at: int

    def integer(self) -> int:
        """The next 32-bit number."""

    def raw(self, length: int) -> bytes:
        """The next characters of a string."""

    def skip(self, kind: str, count: int) -> None:
        """Step over ``count`` numbers: ``i`` of four bytes, ``d`` of eight, or bytes, ``b``."""

    def real(self) -> float:
        """The next 64-bit number."""


class Xdr:
    """Numbers in big endian."""

    def __init__(self, data: memoryview, at: int) -> None:
        self._data, self.at = data, at

    def _take(self, length: int) -> memoryview:
        if not 0 <= length <= len(self._data) - self.at:
            raise Malformed("a value ends behind the end of the file", offset=self.at)
        self.at += length
        return self._data[self.at - length : self.at]

    def integer(self) -> int:
        """The next number."""
        return int.from_bytes(self._take(4), "big", signed=True)

    def raw(self, length: int) -> bytes:
        """The next bytes."""
        return bytes(self._take(length))

    def skip(self, kind: str, count: int) -> None:
        """Step over a vector."""
        self._take({"i": 4, "d": 8, "b": 1}[kind] * count)

    def real(self) -> float:
        """The next number."""
        import struct

        value: float = struct.unpack(">d", self._take(8))[0]
        return value


class Ascii:
    """Numbers in decimal, one a line."""

    def __init__(self, data: memoryview, at: int) -> None:
        self._data, self.at = data, at

    def _word(self) -> bytes:
        match = _WORD.match(self._data, self.at)
        if match is None:
            raise Malformed("a value ends behind the end of the file", offset=self.at)
        self.at = match.end()
        return match[1]

    def integer(self) -> int:
        """The next number."""
        word = self._word()
        if word == b"NA":
            return MISSING
        if not re.fullmatch(rb"-?\d{1,10}", word):
            raise Malformed("a number is none", offset=self.at)
        return int(word)

    def real(self) -> float:
        """The next number."""
        word = self._word()
        if word in (b"NA", b"NaN", b"Inf", b"-Inf"):
            return 0.0
        try:
            return float(word)
        except ValueError:
            raise Malformed("a number is none", offset=self.at) from None

    def raw(self, length: int) -> bytes:
        """The next characters, with C's escapes."""
        space = _SPACE.match(self._data, self.at)
        self.at = space.end() if space else self.at
        out = bytearray()
        while len(out) < length:
            part = bytes(self._data[self.at : self.at + 4])
            if not part:
                raise Malformed("a string ends behind the end of the file", offset=self.at)
            if part[:1] != b"\\":
                self.at, byte = self.at + 1, part[0]
            elif octal := re.match(rb"\\([0-7]{1,3})", part):
                self.at, byte = self.at + octal.end(), int(octal[1], 8) & 255
            elif part[1:2] in _ESCAPES:
                self.at, byte = self.at + 2, _ESCAPES[part[1:2]]
            else:
                raise Malformed("an escape is none of C's", offset=self.at)
            out.append(byte)
        return bytes(out)

    def skip(self, kind: str, count: int) -> None:
        """Step over a vector; every word must be a number."""
        if count > len(self._data) - self.at:
            raise Malformed("a vector is longer than the file", offset=self.at)
        for _ in range(count):
            if kind == "i":
                self.integer()
            elif kind == "d":
                self.real()
            elif not re.fullmatch(rb"[0-9a-fA-F]{1,2}", self._word()):
                raise Malformed("a byte is none", offset=self.at)

    def finish(self) -> None:
        """Step over the end of the last line."""
        if bytes(self._data[self.at : self.at + 1]) == b"\n":
            self.at += 1
