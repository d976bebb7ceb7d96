"""Walks opcodes with an abstract stack to give evidence: offsets, opcode names, the call as text.

It follows Lib/pickle.py and the argument forms of Lib/pickletools.py, runs only where something was found,
and goes on past what would stop a real machine. It calls nothing.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass, field
from functools import cache

MAX_OPCODES = 2_000_000
MAX_IMPORTS = 1000
MAX_TEXT = 300
_PLAIN = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "memo"})


@dataclass(frozen=True)
class Term:
    """A value on the abstract stack: its text, the string if it is one, and the opcode that put it there."""

    text: str
    value: str | None = None
    source: str = ""


@dataclass
class Import:
    """A global that the stream imports, where, by what opcode, and the first call made with it."""

    module: str
    name: str
    offset: int
    opcode: str
    computed: bool = False
    call: str = ""


@dataclass
class Walk:
    """What the walk found. ``stopped`` is the offset after STOP, or None."""

    imports: list[Import] = field(default_factory=list)
    extensions: list[int] = field(default_factory=list)
    protocols: list[tuple[int, int]] = field(default_factory=list)
    huge: list[tuple[int, str]] = field(default_factory=list)
    reached: int = 0
    stopped: int | None = None


@cache
def _table() -> dict[int, pickletools.OpcodeInfo]:
    return {ord(op.code): op for op in pickletools.opcodes}


_COUNTED = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_MARK = Term("MARK", source="MARK")
_NOTHING = Term("?")


def walk(data: bytes | memoryview, start: int = 0) -> Walk:
    """Walk the stream at ``start`` until STOP, the end of data, or a byte that is no opcode."""
    walker = _Walker(bytes(data[start:]), start)
    walker.run()
    return walker.found


class _Walker:
    def __init__(self, data: bytes, base: int) -> None:
        self.data, self.base, self.at = data, base, 0
        self.stack: list[Term] = []
        self.memo: dict[int, Term] = {}
        self.made: dict[str, Import] = {}
        self.found = Walk(reached=base)

    def run(self) -> None:
        table = _table()
        for _ in range(MAX_OPCODES):
            if self.at >= len(self.data):
                return
            here = self.at
            info = table.get(self.data[here])
            if info is None:
                return
            self.at += 1
            argument = self._argument(info.arg)
            if self.at > len(self.data):
                return
            self._step(info, argument, self.base + here)
            self.found.reached = self.base + self.at
            if info.name == "STOP":
                self.found.stopped = self.base + self.at
                return

    def _argument(self, kind: pickletools.ArgumentDescriptor | None) -> bytes:
        if kind is None:
            return b""
        if kind.n == pickletools.UP_TO_NEWLINE:
            lines = 2 if kind.name == "stringnl_noescape_pair" else 1
            end = self.at
            for _ in range(lines):
                newline = self.data.find(b"\n", end)
                end = newline + 1 if newline >= 0 else len(self.data) + 1
            raw = self.data[self.at : end - 1]
            self.at = end
            return raw
        width = _COUNTED.get(kind.n)
        if width is None:
            raw = self.data[self.at : self.at + kind.n]
            self.at += kind.n
            return raw
        length = int.from_bytes(self.data[self.at : self.at + width], "little")
        if length > len(self.data):
            self.found.huge.append((self.base + self.at, f"a length of {length} bytes"))
        raw = self.data[self.at + width : self.at + width + length]
        self.at += width + length
        return raw

    def _pop(self) -> Term:
        return self.stack.pop() if self.stack else _NOTHING

    def _to_mark(self) -> list[Term]:
        items: list[Term] = []
        while self.stack and (top := self.stack.pop()) is not _MARK:
            items.append(top)
        return items[::-1]

    def _push(self, text: str, value: str | None = None, source: str = "") -> None:
        self.stack.append(Term(text[:MAX_TEXT], value, source))

    def _import(self, module: str, name: str, offset: int, opcode: str, *, computed: bool = False) -> None:
        made = Import(module, name, offset, opcode, computed)
        if len(self.found.imports) < MAX_IMPORTS:
            self.found.imports.append(made)
            self.made.setdefault(f"{module}.{name}", made)
        self._push(f"{module}.{name}")

    def _call(self, callee: Term, arguments: str) -> None:
        text = f"{callee.text}({arguments})"[:MAX_TEXT]
        if (made := self.made.get(callee.text)) is not None and not made.call:
            made.call = text
        self._push(text)

    def _step(self, info: pickletools.OpcodeInfo, raw: bytes, offset: int) -> None:  # noqa: PLR0915
        name = info.name
        if name in ("GLOBAL", "INST"):
            module, _, attribute = raw.decode("utf-8", "replace").partition("\n")
            self._import(module, attribute, offset, name)
            if name == "INST":
                callee = self._pop()
                self._call(callee, ", ".join(t.text for t in self._to_mark()))
        elif name == "STACK_GLOBAL":
            attr, mod = self._pop(), self._pop()
            odd = not {attr.source, mod.source} <= _PLAIN or attr.value is None or mod.value is None
            self._import(mod.value or mod.text, attr.value or attr.text, offset, name, computed=odd)
        elif name in ("REDUCE", "NEWOBJ"):
            arguments, callee = self._pop(), self._pop()
            self._call(callee, arguments.text.removeprefix("(").removesuffix(")"))
        elif name == "NEWOBJ_EX":
            keywords, arguments, callee = self._pop(), self._pop(), self._pop()
            self._call(callee, f"*{arguments.text}, **{keywords.text}")
        elif name == "OBJ":
            items = self._to_mark()
            self._call(items[0] if items else _NOTHING, ", ".join(t.text for t in items[1:]))
        elif name == "MARK":
            self.stack.append(_MARK)
        elif name in ("TUPLE", "LIST", "DICT", "FROZENSET"):
            self._push("(" + ", ".join(t.text for t in self._to_mark()) + ")")
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            items = [self._pop() for _ in range(int(name[-1]))][::-1]
            self._push("(" + ", ".join(t.text for t in items) + ")")
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            key = len(self.memo) if name == "MEMOIZE" else self._index(name, raw)
            if key > len(self.data):
                self.found.huge.append((offset, f"memo index {key}"))
            if self.stack:
                self.memo[key] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo.get(self._index(name, raw), _NOTHING))
        elif name == "DUP":
            self.stack.append(self.stack[-1] if self.stack else _NOTHING)
        elif name in ("POP_MARK", "APPENDS", "SETITEMS", "ADDITEMS"):
            self._to_mark()
        elif name in ("POP", "APPEND", "BUILD"):
            self._pop()
        elif name == "SETITEM":
            self._pop()
            self._pop()
        elif name in ("EXT1", "EXT2", "EXT4"):
            self.found.extensions.append(offset)
            self._push("extension")
        elif name == "PROTO":
            self.found.protocols.append((offset, raw[0] if raw else -1))
        elif name in ("BINPERSID", "PERSID"):
            if name == "BINPERSID":
                self._pop()
            self._push("persistent")
        elif "UNICODE" in name or "STRING" in name or "BYTES" in name:
            text = raw.decode("utf-8", "replace")
            text = text.strip("'\"") if name == "STRING" else text
            self._push(repr(text[:MAX_TEXT]), text, name)
        elif name not in ("STOP", "FRAME", "READONLY_BUFFER"):
            self._push(raw[:40].decode("latin1") if name in ("INT", "LONG", "FLOAT") else name)

    @staticmethod
    def _index(name: str, raw: bytes) -> int:
        if name in ("PUT", "GET"):
            return int(raw) if raw.isdigit() and len(raw) < 19 else -1
        return int.from_bytes(raw, "little")
