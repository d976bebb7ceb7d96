"""Protobuf messages read strictly after a table of their fields: every field known and of its kind.

It reads and keeps; what a message means is its format's to say. Bytes and numbers in bulk stay where they are and are
kept as ranges. The tables are data (``schemas/*.json``), made from the libraries by ``corpora/makers``. A kind is
``int``, ``sint`` (zigzag), ``float`` and ``double`` (four and eight bytes), ``string``, ``bytes`` or a message's name;
``*`` marks repeated fields. After https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from quarantine.formats.interface import Malformed
from quarantine.formats.protobuf import FIXED32, FIXED64, LENGTH, VARINT, Field, fields, packed_varints

DEPTH_LIMIT = 100  # what protobuf's own readers take by default
_WIRES = {"int": VARINT, "sint": VARINT, "float": FIXED32, "double": FIXED64}
Schema = dict[str, dict[int, tuple[str, str]]]
Span = tuple[int, int]


class Message(dict[str, list[Any]]):
    """The fields of one message that were set, by name, in order. ``at`` is the offset where it begins."""

    def __init__(self, kind: str, at: int) -> None:
        super().__init__()
        self.kind = kind
        self.at = at

    def first(self, name: str, default: Any = None) -> Any:
        """The last value of a field that is not repeated, which is the one that counts; or ``default``."""
        values = self.get(name)
        return values[-1] if values else default

    def merge(self, other: Message) -> None:
        """Take over the fields of a second message in the same place."""
        for name, values in other.items():
            self.setdefault(name, []).extend(values)

    def all(self, name: str) -> list[Any]:
        """The values of a repeated field."""
        return self.get(name, [])

    def text(self, name: str) -> str:
        """A string field; empty if it is not set."""
        return str(self.first(name, ""))

    def inner(self, name: str) -> Message:
        """A message field; an empty message if it is not set."""
        found = self.first(name)
        return found if isinstance(found, Message) else Message("", self.at)

    def entries(self, name: str) -> Iterator[tuple[str, Any]]:
        """The keys and values of a map field, whose values are messages; one that is not set is an empty one."""
        for entry in self.all(name):
            yield str(entry.first("key", "")), entry.first("value", Message("", entry.at))


@cache
def schema(name: str) -> Schema:
    """The table ``schemas/<name>.json``."""
    raw = json.loads(Path(__file__).with_name("schemas").joinpath(f"{name}.json").read_bytes())
    return {
        kind: {int(number): (field, label) for number, (field, label) in known.items()}
        for kind, known in raw.items()
    }


class SchemaReader:
    """Reads messages out of ``data``. ``unknown`` holds the fields that the table does not have, ``twice`` those
    that came again although they are not repeated, both with the kind of their message.

    ``reduce`` maps a kind to a function that says what is kept of such a message in place of all its fields.
    """

    def __init__(
        self, data: memoryview, table: Schema, reduce: dict[str, Callable[[Message], object]] | None = None
    ) -> None:
        self.data = data
        self._table = table
        self._reduce = reduce or {}
        self.unknown: list[tuple[str, Field]] = []
        self.twice: list[tuple[str, Field]] = []

    def message(self, kind: str, start: int, end: int, depth: int = 0) -> Any:
        """The message of that kind in ``[start, end)``.

        Raises:
            Malformed: a field is of another kind than the table says.
        """
        if depth > DEPTH_LIMIT:
            raise Malformed("messages are nested too deeply", offset=start)
        known, found = self._table[kind], Message(kind, start)
        for field in fields(self.data, start, end):
            name, label = known.get(field.number, ("", ""))
            if not name:
                self.unknown.append((kind, field))
                continue
            repeated, inner = label.endswith("*"), label.rstrip("*")
            value = self._value(kind, name, inner, repeated, field, depth)
            if name in found and not repeated:
                self.twice.append((kind, field))
                if isinstance(value, Message) and isinstance(found[name][0], Message):
                    found[name][0].merge(value)  # as protobuf's own readers do
                    continue
            found.setdefault(name, []).append(value)
        keep = self._reduce.get(kind)
        return keep(found) if keep else found

    def _value(self, kind: str, name: str, inner: str, repeated: bool, field: Field, depth: int) -> object:
        wire = _WIRES.get(inner, LENGTH)
        if field.wire != wire:
            if not repeated or field.wire != LENGTH or wire == LENGTH:
                raise Malformed(f"field {name} of {kind} has the wrong wire type", offset=field.at)
            if wire == VARINT:
                packed_varints(self.data, field.start, field.end)
            elif (field.end - field.start) % (4 if wire == FIXED32 else 8):
                raise Malformed(f"field {name} of {kind} ends inside a number", offset=field.at)
            return (field.start, field.end)
        if wire == VARINT:
            return field.value
        if inner == "string":
            try:
                return str(self.data[field.start : field.end], "utf-8")
            except UnicodeDecodeError:
                raise Malformed("text is not UTF-8", offset=field.at) from None
        if inner in self._table:
            return self.message(inner, field.start, field.end, depth + 1)
        return (field.start, field.end)

    def taken(self, end: int) -> Iterator[Span]:
        """The ranges of ``[0, end)`` that the table explains: all but the fields that it does not have."""
        at = 0
        for _, field in sorted(self.unknown, key=lambda entry: entry[1].at):
            yield (at, field.at)
            at = field.end
        yield (at, end)
