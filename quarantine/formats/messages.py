"""Protocol Buffers messages read against a schema: every field known, of its kind, once unless it is repeated.

Two members of one choice (``oneof``) are refused, because readers keep the last and people look at the first.
Values are not copied; only the fields that somebody asks for are kept. Fields that the schema does not know are
reported and stay unclaimed, as readers skip them. After https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from quarantine.formats.interface import Malformed, Node
from quarantine.formats.protobuf import (
    FIXED32,
    FIXED64,
    LENGTH,
    VARINT,
    Field,
    fields,
    packed_varints,
    varint,
)

DEPTH_LIMIT = 100
_WIRES = {"int": VARINT, "f32": FIXED32, "f64": FIXED64}
_WIDTHS = {FIXED32: 4, FIXED64: 8}


class Label(NamedTuple):
    """What the schema says of a field. ``choice`` names the oneof that it belongs to, or is empty."""

    kind: str
    repeated: bool
    choice: str


class Span(NamedTuple):
    """Where a value lies, and how many elements it holds."""

    start: int
    end: int
    held: int


Schema = Mapping[str, Mapping[int, Label]]


@dataclass
class Message:
    """One message and those of its fields that were asked for."""

    kind: str
    start: int
    end: int
    values: dict[int, list[int | str | Span | Message]] = field(default_factory=dict)

    def number(self, number: int, otherwise: int = 0) -> int:
        """A whole number, as it lies on the wire; ``otherwise`` if it is not there."""
        return next((value for value in self.values.get(number, ()) if isinstance(value, int)), otherwise)

    def numbers(self, data: memoryview, number: int, most: int = 1 << 16) -> list[int]:
        """A repeated whole number, packed or not, up to ``most`` elements."""
        found: list[int] = []
        for value in self.values.get(number, ()):
            if isinstance(value, int):
                found.append(value)
            elif isinstance(value, Span):
                at = value.start
                while at < value.end and len(found) <= most:
                    one, at = varint(data, at, value.end)
                    found.append(one)
        if len(found) > most:
            raise Malformed("list is longer than any model's", offset=self.start)
        return found

    def text(self, number: int) -> str:
        """A text; empty if it is not there."""
        return next((value for value in self.values.get(number, ()) if isinstance(value, str)), "")

    def texts(self, number: int) -> list[str]:
        """A repeated text."""
        return [value for value in self.values.get(number, ()) if isinstance(value, str)]

    def inner(self, number: int) -> list[Message]:
        """The messages in a field."""
        return [value for value in self.values.get(number, ()) if isinstance(value, Message)]

    def spans(self, number: int) -> list[Span]:
        """Where the bytes or packed numbers of a field lie."""
        return [value for value in self.values.get(number, ()) if isinstance(value, Span)]

    def elements(self, number: int) -> int:
        """How many elements a repeated field has, packed or not."""
        return sum(value.held if isinstance(value, Span) else 1 for value in self.values.get(number, ()))


def parse_schema(text: str) -> Schema:
    """Read a schema: a line for each message, ``Name 1:kind 2:kind* 3:kind|choice``; ``*`` marks repeated fields.

    A line that begins with a space goes on with the line before.
    """
    schema: dict[str, dict[int, Label]] = {}
    for line in text.replace("\n ", " ").split("\n"):
        name, *entries = line.split()
        schema[name] = {}
        for entry in entries:
            number, _, rest = entry.partition(":")
            kind, _, choice = rest.partition("|")
            schema[name][int(number)] = Label(kind.rstrip("*"), kind.endswith("*"), choice)
    return schema


class Reader:
    """One pass over one message. What it could not explain is in ``unknown``, as (start, end).

    ``kept`` names, by message, the fields that are kept; ``checks`` are called with each message of their kind when
    it ends. ``utf8`` is false for schemas of proto2, whose readers take any bytes for a text. Without a ``node``
    an unknown field is malformed.
    """

    def __init__(
        self,
        node: Node | None,
        data: memoryview,
        schema: Schema,
        kept: Mapping[str, frozenset[int]],
        checks: Mapping[str, Callable[[Message], None]],
        *,
        utf8: bool = True,
    ) -> None:
        self._node, self._data, self._schema, self._kept, self._checks = node, data, schema, kept, checks
        self._utf8 = utf8
        self.unknown: list[tuple[int, int]] = []

    def read(self, kind: str, start: int, end: int, depth: int = 0) -> Message:
        """Validate the message of that kind in ``[start, end)``.

        Raises:
            Malformed: it breaks the schema.
        """
        if depth > DEPTH_LIMIT:
            raise Malformed("messages are nested too deeply", offset=start)
        labels, kept = self._schema[kind], self._kept.get(kind, frozenset())
        message = Message(kind, start, end)
        seen: set[int | str] = set()
        for entry in fields(self._data, start, end):
            label = labels.get(entry.number)
            if label is None:
                if self._node is None:
                    raise Malformed(f"{kind} has the unknown field {entry.number}", offset=entry.at)
                self._node.finding(
                    "protobuf-unknown-field", offset=entry.at, message=kind, field=entry.number
                )
                self.unknown.append((entry.at, entry.end))
                continue
            if not label.repeated and entry.number in seen:
                raise Malformed(f"field {entry.number} of {kind} appears twice", offset=entry.at)
            if label.choice and label.choice in seen:
                raise Malformed(f"{kind} has two members of {label.choice}", offset=entry.at)
            seen.add(entry.number)
            if label.choice:
                seen.add(label.choice)
            value = self._value(kind, label, entry, entry.number in kept, depth)
            if value is not None and entry.number in kept:
                message.values.setdefault(entry.number, []).append(value)
        check = self._checks.get(kind)
        if check is not None:
            check(message)
        return message

    def _value(
        self, kind: str, label: Label, entry: Field, kept: bool, depth: int
    ) -> int | str | Span | Message | None:
        wire = _WIRES.get(label.kind, LENGTH)
        if entry.wire == wire:
            if label.kind == "text":
                return self._text(entry) if kept or self._utf8 else None
            if label.kind in self._schema:
                return self.read(label.kind, entry.start, entry.end, depth + 1)
            if wire == VARINT:
                return entry.value
            return Span(entry.start, entry.end, 1)
        if not label.repeated or entry.wire != LENGTH or wire == LENGTH:
            raise Malformed(f"field {entry.number} of {kind} has the wrong wire type", offset=entry.at)
        if wire == VARINT:
            return Span(entry.start, entry.end, packed_varints(self._data, entry.start, entry.end))
        if (entry.end - entry.start) % _WIDTHS[wire]:
            raise Malformed(f"field {entry.number} of {kind} ends inside a number", offset=entry.at)
        return Span(entry.start, entry.end, (entry.end - entry.start) // _WIDTHS[wire])

    def _text(self, entry: Field) -> str:
        try:
            return str(self._data[entry.start : entry.end], "utf-8", "strict" if self._utf8 else "replace")
        except UnicodeDecodeError:
            raise Malformed("text is not UTF-8", offset=entry.at) from None


def claim_known(node: Node, start: int, end: int, unknown: list[tuple[int, int]]) -> None:
    """Claim ``[start, end)`` but for the ranges that no schema explains."""
    for begin, stop in sorted(unknown):
        node.claim(start, begin)
        start = max(start, stop)
    node.claim(start, end)


def outline(data: memoryview, most: int, limit: int = 64) -> dict[int, Field] | None:
    """The first of each number among a message's first ``limit`` fields; None if they are no fields, or above ``most``.

    A message that is cut off is told by the fields before, and by the one that is cut off.
    """
    found: dict[int, Field] = {}
    at = 0
    try:
        for count, entry in enumerate(fields(data, 0, len(data))):
            if entry.number > most:
                return None
            found.setdefault(entry.number, entry)
            at = entry.end
            if count >= limit:
                break
    except Malformed:
        try:
            key, start = varint(data, at, len(data))
        except Malformed:
            return found or None
        if 0 < key >> 3 <= most:
            found.setdefault(key >> 3, Field(key >> 3, key & 7, at, start, len(data), 0))
    return found or None
