"""Where the paths come from that a TensorFlow graph opens: a saver's own placeholder and the model's assets are
honest, a path that the graph itself writes down, computes or takes from a request is not.

The honest subgraph is the one that TensorFlow's own savers write (python/training/saver.py,
python/checkpoint/functional_saver.py): a file name that the loader feeds, joined with ``.part`` or ``_temp/part``.
Data flow is followed backwards, through calls, without recursion; each place is visited once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from quarantine.formats.interface import Node
from quarantine.formats.tensorflow_graph import PLACE_LIMIT, Function, Graph, Operation
from quarantine.formats.tensorflow_operators import CACHE, SAVER, TABLE, groups

STEPS_LIMIT = 1_000_000
_PATHS = {"MergeV2Checkpoints": (0, 1), "InitializeTableFromTextFile": (1,), "InitializeTableFromTextFileV2": (1,),
          "CacheDataset": (1,), "CacheDatasetV2": (1,)}  # fmt: skip
# Operators that hand on strings: the inputs whose strings they hand on (None: all).
_THROUGH: dict[str, tuple[int, ...] | None] = {
    "Identity": None, "IdentityN": None, "StringJoin": None, "Pack": None, "Concat": None, "ConcatV2": None,
    "Merge": None, "RefIdentity": None, "StopGradient": None, "EnsureShape": (0,), "Snapshot": (0,), "Enter": None,
    "Exit": None, "NextIteration": None, "Select": (1, 2), "SelectV2": (1, 2), "ShardedFilename": (0,),
    "ExpandDims": (0,), "Reshape": (0,), "Squeeze": (0,), "Switch": (0,), "PlaceholderWithDefault": None,
    "ShardedFilespec": (0,),
}  # fmt: skip
# What savers write beside the name that they are given; a saver without a name is called "model".
_SAVER_TEXTS = re.compile(r"|model|\.part|_temp(_[0-9a-f]{32})?/part")
_CALLS = {"PartitionedCall": 0, "StatefulPartitionedCall": 0, "TPUPartitionedCall": 0, "If": 1, "StatelessIf": 1,
          "Case": 1, "StatelessCase": 1, "While": 0, "StatelessWhile": 0}  # fmt: skip
_FED = frozenset({"Placeholder", "PlaceholderV2", "Const"})
Place = tuple[str, str]


@dataclass
class Surroundings:
    """What lies around a graph in its file.

    ``assets`` and ``requested`` are tensors of the main graph: those that the loader feeds with the path of an asset,
    and those that a request feeds. ``exposed`` maps a function that users may call to what its last arguments are
    bound to: ``asset``, ``variable``, the name of a node of the main graph, or nothing. ``objects`` says that the
    model has a graph of objects: then its loader feeds assets to placeholders and leaves constants as they are.
    """

    assets: set[str] = field(default_factory=set)
    requested: set[str] = field(default_factory=set)
    exposed: dict[str, list[str]] = field(default_factory=dict)
    objects: bool = False


class Paths:
    """Follows the paths of one graph."""

    def __init__(self, graph: Graph, around: Surroundings) -> None:
        self._graph = graph
        self._around = around
        self._callers: dict[str, list[tuple[Function, Operation]]] = {}
        self._assigned: list[tuple[Function, str]] = []
        self._steps = 0
        for scope in graph.scopes():
            for operation in scope.operations.values():
                called = (
                    [*operation.functions, operation.operator]
                    if operation.operator in graph.functions
                    else operation.functions
                )
                for name in called:
                    self._callers.setdefault(name, []).append((scope, operation))
                if operation.operator in ("AssignVariableOp", "Assign") and operation.string_typed:
                    self._assigned += [(scope, name) for name in _data(operation)[1:2]]

    def check(self, node: Node) -> None:
        """Report every operator that opens a path from elsewhere than it should."""
        kinds = groups()
        for scope in self._graph.scopes():
            for operation in scope.operations.values():
                kind = kinds.get(operation.operator)
                if kind not in (SAVER, TABLE, CACHE):
                    continue
                inputs = _data(operation)
                for index in _PATHS.get(operation.operator, (0,)):
                    name = inputs[index] if index < len(inputs) else ""
                    why = self._wrong(kind, set(self._sources(scope, name)))
                    if why:
                        node.finding(
                            "tensorflow-operator-path",
                            offset=operation.at,
                            operator=operation.operator,
                            why=why[:PLACE_LIMIT],
                            place=f"{scope.name}/{operation.name}"[:PLACE_LIMIT],
                        )
                        break

    def _wrong(self, kind: str, sources: set[Place]) -> str:
        """Why a path from these sources is none that an honest model opens; empty if it is one."""
        fed = False
        for what, detail in sorted(sources):
            if kind == CACHE and (what, detail) == ("text", ""):
                continue
            if what == "asset" and kind == TABLE:
                continue
            if what == "placeholder" and kind == SAVER:
                fed = True
                continue
            if what == "text" and kind == SAVER and _SAVER_TEXTS.fullmatch(detail):
                continue
            return f"{what} {detail!r}"
        if not sources:
            return "nowhere that is known"
        if kind == SAVER and not fed:
            return "a constant"
        return ""

    def _sources(self, scope: Function, name: str) -> Iterator[Place]:
        """Where the strings of a tensor come from: (kind, name or text)."""
        todo, seen = [(scope, name)], set[Place]()
        while todo:
            scope, reference = todo.pop()
            name = reference.partition(":")[0]
            if (scope.name, name) in seen:
                continue
            seen.add((scope.name, name))
            self._steps += 1
            if self._steps > STEPS_LIMIT:
                yield ("more steps than are followed", name)
                return
            if scope.name and name in scope.arguments:
                yield from self._argument(scope, scope.arguments.index(name), todo)
                continue
            operation = scope.operations.get(name)
            if operation is None:
                yield ("nothing", name)
            elif not scope.name and self._is_asset(operation):
                yield ("asset", name)
            elif not scope.name and name in self._around.requested:
                yield ("request", name)
            elif operation.constant is not None:
                yield from (("text", text) for text in operation.constant or [""])
            elif operation.operator in ("Placeholder", "PlaceholderV2"):
                yield ("placeholder", name)
            elif operation.operator == "ReadVariableOp" and self._assigned:
                todo += self._assigned
            elif operation.operator in _THROUGH:
                if operation.operator == "PlaceholderWithDefault":
                    yield ("placeholder", name)
                chosen, inputs = _THROUGH[operation.operator], _data(operation)
                todo += [(scope, held) for at, held in enumerate(inputs) if chosen is None or at in chosen]
            else:
                yield ("computed by", operation.operator)

    def _is_asset(self, operation: Operation) -> bool:
        fed = operation.constant is None or not self._around.objects
        return fed and operation.name in self._around.assets and operation.operator in _FED

    def _argument(self, scope: Function, index: int, todo: list[tuple[Function, str]]) -> Iterator[Place]:
        """Where an argument of a function comes from: its callers, and users who may call it."""
        for caller, operation in self._callers.get(scope.name, ()):
            offset = 0 if operation.operator == scope.name else _CALLS.get(operation.operator, -1)
            inputs = _data(operation)
            if scope.lists or offset < 0 or index + offset >= len(inputs):
                yield ("computed by", operation.operator)
            else:
                todo.append((caller, inputs[index + offset]))
        bound = self._around.exposed.get(scope.name)
        if bound is None:
            return
        at = index - (len(scope.arguments) - len(bound))
        if at < 0:
            yield ("request", scope.arguments[index])
        elif bound[at] == "asset":
            yield ("asset", bound[at])
        elif bound[at] == "variable":
            todo += self._assigned
        elif bound[at]:
            todo.append((self._graph.main, bound[at]))


def _data(operation: Operation) -> list[str]:
    return [name for name in operation.inputs if not name.startswith("^")]
