"""Honest files read completely; mutated ones never escape as anything but Malformed."""

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from quarantine.analyzers.node import WalkNode
from quarantine.formats.executorch import ExecuTorch
from quarantine.formats.interface import Format, Malformed
from quarantine.formats.npy import Npy
from quarantine.formats.onnx import Onnx
from quarantine.formats.ort import Ort
from quarantine.formats.safetensors import Safetensors
from quarantine.formats.source import BytesSource
from quarantine.formats.tensorflow import GraphDef
from quarantine.formats.tensorflow_checkpoint import CheckpointIndex
from quarantine.formats.tflite import TfLite
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
    (Safetensors(), struct.pack("<Q", 2) + b"{}"),
    (Onnx(), b"\x08\x08\x12\x01a\x42\x02\x10\x11"),
    (GraphDef(), (MADE / "tensorflow" / "frozen.pb").read_bytes()),
    (CheckpointIndex(), (MADE / "tensorflow" / "checkpoint-v2" / "ckpt-1.index").read_bytes()),
    (TfLite(), (MADE / "tflite" / "flex.tflite").read_bytes()),
    (ExecuTorch(), (MADE / "executorch" / "linear.pte").read_bytes()),
    (Ort(), (MADE / "onnxruntime" / "linear.ort").read_bytes()),
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
