"""GGUF: an honest file is claimed whole, its template is read, and no change of its tables passes silently."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarantine.analyzers.walk import Walk
from quarantine.formats.source import BytesSource
from quarantine.jail.protocol import ArtifactSeen, FindingSeen


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(template: str = "{{ messages[0]['content'] }}", offsets: tuple[int, int] = (0, 32)) -> bytes:
    """Three pairs (text, array of text, template) and two tensors, F32 [3] and Q8_0 [32]."""
    pairs = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    pairs += text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    pairs += text("tokenizer.chat_template") + struct.pack("<I", 8) + text(template)
    table = text("a") + struct.pack("<IQIQ", 1, 3, 0, offsets[0])
    table += text("b") + struct.pack("<IQIQ", 1, 32, 8, offsets[1])
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 3) + pairs + table
    return head + bytes(-len(head) % 32) + b"\x01" * 12 + bytes(20) + b"\x02" * 34


def rules(data: bytes) -> set[str]:
    said: list[Any] = []
    Walk(said.append).run([("model.gguf", BytesSource(data))])
    incomplete = {"incomplete" for m in said if isinstance(m, ArtifactSeen) and not m.complete}
    return {m.rule for m in said if isinstance(m, FindingSeen)} | incomplete


def test_an_honest_file_is_claimed_whole() -> None:
    assert rules(gguf()) == set()
    assert rules(gguf() + bytes(30)) == set(), "the last tensor may be padded"


def test_its_template_is_read_as_a_program() -> None:
    assert "template-escape" in rules(gguf("{{ ''.__class__ }}"))


@pytest.mark.parametrize("offsets", [(0, 0), (0, 31), (0, 1 << 40), (64, 0)])
def test_tensors_must_be_aligned_apart_and_inside(offsets: tuple[int, int]) -> None:
    assert "incomplete" in rules(gguf(offsets=offsets))


@pytest.mark.parametrize("at", [8, 16, 24])
def test_lying_counts_are_refused(at: int) -> None:
    data = bytearray(gguf())
    data[at : at + 4] = b"\xff\xff\xff\xff"
    assert "format-malformed" in rules(bytes(data))


@pytest.mark.parametrize("version", [b"\1\0\0\0", b"\4\0\0\0", b"\0\0\0\3"])
def test_a_version_or_byte_order_that_is_not_followed_is_for_a_person(version: bytes) -> None:
    found = rules(gguf()[:4] + version + gguf()[8:])
    assert {"format-not-followed", "incomplete"} <= found
    assert "format-malformed" not in found


def test_padding_that_is_not_zero_stays_unclaimed() -> None:
    data = bytearray(gguf())
    data[-40] = 1
    assert "coverage-unclaimed" in rules(bytes(data))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(gguf())), st.binary(min_size=1, max_size=8))
def test_bytes_put_into_the_tables_or_behind_never_pass(at: int, more: bytes) -> None:
    data = gguf()
    end = data.index(b"\x01" * 12)
    changed = data[: min(at, end)] + more + data[min(at, end) :]
    said = rules(changed)
    assert said or len(changed) - len(data) < 32
    assert rules(data + b"x" * len(more))
