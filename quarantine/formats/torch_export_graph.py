"""The graph of a torch.export archive, a JSON file whose loader evaluates some of its strings.

After torch/_export/serde/serialize.py: symbolic expressions go to ``sympy.sympify`` and guards become the source of a
function, so that both are code. Only what the exporter itself writes there is accepted. Targets name operators.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.safetensors import unique_object
from quarantine.formats.torch_operators import report

GRAPH_LIMIT_BYTES = 256 << 20
TEXT_LIMIT = 10_000
_SYMBOL = re.compile(r"[a-z]{1,4}\d+")
_EXPRESSIONS = frozenset(
    {"Symbol", "Integer", "Float", "Rational", "Add", "Mul", "Pow", "Max", "Min", "Mod", "Abs", "Eq", "Ne", "Lt", "Le",
     "Gt", "Ge", "And", "Or", "Not", "Equality", "Unequality", "LessThan", "GreaterThan", "StrictLessThan",
     "StrictGreaterThan", "Piecewise", "floor", "ceiling", "sqrt", "FloorDiv", "CeilDiv", "CleanDiv", "PythonMod",
     "ModularIndexing", "PowByNatural", "FloatPow", "IntTrueDiv", "FloatTrueDiv", "Where", "TruncToInt", "TruncToFloat",
     "FloorToInt", "CeilToInt", "RoundToInt", "RoundDecimal", "ToFloat", "Identity", "LShift", "RShift", "Infinity",
     "NegativeInfinity", "int_oo", "oo", "true", "false", "True", "False"}
)  # fmt: skip
_GUARDS = frozenset(
    {
        "L",
        "Eq",
        "Ne",
        "Lt",
        "Le",
        "Gt",
        "Ge",
        "Mod",
        "Max",
        "Min",
        "FloorDiv",
        "True",
        "False",
        "None",
        "torch",
    }
)
_GUARD_ATTRIBUTES = frozenset(
    {"size", "stride", "storage_offset", "dtype", "device", "item", "float", "int", "bool"}
)
# A string in a guard is put between quotes into the source of a function.
_GUARD_TEXT = re.compile(r"[\w.]*")
_TARGET = re.compile(r"torch\.ops\.(\w+)\.(\w+)(?:\.\w+)?")
_ARITHMETIC = re.compile(r"(?:_operator|math)\.[a-z_]*[a-z][a-z_]*|torch\.sym_\w+|torch\._sym_\w+")
_NOT_ARITHMETIC = frozenset({"attrgetter", "itemgetter", "methodcaller", "call"})
_PLAIN = (
    ast.Expression, ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.keyword,
    ast.Tuple, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.Load,
)  # fmt: skip


class TorchExportGraph:
    """``models/*.json`` of a torch.export archive; taken for it by its place alone."""

    name = "torch_export_graph"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Never: only an archive's layout says so."""
        return False

    def read(self, node: Node) -> None:
        """Judge every expression, guard and target; claim all."""
        if node.source.size > GRAPH_LIMIT_BYTES:
            raise Malformed("graph is over its limit", offset=GRAPH_LIMIT_BYTES)
        try:
            document = json.loads(node.source.read(0, node.source.size), object_pairs_hook=unique_object)
        except (ValueError, RecursionError):
            raise Malformed("graph is not JSON", offset=0) from None
        for kind, text in dict.fromkeys(_strings(document)):
            if kind == "target":
                _target(node, text)
            elif not (_is_guard(text) if kind == "guards_code" else _is_expression(text)):
                node.finding("torch-export-code", kind=kind, text=text)
        node.claim(0, node.source.size)


def _strings(document: object) -> Iterator[tuple[str, str]]:
    """(kind, text) of the strings that the loader gives a meaning."""
    stack = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
            for kind in ("expr_str", "target"):
                if isinstance(text := value.get(kind), str) and (kind != "target" or "inputs" in value):
                    yield kind, text
            guards = value.get("guards_code")
            yield from (("guards_code", str(guard)) for guard in (guards if isinstance(guards, list) else ()))
            ranges = value.get("range_constraints")
            yield from (("expr_str", name) for name in (ranges if isinstance(ranges, dict) else ()))


def _target(node: Node, text: str) -> None:
    match = _TARGET.fullmatch(text)
    if match:
        report(node, match[1], match[2], "the graph")
    elif not _ARITHMETIC.fullmatch(text) or text.partition(".")[2] in _NOT_ARITHMETIC:
        node.finding("torch-operator-custom", operator=text, place="the graph")


def _parsed(text: str) -> list[ast.AST] | None:
    if len(text) > TEXT_LIMIT:
        return None
    try:
        return list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_expression(text: str) -> bool:
    """Whether the text is one of SymPy's expressions over symbols and numbers, written out."""
    parts = _parsed(text)
    return parts is not None and all(
        isinstance(part, _PLAIN)
        and not (
            isinstance(part, ast.Name) and part.id not in _EXPRESSIONS and not _SYMBOL.fullmatch(part.id)
        )
        and not (
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and not _SYMBOL.fullmatch(part.value)
        )
        and not (isinstance(part, ast.Call) and not isinstance(part.func, ast.Name))
        for part in parts
    )


def _is_guard(text: str) -> bool:
    """Whether the text compares sizes of inputs: ``L['x'].size()[0] >= 2``."""
    parts = _parsed(text)
    return parts is not None and all(
        isinstance(part, (*_PLAIN, ast.Subscript, ast.Attribute))
        and not (isinstance(part, ast.Name) and part.id not in _GUARDS)
        and not (isinstance(part, ast.Attribute) and not _is_property(part))
        and not (
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and not _GUARD_TEXT.fullmatch(part.value)
        )
        and not (isinstance(part, ast.Call) and not isinstance(part.func, ast.Name | ast.Attribute))
        for part in parts
    )


def _is_property(part: ast.Attribute) -> bool:
    of_torch = isinstance(part.value, ast.Name) and part.value.id == "torch"
    return (
        bool(re.fullmatch(r"[a-z]+\d*|sym_[a-z]+", part.attr)) if of_torch else part.attr in _GUARD_ATTRIBUTES
    )
