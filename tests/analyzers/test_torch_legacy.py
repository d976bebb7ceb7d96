"""PyTorch's layout of before 1.6: every byte is accounted for, and no place in it hides a pickle."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analyzers.walking import walked

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
PROTOCOL = b"\x80\x02M\xe9\x03."
EMPTY = b"\x80\x02}."
HOSTILE = b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R."


def storage(key: str, count: int, kind: bytes = b"FloatStorage") -> bytes:
    """The opcodes that name a storage."""
    parts = b"X\x07\0\0\0storagectorch\n" + kind + b"\nX" + struct.pack("<I", len(key)) + key.encode()
    return b"(" + parts + b"X\x03\0\0\0cpuJ" + struct.pack("<i", count) + b"NtQ"


def keys(*names: str) -> bytes:
    """The list of storage keys, pickled."""
    items = b"".join(b"X" + struct.pack("<I", len(name)) + name.encode() + b"a" for name in names)
    return b"\x80\x02]" + items + b"."


def raw(*values: float) -> bytes:
    """A storage as it stands in the file."""
    return struct.pack(f"<q{len(values)}f", len(values), *values)


def legacy(named: bytes, listed: bytes, stored: bytes, system: bytes = EMPTY) -> bytes:
    """A whole file."""
    return MAGIC + PROTOCOL + system + b"\x80\x02(" + named + b"t." + listed + stored


HONEST = legacy(storage("1", 2) + storage("7", 1), keys("1", "7"), raw(0.5, 1) + raw(3))


def test_an_honest_file_passes_with_every_byte_claimed() -> None:
    found = walked("model.pth", HONEST)
    assert found.rules == set()
    assert found.artifacts["model.pth"].format == "torch_legacy"
    assert found.artifacts["model.pth"].complete


@pytest.mark.parametrize(
    "content",
    {
        "payload in the system pickle": legacy(b"", keys(), b"", HOSTILE),
        "payload in the keys": legacy(b"", HOSTILE, b""),
        "payload behind the storages": HONEST + HOSTILE,
        "a storage that nobody names": legacy(storage("1", 2), keys("1", "7"), raw(0.5, 1) + raw(3)),
        "a storage that is not stored": legacy(storage("1", 2) + storage("7", 1), keys("1"), raw(0.5, 1)),
        "a storage twice": legacy(storage("1", 1), keys("1", "1"), raw(1) + raw(1)),
        "another length": legacy(storage("1", 1), keys("1"), raw(1, 2)),
        "a negative length": legacy(storage("1", 1), keys("1"), struct.pack("<q", -1)),
        "two lengths": legacy(storage("1", 1) + storage("1", 2), keys("1"), raw(1)),
        "an unknown class": legacy(storage("1", 1, b"OddStorage"), keys("1"), raw(1)),
        "cut off": HONEST[:-1],
        "only the magic": MAGIC,
    }.items(),
    ids=lambda item: item[0],
)
def test_a_file_that_does_not_add_up_never_passes(content: tuple[str, bytes]) -> None:
    assert not walked("model.pth", content[1]).silent


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(HONEST)), st.binary(min_size=1, max_size=40))
def test_inserted_bytes_are_never_silent(at: int, data: bytes) -> None:
    found = walked("model.pth", HONEST[:at] + data + HONEST[at:])
    storages = HONEST.index(raw(0.5, 1))
    same_length = at >= storages
    assert not found.silent or not same_length
