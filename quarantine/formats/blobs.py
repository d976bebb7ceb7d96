"""What a value inside a larger file begins like: values that a program would load are followed as artifacts.

For readers of tables and key-value stores, whose values anybody may hand to ``pickle.loads`` or ``torch.load``.
Only a value's first bytes are looked at, so that numbers do not become files by chance.
"""

from __future__ import annotations

from quarantine.formats.expanded import Expander
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.opcodes import Reach, reach
from quarantine.formats.parts import kind_of
from quarantine.formats.pickle import embedded_in_base64
from quarantine.formats.source import BytesSource, SliceSource

CHILDREN_LIMIT = 1000
_HEAD_BYTES = 4096
_MAGICS = (
    b"PK\3\4", b"\x93NUMPY", b"\x7fELF", b"7z\xbc\xaf", b"Rar!\x1a\x07", b"GGUF", b"\x89HDF\r\n\x1a\n",
    b"#!/", b"\xcf\xfa\xed\xfe", b"SQLite format 3\0", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"FEA1",
    b"ARROW1", b"PAR1",
)  # fmt: skip


class Blobs:
    """Follows the values of one artifact; the number of children is bounded."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._count = 0

    def value(self, name: str, start: int, end: int) -> None:
        """Follow the bytes ``[start, end)`` of the artifact if they begin like a file."""
        if end - start > 1 and begins_like_a_file(
            source := SliceSource(self._node.source, start, end - start)
        ):
            self.follow(f"{name}-{start}", source)

    def text(self, name: str, raw: bytes) -> None:
        """Follow a text that is, or holds in Base64, a pickle that calls what it imports."""
        if begins_like_a_file(BytesSource(raw)):
            self.follow(name, BytesSource(raw))
        for at, stream in embedded_in_base64(raw):
            self.follow(f"{name}-base64-{at}", BytesSource(stream), expect="pickle")

    def follow(self, name: str, source: Source, expect: str | None = None) -> None:
        """Queue a value.

        Raises:
            Malformed: there are more than anybody stores.
        """
        self._count += 1
        if self._count > CHILDREN_LIMIT:
            raise Malformed(f"more than {CHILDREN_LIMIT} values are files of their own")
        self._node.child(name, source, expect=expect)


def begins_like_a_file(source: Source) -> bool:
    """Whether a loader would find an archive, a program, or a pickle that stops or calls something."""
    head = source.read(0, 64)
    if head.startswith(_MAGICS) or _pickled(source, head):
        return True
    kind = kind_of(head)
    if kind is None:
        return False
    try:
        inner = BytesSource(Expander(source, kind).block(_HEAD_BYTES))
    except Malformed:
        return False
    return kind in ("gzip", "bz2", "xz") or _pickled(inner, inner.read(0, 2))


def _pickled(source: Source, head: bytes) -> bool:
    marked = head[:1] == b"\x80" and 2 <= head[1:2][0] <= 5 if len(head) > 1 else False
    return reach(source) >= (Reach.STOPS if marked else Reach.RUNS)
