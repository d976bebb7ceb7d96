"""ExecuTorch programs (``.pte``) and their data (``.ptd``): a flatbuffer, a header in a hole of it, segments behind.

Every index of a program leads to something, segments lie apart and inside the file, padding is zero. Operators are
judged by their namespace; what a delegate holds is compiled for its backend and not read. After executorch's
schema/program.fbs, exir/_serialize/_program.py and extension/flat_tensor.
"""

from __future__ import annotations

import re

from quarantine.formats.flatbuffer import Flatbuffer, Range, Table, verified
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.torch_operators import report

_PROGRAM = re.compile(rb"ET\d\d")
_PROGRAM_HEADER, _DATA_HEADER = b"eh00", b"FH01"
HEADER_AT = 8
PADDING_LIMIT_BYTES = 1 << 16
# Namespaces that ExecuTorch's own kernel libraries register beside PyTorch's.
_OWN = frozenset(
    {"executorch_prim", "dim_order_ops", "llama", "et_vk", "cadence", "cortex_m", "torchao", "backend"}
)
# Backends in ExecuTorch's own repository.
_BACKENDS = frozenset(
    {"XnnpackBackend", "VulkanBackend", "CoreMLBackend", "MPSBackend", "QnnBackend", "EthosUBackend", "TOSABackend",
     "VgfBackend", "NeuropilotBackend", "OpenvinoBackend", "EnnBackend", "NxpBackend", "NeutronBackend", "CudaBackend",
     "MetalBackend", "MLXBackend"}
)  # fmt: skip


def _segments(node: Node, data: memoryview, at: int, base: int, listed: list[Table]) -> None:
    """Claim the segments that the program lists, and the zeros between. ``at`` is where the flatbuffer ends."""
    for held in listed:
        start, end = base + held.number("offset"), base + held.number("offset") + held.number("size")
        if start < at or end > len(data):
            node.finding(
                "flatbuffer-index", offset=held.at, what="a segment outside of the file or over another"
            )
            return
        _claim_zeros(node, data, at, start)
        node.claim(start, end)
        at = end


def _claim_zeros(node: Node, data: memoryview, start: int, end: int) -> None:
    if end - start < PADDING_LIMIT_BYTES and not any(data[start:end]):
        node.claim(start, end)


class ExecuTorch:
    """A program."""

    name = "executorch"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The identifier, which counts the schema's versions."""
        return bool(_PROGRAM.fullmatch(head[4:8]))

    def read(self, node: Node) -> None:
        """Verify, claim and judge."""
        with node.source.view() as data:
            header, size, base = _program_header(data)
            buffer, program = verified(
                node, data, size, "executorch", (HEADER_AT, HEADER_AT + header) if header else None
            )
            _segments(node, data, size, base, program.rows("segments"))
            _Program(node, buffer, program).check()


def _program_header(data: memoryview) -> tuple[int, int, int]:
    """(bytes of the header, end of the flatbuffer, offset of the segments); no bytes where there is no header.

    Raises:
        Malformed: it contradicts the file.
    """
    if bytes(data[HEADER_AT : HEADER_AT + 4]) != _PROGRAM_HEADER:
        return 0, len(data), len(data)
    length = int.from_bytes(data[12:16], "little")
    size, base = (int.from_bytes(data[at : at + 8], "little") for at in (16, 24))
    if (
        not 24 <= length <= 64
        or not HEADER_AT + length <= size <= len(data)
        or (base and not size <= base <= len(data))
    ):
        raise Malformed("the extended header contradicts the file", offset=HEADER_AT)
    if length >= 32 and base and int.from_bytes(data[32:40], "little") > len(data) - base:
        raise Malformed("the extended header contradicts the file", offset=HEADER_AT)
    return length, size, base or size


class _Program:
    """The checks of one program, after its flatbuffer was verified."""

    def __init__(self, node: Node, buffer: Flatbuffer, program: Table) -> None:
        self._node, self._buffer, self._program = node, buffer, program
        self._segments: list[Table] = program.rows("segments")

    def check(self) -> None:
        """Everything that the verified tables say."""
        offsets = [self._program.get("constant_segment"), *self._program.rows("mutable_data_segments")]
        for held in offsets:
            if isinstance(held, Table):
                self._check_offsets(held)
        for named in self._program.rows("named_data"):
            self._within(
                named.number("segment_index"), len(self._segments), "the segment of named data", named.at
            )
        for plan in self._program.rows("execution_plan"):
            self._check_plan(plan)

    def _within(self, index: int, count: int, what: str, at: int, least: int = 0) -> None:
        if not least <= index < count:
            self._node.finding("flatbuffer-index", offset=at, what=what)

    def _check_offsets(self, held: Table) -> None:
        offsets = held.get("offsets")
        if not isinstance(offsets, Range) or not offsets.count:
            return
        index = held.number("segment_index")
        self._within(index, len(self._segments), "the segment of constants", held.at)
        size = self._segments[index].number("size") if index < len(self._segments) else 0
        if any(at > size for at in self._buffer.numbers(offsets, signed=False)):
            self._node.finding("flatbuffer-index", offset=held.at, what="a constant outside of its segment")

    def _check_plan(self, plan: Table) -> None:
        values, operators, delegates = plan.rows("values"), plan.rows("operators"), plan.rows("delegates")
        for operator in operators:
            namespace, _, name = operator.text("name").rpartition("::")
            if namespace not in _OWN:
                report(self._node, namespace, name, f"method {plan.text('name')}")
        for delegate in delegates:
            self._check_delegate(delegate)
        for name in ("inputs", "outputs"):
            self._check_values(plan, name, len(values))
        for chain in plan.rows("chains"):
            for step in chain.rows("instructions"):
                call = step.get("instr_args")
                if not isinstance(call, Table):
                    continue
                if call.kind == "KernelCall":
                    self._within(call.number("op_index"), len(operators), "an operator", call.at)
                if call.kind == "DelegateCall":
                    self._within(call.number("delegate_index"), len(delegates), "a delegate", call.at)
                self._check_values(call, "args", len(values))
                for name in ("move_from", "move_to", "cond_value_index", "value_index"):
                    if name in call:
                        self._within(call.number(name), len(values), f"the value {name}", call.at)

    def _check_values(self, table: Table, name: str, count: int) -> None:
        held = table.get(name)
        if isinstance(held, Range):
            for index in self._buffer.numbers(held):
                self._within(index, count, f"a value among the {name} of {table.kind}", table.at)

    def _check_delegate(self, delegate: Table) -> None:
        name = delegate.text("id")
        if name not in _BACKENDS:
            self._node.finding("executorch-delegate", offset=delegate.at, backend=name)
        place = delegate.get("processed")
        if isinstance(place, Table):
            inline = not place.number("location")
            held = self._program.rows("backend_delegate_data") if inline else self._segments
            self._within(place.number("index"), len(held), "the data of a delegate", place.at)


class FlatTensor:
    """Tensors in a file of their own."""

    name = "flat_tensor"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The identifier, and the header behind it."""
        return head[4:12] == b"FT01" + _DATA_HEADER

    def read(self, node: Node) -> None:
        """Verify and claim."""
        with node.source.view() as data:
            length = int.from_bytes(data[12:16], "little")
            offset, size, base, held = (
                int.from_bytes(data[at : at + 8], "little") for at in (16, 24, 32, 40)
            )
            sound = length == 40 and offset <= HEADER_AT + length and size <= base <= len(data)
            if not sound or base + held > len(data):
                raise Malformed("the header contradicts the file", offset=HEADER_AT)
            _, root = verified(node, data, offset + size, "flat_tensor", (HEADER_AT, HEADER_AT + length))
            segments = root.rows("segments")
            for named in root.rows("named_data"):
                if named.number("segment_index") >= len(segments):
                    node.finding("flatbuffer-index", offset=named.at, what="the segment of named data")
            _segments(node, data, offset + size, base, segments)
