"""The formats, one line each: name, ``module:Class``, and the first bytes without which it cannot be it.

A format is imported when an artifact could be it, because most submissions hold few of them and imports are most of
the time that a small file takes. No first bytes means that the format is always asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import cast

from quarantine.formats.interface import Format

_ZLIB = tuple(bytes([first]) for first in range(0x08, 0x80, 0x10))
_XML = (b"<", b"\xef\xbb\xbf", b"\xff\xfe<", b"\xfe\xff\0", b" ", b"\t", b"\r", b"\n")
_ONNX = (
    b"\x08",
    b"\x12",
    b"\x1a",
    b"\x22",
    b"\x28",
    b"\x32",
    b"\x3a",
    b"\x42",
    b"\x72",
    b"\xa2",
    b"\xca",
    b"\xd2",
)


@dataclass(frozen=True)
class Line:
    """One format. ``starts`` are the bytes at offset ``at``, one of which it must have there."""

    name: str
    home: str
    starts: tuple[bytes, ...] = ()
    at: int = 0

    def possible(self, head: bytes) -> bool:
        """Whether content that begins with ``head`` could be this format."""
        return not self.starts or head.startswith(self.starts, self.at)


FORMATS = (
    Line("zip", "zip:Zip"),
    Line("npy", "npy:Npy", (b"\x93NUMPY",)),
    Line("safetensors", "safetensors:Safetensors", (b"{",), at=8),
    Line("onnx", "onnx:Onnx", _ONNX),
    Line("onnx-tensor", "onnx:OnnxTensor", (b"\x08", b"\x0a", b"\x10")),
    Line("gguf", "gguf:Gguf", (b"GGUF",)),
    Line("tar", "tar:Tar", (b"ustar",), at=257),
    Line("compressed", "compressed:Compressed", (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d", *_ZLIB)),
    Line("zfile", "compressed:ZFile", (b"ZF",)),
    Line(
        "foreign",
        "foreign:Foreign",
        (b"7z", b"Rar!", b"\x28\xb5", b"\x04\x22", b"\x02\x21", b"LZIP", b"MSCF"),
    ),
    Line("appledouble", "appledouble:AppleDouble", (b"\x00\x05\x16\x07",)),
    Line("native", "native:Native", (b"\x7fELF", b"\xcf\xfa", b"\xce\xfa", b"\xca\xfe", b"MZ")),
    Line("torch_legacy", "torch_legacy:TorchLegacy", (b"\x80",)),
    Line("pickle", "pickle:Pickle"),
    Line("xgboost-ubjson", "xgboost:XgboostUbjson", (b"{L\0",)),
    Line("xgboost-binary", "xgboost:XgboostBinary"),
    Line("r-data", "r_data:RData", (b"X\n", b"A\n", b"B\n", b"RDX", b"RDA", b"RDB")),
    Line("catboost", "catboost:CatBoost", (b"CBM1",)),
    Line("lightgbm", "lightgbm:LightGbm", (b"tree\n", b"tree\r\n")),
    Line("pmml", "pmml:Pmml", _XML),
    Line("xml", "xml:Xml", _XML),
    Line("text", "text:Text"),
)
"""Told by content, and all that tell are read."""

PLACED = (
    Line("torchscript_code", "torchscript_code:TorchScriptCode"),
    Line("torch_export_graph", "torch_export_graph:TorchExportGraph"),
    Line("skops_schema", "skops:SkopsSchema"),
)
"""Told by their place in an archive alone."""

EMPTY, EXTERNAL = Line("empty", "empty:Empty"), Line("external-data", "external:ExternalData")
"""Told by having no bytes, and by another file that refers to this one."""


@cache
def load(line: Line) -> Format:
    """The format of a line. A missing one is an ImportError, which costs coverage."""
    module, _, name = line.home.partition(":")
    return cast(Format, getattr(import_module(f"quarantine.formats.{module}"), name)())


def by_name(name: str | None) -> Format | None:
    """The format of that name; None if there is none."""
    return next((load(line) for line in (*FORMATS, *PLACED) if line.name == name), None)
