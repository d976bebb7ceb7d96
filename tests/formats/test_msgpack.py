"""MessagePack: honest checkpoints are claimed whole; pickles in it are followed; no change passes silently."""

from __future__ import annotations

import pickle
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from quarantine.formats.msgpack import Msgpack
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import walked

HARM = b"cos\ngetcwd\n(tR."


def array(
    shape: tuple[int, ...] = (2,), dtype: str = "float32", data: bytes = bytes(8), kind: int = 1
) -> Any:
    return msgpack.ExtType(kind, msgpack.packb((shape, dtype, data)))


HONEST = msgpack.packb({"params": {"w": array(), "step": 3, "name": "x" * 40, "many": list(range(20))}})


@pytest.mark.parametrize("file", sorted((MADE / "flax").glob("*.msgpack")), ids=lambda path: path.name)
def test_real_checkpoints_are_claimed_whole(file: Any) -> None:
    said = walked(file.name, file.read_bytes())
    assert (said.rules, said.silent) == (set(), True)
    assert said.artifacts[file.name].format == "msgpack"


@pytest.mark.parametrize(
    "value",
    [
        {b"nd": True, b"kind": b"O", b"type": b"|O", b"shape": [1], b"data": HARM},
        {b"data": HARM, b"nd": True, b"kind": b"O"},
        {"nd": True, "kind": "O", "data": HARM},
        {"state": HARM},
        {"state": pickle.dumps({"a": HARM})[:-1] + b"." + HARM},
        {"a": ["gASVHgAAAAAAAACMBXBvc2l4lIwGZ2V0Y3dklJOUKVKULg=="]},
        {"a": msgpack.ExtType(7, HARM)},
        [1, [2, HARM]],
        {"a": " " * 2_000_000 + "gASVHgAAAAAAAACMBXBvc2l4lIwGZ2V0Y3dklJOUKVKULg=="},
    ],
)
def test_pickles_in_values_are_followed(value: Any) -> None:
    rules = walked("a.msgpack", msgpack.packb(value)).rules
    assert {"pickle-global-dangerous", "pickle-trailing"} & rules


@pytest.mark.parametrize(
    "value",
    [
        array((3,)),
        array(dtype="object"),
        array(dtype="O"),
        array(data=b""),
        array((1 << 40, 1 << 40)),
        array((-2, -1)),
        msgpack.ExtType(1, b"\x93"),
        msgpack.ExtType(1, msgpack.packb(((2,), "float32", bytes(8))) + b"more"),
        msgpack.ExtType(2, msgpack.packb(("a", "b"))),
    ],
)
def test_arrays_that_lie_are_malformed(value: Any) -> None:
    assert "format-malformed" in walked("a.msgpack", msgpack.packb({"w": value})).rules


def test_two_values_of_one_key_are_malformed() -> None:
    assert "format-malformed" in walked("a", b"\x82\xa2ab\x01\xc4\x02ab\x02").rules


def test_depth_and_counts_are_bounded() -> None:
    assert "format-malformed" in walked("a", b"\x81\xa2ab" + b"\x91" * 5000 + b"\x01").rules
    assert "format-malformed" in walked("a", b"\x81\xa2ab\xdf\xff\xff\xff\xff").rules


def test_numbers_that_begin_like_a_container_are_not_taken_for_one() -> None:
    assert not Msgpack().recognise(b"\x93\x01\x02" * 100, BytesSource(b"\x93\x01\x02" * 100))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(HONEST)), st.binary(min_size=1, max_size=8))
def test_bytes_put_in_or_behind_never_pass(at: int, more: bytes) -> None:
    said = walked("a.msgpack", HONEST[:at] + more + HONEST[at:])
    inside = HONEST.index(b"x" * 40) <= at
    assert inside or not said.silent
    assert "analyzer-crashed" not in said.rules
    assert not walked("a.msgpack", HONEST + more).silent
