"""How large and how deep the object of a stream is for whoever walks it, and which byte strings in it are files.

A few hundred bytes can make lists that share their elements so often that printing, comparing or copying them never
ends, or that nest deeper than any recursion reaches. Shared parts are measured once, so that measuring does end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from quarantine.analyzers.pickle.inert import Inert

DEPTH_LIMIT = 500
"""No pickler makes more: its own recursion ends near it."""
EXPANDED_LIMIT = 100_000_000
EMBEDDED_LIMIT = 10_000
_SMALLEST_FILE = 16
# An archive, a protocol mark, or an import behind opcodes of one byte that do little.
_FILE = re.compile(rb"PK\x03\x04|\x80[\x00-\x05]|[()\]}N02tld\x88\x89]{0,64}[ci][A-Za-z_][\w.]*\n")
_FLAT = (list, tuple, set, frozenset)
ASKED = frozenset({"__array__", "__array_interface__", "__cuda_array_interface__"})
"""Attributes by which an object says where its memory is. Layers and bunches look attributes up in dicts of theirs, so
that an entry of that name answers as well, if it is of the kind that is asked for. (Vocabularies hold the names too.)
"""


@dataclass
class Shape:
    """``expanded`` counts elements as often as they are reached; ``embedded`` are byte strings that could be files;
    ``asked`` are entries that answer for an object (:data:`ASKED`).
    """

    expanded: int = 0
    depth: int = 0
    embedded: list[bytes] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    @property
    def bomb(self) -> str | None:
        """What is wrong with the shape, or None."""
        if self.depth > DEPTH_LIMIT:
            return f"objects nest more than {DEPTH_LIMIT} deep"
        if self.expanded > EXPANDED_LIMIT:
            return "shared parts expand to more than 100 million elements"
        return None


def shape_of(root: object) -> Shape:
    """Measure the object that an inert machine made."""
    shape = Shape()
    done: dict[int, tuple[int, int]] = {}
    open_: set[int] = set()
    stack: list[tuple[object, list[object] | None]] = [(root, None)]
    while stack:
        value, inner = stack.pop()
        key = id(value)
        if inner is None:
            if key in done or key in open_:
                continue
            open_.add(key)  # what is open is the way from the root to here
            if len(open_) > DEPTH_LIMIT:
                shape.depth = len(open_)
                return shape
            inner = _containers(value, shape)
            stack.append((value, inner))
            for part in inner:
                if type(part) in _FLAT and _LEAVES.issuperset(map(type, part)):  # type: ignore[call-overload]
                    done[id(part)] = len(part), 1  # type: ignore[arg-type]
                else:
                    stack.append((part, None))
        else:
            # A part that is still open is a cycle and counts as one element.
            parts = [done.get(id(part), (1, 0)) for part in inner]
            done[key] = (
                min(_count(value) + sum(size for size, _ in parts), 1 << 62),
                1 + max((depth for _, depth in parts), default=0),
            )
            open_.discard(key)
    shape.expanded, shape.depth = done[id(root)]
    return shape


def _count(value: object) -> int:
    return len(value) if isinstance(value, (*_FLAT, dict)) else 1


def _containers(value: object, shape: Shape) -> list[object]:
    if isinstance(value, _FLAT):
        if _LEAVES.issuperset(map(type, value)):
            return []
        parts = [part for part in value if type(part) not in _LEAVES]
        if len(value) == 2 and isinstance(value, list | tuple):  # a pair of what becomes an ordered dict
            _answers(value[0], value[1], shape)
    elif isinstance(value, dict):
        if not ASKED.isdisjoint(value):
            for name in ASKED.intersection(value):
                _answers(name, value[name], shape)
        parts = [part for part in (*value.keys(), *value.values()) if type(part) not in _LEAVES]
    elif isinstance(value, Inert):
        parts = [value.args, value.state, *value.held]
        if value.label == "_codecs.encode" and value.args and type(value.args[0]) is str:
            _could_be_file(
                value.args[0].encode("latin-1", "replace"), shape
            )  # bytes, as protocol 2 writes them
        for pair in zip(value.held, value.held[1:], strict=False):
            _answers(pair[0], pair[1], shape)
    else:
        return []
    found: list[object] = []
    for part in parts:
        if isinstance(part, bytes | bytearray):
            _could_be_file(bytes(part), shape)
        elif isinstance(part, (*_FLAT, dict, Inert)):
            found.append(part)
    return found


def _could_be_file(data: bytes, shape: Shape) -> None:
    if len(data) >= _SMALLEST_FILE and _FILE.match(data) and len(shape.embedded) <= EMBEDDED_LIMIT:
        shape.embedded.append(data)


def _answers(name: object, value: object, shape: Shape) -> None:
    if type(name) is not str or name not in ASKED:
        return
    called = isinstance(value, type) or (isinstance(value, Inert) and value.constraint in _CALLABLE)
    described = isinstance(value, dict) or (
        isinstance(value, Inert) and value.label.startswith("collections.")
    )
    if called if name == "__array__" else described:
        shape.asked.add(name)


_CALLABLE = frozenset({"partial", "restored", "bound", "getter", ""})
_LEAVES = frozenset({int, float, str, bool, type(None), complex})
