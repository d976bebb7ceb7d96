"""Stores that are recognised and not read (gdbm, Berkeley DB, LMDB, ORC, FLAC); whole pickles in them are followed.

``shelve`` and data loaders keep pickles in such stores. Nothing is claimed, so that they never pass.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Node, Source
from quarantine.formats.opcodes import Reach, reach
from quarantine.formats.source import SliceSource

CHILDREN_LIMIT, TRIALS_LIMIT = 64, 20_000
_AT_START = {
    b"\xce\x9a\x57\x13": "gdbm", b"\xcd\x9a\x57\x13": "gdbm", b"\xcf\x9a\x57\x13": "gdbm", b"\x13\x57\x9a\xce": "gdbm",
    b"\x13\x57\x9a\xcd": "gdbm", b"\x13\x57\x9a\xcf": "gdbm", b"\x00\x06\x15\x61": "Berkeley DB 1.85",
    b"\x61\x15\x06\x00": "Berkeley DB 1.85", b"\x00\x05\x31\x62": "Berkeley DB 1.85", b"ORC": "ORC", b"fLaC": "FLAC",
}  # fmt: skip
_FURTHER_IN = {
    (12, b"\x61\x15\x06\x00"): "Berkeley DB",
    (12, b"\x62\x31\x05\x00"): "Berkeley DB",
    (16, b"\xde\xc0\xef\xbe"): "LMDB",
}
_PICKLE = re.compile(rb"\x80[\x02-\x05]|c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")


class Store:
    """A store of one of these kinds."""

    name = "store"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic, at the place where the kind has it."""
        return _kind(head) is not None

    def read(self, node: Node) -> None:
        """Report it, and follow what a pickle machine would run."""
        node.finding("format-not-read", kind=_kind(node.source.read(0, 64)))
        node.unread()
        found = 0
        with node.source.view() as data:
            for trial, match in enumerate(_PICKLE.finditer(data)):
                if trial >= TRIALS_LIMIT or found >= CHILDREN_LIMIT:
                    break
                at = match.start()
                if reach(node.source, at) is Reach.RUNS:
                    found += 1
                    node.child(
                        f"value-{at}", SliceSource(node.source, at, node.source.size - at), expect="pickle"
                    )


def _kind(head: bytes) -> str | None:
    kind = next((kind for magic, kind in _AT_START.items() if head.startswith(magic)), None)
    return kind or next(
        (kind for (at, magic), kind in _FURTHER_IN.items() if head.startswith(magic, at)), None
    )
