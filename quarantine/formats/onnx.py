"""ONNX models, by a strict protobuf wire walk over onnx.proto (ModelProto); tensor bytes are skipped.

Every field must be one that the schema knows, of its wire type; external data must be a sibling file.
"""

from __future__ import annotations

from quarantine.formats.interface import Malformed, Node, Source

DEPTH_LIMIT = 64
_KV, _NODE, _GRAPH, _TENSOR, _TYPE, _ATTR = "kv", "node", "graph", "tensor", "type", "attr"
# message -> field -> (allowed wire types, message inside or "")
SCHEMA: dict[str, dict[int, str]] = {
    "model": {1: "v", 8: "opset", 2: "b", 3: "b", 4: "b", 5: "v", 6: "b", 7: _GRAPH, 14: _KV, 20: "training",
              25: "function", 26: "device"},
    "opset": {1: "b", 2: "v"}, _KV: {1: "b", 2: "b"}, "device": {1: "b", 2: "v", 3: "b"},
    "training": {1: _GRAPH, 2: _GRAPH, 3: _KV, 4: _KV},
    "function": {1: "b", 4: "b", 5: "b", 6: "b", 11: _ATTR, 7: _NODE, 8: "b", 9: "opset", 10: "b", 13: "b",
                 12: "value", 14: _KV},
    _GRAPH: {1: _NODE, 2: "b", 5: _TENSOR, 15: "sparse", 10: "b", 11: "value", 12: "value", 13: "value",
             14: "quant", 16: _KV},
    "quant": {1: "b", 2: _KV}, "sparse": {1: _TENSOR, 2: _TENSOR, 3: "p"},
    _NODE: {1: "b", 2: "b", 3: "b", 4: "b", 7: "b", 8: "b", 5: _ATTR, 6: "b", 9: _KV, 10: "b"},
    _ATTR: {1: "b", 21: "b", 13: "b", 20: "v", 2: "4", 3: "v", 4: "b", 5: _TENSOR, 6: _GRAPH, 22: "sparse",
            14: _TYPE, 7: "p", 8: "p", 9: "b", 10: _TENSOR, 11: _GRAPH, 23: "sparse", 15: _TYPE},
    "value": {1: "b", 2: _TYPE, 3: "b", 4: _KV},
    _TENSOR: {1: "p", 2: "v", 3: "b", 4: "p", 5: "p", 6: "b", 7: "p", 8: "b", 12: "b", 9: "b",
              13: _KV, 14: "v",
              10: "p", 11: "p", 16: _KV},
    _TYPE: {1: "ttype", 4: "seq", 5: "map", 9: "seq", 8: "ttype", 7: "opaque", 6: "b"},
    "ttype": {1: "v", 2: "shape"}, "seq": {1: _TYPE}, "map": {1: "v", 2: _TYPE}, "opaque": {1: "b", 2: "b"},
    "shape": {1: "dim"}, "dim": {1: "v", 2: "b", 3: "b"},
}  # fmt: skip
_WIRES = {"v": (0,), "4": (5,), "p": (0, 1, 2, 5), "b": (2,)}
STANDARD_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"})


def varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    """(value, next offset) of a base-128 number of at most ten bytes."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise Malformed("number does not end", offset=at)


class Onnx:
    """The ONNX format."""

    name = "onnx"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Starts with ir_version and goes on with a field of ModelProto."""
        return len(head) > 4 and head[0] == 0x08 and 0 < head[1] < 0x40 and head[2] in (
            0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72)  # fmt: skip

    def read(self, node: Node) -> None:
        """Walk every field, then claim all."""
        with node.source.view() as data:
            self._message(node, data, 0, len(data), "model", 0)
        node.claim(0, node.source.size)

    def _message(self, node: Node, data: memoryview, at: int, end: int, kind: str, depth: int) -> None:
        if depth > DEPTH_LIMIT:
            raise Malformed("messages are nested too deeply", offset=at)
        external: dict[str, str] = {}
        while at < end:
            start = at
            key, at = varint(data, at, end)
            field, wire = key >> 3, key & 7
            inner = SCHEMA[kind].get(field)
            if inner is None or wire not in _WIRES.get(inner, (2,)):
                raise Malformed(f"field {field} of {kind} is not in onnx.proto", offset=start)
            if wire == 0:
                length = varint(data, at, end)[1] - at
            elif wire == 2:
                length, at = varint(data, at, end)
            else:
                length = 8 if wire == 1 else 4
            if at + length > end:
                raise Malformed("field ends behind its message", offset=start)
            if inner in SCHEMA:
                self._message(node, data, at, at + length, inner, depth + 1)
            if (kind, field) == (_TENSOR, 13):
                name, value = self._pair(data, at, at + length)
                external[name] = value
            if (kind, field) in ((_NODE, 7), ("opset", 1), ("function", 10)):
                domain = bytes(data[at : at + length]).decode("utf-8", "replace")
                if domain not in STANDARD_DOMAINS:
                    node.finding("onnx-custom-domain", offset=start, domain=domain)
            at += length
        if external:
            self._external(node, external, end)

    def _pair(self, data: memoryview, at: int, end: int) -> tuple[str, str]:
        found = {1: "", 2: ""}
        while at < end:
            key, at = varint(data, at, end)
            length, at = varint(data, at, end)
            found[key >> 3] = bytes(data[at : at + length]).decode("utf-8", "replace")
            at += length
        return found[1], found[2]

    def _external(self, node: Node, external: dict[str, str], at: int) -> None:
        location = external.get("location", "")
        parts = location.replace("\\", "/").split("/")
        if not location or location.startswith(("/", "\\")) or ".." in parts or ":" in location:
            node.finding("onnx-external-path", offset=at, location=location)
            return
        folder = node.path.rpartition("/")[0]
        wanted = f"{folder}/{location}" if folder else location
        size = next((s.size for name, s in node.siblings() if name == wanted), None)
        try:
            begin, length = int(external.get("offset", "0")), int(external.get("length", "0"))
        except ValueError:
            raise Malformed("external data range is no number", offset=at) from None
        if size is None or begin < 0 or length < 0 or begin + length > size:
            node.finding("onnx-external-path", offset=at, location=location, why="no such file or range")
