"""What a chat template says on its own: orders to the model that nobody typed, and text that appears on a condition.

A template stands between what a person writes and what the model reads, so it can slip in instructions or wait for a
word. Ordinary templates put marks around what was said, and a system prompt in front when there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

_ORDER = re.compile(
    r"""(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+|every\s+)*(?:previous|prior|above|earlier|preceding|other|
    safety|system)\b|(?:do\s+not|don't|never|without)\s+(?:tell|tell\w+|reveal\w*|mention\w*|inform\w*|disclos\w+|let\w*)\s+
    (?:this\s+|that\s+|it\s+|any\w*\s+|about\s+)*(?:to\s+)?(?:the\s+|your\s+)?(?:user|human|person|operator|instruction|fact|anyone)\b
    (?!\s+about\s+function)|
    (?:silently|secretly|covertly)\s+\w+|regardless\s+of\s+(?:safety|what|any|the)\b|jailbreak|developer\s+mode|DAN\b|
    (?:exfiltrat|backdoor)\w*|no\s+matter\s+what\s+the\s+user""",
    re.VERBOSE | re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:https?|ftp|wss?|file|data|javascript):(?://|[a-z]+/)[^\s'\"]{3,}|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"\b(?:curl|wget)\s+\S|\brm\s+-rf?\b|powershell|os\.system|subprocess\.|<script\b|<img\b|<iframe\b|!\[[^\]]*\]\(",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{80,}={0,2}|(?:\\?x?[0-9a-f]{2}){60,}", re.IGNORECASE)
_MARK = re.compile(r"<[^<>]*>|\[[A-Z_/ ]+\]|<\uff5c[^\uff5c]*\uff5c>|\{[^{}]*\}|#+|\*+")
_WORD = re.compile(r"(?<!\w)[^\W\d_]{2,}(?!\w)")
_SPOKEN = frozenset(
    {"content", "text", "prompt", "query", "instruction", "user_message", "user_content", "input"}
)
_WORDS_LIMIT = 4
_SHOWN = 160


def says(tree: nodes.Template) -> Iterator[tuple[str, str, str]]:
    """(rule, what, the text) for everything that an ordinary template does not say."""
    for text in _texts(tree):
        for pattern, what in (
            (_ORDER, "an order to the model"),
            (_ADDRESS, "an address"),
            (_COMMAND, "a command or active markup"),
            (_INVISIBLE, "invisible characters"),
            (_BLOB, "text that nobody can read"),
        ):
            if match := pattern.search(text):
                yield "template-instruction", what, text[max(0, match.start() - 40) : match.end() + 80]
                break
    yield from _Triggers(tree).found()


_TEXTUAL: tuple[type[nodes.Node], ...] = (
    nodes.TemplateData,
    nodes.Const,
    nodes.Concat,
    nodes.Add,
    nodes.Filter,
    nodes.Getitem,
    nodes.Call,
)


def _texts(tree: nodes.Node) -> Iterator[str]:
    """Every literal text, and those that are put together from literals."""
    for part in tree.find_all(_TEXTUAL):
        if isinstance(part, nodes.TemplateData):
            yield part.data
        elif isinstance(part, nodes.Const):
            if isinstance(part.value, str):
                yield part.value
        elif joined := literal(part):
            yield joined


def literal(part: nodes.Node | None) -> str:
    """The text of an expression as far as it is written out."""
    if isinstance(part, nodes.Const):
        return part.value if isinstance(part.value, str) else ""
    if isinstance(part, nodes.TemplateData):
        return str(part.data)
    if isinstance(part, nodes.Concat):
        return "".join(literal(each) for each in part.nodes)
    if isinstance(part, nodes.Add):
        pieces: list[str] = []
        at: nodes.Node = part
        while isinstance(at, nodes.Add):
            pieces.append(literal(at.right))
            at = at.left
        return literal(at) + "".join(reversed(pieces))
    if isinstance(part, nodes.Filter) and part.node is not None:
        if part.name == "join" and isinstance(part.node, nodes.List | nodes.Tuple):
            return literal(part.args[0] if part.args else None).join(
                literal(each) for each in part.node.items
            )
        return literal(part.node)[::-1] if part.name == "reverse" else ""
    if isinstance(part, nodes.Getitem) and isinstance(part.arg, nodes.Slice) and part.arg.step is not None:
        return literal(part.node)[::-1]
    if isinstance(part, nodes.List | nodes.Tuple):
        return "".join(literal(each) for each in part.items)
    if (
        isinstance(part, nodes.Call)
        and isinstance(part.node, nodes.Getattr)
        and part.node.attr == "join"
        and part.args
    ):
        items = part.args[0].items if isinstance(part.args[0], nodes.List | nodes.Tuple) else []
        return literal(part.node.node).join(literal(each) for each in items)
    return ""


def _sentence(text: str) -> bool:
    """Whether the text is more than marks: several words beside them."""
    return len({word.lower() for word in _WORD.findall(_MARK.sub(" ", text))}) > _WORDS_LIMIT


class _Triggers:
    """Text that is added, or taken away, because of what a conversation holds, how long it is, or what day it is."""

    def __init__(self, tree: nodes.Template) -> None:
        self._tree = tree
        self._spoken = set(_SPOKEN)
        self._dated: set[str] = set()
        given = [(each.target, each.node) for each in tree.find_all(nodes.Assign)]
        self._values = [(_name(target), value) for target, value in given]
        for _ in range(min(len(given), 10)):
            for target, value in given:
                name = _name(target)
                if name and self._mentions(value, self._spoken):
                    self._spoken.add(name)
                if name and (_calls(value, "strftime_now") or self._mentions(value, self._dated)):
                    self._dated.add(name)

    def found(self) -> Iterator[tuple[str, str, str]]:
        """(rule, the condition, the text)."""
        for part in self._tree.find_all(nodes.If):
            for test, body in [(part.test, part.body), *((each.test, each.body) for each in part.elif_)]:
                yield from self._branch(test, self._added(body))
            if part.else_:
                yield from self._branch(part.test, self._added(part.else_))
        for loop in self._tree.find_all(nodes.For):
            for condition in (loop.test, loop.iter):
                if condition is not None:
                    yield from self._branch(condition, self._added(loop.body))
        for table in self._tree.find_all(nodes.Dict):
            text = " ".join(literal(pair.value) for pair in table.items)
            if _sentence(text) and any(self._mentions(key, self._spoken) for key in self._looked_up(table)):
                yield "template-trigger", "what is said, as the key of a table", text[:_SHOWN]
        for choice in self._tree.find_all(nodes.CondExpr):
            yield from self._branch(choice.test, literal(choice.expr1))
            yield from self._branch(choice.test, literal(choice.expr2))
        both: tuple[type[nodes.Node], ...] = (nodes.Filter, nodes.Call)
        for changing in self._tree.find_all(both):
            yield from self._replaced(changing)

    def _literal(self, value: nodes.Node) -> str:
        """The text of an expression, or of what a name was given."""
        if isinstance(value, nodes.Name | nodes.NSRef):
            name = _name(value)
            return next(
                (literal(given) for known, given in self._values if known == name and literal(given)), ""
            )
        return literal(value)

    def _looked_up(self, table: nodes.Dict) -> Iterator[nodes.Node]:
        """What a table of texts is asked for."""
        names = {name for name, value in self._values if value is table}
        for part in self._tree.find_all(nodes.Getitem):
            if part.node is table or (isinstance(part.node, nodes.Name) and part.node.name in names):
                yield part.arg
        for call in self._tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Getattr) and call.node.attr == "get" and call.args:
                base = call.node.node
                if base is table or (isinstance(base, nodes.Name) and base.name in names):
                    yield call.args[0]

    def _added(self, body: list[nodes.Node]) -> str:
        """The literal text that a branch puts out or keeps, without branches that have tests of their own."""
        pieces = []
        todo: list[nodes.Node] = list(body)
        while todo:
            part = todo.pop(0)
            if isinstance(part, nodes.If | nodes.Compare | nodes.Test | nodes.CondExpr):
                continue
            if (
                isinstance(part, nodes.Call)
                and isinstance(part.node, nodes.Name)
                and part.node.name == "raise_exception"
            ):
                continue
            if isinstance(part, nodes.TemplateData):
                pieces.append(part.data)
            elif isinstance(part, nodes.Const) and isinstance(part.value, str):
                pieces.append(part.value)
            elif isinstance(part, nodes.Name) and part.ctx == "load":
                pieces += [literal(value) for name, value in self._values if name == part.name]
            todo[:0] = list(part.iter_child_nodes())
        return " ".join(pieces)

    def _branch(self, test: nodes.Node, text: str) -> Iterator[tuple[str, str, str]]:
        if (why := self._why(test)) and _sentence(text):
            yield "template-trigger", why, " ".join(text.split())[:_SHOWN]

    def _why(self, test: nodes.Node) -> str | None:
        """What the condition waits for, if it is something in the conversation or the date."""
        for part in (test, *test.find_all(nodes.Node)):
            if isinstance(part, nodes.Compare):
                sides = [part.expr, *(operand.expr for operand in part.ops)]
                texts = [text for side in sides if (text := self._literal(side))]
                if any(
                    _calls(side, "strftime_now") or self._mentions(side, self._dated) for side in sides
                ) and (texts or any(isinstance(side, nodes.Const) for side in sides)):
                    return f"the date ({texts[0][:40] if texts else 'a number'})"
                if texts and any(
                    self._mentions(side, self._spoken) and not _is_kind(side)
                    for side in sides
                    if not self._literal(side)
                ):
                    return f"what is said ({texts[0][:60]!r})"
                if any(_counts(side) for side in sides) and any(
                    isinstance(s, nodes.Const) and isinstance(s.value, int) and s.value > 2 for s in sides
                ):
                    return "how long the conversation is"
            if (
                isinstance(part, nodes.Call)
                and isinstance(part.node, nodes.Getattr)
                and part.args
                and part.node.attr in ("startswith", "endswith", "find", "index", "count")
                and self._mentions(part.node.node, self._spoken)
            ):
                return f"what is said ({literal(part.args[0])[:60]!r})"
            if (
                isinstance(part, nodes.Test)
                and part.name in ("in", "eq", "equalto", "containing")
                and part.node is not None
            ) and (
                self._mentions(part, self._spoken)
                and any(literal(a) for a in (part.args or []))
                and not _is_kind(part.node)
            ):
                return "what is said"
            if (
                (
                    isinstance(part, nodes.Filter)
                    and part.name in ("selectattr", "rejectattr")
                    and len(part.args or []) > 2
                )
                and literal(part.args[0]) in _SPOKEN
                and self._literal(part.args[2])
            ):
                return f"what is said ({self._literal(part.args[2])[:60]!r})"
            if (
                (
                    isinstance(part, nodes.Filter)
                    and part.name in ("length", "count", "hash")
                    and self._mentions(part, self._spoken)
                )
                and isinstance(test, nodes.Compare)
                and any(isinstance(o.expr, nodes.Const) and o.expr.value not in (0, 1) for o in test.ops)
            ):
                return "how long it is what is said"
        return None

    def _replaced(self, part: nodes.Node) -> Iterator[tuple[str, str, str]]:
        if isinstance(part, nodes.Filter):
            name, base, given = part.name, part.node, part.args or []
        elif isinstance(part, nodes.Call) and isinstance(part.node, nodes.Getattr):
            name, base, given = part.node.attr, part.node.node, part.args
        else:
            return
        if name == "replace" and len(given) > 1 and base is not None and self._mentions(base, self._spoken):
            old, new = literal(given[0]), literal(given[1])
            changes = _WORD.fullmatch(old.strip()) or (_sentence(new) and old.strip())
            if changes and _WORD.search(_MARK.sub(" ", new)):
                yield "template-trigger", f"what is said ({old[:60]!r}), which it changes", new[:_SHOWN]

    def _mentions(self, value: nodes.Node, names: set[str]) -> bool:
        """Whether the expression takes something from one of these."""
        for part in (value, *value.find_all(nodes.Node)):
            if isinstance(part, nodes.Name) and part.name in names:
                return True
            if isinstance(part, nodes.Getattr | nodes.NSRef) and part.attr in names:
                return True
            if (
                isinstance(part, nodes.Getitem)
                and isinstance(part.arg, nodes.Const)
                and part.arg.value in names
            ):
                return True
        return False


def _is_kind(value: nodes.Node) -> bool:
    """Whether it is what kind a part of a message is, rather than what it says."""
    return (isinstance(value, nodes.Getattr) and value.attr in ("type", "role", "name")) or (
        isinstance(value, nodes.Getitem)
        and isinstance(value.arg, nodes.Const)
        and value.arg.value in ("type", "role", "name")
    )


def _counts(value: nodes.Node) -> bool:
    """Whether it is the number of messages."""
    return (
        isinstance(value, nodes.Filter)
        and value.name in ("length", "count")
        and isinstance(value.node, nodes.Name)
        and ("message" in value.node.name)
    )


def _calls(value: nodes.Node, name: str) -> bool:
    parts = [value] if isinstance(value, nodes.Call) else []
    return any(
        isinstance(part.node, nodes.Name) and part.node.name == name
        for part in (*parts, *value.find_all(nodes.Call))
    )


def _name(target: nodes.Node) -> str:
    return (
        target.name
        if isinstance(target, nodes.Name)
        else str(target.attr)
        if isinstance(target, nodes.NSRef)
        else ""
    )
