"""Protobuf's text format, read after the same tables as its wire format, into the same messages.

After https://protobuf.dev/reference/protobuf/textformat-spec/. Strings keep their bytes; names of enum values stay
names; numbers are kept where they are whole. Fields that the table does not have are skipped and listed.
"""

from __future__ import annotations

import re
from typing import Any

from quarantine.formats.interface import Malformed
from quarantine.formats.protobuf_schema import DEPTH_LIMIT, Message, Schema

_TOKEN = re.compile(
    r"""(?P<skip>(?:\s+|\#[^\n]*)+)|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>-?\s*(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?))"""
    r"""|(?P<mark>[{}<>\[\]:,;/.-])"""
)
_ESCAPE = re.compile(
    rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_PLAIN = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_CLOSING = {"{": "}", "<": ">"}


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, short, four, eight, plain = match.groups()
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if short:
        return bytes([int(short, 16)])
    if four or eight:
        number = int(four or eight, 16)
        return chr(number).encode("utf-8", "surrogatepass") if number < 0x110000 else b"?"
    return _PLAIN.get(plain, plain)


class TextReader:
    """Reads one document. ``unknown`` are the fields that the table does not have, as (message, name)."""

    def __init__(self, text: str, table: Schema, reduce: dict[str, Any] | None = None) -> None:
        self._text, self._at = text, 0
        self._table = {kind: dict(known.values()) for kind, known in table.items()}
        self._reduce = reduce or {}
        self.unknown: list[tuple[str, str]] = []
        self._kind, self._token, self._start = "", "", 0
        self._next()

    def document(self, kind: str) -> Message:
        """The whole text as a message of that kind.

        Raises:
            Malformed: it is not written in the format, or nests too deeply.
        """
        found = self._fields(kind, "", 0)
        if not isinstance(found, Message):
            raise Malformed("no message")
        return found

    def _next(self) -> None:
        while True:
            if self._at >= len(self._text):
                self._kind, self._token, self._start = "", "", self._at
                return
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise self._broken()
            self._start, self._at = self._at, match.end()
            if match.lastgroup != "skip":
                self._kind, self._token = str(match.lastgroup), match[0]
                return

    def _broken(self) -> Malformed:
        return Malformed("not protobuf's text format", offset=self._start)

    def _skip(self, *tokens: str) -> bool:
        if self._kind == "mark" and self._token in tokens:
            self._next()
            return True
        return False

    def _fields(self, kind: str, closing: str, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise Malformed("messages are nested too deeply", offset=self._start)
        known, found = self._table.get(kind, {}), Message(kind, -1)
        while not (self._kind == "mark" and self._token == closing) and self._kind:
            name = self._name()
            label = known.get(name, "")
            if not label:
                self.unknown.append((kind, name))
            typed = self._skip(":")
            if typed and self._skip("["):
                while not self._skip("]"):
                    found.setdefault(name, []).append(self._value(label.rstrip("*"), typed, depth))
                    self._skip(",")
            else:
                value = self._value(label.rstrip("*"), typed, depth)
                held = found.setdefault(name, [])
                if (
                    held
                    and not label.endswith("*")
                    and isinstance(value, Message)
                    and isinstance(held[0], Message)
                ):
                    held[0].merge(value)
                else:
                    held.append(value)
            self._skip(",") or self._skip(";")
        if closing:
            if not self._kind:
                raise self._broken()
            self._next()
        keep = self._reduce.get(kind)
        return keep(found) if keep else found

    def _name(self) -> str:
        if self._skip("["):  # an extension, or the type of an Any
            parts = []
            while not self._skip("]"):
                if not self._kind:
                    raise self._broken()
                parts.append(self._token)
                self._next()
            return "[" + "".join(parts) + "]"
        if self._kind != "word":
            raise self._broken()
        name = self._token
        self._next()
        return name

    def _value(self, kind: str, typed: bool, depth: int) -> Any:
        if self._kind == "mark" and self._token in _CLOSING:
            closing = _CLOSING[self._token]
            self._next()
            return self._fields(kind, closing, depth + 1)
        if not typed:
            raise self._broken()
        if self._kind == "text":
            raw = b""
            while self._kind == "text":
                raw += _ESCAPE.sub(_unescaped, self._token[1:-1].encode())
                self._next()
            return raw if kind == "bytes" else raw.decode("utf-8", "backslashreplace")
        minus = self._skip("-")
        if self._kind not in ("word", "number"):
            raise self._broken()
        token = self._token
        self._next()
        try:
            return int(token.replace(" ", ""), 0) * (-1 if minus else 1)
        except ValueError:
            return token
