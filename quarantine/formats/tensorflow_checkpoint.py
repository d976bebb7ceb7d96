"""The index of a TensorFlow checkpoint (``.index``): which tensor lies where in the files of raw data beside it.

After tensorflow/core/protobuf/tensor_bundle.proto and core/util/tensor_bundle. Every tensor has to have the size that
its shape and type ask for, lie inside its shard and apart from the others. Tensor data is claimed, never looked at.
"""

from __future__ import annotations

import math

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.protobuf_schema import Message, SchemaReader, schema
from quarantine.formats.sstable import FOOTER_BYTES, MAGIC, entries

SHARDS_LIMIT = 100_000
# DataType -> bytes of one element; strings (7), resources (20) and variants (21) have none. (types.proto)
WIDTHS = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 11: 1, 12: 1, 13: 4, 14: 2, 15: 1, 16: 1, 17: 2,
          18: 16, 19: 2, 22: 4, 23: 8, 24: 1, 25: 1, 26: 1, 27: 1, 28: 1, 29: 1, 30: 1, 31: 1, 32: 1}  # fmt: skip
_FREE = frozenset({7, 21})
_SUFFIX = ".index"
Spans = dict[int, list[tuple[int, int]]]


class CheckpointIndex:
    """The index of a checkpoint."""

    name = "tensorflow_checkpoint"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic at the end, and an empty first key, under which the header is kept."""
        small = source.size <= FOOTER_BYTES or not head.startswith(b"\0\0")
        return not small and source.read(source.size - 8, 8) == MAGIC

    def read(self, node: Node) -> None:
        """Check the table and its tensors; claim it, and the tensors' data in the shards beside it."""
        spans: Spans = {}
        with node.source.view() as data:
            reader = SchemaReader(data, schema("tensorflow"))
            shards, tensors = 0, 0
            for key, start, end in entries(data):
                if not shards:
                    shards = self._header(key, reader.message("BundleHeaderProto", start, end), start)
                    continue
                tensors += 1
                found = reader.message("BundleEntryProto", start, end)
                place = self._entry(found, start)
                if place:
                    spans.setdefault(place[0], []).append(place[1:])
            for message, field in [*reader.unknown, *reader.twice][:16]:
                node.finding(
                    "tensorflow-unusual-field",
                    offset=field.at,
                    message=message,
                    field=field.number,
                    why="is odd",
                )
                node.unread()
            if not shards:
                raise Malformed("the index has no header", offset=0)
            node.claim(0, len(data))
        node.fact("tensors", tensors)
        _claim_shards(node, shards, spans)

    def _header(self, key: bytes, header: Message, at: int) -> int:
        shards = header.first("num_shards", 0)
        if key or not 0 < shards <= SHARDS_LIMIT or header.first("endianness", 0) > 1:
            raise Malformed("the header of the index is none", offset=at)
        return int(shards)

    def _entry(self, entry: Message, at: int) -> tuple[int, int, int] | None:
        """(shard, start, end) of a tensor; None for one that is kept in slices."""
        kind, size = entry.first("dtype", 0), entry.first("size", 0)
        lengths = [int(dim.first("size", 0)) for dim in entry.inner("shape").all("dim")]
        if entry.all("slices"):
            return None
        if kind in WIDTHS and math.prod(lengths) * WIDTHS[kind] != size:
            raise Malformed("tensor has another size than its shape asks for", offset=at)
        if kind not in WIDTHS and kind not in _FREE:
            raise Malformed(f"tensor has the unknown type {kind}", offset=at)
        start = int(entry.first("offset", 0))
        return int(entry.first("shard_id", 0)), start, start + int(size)


def _claim_shards(node: Node, shards: int, spans: Spans) -> None:
    """Claim each shard's tensors, and report what lies outside of them or over another."""
    prefix = node.path[: -len(_SUFFIX)] if node.path.endswith(_SUFFIX) else node.path
    held = {name: source.size for name, source in node.siblings()}
    for shard, ranges in spans.items():
        name = f"{prefix}.data-{shard:05d}-of-{shards:05d}"
        size = held.get(name)
        if shard >= shards or size is None:
            node.finding("tensorflow-checkpoint-missing", shard=name.rpartition("/")[2])
            node.unread()
            continue
        at = 0
        for start, end in sorted(ranges):
            if end > size or (start < at and start < end):
                node.finding(
                    "tensorflow-checkpoint-range", shard=name.rpartition("/")[2], start=start, end=end
                )
                break
            at = max(at, end)
            node.claim_sibling(name, start, end)
