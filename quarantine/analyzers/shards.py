"""The index of a sharded checkpoint: every tensor's shard must be a file of the submission, beside the index.

After Transformers' ``*.index.json`` and Keras' ``*.weights.json`` (``metadata`` and ``weight_map``, whose values are a
name or, in Keras, several); loaders open the names that it holds. Some load by the index, others whatever the shards
hold, so both must name the same tensors (told for safetensors alone).
"""

from __future__ import annotations

import json

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.safetensors import HEADER_LIMIT_BYTES

_NAMES = (".safetensors.index.json", ".bin.index.json", ".weights.json")


class ShardsAnalyzer:
    """Reads ``*.index.json`` of safetensors and PyTorch checkpoints, and ``*.weights.json`` of Keras."""

    name = "shards"

    def analyze(self, node: Node) -> None:
        """Report shards that are missing or lie elsewhere.

        Raises:
            Malformed: the index is no map of tensors to file names.
        """
        if not node.path.lower().endswith(_NAMES):
            return
        try:
            index = json.loads(node.source.read(0, node.source.size).decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise Malformed("index is not JSON") from None
        shards = index.get("weight_map") if isinstance(index, dict) else None
        values = list(shards.values()) if isinstance(shards, dict) else [None]
        several = [value if isinstance(value, list) else [value] for value in values]
        named = {name for names in several for name in names if isinstance(name, str)}
        if not all(isinstance(name, str) for names in several for name in names):
            raise Malformed("index has no map of tensors to files")
        folder, nested, _ = node.path.rpartition("/")
        held = dict(node.siblings())
        for shard in sorted(named):
            plain = "/" not in shard and "\\" not in shard
            if not plain or (f"{folder}/{shard}" if nested else shard) not in held:
                node.finding("index-shard-missing", shard=shard)
                continue
            inside = _tensors(held[f"{folder}/{shard}" if nested else shard])
            listed = {name for name, where in (shards or {}).items() if where == shard}
            if inside is not None and inside != listed:
                differ = sorted(inside ^ listed)
                node.finding(
                    "index-tensors-differ", shard=shard, tensors=", ".join(differ[:5]), count=len(differ)
                )


def _tensors(source: Source) -> set[str] | None:
    """The names in a safetensors file; None if it is none, or has a header that its own reader refuses."""
    length = int.from_bytes(source.read(0, 8), "little")
    if not 2 <= length <= min(HEADER_LIMIT_BYTES, source.size - 8) or source.read(8, 1) != b"{":
        return None
    try:
        header = json.loads(source.read(8, length))
    except (ValueError, RecursionError):
        return None
    return set(header) - {"__metadata__"} if isinstance(header, dict) else None
