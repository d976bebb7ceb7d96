"""ONNX models and single tensors: every field must be one that onnx.proto knows, of its kind, at most once unless
it is repeated; tensors must hold exactly the data that their shape asks for.

Fields that the schema does not know are reported and stay unclaimed. Tensor data is claimed, never looked at.
"""

from __future__ import annotations

from quarantine.formats import onnx_graph, onnx_tensor
from quarantine.formats.evaluated import check as check_evaluated
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.onnx_schema import MESSAGES, TENSOR_TYPES
from quarantine.formats.protobuf import FIXED32, FIXED64, LENGTH, VARINT, Field, fields, packed_varints
from quarantine.formats.source import SliceSource

DEPTH_LIMIT = 64
_WIRES = {"int": VARINT, "float": FIXED32, "double": FIXED64}
# What a message's check needs to know of it: the other fields are validated and forgotten.
_KEPT = {
    "ModelProto": frozenset({1, 2, 3, 4, 6, 7, 8, 14}),
    "TensorProto": frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14}),
    "StringStringEntryProto": frozenset({1, 2}),
    "NodeProto": frozenset({1, 2, 4, 5, 7}),
    "AttributeProto": frozenset({1, 3, 5, 8}),
    "FunctionProto": frozenset({1, 10}),
    "OperatorSetIdProto": frozenset({1, 2}),
    "GraphProto": frozenset({5}),
    "SparseTensorProto": frozenset({3}),
}
_METADATA = 14
_SAID = {2: "producer_name", 3: "producer_version", 4: "domain", 6: "doc_string"}
_NONE = Field(0, -1, 0, 0, 0, 0)
Values = dict[int, list[object]]


class _Reader:
    """One pass over one file. What it could not explain is in ``unknown``, as (start, end)."""

    def __init__(self, node: Node, data: memoryview) -> None:
        self._node = node
        self._data = data
        self._graphs = onnx_graph.Graphs(node, data)
        self.unknown: list[tuple[int, int]] = []

    def message(self, kind: str, start: int, end: int, depth: int = 0) -> Values:
        """Validate the message of that kind in ``[start, end)``; returns the fields that checks ask for."""
        if depth > DEPTH_LIMIT:
            raise Malformed("messages are nested too deeply", offset=start)
        schema, kept = MESSAGES[kind], _KEPT.get(kind, frozenset())
        seen: set[int] = set()
        values: Values = {}
        for field in fields(self._data, start, end):
            label = schema.get(field.number)
            if label is None:
                self._node.finding("onnx-unknown-field", offset=field.at, message=kind, field=field.number)
                self.unknown.append((field.at, field.end))
                continue
            repeated = label.endswith("*")
            scalar = label.rstrip("*") in _WIRES
            if field.number in seen and (not repeated or (scalar and field.wire == LENGTH)):
                raise Malformed(f"field {field.number} of {kind} appears twice", offset=field.at)
            seen.add(field.number)
            value = self._value(kind, label.rstrip("*"), repeated, field, depth)
            if field.number in kept and value is not None:
                values.setdefault(field.number, []).append(value)
        self._check(kind, values, start)
        return values

    def _value(self, kind: str, inner: str, repeated: bool, field: Field, depth: int) -> object:
        if inner in MESSAGES:
            if field.wire != LENGTH:
                raise Malformed(f"field {field.number} of {kind} is no message", offset=field.at)
            return self.message(inner, field.start, field.end, depth + 1)
        wire = _WIRES.get(inner, LENGTH)
        if field.wire == wire:
            if inner == "string":
                return self._text(field)
            return field.value if wire == VARINT else (field.start, field.end, 1)
        if not repeated or field.wire != LENGTH or wire == LENGTH:
            raise Malformed(f"field {field.number} of {kind} has the wrong wire type", offset=field.at)
        if wire == VARINT:
            return (field.start, field.end, packed_varints(self._data, field.start, field.end))
        width = 4 if wire == FIXED32 else 8
        if (field.end - field.start) % width:
            raise Malformed(f"field {field.number} of {kind} ends inside a number", offset=field.at)
        return (field.start, field.end, (field.end - field.start) // width)

    def _text(self, field: Field) -> str:
        try:
            return str(self._data[field.start : field.end], "utf-8")
        except UnicodeDecodeError:
            raise Malformed("text is not UTF-8", offset=field.at) from None

    def _check(self, kind: str, values: Values, at: int) -> None:
        if kind == "TensorProto":
            onnx_tensor.check(self._node, self._data, values, at)
        elif kind == "GraphProto":
            self._graphs.tensors(values)
        elif kind == "NodeProto":
            self._graphs.operator(values, at)
        elif kind == "FunctionProto":
            self._graphs.function(values, at)
        elif kind == "OperatorSetIdProto":
            self._graphs.imports(values, at)
        elif kind == "SparseTensorProto":
            self._graphs.sparse(values, at)

    def report(self) -> None:
        """Judge what the graphs ask for, when all of them are read."""
        self._graphs.report()


def _read(node: Node, kind: str) -> Values:
    with node.source.view() as data:
        reader = _Reader(node, data)
        try:
            values = reader.message(kind, 0, len(data))
        finally:
            reader.report()  # what was found before a break still counts
    at = 0
    for start, end in sorted(reader.unknown):
        node.claim(at, start)
        at = end
    node.claim(at, node.source.size)
    return values


def _outline(source: Source) -> tuple[dict[int, Field], bool]:
    """The last field of each number at the top, and whether the bytes are a message to their end."""
    found: dict[int, Field] = {}
    with source.view() as data:
        try:
            for field in fields(data, 0, len(data)):
                found[field.number] = field
                if field.number > 100:
                    return found, False
        except Malformed as error:
            at = error.offset or 0
            if at < len(data):  # the field that is cut off still tells what the file was meant to be
                number, wire = data[at] >> 3, data[at] & 7
                found.setdefault(number, Field(number, wire, at, at, len(data), 0))
            return found, False
    return found, True


def _is_graph(source: Source, field: Field) -> bool:
    found, whole = _outline(SliceSource(source, field.start, field.end - field.start))
    return whole and set(found) <= set(MESSAGES["GraphProto"])


class Onnx:
    """The ONNX format (ModelProto)."""

    name = "onnx"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A protobuf message with a version and at least the beginning of a graph, and no field above 100
        (Core ML models have those, and the same first field)."""
        if not head or head[0] & 7 not in (VARINT, LENGTH):
            return False
        if head[0] < 0x80 and head[0] >> 3 not in MESSAGES["ModelProto"]:
            return False  # told without looking at the rest, which may be large
        found, _ = _outline(source)
        if found.get(1, _NONE).wire != VARINT or found.get(7, _NONE).wire != LENGTH or max(found) > 100:
            return False
        # A tensor of int64 has the same two fields; its second is a number, and its seventh is hardly a graph.
        return found.get(2, found[7]).wire == LENGTH or _is_graph(source, found[7])

    def read(self, node: Node) -> None:
        """Validate every message and claim every known field."""
        values = _read(node, "ModelProto")
        for number, name in _SAID.items():
            for value in values.get(number, ()):
                if value:
                    node.said(name, value)
        for entry in values.get(_METADATA, []):
            if isinstance(entry, dict):
                check_evaluated(node, str(entry.get(1, [""])[0]), str(entry.get(2, [""])[0]))
        onnx_graph.check_imports([entry for entry in values.get(8, []) if isinstance(entry, dict)])


class OnnxTensor:
    """One tensor in a file of its own (TensorProto), as in ONNX's test data."""

    name = "onnx-tensor"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Nothing but fields of TensorProto, with a data type that exists."""
        if not head or head[0] not in (0x08, 0x0A, 0x10):
            return False
        found, whole = _outline(source)
        kind = found.get(2, _NONE)
        known = set(found) <= set(MESSAGES["TensorProto"])
        return whole and known and kind.wire == VARINT and kind.value in TENSOR_TYPES

    def read(self, node: Node) -> None:
        """Validate and claim."""
        _read(node, "TensorProto")
