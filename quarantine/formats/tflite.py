"""TensorFlow Lite models: a flatbuffer, weights behind it where it is large, and often metadata with a ZIP at the end.

Every object of the flatbuffer is verified, every index leads to something, constants have the size that their shape
asks for. Custom operators are reported; those that run TensorFlow's own kernels (Flex) are judged by TensorFlow's list.
After tensorflow/compiler/mlir/lite/schema/schema.fbs and core/model_builder.cc.
"""

from __future__ import annotations

import math
from typing import Any

from quarantine.formats import tensorflow_operators
from quarantine.formats.flatbuffer import Flatbuffer, Range, Table, verified
from quarantine.formats.flexbuffer import texts
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.protobuf_schema import SchemaReader
from quarantine.formats.protobuf_schema import schema as messages
from quarantine.formats.source import SliceSource
from quarantine.formats.tensorflow_graph import Reducer
from quarantine.formats.tflite_metadata import METADATA, check_files

MAGIC = b"TFL3"
VERSION, CUSTOM, FLEX = 3, 32, "Flex"
# Custom operators that the runtime itself brings. (core/kernels/register.cc)
_BUILT_IN = frozenset({"TFLite_Detection_PostProcess", "NumericVerify", "Mfcc", "AudioSpectrogram"})
# TensorType -> bits of one element; strings, resources and variants have none.
_BITS = {0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128, 12: 64, 15: 32, 16: 16, 17: 4,
         18: 16}  # fmt: skip
# Operators that run another subgraph: the options that name it.
_SUBGRAPHS = {
    "IfOptions": ("then_subgraph_index", "else_subgraph_index"),
    "WhileOptions": ("cond_subgraph_index", "body_subgraph_index"),
    "CallOnceOptions": ("init_subgraph_index",),
    "CallOptions": ("subgraph",),
}


class TfLite:
    """The TensorFlow Lite format."""

    name = "tflite"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The identifier."""
        return head[4:8] == MAGIC

    def read(self, node: Node) -> None:
        """Verify, judge and claim."""
        with node.source.view() as data:
            buffer, model = verified(node, data, len(data), "tflite")
            if model.number("version") != VERSION:
                raise Malformed("not version 3 of the format", offset=0)
            _Model(node, buffer, model).check()


class _Model:
    """The checks of one model, after its flatbuffer was verified."""

    def __init__(self, node: Node, buffer: Flatbuffer, model: Table) -> None:
        self._node, self._buffer, self._model = node, buffer, model
        self._buffers: list[Table] = model.rows("buffers")
        self._graphs: list[Table] = model.rows("subgraphs")
        self._codes: list[Table] = model.rows("operator_codes")
        self._outside: list[tuple[int, int]] = []

    def check(self) -> None:
        """Everything that the verified tables say."""
        for code in self._codes:
            self._check_code(code)
        for held in self._buffers:
            self._claim_outside(held.number("offset"), held.number("size"), held.at)
        for graph in self._graphs:
            self._check_graph(graph)
        self._check_outer()
        for end, start in zip(
            [self._buffer.last, *(end for _, end in sorted(self._outside))],
            [start for start, _ in sorted(self._outside)],
            strict=False,
        ):
            if start < end:
                self._lost("weights overlap", start)
        self._node.fact("operators", sum(len(graph.rows("operators")) for graph in self._graphs))
        if self._model.text("description"):
            self._node.said("description", self._model.text("description"))

    def _lost(self, what: str, at: int) -> None:
        self._node.finding("flatbuffer-index", offset=at, what=what)

    def _claim_outside(self, offset: int, size: int, at: int) -> None:
        """Claim data that lies behind the flatbuffer. An offset or a size of 0 or 1 means that there is none."""
        if offset <= 1 or size <= 1:
            return
        if offset + size > len(self._buffer.data) or offset < 8:
            self._lost("weights that end behind the file", at)
            return
        self._outside.append((offset, offset + size))
        self._node.claim(offset, offset + size)
        before = max([self._buffer.last, *(end for _, end in self._outside if end <= offset)])
        if offset - before < 64 and not any(self._buffer.data[before:offset]):
            self._node.claim(before, offset)

    def _check_code(self, code: Table) -> None:
        builtin = max(code.number("deprecated_builtin_code"), code.number("builtin_code"))
        name = code.text("custom_code")
        if builtin != CUSTOM or name in _BUILT_IN:
            return
        if not name.startswith(FLEX):
            self._node.finding("tflite-custom-operator", offset=code.at, operator=name)
            return
        group = tensorflow_operators.groups().get(name[len(FLEX) :])
        if group in (tensorflow_operators.SAVER, tensorflow_operators.TABLE, tensorflow_operators.CACHE):
            self._node.finding(
                "tensorflow-operator-reach",
                offset=code.at,
                operator=name,
                effect="opens a path",
                place="operator codes",
            )
        tensorflow_operators.report(self._node, name[len(FLEX) :], {}, place="operator codes", at=code.at)

    def _check_graph(self, graph: Table) -> None:
        tensors = graph.rows("tensors")
        for tensor in tensors:
            self._check_tensor(tensor)
        places = [(graph, "inputs", 0), (graph, "outputs", 0)]
        for operator in graph.rows("operators"):
            places += [(operator, "inputs", -1), (operator, "outputs", 0), (operator, "intermediates", 0)]
            self._check_operator(operator)
        for table, name, least in places:
            held = table.get(name)
            if held and not all(least <= index < len(tensors) for index in self._buffer.numbers(held)):
                self._lost(f"a tensor among the {name} of {table.kind}", table.at)

    def _check_tensor(self, tensor: Table) -> None:
        index = tensor.number("buffer")
        if index >= len(self._buffers):
            self._lost("the buffer of a tensor", tensor.at)
            return
        held = self._buffers[index].get("data")
        bits = _BITS.get(tensor.number("type"))
        if not held or not held.count or bits is None or "sparsity" in tensor or "external_buffer" in tensor:
            return
        shape = self._buffer.numbers(tensor["shape"]) if "shape" in tensor else []
        if any(length < 0 for length in shape):
            self._lost("the shape of a constant tensor", tensor.at)
        elif held.count != -(-math.prod(shape) * bits // 8):
            raise Malformed("a constant has another size than its shape asks for", offset=tensor.at)

    def _check_operator(self, operator: Table) -> None:
        index = operator.number("opcode_index")
        if index >= len(self._codes):
            self._lost("the code of an operator", operator.at)
            return
        options = operator.get("builtin_options")
        if isinstance(options, Table):
            for name in _SUBGRAPHS.get(options.kind, ()):
                if not 0 <= options.number(name) < len(self._graphs):
                    self._lost("the subgraph of an operator", operator.at)
        self._claim_outside(
            operator.number("large_custom_options_offset"),
            operator.number("large_custom_options_size"),
            operator.at,
        )
        if self._codes[index].text("custom_code").startswith(FLEX):
            self._check_flex(self._codes[index].text("custom_code"), operator)

    def _check_flex(self, name: str, operator: Table) -> None:
        """A Flex operator's options are its name and its node, a serialized NodeDef. (delegates/flex/kernel.cc)"""
        held = operator.get("custom_options")
        if not isinstance(held, Range):
            raise Malformed("a Flex operator has no options", offset=operator.at)
        found = texts(self._buffer.data, held.start, held.end)
        if (
            len(found) != 2
            or bytes(self._buffer.data[slice(*found[0])]).decode("utf-8", "replace") != name[len(FLEX) :]
        ):
            raise Malformed("a Flex operator's options are not its name and node", offset=held.start)
        reducer = Reducer(self._buffer.data)
        reader = SchemaReader(self._buffer.data, messages("tensorflow"), {"NodeDef": reducer.operation})
        operation: Any = reader.message("NodeDef", *found[1])
        if operation.operator != name[len(FLEX) :] or reader.unknown or reader.twice:
            raise Malformed("a Flex operator's node is another operator", offset=held.start)
        tensorflow_operators.report(
            self._node, operation.operator, operation.texts, place="a Flex operator", at=held.start
        )

    def _check_outer(self) -> None:
        """What the model says of itself: signatures, metadata, files outside."""
        for signature in self._model.rows("signature_defs"):
            index = signature.number("subgraph_index")
            if index >= len(self._graphs):
                self._lost("the subgraph of a signature", signature.at)
                continue
            count = len(self._graphs[index].rows("tensors"))
            for entry in [*signature.rows("inputs"), *signature.rows("outputs")]:
                if entry.number("tensor_index") >= count:
                    self._lost("the tensor of a signature", entry.at)
        metadata = None
        for entry in self._model.rows("metadata"):
            index = entry.number("buffer")
            if index >= len(self._buffers):
                self._lost("the buffer of metadata", entry.at)
            elif entry.text("name") == METADATA and "data" in self._buffers[index]:
                held = self._buffers[index]["data"]
                metadata = SliceSource(self._node.source, held.start, held.count)
                self._node.child("metadata", metadata, expect="tflite_metadata")
        for group in self._model.rows("external_buffer_groups"):
            self._node.finding("tflite-external-file", offset=group.at, file=group.text("name"))
            self._node.unread()
        check_files(self._node, metadata)
