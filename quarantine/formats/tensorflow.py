"""TensorFlow's model files in protobuf: SavedModel, MetaGraph (``.meta``), frozen graph, fingerprint, Keras metadata.

They are told by their structure: a node of a graph has a name and an operator, whatever the order of its fields.
Every field has to be one of TensorFlow's and of its kind; the graph's operators and the paths that they open are
judged as its runtime would run them. Nothing is ever imported or run. After tensorflow/core/protobuf/*.proto.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.protobuf import FIXED32, FIXED64, LENGTH, VARINT, Field, fields, varint

if TYPE_CHECKING:
    from quarantine.formats.protobuf_schema import Message

SEARCH_LIMIT = 200_000
_OPERATOR = re.compile(rb"[A-Za-z_][A-Za-z0-9_>./-]*")


def _begins(head: bytes, size: int) -> bool:
    """Whether content of that size begins with fields, of which the first may be followed by something else; told
    without the rest, which may be large or compressed."""
    data, at, seen = memoryview(head), 0, False
    try:
        while at < len(head) - 20:
            key, at = varint(data, at, len(head))
            if key & 7 == LENGTH:
                length, at = varint(data, at, len(head))
            elif key & 7 == VARINT:
                (_, at), length = varint(data, at, len(head)), 0
            else:
                length = {FIXED32: 4, FIXED64: 8}.get(key & 7, size)
            at += length
            if at > size:
                return seen
            seen = seen or (key & 7 == LENGTH and 0 < key >> 3 < 8)
    except Malformed:
        return seen
    return True


def _some(data: memoryview, start: int, end: int) -> Iterator[Field]:
    """The first fields of a message, as far as it is one."""
    try:
        for count, held in enumerate(fields(data, start, end)):
            if count >= SEARCH_LIMIT:
                return
            yield held
    except Malformed:
        return


def _is_node(data: memoryview, start: int, end: int) -> bool:
    """Whether a NodeDef is there: a name and an operator, and nothing else, unless the operator is TensorFlow's."""
    found = {held.number: held for held in _some(data, start, end)}
    operator = found.get(2)
    if operator is None or any(number < 8 and held.wire != LENGTH for number, held in found.items()):
        return False
    name = bytes(data[operator.start : min(operator.end, operator.start + 256)])
    plain = found.keys() <= set(range(1, 8)) and _OPERATOR.fullmatch(name) is not None
    if plain:
        return True
    from quarantine.formats.tensorflow_operators import groups  # most artifacts come nowhere near

    return name.decode("utf-8", "replace") in groups()


def _is_function(data: memoryview, start: int, end: int) -> bool:
    """Whether a FunctionDef is there: a signature with a name, and nodes."""
    found = list(_some(data, start, end))
    return any(held.number == 1 and held.wire == LENGTH for held in found) and any(
        held.number == 3 and held.wire == LENGTH and _is_node(data, held.start, held.end) for held in found
    )


def is_graph(data: memoryview, start: int, end: int, *, bare: bool = False) -> bool:
    """Whether a GraphDef lies there. With ``bare``, one of nothing but versions counts as well."""
    for held in _some(data, start, end):
        if held.wire != LENGTH:
            continue
        if held.number == 1 and _is_node(data, held.start, held.end):
            return True
        if held.number == 2 and any(
            inner.number == 1 and inner.wire == LENGTH and _is_function(data, inner.start, inner.end)
            for inner in _some(data, held.start, held.end)
        ):
            return True
        if bare and held.number == 4:
            found = [inner.wire if inner.number < 3 else -1 for inner in _some(data, held.start, held.end)]
            if found and set(found) == {VARINT}:
                return True
    return False


def is_meta_graph(data: memoryview, start: int, end: int) -> bool:
    """Whether a MetaGraphDef lies there."""
    return any(
        held.number == 2 and held.wire == LENGTH and is_graph(data, held.start, held.end, bare=True)
        for held in _some(data, start, end)
    )


def read_message(node: Node, data: memoryview, kind: str) -> Message:
    """The whole file as that message, its nodes reduced; all that its table explains is claimed."""
    from quarantine.formats.protobuf_schema import SchemaReader, schema
    from quarantine.formats.tensorflow_graph import Reducer

    reader = SchemaReader(data, schema("tensorflow"), {"NodeDef": Reducer(data).operation})
    found: Message = reader.message(kind, 0, len(data))
    for why, odd in (("is not known", reader.unknown), ("appears twice", reader.twice)):
        for message, held in odd[:16]:
            node.finding(
                "tensorflow-unusual-field", offset=held.at, message=message, field=held.number, why=why
            )
    for start, end in reader.taken(len(data)):
        node.claim(start, end)
    return found


def _read(node: Node, kind: str) -> None:
    from quarantine.formats.tensorflow_model import judge

    with node.source.view() as data:
        judge(node, data, kind, read_message(node, data, kind))


class SavedModel:
    """``saved_model.pb``."""

    name = "tensorflow_saved_model"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A MetaGraphDef in the second field."""
        if not _begins(head, source.size):
            return False
        with source.view() as data:
            return any(
                held.number == 2 and held.wire == LENGTH and is_meta_graph(data, held.start, held.end)
                for held in _some(data, 0, len(data))
            )

    def read(self, node: Node) -> None:
        """Validate, claim and judge."""
        _read(node, "SavedModel")


class MetaGraph:
    """``.meta`` beside a checkpoint."""

    name = "tensorflow_meta_graph"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A GraphDef in the second field."""
        if not _begins(head, source.size):
            return False
        with source.view() as data:
            return is_meta_graph(data, 0, len(data))

    def read(self, node: Node) -> None:
        """Validate, claim and judge."""
        _read(node, "MetaGraphDef")


class GraphDef:
    """A frozen graph, or any other GraphDef."""

    name = "tensorflow_graph"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A node or a function that is one."""
        if not _begins(head, source.size):
            return False
        with source.view() as data:
            return is_graph(data, 0, len(data))

    def read(self, node: Node) -> None:
        """Validate, claim and judge."""
        _read(node, "GraphDef")


class Fingerprint:
    """``fingerprint.pb``: hashes of the parts of a SavedModel."""

    name = "tensorflow_fingerprint"
    LIMIT_BYTES = 4096

    def recognise(self, head: bytes, source: Source) -> bool:
        """Four numbers and more, a version, and nothing else."""
        if source.size > self.LIMIT_BYTES or not head.startswith(b"\x08"):
            return False
        found = {held.number: held.wire for held in _some(memoryview(head), 0, len(head))}
        numbers = [number for number in (1, 2, 3, 4, 5) if found.get(number) in (VARINT, FIXED64)]
        return len(numbers) >= 3 and found.get(6) == LENGTH

    def read(self, node: Node) -> None:
        """Validate and claim."""
        with node.source.view() as data:
            read_message(node, data, "FingerprintDef")


class KerasMetadata:
    """``keras_metadata.pb``: what Keras keeps of each layer, as JSON."""

    name = "keras_metadata"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Objects with a path, an identifier and metadata."""
        if not _begins(head, source.size):
            return False
        with source.view() as data:
            for held in _some(data, 0, len(data)):
                if held.number == 1 and held.wire == LENGTH:
                    found = {inner.number: inner.wire for inner in _some(data, held.start, held.end)}
                    if (
                        found.get(4) == found.get(5) == LENGTH
                        and 1 not in found
                        and found.keys() <= set(range(2, 7))
                    ):
                        return True
        return False

    def read(self, node: Node) -> None:
        """Validate, claim, hand on the JSON."""
        from quarantine.formats.tensorflow_model import hand_on_metadata

        with node.source.view() as data:
            found = read_message(node, data, "KerasSavedMetadata")
            hand_on_metadata(node, [held.text("metadata") for held in found.all("nodes")])
