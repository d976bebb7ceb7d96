"""SQLite and other stores: every page is reached, pickles in values are followed, and lost pages never pass."""

from __future__ import annotations

import dbm.dumb
import pickle
import shelve
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analyzers.walking import walked

HARM = b"cos\ngetcwd\n(tR."


def database(
    *statements: str, page: int = 1024, vacuum: int = 0, value: object = None, rows: int = 60
) -> bytes:
    base = sqlite3.connect(":memory:")
    base.execute(f"pragma page_size={page}")
    base.execute(f"pragma auto_vacuum={vacuum}")
    base.execute("create table t(a integer primary key, b text, c blob)")
    base.execute("create index i on t(b)")
    for row in range(rows):
        base.execute("insert into t(b, c) values(?, ?)", ("x" * (row % 40), bytes([row]) * (row * 50)))
    base.execute("delete from t where a % 3 = 0")
    for statement in statements:
        base.execute(statement)
    if value is not None:
        base.execute("insert into t(c) values(?)", (value,))
    return base.serialize()


@pytest.mark.parametrize("page", [512, 4096, 65536])
@pytest.mark.parametrize("vacuum", [0, 1, 2])
def test_real_databases_are_claimed_whole(page: int, vacuum: int) -> None:
    assert walked("mlflow.db", database(page=page, vacuum=vacuum)).silent


@pytest.mark.parametrize(
    "value",
    [
        HARM,
        pickle.dumps({"a": 1})[:-1] + HARM,
        HARM + b"x" * 5000,
        "gASVHgAAAAAAAACMBXBvc2l4lIwGZ2V0Y3dklJOUKVKULg==",
    ],
)
def test_pickles_in_values_are_followed(value: object) -> None:
    assert "pickle-global-dangerous" in walked("a.db", database(value=value)).rules


def test_honest_pickles_in_values_pass() -> None:
    assert walked("a.db", database(value=pickle.dumps({"weights": [1.5] * 2000}))).silent


def test_sql_that_calls_into_the_reader_is_refused() -> None:
    for call in ("load_extension('x')", "\"load_extension\" ('x')", "LOAD_EXTENSION/**/('x')"):
        assert "sqlite-calls" in walked("a.db", database(f"create view v as select {call}")).rules
    assert walked("a.db", database("create table u(load_extension text)")).silent


def test_pages_that_nothing_reaches_and_bytes_behind_never_pass() -> None:
    data = bytearray(database())
    assert not walked("a.db", bytes(data) + HARM).silent
    assert not walked("a.db", bytes(data) + HARM.ljust(1024, b"\0")).silent


def test_loops_of_pages_end() -> None:
    data = bytearray(database(page=512, rows=200))
    for at in range(512, len(data), 512):
        if data[at] in (2, 5):
            data[at + 8 : at + 12] = (at // 512 + 1).to_bytes(4, "big")
    assert "format-malformed" in walked("a.db", bytes(data)).rules


def test_a_shelf_of_another_kind_is_never_passed_and_its_pickles_are_found(tmp_path: Path) -> None:
    assert (
        "pickle-global-dangerous" in walked("a.db", b"\xcf\x9a\x57\x13" + bytes(100) + HARM + bytes(50)).rules
    )
    with shelve.Shelf(dbm.dumb.open(str(tmp_path / "shelf"), "n")) as shelf:
        shelf["a"] = {"b": 1}
    data = (tmp_path / "shelf.dat").read_bytes()
    assert walked("shelf.dat", data).silent
    assert not walked("shelf.dat", data + bytes(512 - len(data)) + HARM).silent


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=8), st.booleans())
def test_changed_ones_only_raise_malformed(at: int, more: bytes, insert: bool) -> None:
    data = database(page=512)
    at %= len(data)
    said = walked("a.db", data[:at] + more + data[at + (0 if insert else len(more)) :])
    assert "analyzer-crashed" not in said.rules
    assert not insert or not said.silent
