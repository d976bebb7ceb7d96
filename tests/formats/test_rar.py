"""RAR: stored members are followed, packed ones end a pass, and no byte can be added or changed in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.malicious.rars import rar4, rar5
from tests.analyzers.walking import walked

TEXT = ("a.txt", b"weights and words\n")
HOSTILE = ("data.pkl", b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R.")
versions = pytest.mark.parametrize("make", [rar4, rar5])
Make = Callable[..., bytes]


@versions
def test_stored_members_pass_with_every_byte_claimed(make: Make) -> None:
    found = walked("a.rar", make(TEXT, ("b/c.txt", b"words\n")))
    assert found.rules == set()
    assert found.silent


@versions
def test_a_stored_payload_is_found(make: Make) -> None:
    assert "pickle-global-dangerous" in walked("a.rar", make(TEXT, HOSTILE)).rules


@versions
def test_a_packed_member_goes_to_review(make: Make) -> None:
    found = walked("a.rar", make(TEXT, method=3 if make is rar5 else 0x33))
    assert found.rules == {"format-not-read"}
    assert not found.silent


@versions
def test_names_that_leave_and_names_taken_twice_are_reported(make: Make) -> None:
    assert "zip-path-escape" in walked("a.rar", make(("../a", b"x"))).rules
    assert "zip-ambiguous" in walked("a.rar", make(TEXT, TEXT)).rules


@versions
def test_bytes_behind_the_end_are_opened(make: Make) -> None:
    assert "pickle-global-dangerous" in walked("a.rar", make(TEXT) + HOSTILE[1]).rules


@versions
@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 400), patch=st.binary(max_size=5), cut=st.integers(0, 5))
def test_a_change_never_passes_or_crashes(make: Make, at: int, patch: bytes, cut: int) -> None:
    whole = make(TEXT, HOSTILE)
    at %= len(whole)
    found = walked("a.rar", whole[:at] + patch + whole[at + cut :])
    assert not found.silent
    assert "analyzer-crashed" not in found.rules
