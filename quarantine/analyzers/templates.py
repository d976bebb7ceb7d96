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

from quarantine.analyzers.templates_cost import costs
from quarantine.analyzers.templates_keys import Keys
from quarantine.analyzers.templates_text import says
from quarantine.formats.interface import Node

SIZE_LIMIT = 1 << 20
_SAID_LIMIT = 16
_DUNDER = re.compile("__[a-z_]+__")
_DOORS = frozenset({"lipsum", "cycler", "joiner", "self", "request", "url_for", "get_flashed_messages"})
_BY_ATTRIBUTE = frozenset({"selectattr", "rejectattr", "groupby"})
# Filters that take an attribute's name at that place.
_ATTRIBUTE_AT = {"sum": 0, "unique": 1, "min": 1, "max": 1, "join": 1, "sort": 2, "groupby": 0}
_BY_FILTER = frozenset({"map", "select", "reject"})
_BOUND = frozenset({"format", "format_map"})
# The insides of generators, coroutines, frames, tracebacks and functions whose names begin like any other
# (Lib/inspect.py; func_* of Python 2); filters such as ``map`` make generators.
_INSIDES = frozenset(
    {"gi_frame", "gi_code", "gi_yieldfrom", "cr_frame", "cr_code", "cr_await", "cr_origin", "ag_frame", "ag_code",
     "ag_await", "f_back", "f_builtins", "f_code", "f_globals", "f_locals", "f_trace", "tb_frame", "tb_next",
     "func_globals", "func_code", "func_closure", "func_defaults", "im_func", "im_class", "im_self", "mro"}
)  # fmt: skip
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
    return any(name in _special_names() for name in _DUNDER.findall(text)) or any(
        part in _INSIDES for part in text.split(".")
    )


def _given_name(part: nodes.Node) -> str | None:
    """The name that the template gives to something: ``dict(name=1)``, a macro, a macro's argument, a block."""
    if isinstance(part, nodes.Keyword):
        return part.key
    return part.name if isinstance(part, nodes.Name | nodes.Macro | nodes.Block) else None


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
        seen = _Template(tree).problems() | {("template-bomb", what) for what in costs(tree)}
        spoken = sorted(set(says(tree)))
    except (TemplateError, RecursionError) as error:
        node.finding("template-broken", where=where, why=f"{type(error).__name__}: {error}")
        return
    for rule, what in sorted(seen):
        node.finding(rule, where=where, what=what)
    for rule, what, said in spoken[:_SAID_LIMIT]:
        node.finding(rule, where=where, what=what, text=said)


class _Template:
    """One parsed template, and which of its variables may hold names that were put together."""

    def __init__(self, tree: nodes.Template) -> None:
        self._tree = tree
        self._called = {id(call.node) for call in tree.find_all(nodes.Call)}
        self._keys = Keys(tree)

    def problems(self) -> set[tuple[str, str]]:
        """(rule, what was seen) for everything out of the ordinary."""
        found: set[tuple[str, str]] = set()
        for part in self._tree.find_all(nodes.Node):
            found |= self._problem(part)
        return found

    def _problem(self, part: nodes.Node) -> set[tuple[str, str]]:
        escape, computed = "template-escape", "template-computed-name"
        if isinstance(part, nodes.Getattr | nodes.NSRef) and (
            part.attr.startswith("_") or part.attr in _INSIDES
        ):
            return {(escape, f"attribute {part.attr}")}
        if (given := _given_name(part)) and _special(given):
            return {
                (escape, f"a thing of the template's own called {given}")
            }  # its name can be had as a text
        if isinstance(part, nodes.Const) and isinstance(part.value, str) and _special(part.value):
            return {(escape, f"text {part.value}")}
        if isinstance(part, nodes.Name) and part.name in _DOORS and part.ctx == "load":
            return {(escape, f"name {part.name}")}
        if isinstance(part, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends):
            return {(escape, f"statement {type(part).__name__.lower()}")}
        if isinstance(part, nodes.Getitem):
            if (
                isinstance(part.arg, nodes.Const)
                and part.arg.value in _BOUND
                and (
                    id(part) in self._called
                    or not isinstance(part.node, nodes.Name | nodes.Getattr | nodes.Getitem)
                )
            ):
                return {(escape, f"key {part.arg.value}")}
            return self._key(part.arg)
        if isinstance(part, nodes.Filter | nodes.Test):
            return self._filter(part)
        if isinstance(part, nodes.Getattr) and part.attr in _BOUND and id(part) not in self._called:
            return {(escape, f"method {part.attr}, taken and not called")}
        if isinstance(part, nodes.Call) and isinstance(part.node, nodes.Getattr):
            called, on = part.node.attr, part.node.node
            plain = isinstance(on, nodes.Const) and not _FIELD.search(str(on.value))
            if called in ("format", "format_map") and not plain:
                return {(computed, f"method {called}")}
        return set()

    def _filter(self, part: nodes.Filter | nodes.Test) -> set[tuple[str, str]]:
        if part.name == "attr":
            return {("template-escape", "filter attr")}
        first = part.args[0] if part.args else None
        if part.name in _BY_FILTER and first is not None:
            if not isinstance(first, nodes.Const):
                return {("template-computed-name", f"filter {part.name} by a built name")}
            if first.value in ("attr", "format", "xmlattr") or str(first.value).startswith("_"):
                return {("template-escape", f"filter {part.name} by {first.value}")}
        keys = [pair.value for pair in part.kwargs or () if pair.key == "attribute"]
        if part.name in _BY_ATTRIBUTE:
            keys += (part.args or [])[:1]
        if part.name in _ATTRIBUTE_AT and isinstance(part, nodes.Filter):
            keys += (part.args or [])[_ATTRIBUTE_AT[part.name] :][:1]
        found: set[tuple[str, str]] = set()
        if part.dyn_args is not None or part.dyn_kwargs is not None:
            found.add(("template-computed-name", f"filter {part.name} with spread arguments"))
        return found.union(*(self._key(key) for key in keys))

    def _key(self, key: nodes.Node) -> set[tuple[str, str]]:
        if isinstance(key, nodes.Const):
            private = isinstance(key.value, str) and any(p.startswith("_") for p in key.value.split("."))
            return {("template-escape", f"key {key.value}")} if private else set()
        return {("template-computed-name", "a key that is built")} if self._keys.builds(key) else set()
