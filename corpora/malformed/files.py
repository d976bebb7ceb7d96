"""Garbage, truncations, lying headers and bombs. All are small on disk; none is expanded here."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable

from corpora import opcodes as op
from corpora.case import Case, broken
from corpora.malicious.archives import HONEST, checkpoint, patch, zipped

TERA = 10 << 30


def safetensors(header: object, data: bytes = b"", claimed: int | None = None) -> bytes:
    """A safetensors file with whatever header (a ``str`` is taken as JSON text)."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text) if claimed is None else claimed) + text + data


def npy(descr: str, shape: str, data: bytes = b"") -> bytes:
    """An ``.npy`` of version 1.0 with whatever descr and shape."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def external(location: str) -> bytes:
    """An ONNX model whose only weight lies outside at ``location``."""
    import onnx
    from onnx import TensorProto, helper

    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [output], [tensor])
    data: bytes = onnx.ModelProto(ir_version=10, graph=graph).SerializeToString()
    return data


def _tensor(start: int, end: int, dtype: str = "U8") -> dict[str, object]:
    return {"dtype": dtype, "shape": [end - start], "data_offsets": [start, end]}


def _laughs() -> bytes:
    body = op.EMPTY_LIST + op.text("ha") + op.APPEND
    for _ in range(40):
        body += op.put(0) + op.POP + op.EMPTY_LIST + op.MARK + op.get(0) * 10 + op.APPENDS
    return op.stream(body)


def _many_entries() -> bytes:
    data = bytearray(checkpoint(HONEST))
    at = data.rindex(b"PK\5\6")
    struct.pack_into("<HH", data, at + 8, 0xFFFE, 0xFFFE)
    return bytes(data)


def cases() -> list[Case]:
    """Each entry: file name, bytes, what is wrong, acceptable rules."""
    bomb = b"\0" * (32 << 20)
    st = safetensors({"a": _tensor(0, 8)}, b"\0" * 8)
    array = npy("'<f4'", "(4,)", b"\0" * 16)
    make: dict[str, tuple[str, Callable[[], bytes], str]] = {
        "garbage": ("model.bin", lambda: bytes((i * 73 + 41) % 251 for i in range(4096)), "format"),
        "garbage-pkl": ("model.pkl", lambda: b"\xfe\xed\xfa" * 100, "pickle"),
        "empty-pkl": ("model.pkl", bytes, "pickle"),
        "empty-safetensors": ("model.safetensors", bytes, "safetensors"),
        "empty-onnx": ("model.onnx", bytes, "onnx"),
        "st-claims-10g": ("model.safetensors", lambda: safetensors({"a": _tensor(0, TERA)}), "safetensors"),
        "st-header-10g": ("model.safetensors", lambda: safetensors({}, claimed=TERA), "safetensors"),
        "st-overlap": (
            "model.safetensors",
            lambda: safetensors({"a": _tensor(0, 8), "b": _tensor(4, 12)}, b"\0" * 12),
            "safetensors",
        ),
        "st-hole": (
            "model.safetensors",
            lambda: safetensors({"a": _tensor(0, 4), "b": _tensor(8, 12)}, b"\0" * 12),
            "safetensors",
        ),
        "st-duplicate": (
            "model.safetensors",
            lambda: safetensors(
                '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
                b"\0",
            ),
            "safetensors",
        ),
        "st-dtype": (
            "model.safetensors",
            lambda: safetensors({"a": _tensor(0, 8, "OBJ")}, b"\0" * 8),
            "safetensors",
        ),
        "st-trailing": ("model.safetensors", lambda: st + b"more", "safetensors"),
        "st-negative": (
            "model.safetensors",
            lambda: safetensors({"a": _tensor(-8, 0)}, b"\0" * 8),
            "safetensors",
        ),
        "st-deep-json": ("model.safetensors", lambda: safetensors("[" * 100_000), "safetensors"),
        "npy-claims-10g": ("weights.npy", lambda: npy("'<f4'", f"({TERA},)"), "npy"),
        "npy-code-header": ("weights.npy", lambda: npy("open('CANARY')", "(1,)", b"\0" * 4), "npy"),
        "npy-trailing": ("weights.npy", lambda: array + b"more", "npy"),
        "onnx-claims-10g": ("model.onnx", lambda: b"\x08\x0a\x3a\x80\x80\x80\x80\x28" + b"\0" * 8, "onnx"),
        "onnx-external-parent": ("model.onnx", lambda: external("../../etc/hostname"), "onnx"),
        "onnx-external-absolute": ("model.onnx", lambda: external("/etc/hostname"), "onnx"),
        "zip-bomb": ("model.zip", lambda: zipped(("a", bomb), method=zipfile.ZIP_DEFLATED), "zip"),
        "zip-bomb-nested": (
            "model.zip",
            lambda: zipped(
                *((f"{i}.zip", zipped(("a", bomb), method=zipfile.ZIP_DEFLATED)) for i in range(4))
            ),
            "zip",
        ),
        "zip-million": ("model.zip", _many_entries, "zip"),
        "zip-size-lies": (
            "model.pt",
            lambda: patch(checkpoint(HONEST), b"PK\1\2", 20, b"\xf0\xff\xff\x7f" * 2),
            "zip",
        ),
        "pickle-laughs": ("model.pkl", _laughs, "pickle"),
        "pickle-long4": ("model.pkl", lambda: op.proto() + b"\x8b\xff\xff\xff\x7f" + b"\1" * 64, "pickle"),
        "pickle-long4-negative": ("model.pkl", lambda: op.proto() + b"\x8b\xff\xff\xff\xff.", "pickle"),
        "pickle-deep": (
            "model.pkl",
            lambda: op.stream(op.EMPTY_LIST * 200_000 + op.APPEND * 199_999),
            "pickle",
        ),
        "pickle-huge-bytes": (
            "model.pkl",
            lambda: op.proto(4) + b"\x8e" + struct.pack("<Q", TERA) + b"x",
            "pickle",
        ),
        "pickle-huge-put": ("model.pkl", lambda: op.stream(op.EMPTY_LIST + b"r\xff\xff\xff\x7f"), "pickle"),
    }
    sources: dict[str, tuple[str, Callable[[], bytes]]] = {
        "pickle": ("model.pkl", lambda: op.stream(op.text("weights") * 20 + op.POP * 19)),
        "zip": ("model.pt", lambda: checkpoint(HONEST)),
        "safetensors": ("model.safetensors", lambda: st),
        "npy": ("weights.npy", lambda: array),
        "onnx": ("model.onnx", _onnx),
    }
    for kind, (file, whole) in sources.items():
        for part in (25, 60, 95):
            make[f"{kind}-truncated-{part}"] = (
                file,
                lambda w=whole, q=part: w()[: len(w()) * q // 100],
                kind,
            )  # type: ignore[misc]
    return [
        broken(f"malformed-{name}", file, lambda _f, c=content: c(), name.replace("-", " "), (f"{kind}-*",))  # type: ignore[misc]
        for name, (file, content, kind) in make.items()
    ]


def _onnx() -> bytes:
    from corpora.benign.models import onnx_model

    out = io.BytesIO()
    out.write(onnx_model(64, 10))
    return out.getvalue()
