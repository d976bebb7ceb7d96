"""TensorFlow.js models (``model.json``): the manifest of weights says which files hold them, and how many bytes.

After tfjs-core/src/io/types.ts and tfjs-converter's write_weights.py. The topology beside it is a Keras configuration,
which the analyzer of configurations reads. A loader fetches what the manifest names, so it must be a file of the model.
"""

from __future__ import annotations

import json
import math
from typing import Any

from quarantine.formats.interface import Malformed, Node
from quarantine.formats.text import lenient

WIDTHS = {"float32": 4, "int32": 4, "bool": 1, "uint8": 1, "uint16": 2, "float16": 2, "complex64": 8}


class TfJsAnalyzer:
    """Reads JSON that has a manifest of weights."""

    name = "tfjs"

    def analyze(self, node: Node) -> None:
        """Claim the shards; report those that are not files beside the model, or of another size.

        Raises:
            Malformed: the manifest is none.
        """
        if not node.path.lower().endswith(".json"):
            return
        try:
            document = json.loads(lenient(node.source.read(0, node.source.size)))
        except (ValueError, RecursionError):
            return  # text that is no JSON is reported where it is read
        if not isinstance(document, dict) or "weightsManifest" not in document:
            return
        groups = document["weightsManifest"]
        if not isinstance(groups, list):
            raise Malformed("weightsManifest is no list")
        for group in groups:
            self._group(node, group)

    def _group(self, node: Node, group: Any) -> None:
        if not isinstance(group, dict) or not isinstance(group.get("paths"), list):
            raise Malformed("a group of weights has no paths")
        weights = group.get("weights")
        if not isinstance(weights, list):
            raise Malformed("a group of weights has no weights")
        sizes = [_size(entry) for entry in weights]
        folder, nested, _ = node.path.rpartition("/")
        held = {name: source.size for name, source in node.siblings()}
        found = []
        for path in group["paths"]:
            plain = isinstance(path, str) and not {"", ".", ".."} & set(path.split("/"))
            if not plain or any(mark in path for mark in "\\:?#\0"):
                node.finding("tfjs-weights-path", path=path)
                return
            name = f"{folder}/{path}" if nested else path
            if name not in held:
                node.finding("tfjs-weights-missing", path=path)
                node.unread()
                return
            found.append(name)
        total = sum(held[name] for name in found)
        if None not in sizes and sum(size or 0 for size in sizes) != total:
            raise Malformed("the files of a group hold another number of bytes than its weights")
        for name in found:
            node.claim_sibling(name, 0, held[name])


def _size(entry: Any) -> int | None:
    """Bytes of a weight; None for strings, whose length only their data tells.

    Raises:
        Malformed: it has no shape or an unknown type.
    """
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
        raise Malformed("a weight has no shape")
    kind = entry.get("dtype")
    packed = entry.get("quantization")
    if isinstance(packed, dict):
        kind = packed.get("dtype")
    if kind == "string":
        return None
    if kind not in WIDTHS:
        raise Malformed("a weight has an unknown type")
    return math.prod(shape) * WIDTHS[kind]
