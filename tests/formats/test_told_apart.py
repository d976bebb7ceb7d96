"""A pickle is told from what merely begins like one, and found wherever a loader would run it."""

from __future__ import annotations

import json
import pickle
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarantine.formats.pickle import Pickle
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import walked

PAYLOAD = b"cposix\nsystem\n(S'true'\ntR."


def _safetensors(length: int) -> bytes:
    shape = [4]
    header = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", length) + header.ljust(length) + bytes(16)


TEXTS = {
    "vocabulary": b"cat\ndog\ncow\nthe\n",
    "merges": b"#version: 0.2\ni n\nt h\na n\n",
    "csv": b"I,N,J\n1,2,3\n",
    "one letter a line": b"N\n.\na\nb\n",
    "digits": b"I1\nI2\n.5\n",
    "brackets": b"(lp0\n.\n and more words\n",
    "sentence": b"So it goes.\n",
    "json": b'{"a": [1, 2]}\n',
    "empty object": b"{}\n",
    "yaml": b"a: 1\nb: [2]\n",
    "readme that names os": b"Use it:\nimport os\nos.system\n",
}


@pytest.mark.parametrize("name", ["a.txt", "vocab.bin", "a.csv", "notes"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_honest_text_is_no_pickle(name: str, text: bytes) -> None:
    assert walked(name, text).rules == set()


@pytest.mark.parametrize("name", ["model.pt", "model.pkl", "model.h5", "model.onnx"])
def test_text_where_a_model_is_expected_is_reported(name: str) -> None:
    found = walked(name, b"version https://git-lfs.github.com/spec/v1\n")
    assert found.rules & {"format-only-text", "format-disguised"}
    assert not found.silent


@pytest.mark.parametrize("length", [0x280, 0x480, 0x580, 0x128, 0x163, 0x14E])
def test_the_header_length_of_safetensors_is_no_pickle(length: int) -> None:
    found = walked("model.safetensors", _safetensors(length))
    assert found.rules == set()
    assert found.silent


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "fasttext.bin": struct.pack("<ii", 793712314, 12) + bytes(range(256)) * 4,
        "weight.bin": struct.pack("<II", 2, 2) + bytes(56) + struct.pack("<I", 0xDEADBEEF) + bytes(60),
        "ggml.bin": b"lmgg" + bytes(60),
    }.items(),
)
def test_binary_weights_that_are_not_sound_are_no_broken_pickles(name: str, content: bytes) -> None:
    found = walked(name, content)
    assert found.rules == {"format-malformed"}
    assert not found.silent


@pytest.mark.parametrize("name", ["a.txt", "a.json", "model.bin", "model.pkl", "a.onnx"])
@pytest.mark.parametrize(
    "content",
    [
        PAYLOAD,
        b"(" + PAYLOAD,
        b"I1\n0" + PAYLOAD,
        b"N." + b"\n" * 3 + PAYLOAD,
        b"words first\n" + PAYLOAD + b"and last\n",
    ],
    ids=["alone", "after a mark", "after a value", "after another pickle", "between words"],
)
def test_a_payload_in_text_is_found(name: str, content: bytes) -> None:
    found = walked(name, content)
    assert "pickle-global-dangerous" in found.rules
    assert not found.silent


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(VALUES, st.integers(0, 5))
def test_every_pickle_is_recognised(value: object, protocol: int) -> None:
    source = BytesSource(pickle.dumps(value, protocol))
    assert Pickle().recognise(source.read(0, 4096), source)
