"""Models of other runtimes that break their formats: lying counts, ranges outside, bytes that nothing explains."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from corpora.benign.runtimes import caffemodel, ggml, tensor7
from corpora.case import MADE, Case, broken
from corpora.malicious.runtimes import coreml, openvino, paddle


def _changed(source: str, file: str, change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """A builder that copies a directory of ``corpora/made`` and changes one file of it."""

    def build(folder: Path) -> Path:
        target = Path(shutil.copytree(MADE / source, folder / Path(source).name))
        (target / file).write_bytes(change((target / file).read_bytes()))
        return target

    return build


def cases() -> list[Case]:
    """About twenty files and directories."""
    arrays = (MADE / "mxnet" / "arrays" / "list.nd").read_bytes()
    parameters = (MADE / "paddle" / "program" / "inference.pdiparams").read_bytes()
    model = (MADE / "coreml" / "tree.mlmodel").read_bytes()
    files: dict[str, tuple[str, bytes]] = {
        "coreml-appended": ("m.mlmodel", model + b"\xfa\x3e\x04more"),
        "coreml-two-kinds": ("m.mlmodel", model + coreml(555, b"")[-4:]),
        "coreml-cut": ("m.mlmodel", model[:-9]),
        "openvino-edge-to-nowhere": (
            "m.xml",
            openvino("Result", "opset1").replace(b'to-layer="1"', b'to-layer="9"'),
        ),
        "openvino-two-layers-of-one-number": (
            "m.xml",
            openvino("Result", "opset1").replace(b'id="1"', b'id="0"'),
        ),
        "openvino-text-beside": ("m.xml", openvino("Result", "opset1").replace(b"<layers>", b"<layers>more")),
        "paddle-block-that-is-not-there": (
            "m.pdmodel",
            paddle("scale").replace(b"\x1a\x05scale", b"\x1a\x05while\x22\x02\x60\x09"),
        ),
        "paddle-parameters-cut": ("m.pdiparams", parameters[:-3]),
        "paddle-parameters-appended": ("m.pdiparams", parameters + b"more"),
        "mxnet-appended": ("m.params", arrays + b"more"),
        "mxnet-count": ("m.params", arrays[:16] + struct.pack("<Q", 1 << 60) + arrays[24:]),
        "mxnet-shape": ("m.params", arrays[:36] + struct.pack("<q", 1 << 61) + arrays[44:]),
        "caffe-weights-of-another-size": ("m.caffemodel", caffemodel().replace(b"\x02\x03", b"\x02\x04")),
        "caffe-unknown-field": ("m.caffemodel", caffemodel() + b"\xfa\x06\x04more"),
        "torch7-table-count": ("m.t7", struct.pack("<iii", 3, 1, 1 << 30)),
        "torch7-appended": ("m.t7", tensor7() + b"more"),
        "ggml-appended": ("model.bin", ggml("ggjt") + b"more"),
        "ggml-padding": ("model.bin", ggml("ggjt").replace(b"w\0", b"w\1", 1)),
    }
    found = [broken(f"broken-{n}", file, lambda _f, d=data: d, n.replace("-", " "), ())  # type: ignore[misc]
             for n, (file, data) in files.items()]  # fmt: skip
    blob = "Data/com.apple.CoreML/weights/weight.bin"
    folders: dict[str, tuple[str, str, Callable[[bytes], bytes], tuple[str, ...]]] = {
        "openvino-weights-appended": ("openvino/linear", "openvino_model.bin", lambda d: d + b"\xff\xff", ()),
        "openvino-weights-cut": (
            "openvino/linear",
            "openvino_model.bin",
            lambda d: d[:-1],
            ("openvino-weights-range",),
        ),
        "ncnn-weights-appended": ("ncnn/images", "model.ncnn.bin", lambda d: d + b"more", ()),
        "ncnn-weights-cut": ("ncnn/images", "model.ncnn.bin", lambda d: d[:-4], ()),
        "ncnn-layers": ("ncnn/images", "model.ncnn.param", lambda d: d.replace(b"9 9", b"8 9"), ()),
        "openvino-size": (
            "openvino/linear",
            "openvino_model.xml",
            lambda d: d.replace(b'size="64"', b'size="60"'),
            (),
        ),
        "coreml-weights-padding": (
            "coreml/int8.mlpackage",
            blob,
            lambda d: d + b"\1",
            (),
        ),
        "coreml-weights-mark": (
            "coreml/int8.mlpackage",
            blob,
            lambda d: d[:64] + b"\0" + d[65:],
            ("coreml-path",),
        ),
    }
    for name, (source, file, change, rules) in folders.items():
        found.append(
            Case(f"broken-{name}", "malformed", "review", (*rules, "format-*", "coverage-*"), name.replace("-", " "),
                 _changed(source, file, change))
        )  # fmt: skip
    return found
