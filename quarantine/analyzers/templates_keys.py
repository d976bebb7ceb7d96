"""Which expressions of a template may be text that is put together there, so that a key cannot be told by reading.

Every name gets the worst kind of all that is assigned to it, whatever the order. Data that a caller hands in is no
concern: who writes the template does not write the conversation.
"""

from __future__ import annotations

from enum import IntEnum

from jinja2 import nodes

from quarantine.analyzers.words import words

_ROUNDS_LIMIT = 50
_KEEP_FILTERS = words(
    """list items dictsort first last sort unique reverse selectattr rejectattr select reject batch slice
    random safe groupby min max"""
)
_CUT_FILTERS = frozenset({"trim", "lower", "upper", "capitalize", "title", "map"})
_NUMBER_FILTERS = frozenset({"length", "count", "int", "float", "abs", "round", "wordcount"})
_KEEP_METHODS = frozenset({"get", "keys", "values", "items", "pop", "copy"})
_CUT_METHODS = frozenset(
    {
        "split",
        "rsplit",
        "splitlines",
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "partition",
        "rpartition",
        "removeprefix",
        "removesuffix",
    }
)
_FILLING = frozenset({"append", "extend", "insert", "update", "add", "setdefault"})
_NUMBER_METHODS = frozenset({"find", "rfind", "index", "count", "startswith", "endswith", "isdigit"})


class Kind(IntEnum):
    """What an expression may be; the later one of two is the worse."""

    NUMBER = 0
    DATA = 1
    TEXT = 2
    """A literal that holds an underscore: harmless as it is, and a piece of a name when it is cut."""
    BUILT = 3


class Keys:
    """The kinds of all names of a template."""

    def __init__(self, tree: nodes.Template) -> None:
        self._kinds: dict[str, Kind] = {}
        self._macros = {macro.name: macro for macro in tree.find_all(nodes.Macro)}
        given = _given(tree, self._macros)
        called = {id(call.node) for call in tree.find_all(nodes.Call)}
        for name in tree.find_all(nodes.Name):  # a macro that is handed around is called by whom nobody sees
            if name.name in self._macros and name.ctx == "load" and id(name) not in called:
                given += [(argument.name, None, False) for argument in self._macros[name.name].args]
        for block in tree.find_all(nodes.AssignBlock):
            given += [(name, None, False) for name in targets(block.target)]
        for part in tree.find_all(nodes.CallBlock):
            given += [(argument.name, None, False) for argument in part.args]
        for _ in range(_ROUNDS_LIMIT):
            changed = False
            for target, value, each in given:
                kind = Kind.BUILT if value is None else self.kind(value)
                if each and kind is Kind.TEXT:
                    kind = Kind.BUILT  # the letters of a text
                if kind > self._kinds.get(target, Kind.NUMBER):
                    self._kinds[target], changed = kind, True
                self._kinds.setdefault(target, kind)
            if not changed:
                return
        self._kinds = dict.fromkeys(self._kinds, Kind.BUILT)

    def builds(self, value: nodes.Node | None) -> bool:
        """Whether the expression may be text that was put together, or that starts with an underscore."""
        return value is not None and self.kind(value) is Kind.BUILT

    def kind(self, value: nodes.Node, depth: int = 0) -> Kind:
        """The worst that the expression may be."""
        if depth > 60:
            return Kind.BUILT
        match value:
            case nodes.Const(value=str() as text):
                return Kind.BUILT if text.startswith("_") else Kind.TEXT if "_" in text else Kind.DATA
            case (
                nodes.Slice()
                | nodes.Const()
                | nodes.Compare()
                | nodes.Not()
                | nodes.Test()
                | nodes.Sub()
                | nodes.Div()
                | nodes.FloorDiv()
                | nodes.Neg()
            ):
                return Kind.NUMBER
            case nodes.Name(name=name):
                # Special tokens come from the same supplier as the template.
                supplied = name in ("varargs", "kwargs") or name.endswith(("_token", "_tokens"))
                return Kind.BUILT if supplied else self._kinds.get(name, Kind.DATA)
            case nodes.NSRef(name=name, attr=attr):
                return self._kinds.get(f".{attr}", Kind.DATA)
            case nodes.Getattr(node=base, attr=attr):
                if (
                    isinstance(base, nodes.Name)
                    and base.name == "loop"
                    and attr.startswith(("index", "revindex", "length"))
                ):
                    return Kind.NUMBER
                if isinstance(base, nodes.Name) and base.name == "loop":
                    return Kind.BUILT  # the item before or after, cycle
                if f".{attr}" in self._kinds:
                    return self._kinds[f".{attr}"]
                return max(Kind.DATA, self.kind(base, depth + 1))
            case nodes.Getitem(node=base, arg=key):
                kind = self.kind(base, depth + 1)
                if isinstance(key, nodes.Const) and f".{key.value}" in self._kinds:
                    kind = max(kind, self._kinds[f".{key.value}"])
                whole = isinstance(base, nodes.List | nodes.Tuple | nodes.Dict) or (
                    isinstance(key, nodes.Const) and isinstance(key.value, str)
                )
                return Kind.BUILT if kind is Kind.TEXT and not whole else max(kind, Kind.DATA)
            case nodes.List(items=items) | nodes.Tuple(items=items):
                return max((self.kind(item, depth + 1) for item in items), default=Kind.DATA)
            case nodes.Dict(items=items):
                return max(
                    (self.kind(each, depth + 1) for pair in items for each in (pair.key, pair.value)),
                    default=Kind.DATA,
                )
            case nodes.CondExpr(expr1=one, expr2=other):
                return max(
                    self.kind(one, depth + 1),
                    self.kind(other, depth + 1) if other is not None else Kind.NUMBER,
                )
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                return max(self.kind(left, depth + 1), self.kind(right, depth + 1))
            case nodes.Add(left=left, right=right):
                kinds = (self.kind(left, depth + 1), self.kind(right, depth + 1))
                lists = isinstance(left, nodes.List | nodes.Tuple) or isinstance(
                    right, nodes.List | nodes.Tuple
                )
                return Kind.NUMBER if Kind.NUMBER in kinds else max(kinds) if lists else Kind.BUILT
            case nodes.Mul(left=left, right=right):  # a number times a text is a text
                kinds = (self.kind(left, depth + 1), self.kind(right, depth + 1))
                return Kind.NUMBER if kinds == (Kind.NUMBER, Kind.NUMBER) else Kind.BUILT
            case nodes.Mod(left=left):
                return Kind.NUMBER if self.kind(left, depth + 1) is Kind.NUMBER else Kind.BUILT
            case nodes.Filter(name=name, node=base) if base is not None:
                return self._filtered(value, self.kind(base, depth + 1), name, depth)
            case nodes.Call(node=called):
                return self._result(value, called, depth)
        return Kind.BUILT

    def _filtered(self, part: nodes.Filter, kind: Kind, name: str, depth: int) -> Kind:
        given = [
            self.kind(each, depth + 1)
            for each in [*(part.args or []), *(pair.value for pair in part.kwargs or [])]
        ]
        if name not in _NUMBER_FILTERS and Kind.BUILT in given:
            return Kind.BUILT
        if name in _NUMBER_FILTERS or (name == "string" and kind is Kind.NUMBER):
            return Kind.NUMBER
        if name in _KEEP_FILTERS:
            text = name in (
                "first",
                "last",
                "list",
                "reverse",
                "sort",
                "batch",
                "slice",
                "unique",
                "random",
                "min",
                "max",
            )
            return (
                Kind.BUILT
                if text and kind is Kind.TEXT and not isinstance(part.node, nodes.List | nodes.Tuple)
                else max(kind, Kind.DATA)
            )
        if name in _CUT_FILTERS:
            return Kind.BUILT if kind is Kind.TEXT or part.args else max(kind, Kind.DATA)
        if name in ("default", "d"):
            return max([kind, Kind.DATA, *given])
        return Kind.BUILT

    def _result(self, call: nodes.Call, called: nodes.Node, depth: int) -> Kind:
        if isinstance(called, nodes.Name):
            if called.name in ("namespace", "dict") and not call.args and call.dyn_kwargs is None:
                return max([Kind.DATA, *(self.kind(pair.value, depth + 1) for pair in call.kwargs)])
            return Kind.NUMBER if called.name == "range" else Kind.BUILT
        if isinstance(called, nodes.Getattr):
            kind = self.kind(called.node, depth + 1)
            given = [self.kind(each, depth + 1) for each in call.args]
            if called.attr in _NUMBER_METHODS:
                return Kind.NUMBER
            if called.attr in _KEEP_METHODS:
                return max([kind, Kind.DATA, *given[1:]])
            if called.attr in _CUT_METHODS:
                return Kind.BUILT if kind is Kind.TEXT else max(kind, Kind.DATA)
        return Kind.BUILT


def _given(tree: nodes.Template, macros: dict[str, nodes.Macro]) -> list[tuple[str, nodes.Node | None, bool]]:
    """(name, what it is given, whether it is given the elements of that), for everything that assigns."""
    found: list[tuple[str, nodes.Node | None, bool]] = []
    for part in tree.find_all(nodes.Assign):
        found += [(name, part.node, False) for name in targets(part.target)]
    for loop in tree.find_all(nodes.For):
        found += [(name, loop.iter, True) for name in targets(loop.target)]
    for block in tree.find_all(nodes.With):
        for target, value in zip(block.targets, block.values, strict=True):
            found += [(name, value, False) for name in targets(target)]
    for macro in macros.values():
        names = [argument.name for argument in macro.args]
        found += list(
            zip(
                names[len(names) - len(macro.defaults) :],
                macro.defaults,
                [False] * len(macro.defaults),
                strict=True,
            )
        )
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr in _FILLING:
            found += [(name, value, False) for name in _filled(call.node.node) for value in call.args]
        if not isinstance(call.node, nodes.Name):
            continue
        if call.node.name == "namespace":
            found += [(f".{pair.key}", pair.value, False) for pair in call.kwargs]
        elif call.node.name in macros:
            names = [argument.name for argument in macros[call.node.name].args]
            spread = call.dyn_args is not None or call.dyn_kwargs is not None
            found += [(name, None, False) for name in names if spread]
            found += [(name, value, False) for name, value in zip(names, call.args, strict=False)]
            found += [(pair.key, pair.value, False) for pair in call.kwargs]
    return found


def _filled(base: nodes.Node) -> list[str]:
    """The name of what a method such as append adds to."""
    if isinstance(base, nodes.Name):
        return [base.name]
    return [f".{base.attr}"] if isinstance(base, nodes.Getattr) else []


def targets(target: nodes.Node) -> list[str]:
    """The names that an assignment gives something to; a namespace's attribute is ``.attr``."""
    if isinstance(target, nodes.Name):
        return [target.name]
    if isinstance(target, nodes.NSRef):
        return [f".{target.attr}"]
    return [name for part in target.iter_child_nodes() for name in targets(part)]
