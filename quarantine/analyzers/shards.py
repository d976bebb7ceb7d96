"""The index of a sharded checkpoint: every tensor's shard must be a file of the submission, beside the index.

After Transformers' ``*.index.json`` and Keras' ``*.weights.json`` (``metadata`` and ``weight_map``, whose values are a
name or, in Keras, several); loaders open the names that it holds.
"""

from __future__ import annotations

import json

from quarantine.formats.interface import Malformed, Node

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
        held = {name for name, _ in node.siblings()}
        for shard in sorted(named):
            plain = "/" not in shard and "\\" not in shard
            if not plain or (f"{folder}/{shard}" if nested else shard) not in held:
                node.finding("index-shard-missing", shard=shard)
