"""fastText's models (``.bin``, ``.ftz``): options, a dictionary, and two matrices, plain or quantised.

After fasttext.cc, dictionary.cc, densematrix.cc, quantmatrix.cc and productquantizer.cc of fastText 0.9. Every number
is bounded by what is left of the file before it is used, and nothing but the dictionary is looked at.
"""

from __future__ import annotations

import struct

from quarantine.formats.interface import Malformed, Node, Source, Unsupported

MAGIC = struct.pack("<i", 793712314)
_VERSIONS = (11, 12)
_OPTIONS = struct.Struct(
    "<12id"
)  # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, rate, t
_WINDOW_BYTES = 1 << 20
_WORD_LIMIT = 1 << 16
_CENTROIDS = 256


class FastText:
    """A model of fastText, or of gensim that writes it for fastText."""

    name = "fasttext"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic number."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Follow the file to its end; what lies behind stays unclaimed."""
        cursor = _Cursor(node.source)
        if cursor.numbers("<i")[0] not in _VERSIONS:
            raise Unsupported("not fastText of version 11 or 12", offset=4)
        options = cursor.numbers(_OPTIONS.format)
        if not (options[0] >= 1 and 1 <= options[6] <= 4 and 1 <= options[7] <= 3):
            raise Malformed("options are none that fastText has", offset=8)
        words = _dictionary(cursor)
        quantised = cursor.flag()
        (_quantised if quantised else _plain)(cursor)
        second = cursor.flag()
        (_quantised if quantised and second else _plain)(cursor)
        node.claim(0, cursor.at)
        node.fact("words", words)


class _Cursor:
    """Reads numbers and skips data, and never leaves the file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.at = len(MAGIC)

    def numbers(self, layout: str) -> tuple[int, ...]:
        """Numbers of this ``struct`` layout."""
        raw = self._source.read(self.at, struct.calcsize(layout))
        self.skip(struct.calcsize(layout))
        found: tuple[int, ...] = struct.unpack(layout, raw)
        return found

    def flag(self) -> bool:
        """One byte that is 0 or 1."""
        value = self.numbers("<B")[0]
        if value > 1:
            raise Malformed("a flag is neither 0 nor 1", offset=self.at - 1)
        return value == 1

    def skip(self, length: int) -> None:
        """Go on behind ``length`` bytes of data."""
        if not 0 <= length <= self._source.size - self.at:
            raise Malformed("a part is longer than the file", offset=self.at)
        self.at += length

    def entries(self, count: int, tail: int) -> None:
        """Words that end in a zero byte, each with ``tail`` bytes behind it, the last of which is 0 or 1."""
        held, start = b"", self.at
        for _ in range(count):
            end = held.find(b"\0", self.at - start)
            if end < 0 or end + tail >= len(held):
                held, start = self._source.read(self.at, _WINDOW_BYTES), self.at
                end = held.find(b"\0")
            if not 0 <= end - (self.at - start) <= _WORD_LIMIT or end + tail >= len(held):
                raise Malformed("a word does not end, or is longer than any", offset=self.at)
            if held[end + tail] > 1:
                raise Malformed("an entry is neither a word nor a label", offset=start + end + tail)
            self.at = start + end + 1 + tail


def _dictionary(cursor: _Cursor) -> int:
    size, words, labels, _, pruned = cursor.numbers("<3i2q")
    if size < 0 or words < 0 or labels < 0 or size != words + labels or pruned < -1:
        raise Malformed("the dictionary's counts contradict each other", offset=cursor.at)
    cursor.entries(size, 9)
    cursor.skip(8 * max(pruned, 0))
    return words


def _plain(cursor: _Cursor) -> None:
    rows, columns = cursor.numbers("<2q")
    if rows < 0 or columns < 0:
        raise Malformed("a matrix has a negative size", offset=cursor.at)
    cursor.skip(4 * rows * columns)


def _quantised(cursor: _Cursor) -> None:
    norms = cursor.flag()
    rows, columns = cursor.numbers("<2q")
    (codes,) = cursor.numbers("<i")
    if rows < 0 or columns < 0 or codes < 0:
        raise Malformed("a matrix has a negative size", offset=cursor.at)
    cursor.skip(codes)
    if codes != rows * _quantiser(cursor, columns):
        raise Malformed("a matrix has not a code for each part of its rows", offset=cursor.at)
    if norms:
        cursor.skip(rows)
        _quantiser(cursor, 1)


def _quantiser(cursor: _Cursor, columns: int) -> int:
    """Read a product quantiser: into how many parts it divides a row."""
    dimension, parts, width, last = cursor.numbers("<4i")
    if dimension != columns or width < 1 or parts < 1 or not 1 <= last <= width:
        raise Malformed("a quantiser does not fit its matrix", offset=cursor.at)
    if (parts - 1) * width + last != dimension:
        raise Malformed("a quantiser's parts do not make up a row", offset=cursor.at)
    cursor.skip(4 * dimension * _CENTROIDS)
    return parts
