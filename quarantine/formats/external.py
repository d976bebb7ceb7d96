"""Tensor data in a file of its own, as an ONNX model's external data: explained by the model, not by itself.

Between tensors only the zeros of an alignment may lie
(https://onnx.ai/onnx/repo-docs/ExternalData.html: offsets are multiples of a page).
"""

from __future__ import annotations

from quarantine.formats.interface import Node, Source

PADDING_LIMIT_BYTES = 1 << 16


class ExternalData:
    """A file whose bytes other files of the submission have claimed; nothing in the file itself tells it."""

    name = "external-data"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Never: only a model that refers to the file makes it external data."""
        return False

    def read(self, node: Node) -> None:
        """Claim what was claimed elsewhere, and zeros in between."""
        at = 0
        for start, end in [*sorted(node.described()), (node.source.size, node.source.size)]:
            if at < start <= at + PADDING_LIMIT_BYTES and not any(node.source.read(at, start - at)):
                node.claim(at, start)
            node.claim(start, end)
            at = max(at, end)
