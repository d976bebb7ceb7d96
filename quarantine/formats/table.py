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
_SKIPPABLE = tuple(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
_COMPRESSED = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x5d",
    b"\x28\xb5",
    b"\x04\x22",
    b"LZIP",
    *_SKIPPABLE,
    *_ZLIB,
)
_FOREIGN = (b"\x02\x21\x4c\x18", b"MSCF", b"!<", b"0707", b"xar!", b"\xed\xab", b"hsqs", b"sqsh", b"MSWIM", b"\x1f\x9d",
            b"\x89LZO", b"\xff\x06")  # fmt: skip
# How the checksum of a first header can begin to the most lenient reader: a digit, a blank, a sign, base 256, or
# nothing, which is zero; sums of signed bytes can be that and less.
_TAR_SUMS = tuple(bytes([first]) for first in b"01234567 \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f+-\0\x80\xff")
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
_NATIVE = (
    b"\x7fELF",
    b"\xfe\xed\xfa",
    b"\xcf\xfa",
    b"\xce\xfa",
    b"\xca\xfe",
    b"\xbe\xba",
    b"\xbf\xba",
    b"MZ",
    b"\0asm",
    b"dex\n",
    b"dey\n",
    b"!<",
    b"BC\xc0\xde",
    b"\x1bLua",
    b"L\0\0\0\x01",
    b"\xd0\xcf\x11\xe0",
)
_MARSHALLED = tuple(bytes([ord(kind) | flag]) for kind in "()[{" for flag in (0, 0x80))
_MSGPACK = tuple(bytes([first]) for first in (*range(0x80, 0xA0), *range(0xC7, 0xCA), *range(0xDC, 0xE0)))
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
    Line("distcp", "distcp:Distcp", (b"PK\3\4",)),
    Line("npy", "npy:Npy", (b"\x93NUMPY",)),
    Line("safetensors", "safetensors:Safetensors", (b"{",), at=8),
    Line("onnx", "onnx:Onnx", _ONNX),
    Line("onnx-tensor", "onnx:OnnxTensor", (b"\x08", b"\x0a", b"\x10")),
    Line("sentencepiece", "sentencepiece:SentencePiece", (b"\x0a",)),
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
    Line("coreml", "coreml:CoreMl", (b"\x08",)),
    Line("paddle", "paddle:PaddleProgram", (b"\x0a",)),
    Line("paddle-parameters", "paddle:PaddleParameters", (b"\0\0\0\0",)),
    Line("mxnet", "mxnet:MxNet", (b"\x12\x01\0\0",)),
    Line("caffe", "caffe:Caffe", (b"\x0a", b"\x12")),
    Line("hdf5", "hdf5:Hdf5"),
    Line("zfile", "compressed:ZFile", (b"ZF",)),
    Line(
        "torch7",
        "torch7:Torch7",
        (b"\3\0\0\0", b"\4\0\0\0", b"\6\0\0\0", b"\7\0\0\0", b"\x08\0\0\0", b"4\n", b"6\n", b"7\n", b"8\n"),
    ),
    Line("ggml", "ggml:Ggml", (b"lmgg", b"fmgg", b"tjgg")),
    Line(
        "opaque",
        "opaque:Opaque",
        (
            b"\xac\xed\0\5",
            b"ptrt",
            b"ftrt",
            b"blrt",
            b"RKN",
            b"\1HEF",
            b"\xb7\x9c\4\5",
            b"NVDLA",
            b"B\0C\0",
            b"\x1bL",
        ),
    ),
    Line("ncnn", "ncnn:Ncnn", (b"7767517",)),
    Line("coreml-blob", "coreml_blob:CoreMlBlob", (b"\x02\0\0\0",), at=4),
    Line("tar", "tar:Tar", _TAR_SUMS, at=148),
    Line("compressed", "compressed:Compressed", _COMPRESSED),
    Line("7z", "sevenzip:SevenZip", (b"7z\xbc\xaf\x27\x1c",)),
    Line("rar", "rar:Rar", (b"Rar!\x1a\x07",)),
    Line("foreign", "foreign:Foreign", _FOREIGN),
    Line("appledouble", "appledouble:AppleDouble", (b"\x00\x05\x16\x07",)),
    Line("native", "native:Native", _NATIVE),
    Line("png", "png:Png", (b"\x89PNG",)),
    Line("jpeg", "jpeg:Jpeg", (b"\xff\xd8\xff",)),
    Line("gif", "gif:Gif", (b"GIF8",)),
    Line("riff", "riff:Riff", (b"RIFF", b"RF64")),
    Line("bmp", "bmp:Bmp", (b"BM",)),
    Line("ogg", "streams:Ogg", (b"OggS",)),
    Line("mp3", "streams:Mp3", (b"ID3", b"\xff")),
    Line("sqlite", "sqlite:Sqlite", (b"SQLite format 3",)),
    Line("parquet", "parquet:Parquet", (b"PAR1", b"PARE")),
    Line("arrow", "arrow:Arrow", (b"ARROW1", b"\xff\xff\xff\xff")),
    Line("ocdbt", "ocdbt:Ocdbt", (b"\x0c\xdb",)),
    Line("fasttext", "fasttext:FastText", (b"\xba\x16\x4f\x2f",)),
    Line("word2vec", "word2vec:Word2Vec", tuple(b"%d" % digit for digit in range(1, 10))),
    Line("pdf", "pdf:Pdf", (b"%PDF-",)),
    Line("store", "stores:Store"),
    Line("msgpack", "msgpack:Msgpack", _MSGPACK),
    Line("pyc", "marshal:Pyc", (b"\r\n",), at=2),
    Line("code-object", "marshal:BareCode", (b"\x63", b"\xe3", *_MARSHALLED)),
    Line("torch_legacy", "torch_legacy:TorchLegacy", (b"\x80", b"L119547037")),
    Line("pickle", "pickle:Pickle"),
    Line(
        "openvino",
        "openvino:OpenVino",
        _XML,
    ),
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
    Line("torch_note", "torch_note:TorchNote"),
    Line("torchscript_code", "torchscript_code:TorchScriptCode"),
    Line("torch_export_graph", "torch_export_graph:TorchExportGraph"),
    Line("marshal", "marshal:Marshal"),
    Line("torch_tar_storages", "torch_tar:TorchTarStorages"),
    Line("torch_tar_tensors", "torch_tar:TorchTarTensors"),
    Line("torch_tar_pickle", "torch_tar:TorchTarPickle"),
    Line("skops_schema", "skops:SkopsSchema"),
)
"""Told by their place in an archive alone."""

EMPTY, EXTERNAL = Line("empty", "empty:Empty"), Line("external-data", "external:ExternalData")
"""Told by having no bytes, and by another file that refers to this one."""

LEGACY_TEXT = Line("legacy-text", "text:LegacyText")
"""Told by its name, where the content is nothing else."""


@cache
def load(line: Line) -> Format:
    """The format of a line. A missing one is an ImportError, which costs coverage."""
    module, _, name = line.home.partition(":")
    return cast(Format, getattr(import_module(f"quarantine.formats.{module}"), name)())


def by_name(name: str | None) -> Format | None:
    """The format of that name; None if there is none."""
    return next((load(line) for line in (*FORMATS, *PLACED) if line.name == name), None)
