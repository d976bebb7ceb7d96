"""A tiny pickle assembler for streams that no honest pickler writes (opcodes: CPython ``pickletools``).

It produces bytes only. Calls name functions as text, so nothing is imported or run here.
"""

from __future__ import annotations

import struct
from pathlib import Path

from corpora.case import CANARY

STOP, REDUCE, MARK, POP, DUP = b".", b"R", b"(", b"0", b"2"
TUPLE, TUPLE1, TUPLE2, EMPTY_TUPLE, EMPTY_DICT, EMPTY_LIST = b"t", b"\x85", b"\x86", b")", b"}", b"]"
BUILD, MEMOIZE, NEWOBJ, NEWOBJ_EX, OBJ = b"b", b"\x94", b"\x81", b"\x92", b"o"
STACK_GLOBAL, APPEND, APPENDS, SETITEM, NONE, TRUE = b"\x93", b"a", b"e", b"s", b"N", b"\x88"


def proto(version: int = 2) -> bytes:
    """PROTO."""
    return b"\x80" + bytes([version])


def text(value: str) -> bytes:
    """BINUNICODE."""
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def raw(value: bytes) -> bytes:
    """BINBYTES."""
    return b"B" + struct.pack("<I", len(value)) + value


def small(value: int) -> bytes:
    """BININT1."""
    return b"K" + bytes([value])


def name(module: str, attribute: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{attribute}\n".encode()


def stack_name(module: str, attribute: str) -> bytes:
    """STACK_GLOBAL with literal operands."""
    return text(module) + text(attribute) + STACK_GLOBAL


def put(slot: int) -> bytes:
    """BINPUT."""
    return b"q" + bytes([slot])


def get(slot: int) -> bytes:
    """BINGET."""
    return b"h" + bytes([slot])


def call(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE of a function over a tuple of arguments."""
    return function + MARK + b"".join(arguments) + TUPLE + REDUCE


def stream(body: bytes, version: int = 2) -> bytes:
    """PROTO, body, STOP."""
    return proto(version) + body + STOP


def touch(folder: Path) -> str:
    """The inert command of every payload: touch the canary beside the sample."""
    return f"touch {folder / CANARY}"


def payload(folder: Path, version: int = 2) -> bytes:
    """The plainest hostile pickle: ``posix.system`` by GLOBAL and REDUCE."""
    return stream(call(name("posix", "system"), text(touch(folder))), version)
