"""Chat templates: Jinja programs that a model brings along and that its runtime executes for each conversation.

A template is parsed, never rendered. An ordinary one takes data apart by constant keys and loop variables;
reaching for private attributes, or building the name of an attribute, is how one leaves Jinja for Python
(https://jinja.palletsprojects.com/en/stable/sandbox/). Default deny: a key that cannot be followed is reported.
"""

from __future__ import annotations

import re
from functools import cache
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, GeneratorType, MethodType

from jinja2 import Environment, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from quarantine.formats.interface import Node

SIZE_LIMIT = 1 << 20
_DUNDER = re.compile("__[a-z_]+__")
_DOORS = frozenset({"lipsum", "cycler", "joiner", "self", "request", "url_for", "get_flashed_messages"})
_KEEP_KEYS = frozenset(
    {"list", "items", "dictsort", "length", "count", "int", "first", "last", "sort", "unique"}
)
_BY_ATTRIBUTE = frozenset({"selectattr", "rejectattr", "groupby"})
_FIELD = re.compile(r"\{[^{}]*[.\[_][^{}]*\}")


@cache
def _special_names() -> frozenset[str]:
    """The names that lead from a value of Python to its class, module and code."""
    known = (
        object,
        type,
        re,
        FunctionType,
        CodeType,
        GeneratorType,
        MethodType,
        BuiltinFunctionType,
        FrameType,
    )
    return frozenset(name for value in known for name in dir(value) if _DUNDER.fullmatch(name)) | {
        "__import__"
    }


def _special(text: str) -> bool:
    """Whether the text holds such a name; a token like ``<__media__>`` is none."""
    return any(name in _special_names() for name in _DUNDER.findall(text))


class _Generation(Extension):
    """The ``generation`` block of Hugging Face's chat templates; only its body matters here."""

    tags = {"generation"}  # noqa: RUF012 - the name and the type are Jinja's

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The statements of the block."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def check_template(node: Node, text: str, where: str) -> None:
    """Report what the template at ``where`` does that an ordinary one does not."""
    if len(text) > SIZE_LIMIT:
        node.finding("template-broken", where=where, why=f"it is longer than {SIZE_LIMIT} characters")
        return
    environment = Environment(extensions=["jinja2.ext.loopcontrols", _Generation])  # noqa: S701 - never rendered
    try:
        tree = environment.parse(text)
        seen = _Template(tree).problems()
    except (TemplateError, RecursionError) as error:
        node.finding("template-broken", where=where, why=f"{type(error).__name__}: {error}")
        return
    for rule, what in sorted(seen):
        node.finding(rule, where=where, what=what)


class _Template:
    """One parsed template, and which of its variables hold keys that were taken from data as they are."""

    def __init__(self, tree: nodes.Template) -> None:
        self._tree = tree
        self._built = {
            name.name for block in tree.find_all(nodes.AssignBlock) for name in _names(block.target)
        }
        self._built |= {arg.name for macro in tree.find_all(nodes.Macro) for arg in macro.args}
        self._built |= {arg.name for call in tree.find_all(nodes.CallBlock) for arg in call.args}
        given: list[tuple[nodes.Node, nodes.Node]] = [
            (each.target, each.node) for each in tree.find_all(nodes.Assign)
        ]
        given += [(each.target, each.iter) for each in tree.find_all(nodes.For)]
        given += [(target, value) for each in tree.find_all(nodes.With)
                  for target, value in zip(each.targets, each.values, strict=True)]  # fmt: skip
        for _ in given:  # until a variable that takes from a built one is known to be built itself
            more = {name.name for target, value in given if self._builds(value) for name in _names(target)}
            if more <= self._built:
                break
            self._built |= more

    def problems(self) -> set[tuple[str, str]]:
        """(rule, what was seen) for everything out of the ordinary."""
        found: set[tuple[str, str]] = set()
        for part in self._tree.find_all(nodes.Node):
            found |= self._problem(part)
        return found

    def _problem(self, part: nodes.Node) -> set[tuple[str, str]]:
        escape, computed = "template-escape", "template-computed-name"
        if isinstance(part, nodes.Getattr | nodes.NSRef) and part.attr.startswith("_"):
            return {(escape, f"attribute {part.attr}")}
        if isinstance(part, nodes.Const) and isinstance(part.value, str) and _special(part.value):
            return {(escape, f"text {part.value}")}
        if isinstance(part, nodes.Name) and part.name in _DOORS and part.ctx == "load":
            return {(escape, f"name {part.name}")}
        if isinstance(part, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends):
            return {(escape, f"statement {type(part).__name__.lower()}")}
        if isinstance(part, nodes.Getitem):
            return self._key(part.arg)
        if isinstance(part, nodes.Filter | nodes.Test):
            return self._filter(part)
        if isinstance(part, nodes.Call) and isinstance(part.node, nodes.Getattr):
            called, on = part.node.attr, part.node.node
            plain = isinstance(on, nodes.Const) and not _FIELD.search(str(on.value))
            if called in ("format", "format_map") and not plain:
                return {(computed, f"method {called}")}
        return set()

    def _filter(self, part: nodes.Filter | nodes.Test) -> set[tuple[str, str]]:
        if part.name == "attr":
            return {("template-escape", "filter attr")}
        keys = [pair.value for pair in part.kwargs or () if pair.key == "attribute"]
        if part.name in _BY_ATTRIBUTE:
            keys += (part.args or [])[:1]
        found: set[tuple[str, str]] = set()
        if part.dyn_args is not None or part.dyn_kwargs is not None:
            found.add(("template-computed-name", f"filter {part.name} with spread arguments"))
        return found.union(*(self._key(key) for key in keys))

    def _key(self, key: nodes.Node) -> set[tuple[str, str]]:
        if isinstance(key, nodes.Const):
            private = isinstance(key.value, str) and any(p.startswith("_") for p in key.value.split("."))
            return {("template-escape", f"key {key.value}")} if private else set()
        return {("template-computed-name", "a key that is built")} if self._builds(key) else set()

    def _builds(self, value: nodes.Node | None) -> bool:
        """Whether the expression may make text that the data did not hold, or that starts with an underscore."""
        if value is None:
            return False
        return any(self._changes(part) for part in (value, *value.find_all(nodes.Node)))

    def _changes(self, part: nodes.Node) -> bool:
        if isinstance(part, nodes.Concat | nodes.Pow):
            return True
        if isinstance(part, nodes.Mod | nodes.Mul):
            return not _is_number(part.left)
        if isinstance(part, nodes.Add):
            return not (_is_number(part.left) or _is_number(part.right))
        if isinstance(part, nodes.Const):
            return isinstance(part.value, str) and part.value.startswith("_")
        if isinstance(part, nodes.Filter):
            return part.name not in _KEEP_KEYS | _BY_ATTRIBUTE
        if isinstance(part, nodes.Call) and isinstance(part.node, nodes.Getattr):
            return part.node.attr not in _KEEP_KEYS | {"get", "keys", "values"}
        return isinstance(part, nodes.Name) and part.name in self._built


def _is_number(value: nodes.Node) -> bool:
    """Whether the expression is a number whatever the data."""
    if isinstance(value, nodes.Const):
        return isinstance(value.value, int)
    if isinstance(value, nodes.Getattr):
        return (
            isinstance(value.node, nodes.Name)
            and value.node.name == "loop"
            and value.attr.startswith("index")
        )
    return isinstance(value, nodes.Filter) and value.name in ("length", "count", "int")


def _names(target: nodes.Node) -> list[nodes.Name]:
    return [target] if isinstance(target, nodes.Name) else list(target.find_all(nodes.Name))
