"""A shard of torch.distributed.checkpoint (``.distcp``): PyTorch archives one behind the other, without a gap.

After torch/distributed/checkpoint/filesystem.py, whose loader cuts the file where ``.metadata`` says and opens each
cut with ``torch.load``. Each archive is read as one; a file that some loader could take for one archive is left to
the reader of ZIP.
"""

from __future__ import annotations

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource
from quarantine.formats.zip_records import END, ENTRY, LOCAL, directory

PIECES_LIMIT = 50_000
_END_BYTES = 22


class Distcp:
    """Several archives in a row."""

    name = "distcp"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Two archives or more that fill the file."""
        return head.startswith(LOCAL) and len(_pieces(source)) > 1

    def read(self, node: Node) -> None:
        """Queue every archive."""
        pieces = _pieces(node.source)
        for start, end in pieces:
            node.child(f"archive-{start}", SliceSource(node.source, start, end - start), expect="zip")
            node.claim(start, end)
        node.fact("archives", len(pieces))


def _pieces(source: Source) -> list[tuple[int, int]]:
    """(start, end) of each archive, from the last to the first; empty if the file is anything else.

    Readers that do not look for what stands in front of an archive take its directory's offset from the start of the
    file. There must be nothing, or the directory of another archive.
    """
    found: list[tuple[int, int]] = []
    listings: dict[int, int] = {}
    absolute: list[tuple[int, int]] = []
    end = source.size
    while end and len(found) < PIECES_LIMIT:
        at = end - _END_BYTES
        if at < 0 or source.read(at, 4) != END or any(source.read(at + 20, 2)):
            return []
        try:
            where = directory(SliceSource(source, 0, end), at)
        except Malformed:
            return []
        if source.read(where.base, 4) != LOCAL:
            return []
        found.append((where.base, end))
        listings[where.start] = where.size
        absolute.append((where.start - where.base, where.size))
        end = where.base
        if not end and len(found) == 1:
            return []
    for offset, size in absolute:
        if source.read(offset, 4) == ENTRY and listings.get(offset) != size:
            return []
    return [] if end else found
