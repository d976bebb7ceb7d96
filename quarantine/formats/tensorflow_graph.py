"""What a TensorFlow graph would do when its functions run: each operator judged, and what lies in its functions.

A node of a graph is kept as an ``Operation``, which is a hundred times smaller than its message: what reads a graph
of a million nodes must not hold their attributes. After graph.proto, node_def.proto and function.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from quarantine.formats import tensorflow_operators
from quarantine.formats.interface import Node
from quarantine.formats.protobuf_schema import Message

TEXT_LIMIT_BYTES, TEXTS_LIMIT = 4096, 64
PLACE_LIMIT = 256
DT_STRING = (7, "DT_STRING")


@dataclass(slots=True)
class Operation:
    """One node: ``texts`` are its string attributes, ``constant`` the strings of a Const, None for any other."""

    name: str
    operator: str
    inputs: list[str]
    texts: dict[str, list[str]]
    functions: list[str]
    constant: list[str] | None
    string_typed: bool
    at: int | None


@dataclass
class Function:
    """One function of a library: its arguments by name, its operations by name."""

    name: str
    arguments: list[str] = field(default_factory=list)
    operations: dict[str, Operation] = field(default_factory=dict)


@dataclass
class Graph:
    """A graph and its library. The main graph is a function without a name."""

    main: Function
    functions: dict[str, Function]

    def scopes(self) -> Iterator[Function]:
        """The main graph, then every function."""
        yield self.main
        yield from self.functions.values()


class Reducer:
    """Makes operations of NodeDef messages; strings are taken from the bytes of the file."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def operation(self, message: Message) -> Operation:
        """What is kept of a NodeDef."""
        texts: dict[str, list[str]] = {}
        functions: list[str] = []
        constant: list[str] | None = None
        typed = False
        for name, value in message.entries("attr"):
            if not isinstance(value, Message):
                continue
            listed = value.inner("list")
            strings = [*value.all("s"), *listed.all("s")]
            if strings:
                texts[name] = self.strings(strings)
            functions += [held.text("name") for held in [*value.all("func"), *listed.all("func")]]
            if "tensor" in value and message.text("op") in ("Const", "HostConst"):
                constant = self.strings(value.inner("tensor").all("string_val"))
            typed = typed or (name in ("dtype", "T") and value.first("type") in DT_STRING)
        return Operation(
            message.text("name"),
            message.text("op"),
            [str(name) for name in message.all("input")],
            texts,
            functions,
            constant,
            typed,
            message.at if message.at >= 0 else None,
        )

    def strings(self, values: list[Any]) -> list[str]:
        """The first of some byte strings, each a range of the file or bytes."""
        found = []
        for value in values[:TEXTS_LIMIT]:
            raw = value if isinstance(value, bytes) else None
            if raw is None:
                start, end = value
                raw = bytes(self._data[start : min(end, start + TEXT_LIMIT_BYTES)])
            found.append(raw.decode("utf-8", "backslashreplace"))
        return found


def graph_of(message: Message) -> Graph:
    """The graph that a GraphDef message, with reduced nodes, describes."""
    main = Function("", operations={op.name: op for op in message.all("node")})
    functions = {}
    for held in message.inner("library").all("function"):
        signature = held.inner("signature")
        functions[signature.text("name")] = Function(
            signature.text("name"),
            [argument.text("name") for argument in signature.all("input_arg")],
            {op.name: op for op in held.all("node_def")},
        )
    return Graph(main, functions)


def attributes_of(message: Message) -> Iterator[Message]:
    """The attributes that a function itself has, and those of its arguments."""
    for held in message.inner("library").all("function"):
        yield from (value for _, value in held.entries("attr") if isinstance(value, Message))


def check_operators(node: Node, graph: Graph) -> int:
    """Report each operator once for each function that has it; returns the number of operations."""
    count = 0
    for scope in graph.scopes():
        seen: set[str] = set()
        for operation in scope.operations.values():
            count += 1
            plain = not operation.texts and operation.operator in seen
            if plain or operation.operator in graph.functions:
                continue
            seen.add(operation.operator)
            place = f"{scope.name}/{operation.name}" if scope.name else operation.name
            tensorflow_operators.report(
                node, operation.operator, operation.texts, place=place[:PLACE_LIMIT], at=operation.at
            )
    return count
