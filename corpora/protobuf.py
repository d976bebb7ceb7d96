"""The few lines that write protobuf messages, and TensorFlow's nodes with them; for samples that no library writes."""

from __future__ import annotations

DT_FLOAT, DT_STRING = 1, 7


def varint(number: int) -> bytes:
    """A base-128 number."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | str | bytes) -> bytes:
    """One field: a number, or bytes of some length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def attribute(name: str, value: bytes) -> bytes:
    """An attribute of a NodeDef; ``value`` is an AttrValue."""
    return field(5, field(1, name) + field(2, value))


def op(name: str, operator: str, *inputs: str, attributes: bytes = b"") -> bytes:
    """A NodeDef."""
    return field(1, name) + field(2, operator) + b"".join(field(3, held) for held in inputs) + attributes


def const(name: str, *texts: str) -> bytes:
    """A NodeDef that is a constant of strings."""
    tensor = field(1, DT_STRING) + field(2, b"") + b"".join(field(8, text) for text in texts)
    typed = attribute("dtype", field(6, DT_STRING))
    return op(name, "Const", attributes=typed + attribute("value", field(8, tensor)))


def placeholder(name: str, kind: int = DT_STRING) -> bytes:
    """A NodeDef that is fed."""
    return op(name, "Placeholder", attributes=attribute("dtype", field(6, kind)))


def call(name: str, function: str, *inputs: str) -> bytes:
    """A NodeDef that calls a function."""
    return op(
        name, "StatefulPartitionedCall", *inputs, attributes=attribute("f", field(10, field(1, function)))
    )


def function(name: str, arguments: tuple[str, ...], *nodes: bytes) -> bytes:
    """A FunctionDef."""
    signature = field(1, name) + b"".join(
        field(2, field(1, held) + field(3, DT_STRING)) for held in arguments
    )
    return field(1, signature) + b"".join(field(3, node) for node in nodes)


def graph(*nodes: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    """A GraphDef."""
    library = field(2, b"".join(field(1, held) for held in functions)) if functions else b""
    return b"".join(field(1, node) for node in nodes) + library + field(4, field(1, 1395))


def meta(held: bytes, *, requested: tuple[str, ...] = (), more: bytes = b"") -> bytes:
    """A MetaGraphDef; ``requested`` are the tensors that its signature takes."""
    inputs = b"".join(field(1, field(1, name) + field(2, field(1, f"{name}:0"))) for name in requested)
    signature = field(5, field(1, "serving_default") + field(2, inputs)) if requested else b""
    return field(1, field(4, "serve")) + field(2, held) + signature + more


def saved(held: bytes) -> bytes:
    """A SavedModel of one MetaGraphDef."""
    return field(1, 1) + field(2, held)
