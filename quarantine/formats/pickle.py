"""Pickle streams (Lib/pickletools.py), told from other bytes by what a machine would do; the analyzer claims them.

A stream without a protocol mark is told by following its opcodes, never by its first byte alone.
"""

from __future__ import annotations

import base64
import re

from quarantine.formats.interface import Node, Source
from quarantine.formats.opcodes import HIGHEST_PROTOCOL, Reach, reach
from quarantine.formats.source import BytesSource

EMBEDDED_LIMIT = 64
_IMPORT = re.compile(rb"(?:\n\s?|\()(?=c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n)")


_MARKED = frozenset({"catboost", "msgpack"})
"""Formats whose first bytes are opcodes themselves, of strings or of extension codes, so that chance ones follow."""
# The first bytes of a stream with a protocol mark, and what follows of the same alphabet.
_PLAIN_ALPHABET = bytes.maketrans(b"-_", b"+/")
_BASE64 = re.compile(rb"gA[E-Z]?[A-Za-z0-9+/_-]{16,}={0,2}")


class Pickle:
    """A pickle stream of any protocol."""

    name = "pickle"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A protocol mark, or opcodes that reach a STOP or an import."""
        return (head[:1] == b"\x80" and len(head) > 2 and head[1] <= HIGHEST_PROTOCOL) or bool(reach(source))

    def read(self, node: Node) -> None:
        """Nothing: the pickle analyzer reads and claims."""


def runs_beside(source: Source, other: str) -> bool:
    """Whether content that reads as the format ``other`` would do something when read as a pickle.

    Chance makes a pickle's first opcodes out of another format's header, and plain words spell an import
    (``cat``, ``dog``), so that more is asked of them than that the first opcodes are sound.
    """
    found = reach(source)
    if other == "text":
        whole = source.read(max(0, source.size - 16), 16).rstrip().endswith(b".")
        return found is Reach.RUNS or (found is Reach.STOPS and whole)
    if other in _MARKED:
        return found is Reach.RUNS
    return found >= Reach.IMPORTS


def embedded(text: bytes) -> list[int]:
    """Offsets inside a text at which a stream of protocol 0 begins that calls what it imports."""
    starts = [match.end() for match in _IMPORT.finditer(text)][:EMBEDDED_LIMIT]
    source = BytesSource(text)
    return [start for start in starts if reach(source, start) is Reach.RUNS]


def embedded_in_base64(text: bytes) -> list[tuple[int, bytes]]:
    """(offset, stream) of what a text holds in Base64 (RFC 4648, both alphabets) and that calls what it imports."""
    found = []
    for match in _BASE64.finditer(text):
        raw = match[0].rstrip(b"=").translate(_PLAIN_ALPHABET)
        raw = raw[: len(raw) - (len(raw) % 4 == 1)]  # a single character more is no byte
        data = base64.b64decode(raw + b"=" * (-len(raw) % 4))
        if reach(BytesSource(data)) is Reach.RUNS:
            found.append((match.start(), data))
        if len(found) == EMBEDDED_LIMIT:
            break
    return found
