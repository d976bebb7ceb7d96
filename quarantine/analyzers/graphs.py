"""Graphs and package lists in JSON, of runtimes other than those that have a format of their own.

MXNet's symbols (``-symbol.json``), PaddlePaddle's newer programs (``inference.json``, PIR) and the manifest of a Core
ML package. Operators are judged by name; nothing is built or run.
"""

from __future__ import annotations

import json
import posixpath
from typing import Any

from quarantine.formats.interface import Malformed, Node
from quarantine.formats.mxnet_operators import COMPUTING, REACHING
from quarantine.formats.paddle_operators import rule_of
from quarantine.formats.text import lenient

_NESTED_LIMIT = 100_000
# The dialects that PIR numbers: builtin, pd_op, cf, and those of builds for many machines; 3 is custom_op.
_DIALECTS = frozenset({"0", "1", "2", "4"})


class GraphsAnalyzer:
    """Reads JSON objects that are graphs."""

    name = "graphs"

    def analyze(self, node: Node) -> None:
        """Tell which it is, and follow it."""
        text = lenient(node.source.read(0, node.source.size)).lstrip()
        if not text.startswith("{"):
            return
        try:
            document, _ = json.JSONDecoder().raw_decode(
                text
            )  # MXNet's reader stops at the last brace as well
        except (ValueError, RecursionError):
            return  # the analyzer of configurations says so
        if not isinstance(document, dict):
            return
        nodes = document.get("nodes")
        if isinstance(nodes, list) and "heads" in document and "arg_nodes" in document:
            _symbol(node, document)
        code = document.get("base_code")
        if isinstance(code, dict) and code.get("magic") == "pir":
            _pir(node, document.get("program"))
        if isinstance(document.get("itemInfoEntries"), dict) and "rootModelIdentifier" in document:
            _manifest(node, document)


def _symbol(node: Node, document: dict[str, Any]) -> None:
    told: set[str] = set()
    todo, seen = [document], 0
    while todo:
        graph = todo.pop()
        entries = graph.get("nodes")
        if not isinstance(entries, list):
            raise Malformed("a graph has no nodes")
        for entry in entries:
            seen += 1
            operator = entry.get("op") if isinstance(entry, dict) else None
            if not isinstance(operator, str) or seen > _NESTED_LIMIT:
                raise Malformed("a node has no operator, or there are more than any model has")
            inputs = entry.get("inputs", [])
            if not isinstance(inputs, list) or not all(_input(one, len(entries)) for one in inputs):
                raise Malformed("a node has an input that is not there")
            if operator not in told:
                told.add(operator)
                _operator(node, operator, entry)
            todo.extend(inner for inner in entry.get("subgraphs", []) if isinstance(inner, dict))


def _input(value: object, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (2, 3)
        and isinstance(value[0], int)
        and 0 <= value[0] < count
    )


def _operator(node: Node, operator: str, entry: dict[str, Any]) -> None:
    if operator in REACHING:
        node.finding("mxnet-operator-reach", operator=operator, effect=REACHING[operator])
    elif operator not in COMPUTING:
        attributes = entry.get("attrs") or entry.get("param") or entry.get("attr")
        kind = attributes.get("op_type", "") if isinstance(attributes, dict) else ""
        node.finding("mxnet-operator-custom", operator=operator, kind=kind)


def _pir(node: Node, program: object) -> None:
    told: set[str] = set()
    todo: list[Any] = [program]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            name = value.get("#")
            if isinstance(name, str) and "O" in value and "." in name and name not in told:
                told.add(name)
                _pir_operator(node, name)
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


def _pir_operator(node: Node, name: str) -> None:
    dialect, _, operator = name.partition(".")
    found = rule_of(operator)
    if found is not None:
        node.finding(found[0], operator=operator, effect=found[1])
    elif dialect not in _DIALECTS:
        node.finding("paddle-operator-custom", operator=name, effect="comes from a library of its own")


def _manifest(node: Node, document: dict[str, Any]) -> None:
    folder = node.path.rpartition("/")[0]
    present = {name for name, _ in node.siblings()}
    entries = document["itemInfoEntries"]
    if document["rootModelIdentifier"] not in entries:
        raise Malformed("the package's model is none of its items")
    for entry in entries.values():
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not path:
            raise Malformed("an item of the package has no path")
        plain = path.replace("\\", "/")
        if (
            plain != posixpath.normpath(plain)
            or plain.startswith(("/", "..", "~"))
            or ":" in plain
            or "\0" in plain
        ):
            node.finding("coreml-path", path=path)
            continue
        held = posixpath.join(folder, "Data", plain)
        if not any(name == held or name.startswith(held + "/") for name in present):
            node.finding("coreml-outside", path=path)
