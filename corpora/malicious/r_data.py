"""R's serialisation with what R evaluates, calls or opens on its own; written by hand, never read by R."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from corpora import opcodes as op
from corpora.case import Case, hostile

NIL, UNBOUND, GLOBAL, EMPTY, MISSING = (struct.pack(">i", kind) for kind in (254, 252, 253, 242, 251))
_TAG = 1 << 10


def number(value: int) -> bytes:
    """A 32-bit number."""
    return struct.pack(">i", value)


def chars(value: str) -> bytes:
    """A string without a vector around it."""
    raw = value.encode()
    return number(0x40009) + number(len(raw)) + raw


def symbol(name: str) -> bytes:
    """A symbol."""
    return number(1) + chars(name)


def texts(*values: str) -> bytes:
    """A character vector."""
    return number(16) + number(len(values)) + b"".join(chars(value) for value in values)


def pairs(*entries: tuple[str, bytes], flags: int = 0) -> bytes:
    """A list of named values."""
    return b"".join(number(2 | _TAG | flags) + symbol(name) + value for name, value in entries) + NIL


def call(function: bytes, *arguments: bytes) -> bytes:
    """A call that nobody has made yet."""
    return number(6) + function + b"".join(number(2) + argument for argument in arguments) + NIL


def promise(expression: bytes) -> bytes:
    """What R evaluates when somebody touches it."""
    return number(5 | _TAG) + GLOBAL + UNBOUND + expression


def closure(body: bytes) -> bytes:
    """A function without parameters."""
    return number(3 | _TAG) + GLOBAL + NIL + body


def frame(*entries: tuple[str, bytes], flags: int = 0) -> bytes:
    """An environment."""
    return number(4) + number(0) + EMPTY + pairs(*entries, flags=flags) + NIL + NIL


def rds(item: bytes) -> bytes:
    """A stream of one object, version 3."""
    return b"X\n" + number(3) + number(0x00040202) + number(0x00030500) + number(5) + b"UTF-8" + item


def rda(*entries: tuple[str, bytes]) -> bytes:
    """A saved workspace."""
    return b"RDX3\n" + rds(pairs(*entries))


def vector(package: str, kind: str, state: bytes) -> bytes:
    """A compact vector of a package's class."""
    cells = [symbol(kind), symbol(package), number(13) + number(1) + number(13)]
    return number(238) + b"".join(number(2) + cell for cell in cells) + NIL + state + NIL


def _streams() -> dict[str, tuple[str, str, Callable[[str], bytes]]]:
    system = symbol("system")
    model = ("model", texts("a"))
    return {
        "promise": (
            "r-promise", "CVE-2024-27322: a promise in place of a value",
            lambda c: rda(("model", promise(call(system, texts(c))))),
        ),
        "promise-rds": ("r-promise", "the same in one object", lambda c: rds(promise(call(system, texts(c))))),
        "promise-attribute": (
            "r-promise", "a promise as an attribute",
            lambda c: rds(number(16 | 1 << 9) + number(0) + pairs(("names", promise(call(system, texts(c)))))),
        ),
        "promise-in-a-frame": (
            "r-promise", "a lazy argument that parses and evaluates a text",
            lambda c: rds(frame(("x", promise(call(symbol("eval"), call(symbol("parse"), texts(c))))))),
        ),
        "active-binding": (
            "r-promise", "a variable that is a function, called when it is looked at",
            lambda c: rds(frame(("x", closure(call(system, texts(c)))), flags=1 << 27)),
        ),
        "call-in-a-formula": (
            "r-harmful-call", "a formula that runs a command when the model predicts",
            lambda c: rds(call(symbol("~"), symbol("y"), call(system, texts(c)))),
        ),
        "call-of-anything": (
            "r-unknown-call", "a formula with a function that reads files and is on no list of harmful ones",
            lambda _: rds(call(symbol("~"), symbol("y"), call(symbol("read.dcf"), texts("/etc/hostname")))),
        ),
        "call-by-package": (
            "r-harmful-call", "base::system",
            lambda c: rds(call(call(symbol("::"), symbol("base"), system), texts(c))),
        ),
        "call-in-a-list": (
            "r-harmful-call", "a call deep in a list's attributes",
            lambda c: rds(
                number(19 | 1 << 9) + number(1) + texts("a")
                + pairs(("terms", call(symbol("list"), call(system, texts(c)))))
            ),
        ),
        "function": (
            "r-harmful-call", "a model's own predict function that runs a command",
            lambda c: rda(model, ("predict.model", closure(call(system, texts(c))))),
        ),
        "builtin": ("r-harmful-call", "a builtin itself", lambda _: rds(number(8) + number(6) + b"unlink")),
        "hook": (
            "r-hook", "a function that R calls when it starts in the folder",
            lambda c: rda(model, (".First", closure(call(symbol("print"), texts(c))))),
        ),
        "mapped-file": (
            "r-mapped-file", "a vector whose elements are another file",
            lambda _: rds(vector("base", "mmap_integer", number(2) + texts("/etc/hostname") + NIL)),
        ),
        "bytecode-symbol": (
            "r-harmful-call", "bytecode with a call in its constants",
            lambda c: rds(
                number(21) + number(1) + number(13) + number(1) + number(11) + number(1) + number(6) + NIL
                + number(1) + chars("system") + number(2) + NIL + number(16) + number(1) + chars(c) + NIL
            ),
        ),
    }  # fmt: skip


def _mild(rule: str) -> Literal["review", "reject"]:
    return "review" if rule == "r-unknown-call" else "reject"


def cases() -> list[Case]:
    """All of them, plain and compressed, and streams that end too early or too late."""
    found = [
        hostile(f"r-{name}", "model.rds", lambda f, b=build: b(op.touch(f)), text, (rule,), _mild(rule))  # type: ignore[misc]
        for name, (rule, text, build) in _streams().items()
    ]
    promised = _streams()["promise"][2]
    broken = {
        "deep": ("lists in lists without an end", rds((number(19) + number(1)) * 50_000)),
        "appended": ("bytes behind the object", rds(texts("a")) + b"payload"),
        "long": ("a vector that is longer than the file", rds(number(14) + number(1 << 30))),
        "reference": ("a reference to what is not there", rds(number(255 | 7 << 8))),
    }
    rules = ("format-malformed", "coverage-*")

    def of(content: bytes) -> Callable[[Path], bytes]:
        return lambda _: content

    return [
        *found,
        hostile(
            "r-promise-gzip",
            "model.rda",
            lambda f: gzip.compress(promised(op.touch(f))),
            "the same in gzip",
            ("r-promise",),
        ),
        *(hostile(f"r-{name}", "a.rds", of(c), text, rules, "review") for name, (text, c) in broken.items()),
    ]
