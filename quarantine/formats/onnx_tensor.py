"""One ONNX tensor: its data must have exactly the length that shape and type ask for, here or in a sibling file.

After onnx.proto (TensorProto) and https://onnx.ai/onnx/repo-docs/ExternalData.html.
"""

from __future__ import annotations

from quarantine.formats.interface import Malformed, Node
from quarantine.formats.onnx_schema import COMPLEX, TENSOR_TYPES
from quarantine.formats.protobuf import varint

_NAME = 8
_DATA_FIELDS = (4, 5, 6, 7, 9, 10, 11)
_RAW, _STRINGS, _EXTERNAL, _LOCATION = 9, 6, 13, 14
_EXTERNAL_KEYS = frozenset({"location", "offset", "length", "checksum"})
Values = dict[int, list[object]]


def _count(value: object) -> int:
    """How many elements one occurrence of a field stands for."""
    return value[2] if isinstance(value, tuple) else 1


def _length(value: object) -> int:
    """Bytes of one occurrence of a field."""
    return value[1] - value[0] if isinstance(value, tuple) else 0


def dims(data: memoryview, values: Values, at: int) -> list[int]:
    """The shape, whether packed or not.

    Raises:
        Malformed: a length is negative or the shape absurdly long.
    """
    found: list[int] = []
    for value in values.get(1, []):
        if isinstance(value, int):
            found.append(value)
        elif isinstance(value, tuple):
            here, end, _ = value
            while here < end and len(found) <= 64:
                number, here = varint(data, here, end)
                found.append(number)
    if len(found) > 64 or any(length >= 1 << 63 for length in found):
        raise Malformed("tensor has an impossible shape", offset=at)
    return found


def check(node: Node, data: memoryview, values: Values, at: int) -> None:
    """Compare shape, type and data of the tensor whose message begins at ``at``.

    Raises:
        Malformed: they disagree.
    """
    kind = values.get(2, [0])[0]
    if kind not in TENSOR_TYPES or 3 in values:
        raise Malformed("tensor has no data type that exists, or is segmented", offset=at)
    bits, home = TENSOR_TYPES[int(str(kind))]
    elements = 1
    for length in dims(data, values, at):
        elements *= length
    size = (elements * bits + 7) // 8
    node.tensor(str(values.get(_NAME, [""])[0]), f"type {kind}", dims(data, values, at), size)
    used = [number for number in _DATA_FIELDS if number in values]
    external = values.get(_LOCATION, [0])[0] == 1
    if external != (_EXTERNAL in values) or (external and (used or home == _STRINGS)):
        raise Malformed("tensor is neither wholly here nor wholly outside", offset=at)
    if external:
        _check_external(node, values[_EXTERNAL], size, at)
        return
    if len(used) > 1 or (used and used[0] not in (home, _RAW)):
        raise Malformed("tensor data is in the wrong field, or in two", offset=at)
    if used == [_RAW]:
        held, wanted = _length(values[_RAW][0]), size
        if home == _STRINGS:
            raise Malformed("text tensor has raw data", offset=at)
    else:
        held = sum(map(_count, values[used[0]])) if used else 0
        wanted = elements * 2 if kind in COMPLEX else size if bits in (2, 4) else elements
    if held != wanted:
        raise Malformed(f"tensor holds {held} where its shape asks for {wanted}", offset=at)


def _check_external(node: Node, entries: list[object], size: int, at: int) -> None:
    pairs = [(str(e.get(1, [""])[0]), str(e.get(2, [""])[0])) for e in entries if isinstance(e, dict)]
    found = dict(pairs)
    if len(found) != len(pairs) or not set(found) <= _EXTERNAL_KEYS:
        raise Malformed("external data has unknown or repeated keys", offset=at)
    location = found.get("location", "")
    parts = location.split("/")
    if (
        not location
        or "\\" in location
        or ":" in location
        or "\0" in location
        or {"", ".", ".."} & set(parts)
    ):
        node.finding("onnx-external-path", offset=at, location=location)
        return
    start, length = (
        _natural(found.get(key, fallback), at) for key, fallback in (("offset", "0"), ("length", str(size)))
    )
    folder, nested, _ = node.path.rpartition("/")
    wanted = f"{folder}/{location}" if nested else location
    held = next((source.size for name, source in node.siblings() if name == wanted), None)
    if held is None or "!" in node.path:
        node.finding("onnx-external-missing", offset=at, location=location)
        return
    if start + length > held:
        node.finding("onnx-external-path", offset=at, location=location, why="the range is not in the file")
        return
    if length != size:
        raise Malformed(f"external data has {length} bytes where the shape asks for {size}", offset=at)
    node.claim_sibling(wanted, start, start + length)


def _natural(text: str, at: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise Malformed("external data range is no number", offset=at)
    return int(text)
