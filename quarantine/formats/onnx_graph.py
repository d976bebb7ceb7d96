"""What a graph asks of its runtime: operators from outside the standard, and outputs too large for any machine.

The operators that make a tensor of a size given by another tensor are followed when that tensor is a constant.
"""

from __future__ import annotations

import struct

from quarantine.formats.interface import Node
from quarantine.formats.onnx_schema import CONTRIB_DOMAINS, STANDARD_DOMAINS

ELEMENTS_LIMIT = 1 << 33
_SIZED = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Resize": 3}
_INT64 = 7
Values = dict[int, list[object]]


def check_domain(node: Node, domain: str, operator: str, at: int) -> None:
    """Report a domain that the standard does not define."""
    if domain in CONTRIB_DOMAINS:
        node.finding("onnx-contrib-domain", offset=at, domain=domain)
    elif domain not in STANDARD_DOMAINS:
        node.finding("onnx-custom-domain", offset=at, domain=domain, operator=operator)


def _constant(data: memoryview, tensor: Values) -> list[int]:
    """The numbers of a small int64 initializer in raw form; empty for any other."""
    spans = tensor.get(9, [])
    if tensor.get(2) != [_INT64] or not spans or not isinstance(spans[0], tuple):
        return []
    start, end, _ = spans[0]
    if end - start > 512:
        return []
    return list(struct.unpack(f"<{(end - start) // 8}q", data[start:end]))


def check_sizes(node: Node, data: memoryview, graph: Values, at: int) -> None:
    """Report constant shapes that ask for more than ``ELEMENTS_LIMIT`` elements."""
    constants = {
        str(tensor.get(8, [""])[0]): _constant(data, tensor)
        for tensor in graph.get(5, [])
        if isinstance(tensor, dict)
    }
    for entry in graph.get(1, []):
        if not isinstance(entry, dict):
            continue
        operator = str(entry.get(4, [""])[0])
        place = _SIZED.get(operator)
        inputs = entry.get(1, [])
        if place is None or place >= len(inputs):
            continue
        elements = 1
        for length in constants.get(str(inputs[place]), []):
            elements *= max(1, length)
        if elements > ELEMENTS_LIMIT:
            node.finding("onnx-size-bomb", offset=at, operator=operator, elements=elements)
