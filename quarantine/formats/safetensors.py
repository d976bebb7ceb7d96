"""Safetensors: an 8-byte header length, a JSON header, and tensors that cover the rest exactly.

Strict after https://github.com/huggingface/safetensors#format; tensor bytes are claimed, never looked at.
"""

from __future__ import annotations

import json
from typing import Any

from quarantine.formats.interface import Malformed, Node, Source, Unsupported

HEADER_LIMIT_BYTES = 100_000_000
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64,
    "I64": 64, "U64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


def unique_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys must differ.

    Raises:
        Malformed: a key appears twice, so that two readers could disagree.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a JSON object has a duplicate key")
    return found


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise Malformed("a shape or offset is not a natural number", offset=8)
    return value


def _tensor(name: str, entry: object) -> tuple[int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise Malformed(f"tensor {name[:80]!r} has other fields than the specification's", offset=8)
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise Unsupported(f"tensor {name[:80]!r} has an unknown dtype", offset=8)
    if not isinstance(shape, list) or not isinstance(offsets, list) or len(offsets) != 2:
        raise Malformed(f"tensor {name[:80]!r} has no proper shape or offsets", offset=8)
    bits = BITS[dtype]
    for length in shape:
        bits *= _count(length)
        if bits >= 2**67:
            raise Malformed(f"tensor {name[:80]!r} is larger than any file", offset=8)
    start, end = _count(offsets[0]), _count(offsets[1])
    if end < start or bits != 8 * (end - start):
        raise Malformed(f"tensor {name[:80]!r}: shape and offsets disagree", offset=8)
    return start, end


class Safetensors:
    """The safetensors format."""

    name = "safetensors"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A header length that fits, and a brace where the header begins."""
        length = int.from_bytes(head[:8], "little")
        return len(head) > 9 and head[8:9] == b"{" and 2 <= length <= source.size - 8

    def read(self, node: Node) -> None:
        """Check the header and claim header and tensors."""
        length = int.from_bytes(node.source.read(0, 8), "little")
        if node.source.size < 10 or length > min(HEADER_LIMIT_BYTES, node.source.size - 8):
            raise Malformed("header length is over the limit or the file", offset=0)
        raw = node.source.read(8, length)
        if not raw.startswith(b"{") or not raw.rstrip(b" ").endswith(b"}"):
            raise Malformed("header is not a space-padded JSON object", offset=8)
        try:
            header = json.loads(raw.decode("utf-8"), object_pairs_hook=unique_object)
        except ValueError as error:
            raise Malformed(f"header is not JSON: {error}", offset=8) from None
        except RecursionError:
            raise Malformed("header is nested too deeply", offset=8) from None
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise Malformed("__metadata__ is not a map of strings", offset=8)
        for key, value in metadata.items():
            node.said(key, value)
        node.claim(0, 8 + length)
        at, spans = 0, []
        for name, entry in header.items():
            spans.append(_tensor(name, entry))
            node.tensor(name, entry["dtype"], entry["shape"], spans[-1][1] - spans[-1][0])
        for start, end in sorted(spans):
            if start != at:
                raise Malformed("tensors overlap or leave a hole", offset=8 + length + at)
            at = end
        if 8 + length + at > node.source.size:
            raise Malformed("tensors end behind the end of the file", offset=node.source.size)
        node.claim(8 + length, 8 + length + at)
        if 8 + length + at != node.source.size:
            raise Malformed("bytes behind the last tensor", offset=8 + length + at)
        node.fact("tensors", len(header))
