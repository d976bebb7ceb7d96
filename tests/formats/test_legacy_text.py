"""Prose and tables in older encodings pass under names that no loader runs; nothing else does."""

from __future__ import annotations

import pytest

from tests.analyzers.walking import walked

TABLE = "Stadt;Größe\r\nKöln;405 km²\r\nDüsseldorf;217 km²\r\n"
SYSTEM = b"cposix\nsystem\n(S'true'\ntR."


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8-sig"])
def test_tables_of_older_programs_pass(encoding: str) -> None:
    assert walked("cities.csv", TABLE.encode(encoding)).silent


@pytest.mark.parametrize(
    "name", ["config.json", "model.py", "weights.bin", "model", "chat_template.jinja", "a.yaml"]
)
def test_other_names_stay_unknown_in_such_an_encoding(name: str) -> None:
    assert not walked(name, TABLE.encode("latin-1")).silent
    assert not walked(name, TABLE.encode("utf-16")).silent


@pytest.mark.parametrize(
    "content", [b"a\x00b\xe9\n" * 9, b"\xff\xfea", b"\xff\xfe\0\xd8", b"\xe9" * 99, b"a\x81" + b"b" * 99]
)
def test_bytes_that_are_no_text_stay_unknown(content: bytes) -> None:
    assert "format-unknown" in walked("notes.txt", content).rules


@pytest.mark.parametrize(
    "text", [TABLE.encode("latin-1") + SYSTEM, (TABLE + SYSTEM.decode()).encode("utf-16")]
)
def test_a_pickle_inside_is_followed(text: bytes) -> None:
    assert "pickle-global-dangerous" in walked("cities.csv", text).rules
