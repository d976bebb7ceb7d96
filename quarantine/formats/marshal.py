"""Compiled Python: code objects as marshal writes them, and ``.pyc`` files around one.

After Python/marshal.c, Lib/importlib/_bootstrap_external.py and PEP 552. Nothing is built or run. A ``.pyc`` is run
by whoever imports it; a bare code object by the loader that expects one, such as Keras for its Lambda layers.
"""

from __future__ import annotations

import sys

from quarantine.formats.interface import Malformed, Node, Source, TooLarge
from quarantine.formats.marshal_reader import Code, read_marshal

SIZE_LIMIT_BYTES = 16 << 20
_HEADS = (b"\x63", b"\xe3")
_COLLECTIONS = tuple(bytes([ord(kind) | flag]) for kind in "()[{" for flag in (0, 0x80))
# Magic numbers of Python 2.0 to 2.7 and of 3.0 up to well behind 3.14. (Include/internal/pycore_magic_number.h)
_MAGICS = (range(50823, 62300), range(3000, 4000))
_REACHING = frozenset(
    {"eval", "exec", "compile", "open", "getattr", "setattr", "delattr", "globals", "locals", "vars", "input",
     "breakpoint", "execfile", "system", "popen", "spawn", "urlopen", "requests", "file", "reload", "import_module"}
)  # fmt: skip
# Modules that only compute, and modules whose names are also those of methods that models use.
_COMPUTING = frozenset(
    {"math", "cmath", "random", "string", "time", "types", "operator", "copy", "functools", "collections", "itertools",
     "re", "numbers", "typing", "statistics", "array", "enum", "abc", "dataclasses", "warnings", "token", "signal",
     "select", "queue", "code", "cmd", "test", "calendar", "datetime", "decimal", "fractions", "json", "keyword",
     "resource", "this", "heapq", "bisect", "struct", "textwrap", "contextlib", "weakref", "profile", "trace",
     "inspect", "logging"}
)  # fmt: skip


class Marshal:
    """A code object, where a loader takes a value for one."""

    name = "marshal"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Never by content alone, except through :class:`Pyc` and :class:`BareCode`."""
        return False

    def read(self, node: Node) -> None:
        """Check and claim the stream; report what its code reaches."""
        _read(node, 0, "marshal-code")


class BareCode:
    """A code object in a file of its own."""

    name = "code-object"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A code object, or a collection that takes the whole file and has one in it."""
        if not head.startswith((*_HEADS, *_COLLECTIONS)) or source.size > SIZE_LIMIT_BYTES:
            return False
        try:
            found = read_marshal(source.read(0, source.size))
        except Malformed:
            return False
        return found.top or (bool(found.codes) and found.end == source.size)

    def read(self, node: Node) -> None:
        """As for a child that is expected to be one."""
        _read(node, 0, "marshal-code")


class Pyc:
    """A ``.pyc`` file."""

    name = "pyc"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A magic number of CPython, and a code object where the header of that version ends."""
        return _start(head) is not None

    def read(self, node: Node) -> None:
        """Check and claim all; a compiled module is code."""
        start = _start(node.source.read(0, 32))
        if start is None:
            raise Malformed("no header of a .pyc file", offset=0)
        node.claim(0, start)
        _read(node, start, "pyc-code")


def _start(head: bytes) -> int | None:
    """Where the code object begins; None if this is no ``.pyc``. (PEP 3147, PEP 552: 8, 12 or 16 bytes of header.)"""
    magic = int.from_bytes(head[:2], "little")
    if head[2:4] != b"\r\n" or not any(magic in known for known in _MAGICS):
        return None
    return next((at for at in (16, 12, 8) if head[at : at + 1] in _HEADS), None)


def _read(node: Node, start: int, rule: str) -> None:
    if node.source.size > SIZE_LIMIT_BYTES:
        raise TooLarge("compiled code is over its limit", offset=SIZE_LIMIT_BYTES)
    try:
        found = read_marshal(node.source.read(start, node.source.size - start))
    except Malformed as error:
        node.finding(rule, offset=start, names="unknown: the stream is broken", reaches="unknown")
        raise Malformed(error.why, offset=start + (error.offset or 0)) from None
    node.claim(start, start + found.end)
    names = dict.fromkeys(name for code in found.codes for name in code.names)
    shown = ", ".join(list(names)[:60])
    if found.codes:
        node.finding(rule, offset=start, names=shown or "none")
    reached = [name for code in found.codes for name in _reached(code)]
    if reached and rule != "pyc-code":
        node.finding(
            "marshal-code-reach", offset=start, reaches=", ".join(dict.fromkeys(reached)), names=shown
        )


def _reached(code: Code) -> list[str]:
    """Names through which code gets beyond computing: imports, files, evaluation, private attributes."""
    return [
        name
        for name in code.names
        if name in _REACHING
        or (name.startswith("__") and name.endswith("__"))
        or (name.split(".")[0] in sys.stdlib_module_names and name.split(".")[0] not in _COMPUTING)
    ]
