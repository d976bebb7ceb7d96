"""What rendering a template would cost: loops, repetitions and widths written out, and text that doubles itself.

Only numbers in the template itself count; how long a conversation is, is the caller's matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

RANGE_LIMIT = 10_000
NUMBER_LIMIT = 100_000_000
REPEAT_LIMIT = 100_000
DOUBLINGS_LIMIT = 8
_BITS_LIMIT = 512
_WIDTH = re.compile(r"%[-+ #0.]*\d{6,}|\{[^{}]*:[^{}]*\d{6,}[^{}]*\}")
_WIDE_FILTERS = frozenset(
    {"center", "indent", "ljust", "rjust", "zfill", "wordwrap", "batch", "slice", "truncate", "expandtabs"}
)


def costs(tree: nodes.Template) -> Iterator[str]:
    """Everything in the template that costs more than any honest one."""
    doublings = 0
    for part in tree.find_all(nodes.Node):
        if isinstance(part, nodes.Const) and isinstance(part.value, int) and abs(part.value) > NUMBER_LIMIT:
            yield f"the number {str(part.value)[:40]}"
        elif isinstance(part, nodes.Const) and isinstance(part.value, str) and _WIDTH.search(part.value):
            yield "a format with a width that no text has"
        elif isinstance(part, nodes.Pow):
            if number(part) is None or abs(number(part) or 0) > NUMBER_LIMIT:
                yield "a power"
        elif isinstance(part, nodes.Mul):
            yield from _repeated(part)
        elif isinstance(part, nodes.Filter | nodes.Call):
            yield from _wide(part)
        elif isinstance(part, nodes.Assign):
            doublings += _doubles(part)
            if doublings == DOUBLINGS_LIMIT or (doublings and _doubles(part) and _in_loop(tree, part)):
                yield "text that is doubled again and again"
    for macro in tree.find_all(nodes.Macro):
        again = [
            call
            for call in macro.find_all(nodes.Call)
            if isinstance(call.node, nodes.Name)
            and call.node.name == macro.name
            and any(isinstance(argument, nodes.Sub) for argument in call.args)
        ]
        if len(again) > 1:
            yield f"a macro that calls itself {len(again)} times, counting down"
    yield from _loops(tree)


def number(value: nodes.Node | None) -> int | None:
    """The whole number that an expression of constants is; None if it is none, or absurd."""
    if isinstance(value, nodes.Const):
        return int(value.value) if isinstance(value.value, int | float) and abs(value.value) < 1e300 else None
    if isinstance(value, nodes.Neg):
        inner = number(value.node)
        return None if inner is None else -inner
    if isinstance(value, nodes.BinExpr):
        left, right = number(value.left), number(value.right)
        if left is None or right is None:
            return None
        if isinstance(value, nodes.Add):
            return left + right
        if isinstance(value, nodes.Mul) and left.bit_length() + right.bit_length() < _BITS_LIMIT:
            return left * right
        if isinstance(value, nodes.Pow) and right >= 0 and left.bit_length() * right < _BITS_LIMIT:
            return int(left**right)
    return None


def _repeated(part: nodes.Mul) -> Iterator[str]:
    for one, other in ((part.left, part.right), (part.right, part.left)):
        times = number(one)
        if times is not None and times > REPEAT_LIMIT and number(other) is None:
            yield f"something is repeated {times} times"


def _wide(part: nodes.Filter | nodes.Call) -> Iterator[str]:
    name = (
        part.name
        if isinstance(part, nodes.Filter)
        else part.node.attr
        if isinstance(part.node, nodes.Getattr)
        else ""
    )
    if name in _WIDE_FILTERS:
        given = [*(part.args or []), *(pair.value for pair in part.kwargs or [])]
        if any((number(each) or 0) > REPEAT_LIMIT for each in given):
            yield f"{name} with a width that no text has"


def _range(value: nodes.Node | None) -> int:
    """How often a loop over it runs, where that is written out; else 1."""
    if isinstance(value, nodes.Filter) and value.node is not None:
        return _range(value.node)
    if (
        isinstance(value, nodes.Call)
        and isinstance(value.node, nodes.Name)
        and value.node.name == "range"
        and value.args
    ):
        bounds = [number(each) for each in value.args]
        known = [each for each in bounds if each is not None]
        return max((abs(each) for each in known), default=1)
    if isinstance(value, nodes.Const) and isinstance(value.value, str):
        return max(1, len(value.value))
    return 1


def _loops(tree: nodes.Template) -> Iterator[str]:
    for call in tree.find_all(nodes.Call):
        if (times := _range(call)) > RANGE_LIMIT:
            yield f"a range of {times}"
    todo: list[tuple[nodes.Node, int]] = [(tree, 1)]
    while todo:
        part, times = todo.pop()
        if isinstance(part, nodes.For):
            times *= _range(part.iter)
            if times > RANGE_LIMIT * 10:
                yield f"loops that run {times} times"
                return
        todo += [(each, times) for each in part.iter_child_nodes()]


def _doubles(part: nodes.Assign) -> bool:
    """Whether the value holds one and the same text twice."""
    if not isinstance(part.node, nodes.Concat | nodes.Add | nodes.Mul):
        return False
    held = [each.name for each in part.node.find_all(nodes.Name)]
    held += [f"{each.name}.{each.attr}" for each in part.node.find_all(nodes.NSRef)]
    held += [
        f".{each.attr}" for each in part.node.find_all(nodes.Getattr) if isinstance(each.node, nodes.Name)
    ]
    target = (
        part.target.name
        if isinstance(part.target, nodes.Name)
        else f".{part.target.attr}"
        if isinstance(part.target, nodes.NSRef)
        else ""
    )
    if isinstance(part.node, nodes.Mul):
        return target in held
    twice = {name for name in held if held.count(name) > 1}
    if target.startswith("."):
        return target in twice
    return bool(target in twice or (len(held) == 2 and twice))


def _in_loop(tree: nodes.Template, part: nodes.Assign) -> bool:
    return any(part is each for loop in tree.find_all(nodes.For) for each in loop.find_all(nodes.Assign))
