"""TFRecord: records one behind the other, each with its length and two CRCs; event files of TensorBoard are such.

After https://www.tensorflow.org/tutorials/load_data/tfrecord. The CRC of each length is checked, which places every
record; that of the data is not, because plain Python would take seconds for a megabyte. Records are data: no loader
runs them.
"""

from __future__ import annotations

from quarantine.formats.crc32c import masked
from quarantine.formats.interface import Malformed, Node, Source

HEADER_BYTES, TRAILER_BYTES = 12, 4
RECORDS_LIMIT = 2_000_000


def _length(source: Source, at: int) -> int | None:
    """The length of the record at ``at``; None if its CRC is wrong."""
    head = source.read(at, HEADER_BYTES)
    if len(head) < HEADER_BYTES or masked(head[:8]) != int.from_bytes(head[8:], "little"):
        return None
    return int.from_bytes(head[:8], "little")


class TfRecord:
    """The TFRecord format."""

    name = "tfrecord"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A length whose CRC fits."""
        return _length(source, 0) is not None

    def read(self, node: Node) -> None:
        """Check every length and claim the records."""
        at, count = 0, 0
        while at < node.source.size:
            length = _length(node.source, at)
            if length is None:
                raise Malformed("the CRC of a length is wrong", offset=at)
            end = at + HEADER_BYTES + length + TRAILER_BYTES
            if end > node.source.size or count >= RECORDS_LIMIT:
                raise Malformed("record ends behind the file, or there are too many", offset=at)
            node.claim(at, end)
            at, count = end, count + 1
        node.fact("records", count)
