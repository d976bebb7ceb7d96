"""What graphs ask of their runtime: operators from outside the standard, and outputs too large for any machine.

Operators that make a tensor of a size given by another tensor are followed where that tensor is a constant, in any
graph of the model. Operators that a function of the model itself defines are none of a library's.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from quarantine.formats.interface import Malformed, Node, TooLarge
from quarantine.formats.onnx_schema import CONTRIB_DOMAINS, STANDARD_DOMAINS
from quarantine.formats.protobuf import varint

ELEMENTS_LIMIT = 1 << 33
_NUMBERS_LIMIT, _OPERATORS_LIMIT = 64, 4096
_INT64, _FLOAT, _INT32, _DOUBLE = 7, 1, 6, 11
# Operator -> the input that says how large its output is: as a shape, as factors, or as elements to add.
_SHAPES = {"ConstantOfShape": 0, "Expand": 1, "Resize": 3, "OneHot": 1, "MaxUnpool": 2}
_FACTORS = {"Tile": 1, "Resize": 2, "Upsample": 1}
_ADDED = {"Pad": 1}
_SHAPE_ATTRIBUTES = frozenset({"RandomNormal", "RandomUniform", "ConstantFill"})
_SIZED = frozenset({*_SHAPES, *_FACTORS, *_ADDED, *_SHAPE_ATTRIBUTES, "Range"})
# Operators of known domains that call back into Python, or hold what a driver compiled.
_CALLING = frozenset({"PythonOp", "PythonOpGrad", "PyOp", "PyCustomOp", "PyCustomOpDef"})
_COMPILED = frozenset({"EPContext"})
Values = dict[int, list[object]]
Numbers = list[int] | list[float]


@dataclass
class Graphs:
    """What was met in all graphs and functions of one model; ``report`` judges it when the model ends."""

    node: Node
    data: memoryview
    domains: dict[str, int] = field(default_factory=dict)
    foreign: dict[tuple[str, str], int] = field(default_factory=dict)
    functions: set[tuple[str, str]] = field(default_factory=set)
    constants: dict[str, list[Numbers]] = field(default_factory=dict)
    sized: list[tuple[str, list[str], list[int], int]] = field(default_factory=list)

    def operator(self, values: Values, at: int) -> None:
        """A node."""
        kind, domain = _text(values, 4), _text(values, 7)
        self.named(domain, kind, at)
        if kind == "Constant":
            self._constant(values)
        elif kind in _SIZED:
            shape = [n for a in _inner(values, 5) if _text(a, 1) == "shape" for n in _ints(self.data, a, 8)]
            self.sized.append((kind, [str(name) for name in values.get(1, [])], shape, at))

    def function(self, values: Values, at: int) -> None:
        """A function of the model."""
        domain, name = _text(values, 10), _text(values, 1)
        if domain in STANDARD_DOMAINS | CONTRIB_DOMAINS:
            self.node.finding("onnx-function-override", offset=at, domain=domain or "ai.onnx", operator=name)
        self.functions.add((domain, name))

    def imports(self, values: Values, at: int) -> None:
        """An import of an operator set: a claim, of no weight unless a node needs the domain."""
        if _text(values, 1) in CONTRIB_DOMAINS:
            self.domains.setdefault(_text(values, 1), at)

    def tensors(self, graph: Values) -> None:
        """The initializers of a graph."""
        for tensor in _inner(graph, 5):
            self._keep(_text(tensor, 8), numbers(self.data, tensor))

    def sparse(self, values: Values, at: int) -> None:
        """A sparse tensor, which some runtimes make dense."""
        elements = math.prod(max(1, side) for side in _ints(self.data, values, 3))
        if elements > ELEMENTS_LIMIT:
            self.node.finding("onnx-size-bomb", offset=at, operator="sparse tensor", elements=elements)

    def named(self, domain: str, kind: str, at: int) -> None:
        """An operator, by its domain and kind alone."""
        self.domains.setdefault(domain, at)
        if domain not in STANDARD_DOMAINS | CONTRIB_DOMAINS or kind in _CALLING | _COMPILED:
            if len(self.foreign) >= _OPERATORS_LIMIT:
                raise TooLarge("there are more kinds of operators than any model has", offset=at)
            self.foreign.setdefault((domain, kind), at)

    def report(self) -> None:
        """Say what all of it comes to."""
        for domain, at in self.domains.items():
            if domain in CONTRIB_DOMAINS:
                self.node.finding("onnx-contrib-domain", offset=at, domain=domain)
        for (domain, kind), at in self.foreign.items():
            if kind in _CALLING:
                self.node.finding("onnx-operator-reach", offset=at, domain=domain, operator=kind)
            elif (domain, kind) not in self.functions:
                self.node.finding("onnx-custom-domain", offset=at, domain=domain, operator=kind)
        for kind, inputs, shape, at in self.sized:
            elements = max([math.prod(max(1, side) for side in shape), *self._asked(kind, inputs)])
            if elements > ELEMENTS_LIMIT:
                self.node.finding("onnx-size-bomb", offset=at, operator=kind, elements=elements)

    def _asked(self, kind: str, inputs: list[str]) -> list[int]:
        def held(place: int | None) -> list[Numbers]:
            return self.constants.get(inputs[place], []) if place is not None and place < len(inputs) else []

        found = [math.prod(max(1, side) for side in shape) for shape in held(_SHAPES.get(kind))]
        found += [math.prod(max(1, factor) for factor in factors) for factors in held(_FACTORS.get(kind))]
        found += [max(map(abs, pads), default=0) for pads in held(_ADDED.get(kind))]
        if kind == "Range" and len(inputs) == 3:
            found += [
                abs(limit[0] - start[0]) / abs(step[0])
                for start in held(0) for limit in held(1) for step in held(2)
                if start and limit and step and step[0]
            ]  # fmt: skip
        return [int(one) if math.isfinite(one) else 1 << 64 for one in found]

    def _constant(self, values: Values) -> None:
        names = values.get(2, [])
        for attribute in _inner(values, 5):
            for tensor in _inner(attribute, 5):
                self._keep(str(names[0]) if names else "", numbers(self.data, tensor))
            if _text(attribute, 1) in ("value_int", "value_ints"):
                self._keep(str(names[0]) if names else "", _ints(self.data, attribute, 3, 8))

    def _keep(self, name: str, found: Numbers) -> None:
        if found:
            self.constants.setdefault(name, []).append(found)


def numbers(data: memoryview, tensor: Values) -> Numbers:
    """The numbers of a small tensor, in raw form or its own field; empty for any other."""
    kind = tensor.get(2)
    form, width, home = {
        _INT64: ("q", 8, 7), _INT32: ("i", 4, 5), _FLOAT: ("f", 4, 4), _DOUBLE: ("d", 8, 10),
    }.get(kind[0] if kind else 0, ("", 1, 0))  # type: ignore[call-overload]  # fmt: skip
    if not form:
        return []
    if form in "qi" and home in tensor:
        return _ints(data, tensor, home)
    spans = [span for number in (9, home) for span in tensor.get(number, []) if isinstance(span, tuple)]
    if not spans or sum(end - start for start, end, _ in spans) > _NUMBERS_LIMIT * width:
        return []
    return [
        one
        for start, end, _ in spans
        for (one,) in struct.iter_unpack("<" + form, data[start : end - (end - start) % width])
    ]


def _ints(data: memoryview, values: Values, *fields: int) -> list[int]:
    """The signed numbers of repeated fields, packed or not; empty if there are too many."""
    found: list[int] = []
    for value in (value for number in fields for value in values.get(number, [])):
        if isinstance(value, int):
            found.append(value)
        elif isinstance(value, tuple):
            at, end, count = value
            if count > _NUMBERS_LIMIT:
                return []
            while at < end:
                number, at = varint(data, at, end)
                found.append(number)
    return [number - (1 << 64 if number >> 63 else 0) for number in found[:_NUMBERS_LIMIT]]


def _text(values: Values, number: int) -> str:
    return str(values.get(number, [""])[0])


def _inner(values: Values, number: int) -> list[Values]:
    return [value for value in values.get(number, []) if isinstance(value, dict)]


def check_imports(imports: list[Values]) -> None:
    """Two imports of one domain must agree, as those do that converters write twice.

    Raises:
        Malformed: they do not, or there are none.
    """
    if not imports:
        raise Malformed("the model imports no operator set", offset=0)
    versions: dict[str, object] = {}
    for entry in imports:
        domain, version = _text(entry, 1) or "ai.onnx", entry.get(2, [0])[0]
        if versions.setdefault(domain, version) != version:
            raise Malformed("an operator set is imported in two versions", offset=0)
