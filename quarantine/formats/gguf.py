"""GGUF, llama.cpp's format, versions 2 and 3 in little endian: header, key-value pairs, tensor table, tensors.

After https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Tensors must be aligned, apart and in range,
padding must be zero; tensor data is claimed, never looked at. Chat templates are handed on as artifacts.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from quarantine.formats.interface import Malformed, Node, Source, Unsupported

MAGIC = b"GGUF"
DEPTH_LIMIT, COUNT_LIMIT, TEMPLATES_LIMIT = 4, 1 << 24, 256
ALIGNMENT_LIMIT_BYTES = 1 << 20
# Value type -> bytes; 8 is a string, 9 an array, 7 a bool.
_NAME_LIMIT = 127  # bytes: 63 in llama.cpp as it comes, 127 where it is built for models of images
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _BOOL, _STRING, _ARRAY = 4, 7, 8, 9
# ggml type -> (elements, bytes) of one block, from ggml.c
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
    18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


class _Cursor:
    """Where the reader is in the file; every step is checked against its end."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self.at = 0

    def take(self, length: int) -> memoryview:
        """The next ``length`` bytes."""
        if length > len(self._data) - self.at:
            raise Malformed("value ends behind the end of the file", offset=self.at)
        self.at += length
        return self._data[self.at - length : self.at]

    def number(self, form: str) -> int:
        """The next unsigned number, ``I`` of four bytes or ``Q`` of eight."""
        value: int = struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]
        return value

    def text(self) -> bytes:
        """The next string."""
        return bytes(self.take(self.number("Q")))

    def texts(self, at: int, kind: int) -> Iterator[bytes]:
        """The strings of the value at ``at``, which was read before: itself, or those of an array."""
        again = _Cursor(self._data)
        again.at = at
        count = 1
        if kind == _ARRAY:
            kind, count = again.number("I"), again.number("Q")
        if kind != _STRING:
            return
        if count > TEMPLATES_LIMIT:
            raise Malformed("more chat templates than any model has", offset=at)
        yield from filter(None, (again.text() for _ in range(count)))

    def value(self, kind: int, depth: int = 0) -> bytes:
        """The raw bytes of the next value; those of an array's elements are only checked."""
        if kind in _WIDTHS:
            raw = bytes(self.take(_WIDTHS[kind]))
            if kind == _BOOL and raw not in (b"\0", b"\1"):
                raise Malformed("bool is neither 0 nor 1", offset=self.at - 1)
            return raw
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY or depth > DEPTH_LIMIT:
            raise Malformed("value has an unknown type, or arrays nest too deeply", offset=self.at)
        inner, count = self.number("I"), self.number("Q")
        if inner in _WIDTHS and inner != _BOOL:
            self.take(_WIDTHS[inner] * count)
            return b""
        if count > COUNT_LIMIT:
            raise Malformed("array is longer than any model's", offset=self.at)
        for _ in range(count):
            self.value(inner, depth + 1)
        return b""


class Gguf:
    """The GGUF format."""

    name = "gguf"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Check the tables; claim them, the tensors and the zeros between."""
        with node.source.view() as data:
            cursor = _Cursor(data)
            cursor.take(len(MAGIC))
            version = cursor.number("I")
            if version not in (2, 3):
                raise Unsupported("not GGUF of version 2 or 3 in little endian", offset=4)
            tensors, pairs = cursor.number("Q"), cursor.number("Q")
            if tensors > COUNT_LIMIT or pairs > COUNT_LIMIT:
                raise Malformed("counts are larger than any model's", offset=8)
            alignment = _pairs(node, cursor, pairs)
            spans = _tensors(node, cursor, tensors)
            node.claim(0, cursor.at)
        _claim_data(node, cursor.at, alignment, spans)
        node.fact("tensors", tensors)


def _pairs(node: Node, cursor: _Cursor, count: int) -> int:
    """Read the key-value pairs; returns the alignment in bytes."""
    keys: set[bytes] = set()
    alignment = 32
    for _ in range(count):
        start = cursor.at
        key, kind = cursor.text(), cursor.number("I")
        at = cursor.at
        value = cursor.value(kind)
        if key in keys or not key or len(key) > 65535 or not key.isascii():
            raise Malformed("key is repeated, empty or not ASCII", offset=start)
        keys.add(key)
        if key == b"general.alignment":
            alignment = int.from_bytes(value, "little") if kind == _UINT32 else 0
            if not 8 <= alignment <= ALIGNMENT_LIMIT_BYTES or alignment % 8:
                raise Malformed("alignment is no multiple of 8", offset=start)
        if key.startswith(b"general.") and kind == _STRING:
            node.said(key.decode(), value.decode("utf-8", "replace"))
        if b"chat_template" in key:
            for number, text in enumerate(cursor.texts(at, kind)):
                node.child(f"{key.decode()}{f'.{number}' if number else ''}.jinja", text, expect="text")
    return alignment


def _tensors(node: Node, cursor: _Cursor, count: int) -> list[tuple[int, int]]:
    """Read the tensor table; returns (offset, size) of each in the data, in bytes."""
    names: set[bytes] = set()
    spans = []
    for _ in range(count):
        start = cursor.at
        name, rank = cursor.text(), cursor.number("I")
        if name in names or len(name) > _NAME_LIMIT or rank > 4:
            raise Malformed(
                "tensor's name is repeated or too long, or it has over four dimensions", offset=start
            )
        names.add(name)
        shape = [cursor.number("Q") for _ in range(rank)]
        kind, offset = cursor.number("I"), cursor.number("Q")
        if kind not in BLOCKS:
            raise Unsupported(f"tensor type {kind} is not known", offset=start)
        elements, width = BLOCKS[kind]
        if (shape[0] if shape else 1) % elements:
            raise Malformed("tensor's rows are no whole blocks", offset=start)
        size = math.prod(shape) // elements * width
        spans.append((offset, size))
        node.tensor(name.decode("utf-8", "replace"), f"type {kind}", shape, size)
    return spans


def _claim_data(node: Node, end: int, alignment: int, spans: list[tuple[int, int]]) -> None:
    base = -(-end // alignment) * alignment
    at = end
    for offset, size in sorted(spans):
        start = base + offset
        if offset % alignment or start < at or start + size > node.source.size:
            raise Malformed(
                "tensor is misaligned, overlaps, or lies outside the file", offset=min(start, end)
            )
        _claim_padding(node, at, start, alignment)
        node.claim(start, start + size)
        at = start + size
    _claim_padding(node, at, node.source.size, alignment)


def _claim_padding(node: Node, start: int, end: int, alignment: int) -> None:
    if end - start < alignment and not any(node.source.read(start, end - start)):
        node.claim(start, end)
