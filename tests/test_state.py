"""Every transition happens once, and ids are unique."""

from __future__ import annotations

import sqlite3

import pytest

from quarantine import state as state_module
from quarantine.errors import NotFound, StateError
from quarantine.records import FileEntry, Manifest, Submission, Tier
from quarantine.state import State
from quarantine.tables import Stage


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "s")


def submission():
    manifest = Manifest(files=(FileEntry(path="a", size_bytes=1, sha256="0" * 64),))
    return Submission(digest=manifest.digest, untrusted_name="a", taken_at="t", manifest=manifest)


def test_the_same_drop_is_one_row_and_another_drop_of_the_same_bytes_is_another(state):
    first = state.add(submission(), tier=Tier.LOW, drop_key="1", submitter="ann")
    assert state.add(submission(), tier=Tier.LOW, drop_key="1", submitter="ann") == first
    second = state.add(submission(), tier=Tier.LOW, drop_key="2", submitter="ann")
    assert second.id == first.id + "-2"
    assert state.find(first.id) == first
    with pytest.raises(NotFound, match="several"):
        state.find(first.id[:5])
    with pytest.raises(NotFound):
        state.find("%")


def test_a_transition_happens_once(state):
    row = state.add(submission(), tier=Tier.LOW, drop_key="1", submitter="ann")
    assert state.move(row.id, Stage.TAKEN, Stage.JUDGED, verdict_digest="sha256:x")
    assert not state.move(row.id, Stage.TAKEN, Stage.JUDGED, verdict_digest="sha256:y")
    assert state.find(row.id).verdict_digest == "sha256:x"


def test_the_directory_is_private_and_a_broken_one_is_said_so(state, tmp_path):
    assert state.directory.stat().st_mode & 0o777 == 0o700
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "state.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(StateError, match="cannot be used"):
        State(tmp_path / "t")


def test_a_locked_database_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setattr(state_module, "BUSY_S", 0.05)
    state = State(tmp_path / "s")
    with sqlite3.connect(tmp_path / "s" / "state.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="locked"):
            state.add(submission(), tier=Tier.LOW, drop_key="1", submitter="ann")
        other.execute("ROLLBACK")
    assert state.add(submission(), tier=Tier.LOW, drop_key="1", submitter="ann").submitter == "ann"
