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
# The keys of a message's first field that GraphDef, MetaGraphDef or SavedModel could have, or that hides them.
_MESSAGE = tuple(bytes([key]) for key in range(8, 256) if key & 7 in (0, 1, 2, 5))


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
    Line("tensorflow_saved_model", "tensorflow:SavedModel", _MESSAGE),
    Line("tensorflow_meta_graph", "tensorflow:MetaGraph", _MESSAGE),
    Line("tensorflow_graph", "tensorflow:GraphDef", _MESSAGE),
    Line("tensorflow_fingerprint", "tensorflow:Fingerprint", (b"\x08",)),
    Line("keras_metadata", "tensorflow:KerasMetadata", _MESSAGE),
    Line("tensorflow_checkpoint", "tensorflow_checkpoint:CheckpointIndex", (b"\x00\x00",)),
    Line("tflite", "tflite:TfLite", (b"TFL3",), at=4),
    Line("tflite_metadata", "tflite_metadata:TfLiteMetadata", (b"M001",), at=4),
    Line("executorch", "executorch:ExecuTorch", (b"ET",), at=4),
    Line("flat_tensor", "executorch:FlatTensor", (b"FT01",), at=4),
    Line("ort", "ort:Ort", (b"ORTM",), at=4),
    Line("torch_mobile", "torch_mobile:TorchMobile", (b"PTMF",), at=4),
    Line("tfrecord", "tfrecord:TfRecord", (b"\x00\x00\x00\x00",), at=4),
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
    Line("text", "text:Text"),
)
"""Told by content, and all that tell are read."""

PLACED = (
    Line("torchscript_code", "torchscript_code:TorchScriptCode"),
    Line("torch_export_graph", "torch_export_graph:TorchExportGraph"),
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
