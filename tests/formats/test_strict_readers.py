"""Honest files read completely; mutated ones never escape as anything but Malformed."""

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign.runtimes import caffemodel, ggml, tensor7
from corpora.malformed.keras import honest as hdf5
from corpora.malicious.runtimes import openvino, paddle, program
from corpora.messages import message
from quarantine.analyzers.node import WalkNode
from quarantine.formats.caffe import Caffe
from quarantine.formats.coreml import CoreMl
from quarantine.formats.ggml import Ggml
from quarantine.formats.gif import Gif
from quarantine.formats.hdf5 import Hdf5
from quarantine.formats.interface import Format, Malformed
from quarantine.formats.msgpack import Msgpack
from quarantine.formats.mxnet import MxNet
from quarantine.formats.npy import Npy
from quarantine.formats.onnx import Onnx
from quarantine.formats.openvino import OpenVino
from quarantine.formats.paddle import PaddleProgram
from quarantine.formats.safetensors import Safetensors
from quarantine.formats.source import BytesSource
from quarantine.formats.torch7 import Torch7
from quarantine.formats.zip import Zip


def _zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "hello" * 20)
    return held.getvalue()


_HEADER = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n"
HONEST: list[tuple[Format, bytes]] = [
    (Zip(), _zip()),
    (Npy(), b"\x93NUMPY\x01\x00" + struct.pack("<H", len(_HEADER)) + _HEADER + bytes(8)),
    (Hdf5(), hdf5()),
    (Safetensors(), struct.pack("<Q", 2) + b"{}"),
    (Msgpack(), b"\x82\xa1a\x01\xa1w\xc4\x02\x01\x02"),
    (Gif(), b"GIF89a\1\0\1\0\0\0\0" + b"," + bytes(4) + b"\1\0\1\0\0" + b"\2\1\1\0;"),
    (Onnx(), b"\x08\x08\x12\x01a\x42\x02\x10\x11"),
    (CoreMl(), program(message((1, "relu")))),
    (OpenVino(), openvino("Result", "opset1")),
    (PaddleProgram(), paddle("relu")),
    (
        MxNet(),
        struct.pack("<QQQIiiqiiiQ", 0x112, 0, 1, 0xF993FAC9, 0, 1, 1, 1, 0, 3, 0)[:-8] + b"x" + bytes(8),
    ),
    (Caffe(), caffemodel()),
    (Torch7(), tensor7()),
    (Ggml(), ggml("ggjt")),
]


def _gaps(form: Format, data: bytes) -> bool:
    node = WalkNode("a", BytesSource(data), 0, lambda _: None)
    try:
        form.read(node)
    except Malformed:
        return True
    return bool(node.gaps())


@pytest.mark.parametrize(("form", "data"), HONEST)
def test_honest_file_is_claimed_whole(form: Format, data: bytes) -> None:
    assert not _gaps(form, data)


@pytest.mark.parametrize(("form", "data"), HONEST)
def test_appended_bytes_are_never_silent(form: Format, data: bytes) -> None:
    assert _gaps(form, data + b"\xff")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(HONEST), st.integers(0, 500), st.binary(min_size=1, max_size=8))
def test_mutated_file_raises_only_malformed(entry: tuple[Format, bytes], at: int, patch: bytes) -> None:
    form, data = entry
    at %= len(data)
    _gaps(form, data[:at] + patch + data[at + len(patch) :])
    _gaps(form, patch)
