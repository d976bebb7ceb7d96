"""GGML's formats before GGUF (``ggml``, ``ggmf``, ``ggjt``), of language models and of whisper.cpp.

After llama.cpp at tag master-d7d2e6a (llama-util.h, llama.cpp), ggml's examples and whisper.cpp (src/whisper.cpp). The
magic does not say which program's parameters follow: the layouts are tried, and the one that explains every byte is it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from quarantine.formats.gguf import BLOCKS
from quarantine.formats.interface import Malformed, Node, Source, Unsupported

_MAGICS = {b"lmgg": 0, b"fmgg": 1, b"tjgg": 3}
_OLD_BLOCKS = {4: (32, 20), 5: (32, 36)}
"""Types that later programs no longer read."""
_TOKENS_LIMIT, _TOKEN_LIMIT_BYTES = 1 << 21, 1 << 16
_TENSORS_LIMIT, _RANK_LIMIT, _NAME_LIMIT_BYTES = 1 << 16, 4, 256
_ALIGNMENT = 32


@dataclass(frozen=True)
class _Layout:
    """What stands between the magic and the tensors."""

    parameters: int
    scores: bool = False
    counted: bool = False
    filters: bool = False
    aligned: bool = False


_LAYOUTS = {
    0: (_Layout(7), _Layout(7, counted=True), _Layout(6, counted=True), _Layout(8, counted=True),
        _Layout(11, counted=True, filters=True), _Layout(7, scores=True)),
    1: (_Layout(7, scores=True),),
    3: (_Layout(7, scores=True, aligned=True), _Layout(8, scores=True, aligned=True)),
}  # fmt: skip


class Ggml:
    """The formats before GGUF."""

    name = "ggml"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head[:4] in _MAGICS

    def read(self, node: Node) -> None:
        """Find the layout that explains the file to its end."""
        family = _MAGICS.get(node.source.read(0, 4))
        if family is None:
            raise Malformed("the magic is none of GGML's", offset=0)
        best: Malformed | None = None
        for layout in _LAYOUTS[family]:
            try:
                tensors = _read(node.source, layout, versioned=bool(family))
            except Malformed as error:
                best = max((best, error), key=lambda e: -1 if e is None else e.offset or 0)
                continue
            node.claim(0, node.source.size)
            node.fact("tensors", tensors)
            return
        raise best or Malformed("no layout is known", offset=4)


def _read(source: Source, layout: _Layout, *, versioned: bool) -> int:
    cursor = _Cursor(source, 4)
    if versioned and not 1 <= cursor.numbers("i")[0] <= 3:
        raise Unsupported("version is unknown", offset=4)
    parameters = cursor.numbers(f"{layout.parameters}i")
    if layout.filters:
        mels, width = cursor.numbers("ii")
        if not (0 < mels <= 1024 and 0 < width <= 1 << 16):
            raise Malformed("filters have an impossible shape", offset=cursor.at)
        cursor.skip(mels * width * 4)
    tokens = cursor.numbers("i")[0] if layout.counted else parameters[0]
    if not 0 < tokens <= _TOKENS_LIMIT:
        raise Malformed("vocabulary is larger than any model's", offset=cursor.at)
    for _ in range(tokens):
        (length,) = cursor.numbers("I")
        if length > _TOKEN_LIMIT_BYTES:
            raise Malformed("token is longer than any model's", offset=cursor.at)
        cursor.skip(length + 4 * layout.scores)
    count = 0
    names: set[bytes] = set()
    while cursor.at < source.size:
        _tensor(cursor, layout, names)
        count += 1
    if not count:
        raise Malformed("there are no tensors", offset=cursor.at)
    return count


def _tensor(cursor: _Cursor, layout: _Layout, names: set[bytes]) -> None:
    begin = cursor.at
    rank, length, kind = cursor.numbers("iii")
    blocks = BLOCKS.get(kind) or _OLD_BLOCKS.get(kind)
    if not 0 < rank <= _RANK_LIMIT or not 0 < length <= _NAME_LIMIT_BYTES or blocks is None:
        raise Malformed("tensor's rank, name or type is none of the format's", offset=begin)
    sides = cursor.numbers(f"{rank}i")
    name = cursor.take(length)
    sound = all(side > 0 for side in sides) and not sides[0] % blocks[0] and len(names) < _TENSORS_LIMIT
    if not sound or name in names:
        raise Malformed("tensor's shape is impossible, or its name is repeated", offset=begin)
    names.add(name)
    if layout.aligned and any(cursor.take(-cursor.at % _ALIGNMENT)):
        raise Malformed("padding is not zero", offset=begin)
    cursor.skip(math.prod(sides) // blocks[0] * blocks[1])


class _Cursor:
    """Where the reader is in the file; every step is checked against its end."""

    def __init__(self, source: Source, at: int) -> None:
        self._source = source
        self.at = at

    def numbers(self, form: str) -> tuple[int, ...]:
        """The next numbers."""
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def take(self, length: int) -> bytes:
        """The next bytes."""
        begin = self.at
        self.skip(length)
        return self._source.read(begin, length)

    def skip(self, length: int) -> None:
        """Go on."""
        if length > self._source.size - self.at:
            raise Malformed("value ends behind the end of the file", offset=self.at)
        self.at += length
