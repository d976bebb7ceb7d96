"""Constants put together by an expression: joined, sliced, formatted, decoded. Computed here, never run.

Only operations whose result is text, bytes, numbers or lists of them are known, each with a bound on its size.
An expression that holds anything else has no value.
"""

from __future__ import annotations

import ast
import base64
import binascii
import bz2
import codecs
import lzma
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any

Value = str | bytes | int | list[Any]
SIZE_LIMIT = 1 << 20
DEPTH_LIMIT = 40
WAYS_LIMIT = 8
STEPS_LIMIT = 1_000_000
_ITEMS_LIMIT = 1 << 16

# Fields with attributes, keys, conversions or widths.
_BUSY = re.compile(r"\{[^{}]*[^{}0-9A-Za-z_][^{}]*\}|%[^scdx%]")

_UNARY: dict[str, Callable[[Any], Any]] = {
    "base64.b64decode": base64.b64decode,
    "base64.standard_b64decode": base64.b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "base64.decodebytes": lambda v: base64.decodebytes(_raw(v)),
    "base64.b32decode": base64.b32decode,
    "base64.b16decode": base64.b16decode,
    "base64.b85decode": base64.b85decode,
    "base64.a85decode": base64.a85decode,
    "binascii.unhexlify": binascii.unhexlify,
    "binascii.a2b_hex": binascii.unhexlify,
    "binascii.a2b_base64": binascii.a2b_base64,
    "builtins.bytes.fromhex": bytes.fromhex,
    "builtins.bytearray.fromhex": bytes.fromhex,
    "zlib.decompress": lambda v: _expand(zlib.decompressobj(), v),
    "gzip.decompress": lambda v: _expand(zlib.decompressobj(31), v),
    "bz2.decompress": lambda v: _expand(bz2.BZ2Decompressor(), v),
    "lzma.decompress": lambda v: _expand(lzma.LZMADecompressor(), v),
    "builtins.chr": chr,
    "builtins.ord": ord,
    "builtins.str": str,
    "builtins.int": int,
    "builtins.bytes": lambda v: bytes(v) if isinstance(v, list | bytes) else None,
    "builtins.bytearray": lambda v: bytes(v) if isinstance(v, list | bytes) else None,
    "builtins.list": list,
    "builtins.tuple": list,
    "builtins.reversed": lambda v: list(reversed(v)),
}
_METHODS: dict[str, Callable[..., Any]] = {
    "replace": lambda v, a, b, *n: v.replace(a, b, *n),
    "lower": lambda v: v.lower(),
    "upper": lambda v: v.upper(),
    "swapcase": lambda v: v.swapcase(),
    "title": lambda v: v.title(),
    "strip": lambda v, *a: v.strip(*a),
    "lstrip": lambda v, *a: v.lstrip(*a),
    "rstrip": lambda v, *a: v.rstrip(*a),
    "removeprefix": lambda v, a: v.removeprefix(a),
    "removesuffix": lambda v, a: v.removesuffix(a),
    "split": lambda v, *a: v.split(*a),
    "encode": lambda v, *a: v.encode("utf-8"),
    "join": lambda v, parts: v.join(parts),
    "hex": lambda v: v.hex(),
}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Sub: lambda a, b: a - b,
    ast.BitXor: lambda a, b: a ^ b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.BitAnd: lambda a, b: a & b,
    ast.BitOr: lambda a, b: a | b,
    ast.Mod: lambda a, b: a % (tuple(b) if isinstance(b, list) else b),
}


def _raw(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _expand(reader: Any, value: Any) -> Any:
    return reader.decompress(_raw(value), SIZE_LIMIT)


def _decode(value: Any, *how: Any) -> Any:
    name = str(how[0]).lower().replace("-", "_") if how else "utf_8"
    if name in ("rot13", "rot_13"):
        return codecs.decode(value, "rot13")
    if name in ("hex", "hex_codec"):
        return binascii.unhexlify(value)
    if name in ("base64", "base64_codec"):
        return binascii.a2b_base64(value)
    if name in ("unicode_escape", "raw_unicode_escape"):
        return _raw(value).decode("unicode_escape")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


_METHODS["decode"] = _decode


class Folder:
    """Folds expressions; ``constants`` are the values that names may have, ``resolve`` tells what is called."""

    def __init__(
        self, constants: Mapping[str, tuple[Value, ...]], resolve: Callable[[ast.expr], frozenset[str]]
    ) -> None:
        self._constants = constants
        self._resolve = resolve
        self._bound: dict[str, Value] = {}
        self._spent = 0
        self._steps = 0
        self.exhausted = False

    def fold(self, node: ast.AST, depth: int = 0) -> tuple[Value, ...]:
        """The values that the expression may have; none if they cannot be told."""
        if isinstance(node, ast.Constant):
            return (node.value,) if isinstance(node.value, str | bytes | int) else ()
        self._steps += 1
        self.exhausted = self.exhausted or self._steps > STEPS_LIMIT or self._spent > 64 * SIZE_LIMIT
        if depth > DEPTH_LIMIT or self.exhausted:
            return ()
        try:
            found = self._fold(node, depth + 1)
        except (
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            OverflowError,
            ZeroDivisionError,
            ArithmeticError,
            EOFError,
            OSError,
            zlib.error,
            lzma.LZMAError,
            MemoryError,
        ):
            return ()  # as it would raise when it runs
        kept: list[Value] = []
        for value in found:
            size = (
                len(value)
                if isinstance(value, str | bytes | list)
                else value.bit_length()
                if isinstance(value, int)
                else 1 << 30
            )
            self._spent += size
            if size <= SIZE_LIMIT and value not in kept:
                kept.append(value)
        return tuple(kept[:WAYS_LIMIT])

    def _fold(self, node: ast.AST, depth: int) -> list[Any]:
        if isinstance(node, ast.Name):
            return (
                [self._bound[node.id]] if node.id in self._bound else list(self._constants.get(node.id, ()))
            )
        if isinstance(node, ast.List | ast.Tuple):
            return self._sequence(node.elts, depth)
        if isinstance(node, ast.JoinedStr):
            parts = self._sequence(node.values, depth)
            return ["".join(map(str, value)) for value in parts]
        if isinstance(node, ast.FormattedValue):
            return [str(value) for value in self.fold(node.value, depth)] if node.format_spec is None else []
        if isinstance(node, ast.BinOp):
            return self._operation(node, depth)
        if isinstance(node, ast.Subscript):
            return [self._item(value, node.slice, depth) for value in self.fold(node.value, depth)]
        if isinstance(node, ast.IfExp):
            return [*self.fold(node.body, depth), *self.fold(node.orelse, depth)]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return [-value for value in self.fold(node.operand, depth) if isinstance(value, int)]
        if isinstance(node, ast.NamedExpr):
            return list(self.fold(node.value, depth))
        if isinstance(node, ast.GeneratorExp | ast.ListComp):
            return self._comprehension(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        return []

    def _sequence(self, parts: list[ast.expr], depth: int) -> list[Any]:
        """Lists of the parts' first values; a part without a value leaves none."""
        if len(parts) > _ITEMS_LIMIT:
            return []
        held = []
        for part in parts:
            values = self.fold(part, depth)
            if not values:
                return []
            held.append(values[0])
        return [held]

    def _operation(self, node: ast.BinOp, depth: int) -> list[Any]:
        if isinstance(node.op, ast.Add):
            return self._sum(node, depth)
        left, right = self.fold(node.left, depth), self.fold(node.right, depth)
        pairs: list[tuple[Any, Any]] = [(a, b) for a in left for b in right]
        if isinstance(node.op, ast.Mult):
            return [a * b for a, b in pairs if _small_product(a, b)]
        if isinstance(node.op, ast.Mod) and any(isinstance(a, str) and _wide(a) for a in left):
            return []
        known = _OPERATORS.get(type(node.op))
        return [known(a, b) for a, b in pairs] if known else []

    def _sum(self, node: ast.BinOp, depth: int) -> list[Any]:
        """A chain of additions, which may be thousands long."""
        terms: list[ast.expr] = []
        at: ast.expr = node
        while isinstance(at, ast.BinOp) and isinstance(at.op, ast.Add):
            terms.append(at.right)
            at = at.left
        values: list[Any] = list(self.fold(at, depth))
        pieces: list[list[Any]] = [[value] for value in values]
        for term in reversed(terms):
            more = self.fold(term, depth)
            if len(more) == 1:
                for held in pieces:
                    held.append(more[0])
            else:
                pieces = [[*held, value] for held in pieces for value in more][:WAYS_LIMIT]
        return [_total(held) for held in pieces]

    def _item(self, value: Any, index: ast.expr, depth: int) -> Any:
        if isinstance(index, ast.Slice):
            marks = [
                None if part is None else self.fold(part, depth)[0]
                for part in (index.lower, index.upper, index.step)
            ]
            return value[slice(*marks)]
        return value[self.fold(index, depth)[0]]

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp, depth: int) -> list[Any]:
        if (
            len(node.generators) != 1
            or node.generators[0].ifs
            or not isinstance(node.generators[0].target, ast.Name)
        ):
            return []
        name, out = node.generators[0].target.id, []
        for values in self.fold(node.generators[0].iter, depth)[:1]:
            if isinstance(values, int) or len(values) > _ITEMS_LIMIT:
                return []
            before = self._bound.get(name)
            for value in values:
                self._bound[name] = value
                folded = self.fold(node.elt, depth)
                if not folded:
                    break
                out.append(folded[0])
            self._bound.pop(name, None)
            if before is not None:
                self._bound[name] = before
            return [out] if len(out) == len(values) else []
        return []

    def _call(self, node: ast.Call, depth: int) -> list[Any]:
        called = node.func
        paths = self._resolve(called)
        for path in paths:
            if path == "builtins.map" and len(node.args) == 2:
                function = next((f for p in self._resolve(node.args[0]) if (f := _UNARY.get(p))), None)
                lists: list[Any] = list(self.fold(node.args[1], depth))
                return [[function(value) for value in values] for values in lists] if function else []
            if path in _UNARY and node.args:
                return [_UNARY[path](value) for value in self.fold(node.args[0], depth)]
            if path == "codecs.decode" and node.args:
                how = [value for argument in node.args[1:] for value in self.fold(argument, depth)[:1]]
                return [_decode(value, *how) for value in self.fold(node.args[0], depth)]
        if not isinstance(called, ast.Attribute) or node.keywords:
            return []
        arguments = self._sequence(node.args, depth)
        if not arguments:
            return []
        base = self.fold(called.value, depth)
        if called.attr == "format":
            return [
                value.format(*arguments[0]) for value in base if isinstance(value, str) and not _wide(value)
            ]
        method = _METHODS.get(called.attr)
        return (
            [method(value, *arguments[0]) for value in base if not isinstance(value, int)] if method else []
        )


def _wide(text: str) -> bool:
    """Whether a format does more than put its arguments in."""
    return bool(_BUSY.search(text))


def _small_product(a: Any, b: Any) -> bool:
    if isinstance(a, int) and isinstance(b, int):
        return a.bit_length() + b.bit_length() < 4096
    size: list[int] = [len(v) if isinstance(v, str | bytes | list) else abs(v) for v in (a, b)]
    return size[0] * size[1] <= SIZE_LIMIT


def _total(parts: list[Any]) -> Any:
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    if all(isinstance(part, bytes) for part in parts):
        return b"".join(parts)
    if all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
