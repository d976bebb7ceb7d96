"""PaddlePaddle's programs (``.pdmodel``) and parameters (``.pdiparams``, the stream of ``save_combine``).

After paddle/fluid/framework/framework.proto and ``SerializeToStream`` (paddle/fluid/framework/lod_tensor.cc). Every
operator is judged by name; tensors must have the size of their shape, and are claimed, never looked at.
"""

from __future__ import annotations

import math
import struct

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.messages import Message, Reader, claim_known, outline
from quarantine.formats.paddle_operators import COMPUTING, rule_of
from quarantine.formats.paddle_schema import SCHEMA
from quarantine.formats.protobuf import LENGTH, VARINT
from quarantine.formats.source import SliceSource

_KEPT = {
    "OpDesc": frozenset({3, 4}),
    "OpDesc.Attr": frozenset({1, 12, 14}),
    "BlockDesc": frozenset({1}),
    "ProgramDesc": frozenset({1}),
    "VarType.TensorDesc": frozenset({1, 2}),
}
_LEVELS_LIMIT, _DESC_LIMIT_BYTES, _RANK_LIMIT = 8, 4096, 64
# VarType.Type -> bytes of one element
_WIDTHS = {0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 19: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16, 32: 1, 33: 1}


class PaddleProgram:
    """The program (ProgramDesc)."""

    name = "paddle"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Blocks, of which the first has an index and a parent."""
        if head[:1] != b"\x0a":
            return False
        with source.view() as data:
            found = outline(data, 5)
        if (
            not found
            or 1 not in found
            or not set(found) <= set(SCHEMA["ProgramDesc"])
            or found[1].wire != LENGTH
        ):
            return False
        first = found[1]
        with SliceSource(
            source, first.start, max(0, min(first.end, source.size) - first.start)
        ).view() as data:
            block = outline(data, 5)
        return block is not None and all(n in block and block[n].wire == VARINT for n in (1, 2))

    def read(self, node: Node) -> None:
        """Validate every message and judge every operator."""
        told: set[str] = set()
        blocks = 0  # the highest block that an operator runs

        def operator(message: Message) -> None:
            nonlocal blocks
            name = message.text(3)
            for attribute in message.inner(4):
                indexes = [*attribute.numbers(data, 14), attribute.number(12, -1)]
                blocks = max(blocks, *indexes)
            if name not in told:
                told.add(name)
                judge(node, name, message.start)

        with node.source.view() as data:
            reader = Reader(node, data, SCHEMA, _KEPT, {"OpDesc": operator}, utf8=False)
            program = reader.read("ProgramDesc", 0, len(data))
        indexes = [block.number(1) for block in program.inner(1)]
        if indexes != list(range(len(indexes))):
            raise Malformed("blocks are not numbered in order", offset=0)
        if blocks >= len(indexes):
            raise Malformed("an operator runs a block that is not there", offset=0)
        claim_known(node, 0, node.source.size, reader.unknown)
        node.fact("operators", len(told))


def judge(node: Node, operator: str, at: int | None) -> None:
    """Report an operator that is more than a computation, or that no version of PaddlePaddle has."""
    found = rule_of(operator)
    if found is not None:
        node.finding(found[0], offset=at, operator=operator, effect=found[1])
    elif not {operator, operator.removesuffix("_grad"), operator.removesuffix("_")} & COMPUTING:
        node.finding(
            "paddle-operator-custom", offset=at, operator=operator, effect="comes from a library of its own"
        )


class PaddleParameters:
    """Tensors one after another, without names: those of the program, sorted by name."""

    name = "paddle-parameters"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A sound first tensor's header."""
        try:
            _header(source, 0)
        except Malformed:
            return False
        return True

    def read(self, node: Node) -> None:
        """Follow the tensors to the end."""
        at = count = 0
        while at < node.source.size:
            start, size = _header(node.source, at)
            if start + size > node.source.size:
                raise Malformed("tensor ends behind the end of the file", offset=at)
            node.claim(at, start + size)
            at, count = start + size, count + 1
        node.fact("tensors", count)


def _header(source: Source, at: int) -> tuple[int, int]:
    """(offset of the data, its size in bytes) of the tensor that begins at ``at``."""
    begin = at
    version, levels = struct.unpack("<IQ", _take(source, at, 12))
    if version or levels > _LEVELS_LIMIT:
        raise Malformed("tensor has an unknown version, or too many levels", offset=begin)
    at += 12
    for _ in range(levels):
        (size,) = struct.unpack("<Q", _take(source, at, 8))
        if size % 8 or size > source.size - at - 8:
            raise Malformed("level of detail ends behind the end of the file", offset=at)
        at += 8 + size
    version, length = struct.unpack("<II", _take(source, at, 8))
    if version or not 0 < length <= _DESC_LIMIT_BYTES:
        raise Malformed("tensor has an unknown version or description", offset=at)
    described = _take(source, at + 8, length)
    with memoryview(described) as data:
        message = Reader(None, data, SCHEMA, _KEPT, {}).read("VarType.TensorDesc", 0, length)
        shape = message.numbers(data, 2, _RANK_LIMIT)
    kind = message.number(1, -1)
    if kind not in _WIDTHS or any(side >> 62 for side in shape):
        raise Malformed("tensor has an unknown type or an impossible shape", offset=at)
    return at + 8 + length, math.prod(shape) * _WIDTHS[kind]


def _take(source: Source, at: int, length: int) -> bytes:
    raw = source.read(at, length)
    if len(raw) != length:
        raise Malformed("tensor's header ends behind the end of the file", offset=at)
    return raw
