"""Compiled Python is told and read without being built; what it reaches for is said."""

from __future__ import annotations

import marshal
from types import CodeType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarantine.formats.interface import Malformed
from quarantine.formats.marshal_reader import read_marshal
from tests.analyzers.walking import walked

PYC = bytes.fromhex("a70d0d0a") + bytes(12)


def code(source: str) -> bytes:
    inner = next(c for c in compile(source, "a", "eval").co_consts if isinstance(c, CodeType))
    return marshal.dumps(inner)


def test_a_compiled_module_is_code() -> None:
    said = walked("a.pyc", PYC + marshal.dumps(compile("x = 1", "a", "exec")))
    assert said.rules == {"pyc-code"}
    assert said.artifacts["a.pyc"].complete


def test_a_function_that_only_computes_goes_to_a_person() -> None:
    assert walked("a.bin", code("lambda x: x * 2")).rules == {"marshal-code"}


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: __import__('os').getcwd()",
        "lambda x: eval(x)",
        "lambda x: x.__class__",
        "lambda x: [lambda y: open(y)]",
        "lambda x: subprocess.run(x)",
    ],
)
def test_what_reaches_further_is_refused_however_deep(source: str) -> None:
    assert "marshal-code-reach" in walked("a.bin", code(source)).rules


def test_every_layout_of_a_code_object_is_read() -> None:
    text, empty = b"s\x01\0\0\0x", b"(\0\0\0\0"
    parts = text + empty + b"(\x01\0\0\0" + text + empty * 3 + text * 2
    for numbers in (4, 5, 6):
        data = b"c" + bytes(4 * numbers) + parts + bytes(4) + text
        found = read_marshal(data)
        assert (found.end, found.top, found.codes[0].names) == (len(data), True, ("x",))


@pytest.mark.parametrize(
    "data", [b"", b"(\xff\xff\xff\x7f", b"r\1\0\0\0", b"[\1\0\0\0" * 200, b"q", b"s\xff\xff\xff\xff"]
)
def test_broken_streams_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_marshal(data)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=8), st.booleans())
def test_changed_code_never_passes_and_never_crashes(at: int, more: bytes, insert: bool) -> None:
    data = PYC + code("lambda x: [open(x), 1.5, 'text', (1, 2)]")
    changed = data[: at % len(data)] + more + data[at % len(data) + (0 if insert else len(more)) :]
    said = walked("a.pyc", changed)
    assert not said.silent
    assert "analyzer-crashed" not in said.rules


def test_code_in_a_collection_is_found() -> None:
    inner = next(c for c in compile("lambda x: open(x)", "a", "eval").co_consts if isinstance(c, CodeType))
    for value in ((1, inner), [inner], {"f": inner}):
        assert "marshal-code-reach" in walked("a.bin", marshal.dumps(value)).rules
    assert walked("a.txt", b"(a text in brackets)\n").silent
    assert walked("a.json", b'{"a": [1, 2]}').silent
