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
    """One function of a library: its arguments by name, its operations by name.

    ``lists`` says that an argument stands for several inputs, so that arguments and inputs do not correspond.
    """

    name: str
    arguments: list[str] = field(default_factory=list)
    lists: bool = False
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
            if "placeholder" in value:  # whoever calls the function says what it is
                texts.setdefault(name, []).append(f"placeholder {value.text('placeholder')}")
            functions += [held.text("name") for held in [*value.all("func"), *listed.all("func")]]
            if "tensor" in value and message.text("op") in ("Const", "HostConst"):
                constant = self.strings(value.inner("tensor").all("string_val"))
            typed = typed or (
                name in ("dtype", "T") and (value.first("type") in DT_STRING or "placeholder" in value)
            )
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


def _by_name(operations: list[Operation]) -> dict[str, Operation]:
    """Operations by name. Those whose name is taken are kept under another, so that each is judged."""
    found: dict[str, Operation] = {}
    for index, operation in enumerate(operations):
        found[f"{operation.name}\0{index}" if operation.name in found else operation.name] = operation
    return found


def graph_of(message: Message) -> Graph:
    """The graph that a GraphDef message, with reduced nodes, describes."""
    functions: dict[str, Function] = {}
    for index, held in enumerate(message.inner("library").all("function")):
        signature = held.inner("signature")
        name = signature.text("name")
        functions[f"{name}\0{index}" if name in functions else name] = Function(
            name,
            [argument.text("name") for argument in signature.all("input_arg")],
            any(
                "number_attr" in argument or "type_list_attr" in argument
                for argument in signature.all("input_arg")
            ),
            _by_name(held.all("node_def")),
        )
    return Graph(Function("", operations=_by_name(message.all("node"))), functions)


def repeated_names(graph: Graph) -> list[str]:
    """The names that two operations or two functions have; TensorFlow refuses such a graph."""
    names = [name for name in graph.functions if "\0" in name]
    return names + [name for scope in graph.scopes() for name in scope.operations if "\0" in name]


def check_operators(node: Node, graph: Graph) -> int:
    """Report each operator once for each function that has it; returns the number of operations."""
    count, known = 0, tensorflow_operators.groups()
    for scope in graph.scopes():
        seen: set[str] = set()
        for operation in scope.operations.values():
            count += 1
            plain = not operation.texts and operation.operator in seen
            if plain or (operation.operator in graph.functions and operation.operator not in known):
                continue
            seen.add(operation.operator)
            place = f"{scope.name}/{operation.name}" if scope.name else operation.name
            tensorflow_operators.report(
                node, operation.operator, operation.texts, place=place[:PLACE_LIMIT], at=operation.at
            )
    return count
