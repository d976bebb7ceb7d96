"""Parquet and Arrow: real tables are claimed whole, pickled types are followed, bytes in between never pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from tests.analyzers.walking import walked

FILES = sorted((MADE / "tables").iterdir())
HONEST = [path for path in FILES if "pickled" not in path.name]


@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.name)
def test_real_tables_are_claimed_whole(path: Path) -> None:
    assert walked(path.name, path.read_bytes()).silent


@pytest.mark.parametrize("path", [path for path in FILES if path not in HONEST], ids=lambda path: path.name)
def test_a_pickled_type_is_followed(path: Path) -> None:
    assert {"arrow-python-type", "pickle-global-dangerous"} <= walked(path.name, path.read_bytes()).rules


@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.name)
def test_bytes_in_front_of_the_footer_or_behind_never_pass(path: Path) -> None:
    data = path.read_bytes()
    assert not walked(path.name, data + b"x").silent
    assert not walked(path.name, data + bytes(8)).silent
    if path.suffix == ".parquet":
        start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        assert not walked(path.name, data[:start] + b"cos\ngetcwd\n(tR." + data[start:]).silent


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 4000), st.binary(min_size=1, max_size=8), st.booleans())
def test_changed_ones_only_raise_malformed(path: Path, at: int, more: bytes, insert: bool) -> None:
    data = path.read_bytes()
    at %= len(data)
    said = walked(path.name, data[:at] + more + data[at + (0 if insert else len(more)) :])
    assert "analyzer-crashed" not in said.rules
