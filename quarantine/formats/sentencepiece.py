"""SentencePiece models (ModelProto): every field known and of its kind, and normaliser tables that hold what they say.

After sentencepiece_model.proto and, for the table, src/normalizer.cc. The native library reads the same bytes, so that
a table whose parts reach outside of it is refused.
"""

from __future__ import annotations

from typing import NamedTuple

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.protobuf import FIXED32, LENGTH, VARINT, Field, fields

PIECES_LIMIT = 4_000_000
_TEXT, _MESSAGE = "text", "message"


class _Kind(NamedTuple):
    wire: int
    what: str = ""


_INT, _FLOAT, _STR = _Kind(VARINT), _Kind(FIXED32), _Kind(LENGTH, _TEXT)
_PIECE = {1: _STR, 2: _FLOAT, 3: _INT}
_TRAINER = {
    **dict.fromkeys((1, 2, 5, 7, 30, 31, 36, *range(44, 49), 53, 54), _STR),
    **dict.fromkeys(
        (3, 4, 6, *range(11, 15), *range(16, 27), *range(32, 36), *range(40, 44), 49, 50, 52, 55), _INT
    ),
    **dict.fromkeys((10, 15, 51), _FLOAT),
}
_NORMALIZER = {1: _STR, 2: _Kind(LENGTH, "charsmap"), 3: _INT, 4: _INT, 5: _INT, 6: _STR}
_SAMPLE = {1: _STR, 2: _STR}
_MODEL = {1: _PIECE, 2: _TRAINER, 3: _NORMALIZER, 4: {1: _SAMPLE}, 5: _NORMALIZER}


class SentencePiece:
    """A SentencePiece model."""

    name = "sentencepiece"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Two pieces in front, each of a text and a score, or one and another part of a model."""
        with source.view() as data:
            seen = []
            try:
                for field in fields(data, 0, len(data)):
                    if field.wire != LENGTH or field.number not in _MODEL:
                        return False
                    seen.append(field)
                    if field.number == 1 and not _is_piece(data, field):
                        return False
                    if len(seen) == 3:
                        break
            except Malformed:
                return len(seen) > 1
        return len(seen) > 1 and seen[0].number == 1

    def read(self, node: Node) -> None:
        """Check and claim every field."""
        pieces = trained = 0
        with node.source.view() as data:
            for field in fields(data, 0, len(data)):
                if field.number not in _MODEL or field.wire != LENGTH:
                    raise Malformed(f"field {field.number} is not a model's", offset=field.at)
                pieces += field.number == 1
                trained += field.number == 2
                if pieces > PIECES_LIMIT:
                    raise Malformed("more pieces than any vocabulary has", offset=field.at)
                if field.number == 4:
                    for inner in fields(data, field.start, field.end):
                        if inner.number != 1 or inner.wire != LENGTH:
                            raise Malformed("self test holds something else", offset=inner.at)
                        _message(data, inner, _SAMPLE)
                else:
                    _message(data, field, _MODEL[field.number])  # type: ignore[arg-type]
                node.claim(field.at, field.end)
        if not pieces or trained > 1:
            raise Malformed("no pieces, or two trainer's parts", offset=0)
        node.fact("pieces", pieces)


def _is_piece(data: memoryview, field: Field) -> bool:
    try:
        found = {inner.number: inner.wire for inner in fields(data, field.start, field.end)}
    except Malformed:
        return False
    return found.get(1) == LENGTH and found.get(2, FIXED32) == FIXED32 and set(found) <= set(_PIECE)


def _message(data: memoryview, outer: Field, known: dict[int, _Kind]) -> None:
    for field in fields(data, outer.start, outer.end):
        kind = known.get(field.number)
        if kind is None:
            raise Malformed(f"field {field.number} is not known", offset=field.at)
        if field.wire != kind.wire:
            raise Malformed(f"field {field.number} has the wrong wire type", offset=field.at)
        if kind.what == _TEXT:
            try:
                str(data[field.start : field.end], "utf-8")
            except UnicodeDecodeError:
                raise Malformed("text is not UTF-8", offset=field.start) from None
        elif kind.what == "charsmap" and field.end > field.start:
            _charsmap(data, field.start, field.end)


def _charsmap(data: memoryview, start: int, end: int) -> None:
    """A size, a double-array trie of 32-bit units, and texts that end with a zero. (DecodePrecompiledCharsMap.)"""
    size = int.from_bytes(data[start : start + 4], "little")
    texts = start + 4 + size
    if end - start <= 4 or size < 1024 or size % 1024 or texts >= end or data[end - 1]:
        raise Malformed("normaliser's table is not as long as it says", offset=start)
