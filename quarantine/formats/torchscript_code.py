"""The code inside of a TorchScript archive: parsed, never compiled; every operator that it names is looked at.

After torch/csrc/jit/serialization/python_print.cpp: Python's syntax, operators as ``torch.NAME`` (namespace aten) or
``ops.NAMESPACE.NAME``. Operators compute on tensors, with few exceptions that reach files, processes or Python.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.torch_operators import report

CODE_LIMIT_BYTES = 16 << 20


class TorchScriptCode:
    """One source file of a TorchScript archive; taken for it by its place alone."""

    name = "torchscript_code"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Never: only an archive's layout says so."""
        return False

    def read(self, node: Node) -> None:
        """Parse, report operators that reach beyond tensors, claim all."""
        if node.source.size > CODE_LIMIT_BYTES:
            raise Malformed("code is over its limit", offset=CODE_LIMIT_BYTES)
        try:
            tree = ast.parse(node.source.read(0, node.source.size).decode("utf-8"))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Malformed(f"code is not TorchScript: {type(error).__name__}", offset=0) from None
        for imported, line in dict.fromkeys(_imports(tree)):
            node.finding("torch-operator-custom", operator=f"import {imported}", place=f"line {line}")
        for namespace, operator, line in dict.fromkeys(_operators(tree)):
            report(node, namespace, operator, f"line {line}")
        node.claim(0, node.source.size)


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(module, line) of imports; TorchScript imports the archive's own classes only."""
    for part in ast.walk(tree):
        if isinstance(part, ast.Import):
            names = [alias.name for alias in part.names]
        elif isinstance(part, ast.ImportFrom):
            names = [part.module or "."]
        else:
            continue
        yield from ((name, part.lineno) for name in names if name.split(".")[0] != "__torch__")


def _operators(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """(namespace, operator, line) of every operator that the code names."""
    for part in ast.walk(tree):
        if not isinstance(part, ast.Attribute):
            continue
        names = _dotted(part)
        if len(names) == 2 and names[0] == "torch":
            yield "aten", names[1], part.lineno
        elif len(names) >= 3 and names[-3] == "ops":
            yield names[-2], names[-1], part.lineno


def _dotted(part: ast.Attribute) -> list[str]:
    names: list[str] = []
    at: ast.expr = part
    while isinstance(at, ast.Attribute):
        names.append(at.attr)
        at = at.value
    return [*([at.id] if isinstance(at, ast.Name) else ["?"]), *reversed(names)]
