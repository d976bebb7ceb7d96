"""The index of a sharded checkpoint: every tensor's shard must be a file of the submission, beside the index.

After Transformers' ``*.index.json`` (``metadata`` and ``weight_map``); loaders open the names that it holds.
"""

from __future__ import annotations

import json

from quarantine.formats.interface import Malformed, Node


class ShardsAnalyzer:
    """Reads ``*.index.json`` of safetensors and PyTorch checkpoints."""

    name = "shards"

    def analyze(self, node: Node) -> None:
        """Report shards that are missing or lie elsewhere.

        Raises:
            Malformed: the index is no map of tensors to file names.
        """
        if not node.path.lower().endswith((".safetensors.index.json", ".bin.index.json")):
            return
        try:
            index = json.loads(node.source.read(0, node.source.size).decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise Malformed("index is not JSON") from None
        shards = index.get("weight_map") if isinstance(index, dict) else None
        if not isinstance(shards, dict) or not all(isinstance(shard, str) for shard in shards.values()):
            raise Malformed("index has no map of tensors to files")
        folder, nested, _ = node.path.rpartition("/")
        held = {name for name, _ in node.siblings()}
        for shard in sorted(set(shards.values())):
            plain = "/" not in shard and "\\" not in shard
            if not plain or (f"{folder}/{shard}" if nested else shard) not in held:
                node.finding("index-shard-missing", shard=shard)
