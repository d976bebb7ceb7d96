"""A YAML text as a graph of plain nodes, from libyaml's events: no tag is resolved and nothing is constructed.

Collections hold their parts and aliases point back, so that neither depth nor aliases cost recursion or memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from quarantine.formats.interface import TooLarge

EVENTS_LIMIT, SIZE_LIMIT_BYTES = 2_000_000, 16 << 20
FLOW_LIMIT = 2_000
"""How many brackets may be open at once: libyaml's time grows with the square of it."""

_BRACKET = re.compile(r"[\[\]{}]")


@dataclass(eq=False)
class YamlNode:
    """One value. ``tag`` is the explicit one as PyYAML spells it, or ""; a map has keys at even places."""

    kind: str
    tag: str
    at: int
    text: str = ""
    parts: list[YamlNode] = field(default_factory=list)

    def pairs(self) -> list[tuple[YamlNode, YamlNode]]:
        """Key and value of each entry of a map."""
        return list(zip(self.parts[::2], self.parts[1::2], strict=False)) if self.kind == "map" else []

    def get(self, key: str) -> YamlNode | None:
        """The last value of a key."""
        return next((value for name, value in reversed(self.pairs()) if name.text == key), None)


def read_yaml(text: str) -> list[YamlNode]:
    """The values of all documents.

    Raises:
        yaml.YAMLError: the text is no YAML.
        TooLarge: there is more in it than any configuration holds.
    """
    if len(text) > SIZE_LIMIT_BYTES:
        raise TooLarge("YAML is over its limit", offset=SIZE_LIMIT_BYTES)
    depth = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket in "[{" else -1
        if depth > FLOW_LIMIT:
            raise TooLarge("YAML nests deeper than any configuration")
        depth = max(depth, 0)
    top = YamlNode("list", "", 0)
    stack, anchors = [top], dict[str, YamlNode]()
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for count, event in enumerate(yaml.parse(text, Loader=loader)):
        if count > EVENTS_LIMIT:
            raise TooLarge("YAML has more values than any configuration")
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            anchors = {}
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise yaml.YAMLError("alias of nothing")
            stack[-1].parts.append(anchors[event.anchor])
        elif isinstance(event, yaml.NodeEvent):
            scalar = isinstance(event, yaml.ScalarEvent)
            kind = "text" if scalar else "map" if isinstance(event, yaml.MappingStartEvent) else "list"
            node = _made(kind, event)
            stack[-1].parts.append(node)
            if event.anchor:
                anchors[event.anchor] = node
            if not scalar:
                stack.append(node)
    return top.parts


def _made(kind: str, event: Any) -> YamlNode:
    return YamlNode(kind, event.tag or "", event.start_mark.index, event.value if kind == "text" else "")


def every(roots: list[YamlNode]) -> list[YamlNode]:
    """Each node once, however often aliases reach it."""
    seen: dict[int, YamlNode] = {}
    todo = list(roots)
    while todo:
        node = todo.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            todo.extend(reversed(node.parts))
    return list(seen.values())


def expanded_size(roots: list[YamlNode], limit: int) -> int:
    """How many values there are when every alias is copied out, counted to ``limit``; a loop counts as ``limit``."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()
    todo = [(root, False) for root in roots]
    while todo:
        node, done = todo.pop()
        if done:
            sizes[id(node)] = min(limit, 1 + sum(sizes.get(id(part), limit) for part in node.parts))
            open_.discard(id(node))
        elif id(node) in open_:
            return limit
        elif id(node) not in sizes:
            open_.add(id(node))
            todo.append((node, True))
            todo.extend((part, False) for part in node.parts)
    return min(limit, sum(sizes[id(root)] for root in roots))
