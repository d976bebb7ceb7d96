"""Every way of tampering with the ledger shows, and a crash loses nothing silently."""

from __future__ import annotations

import hashlib

import pytest

from quarantine.errors import IntegrityError
from quarantine.ledger.ledger import Ledger


class Key:
    key_id = "k"

    def sign(self, message):
        return hashlib.sha256(b"secret" + message).digest()


def check(key_id, message, signature):
    return signature == Key().sign(message)


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "l", anchor=tmp_path / "anchor")
    for n in range(4):
        ledger.append("e", {"n": n}, key=f"k{n}")
    ledger.checkpoint(Key())
    return ledger


def test_a_repeated_key_is_recorded_once_also_by_another_process(tmp_path, ledger):
    other = Ledger(tmp_path / "l")
    assert other.append("e", {"n": 9}, key="k1").body == {"n": 1}
    assert [e.seq for e in other.entries()] == [1, 2, 3, 4]
    assert ledger.verify(check).sound


def rewritten(tmp_path):
    """A ledger of the same length whose chain is sound, made by somebody without the key."""
    other = Ledger(tmp_path / "other")
    for n in range(4):
        other.append("e", {"n": n + 100}, key=f"k{n}")
    return (tmp_path / "other" / "ledger.jsonl").read_bytes().splitlines(keepends=True)


def test_what_is_behind_the_last_checkpoint_is_said_to_be_so(tmp_path, ledger):
    ledger.append("later", {})
    report = ledger.verify(check)
    assert (report.entries, report.sealed) == (5, 4)
    path = tmp_path / "l" / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    assert Ledger(tmp_path / "l", anchor=tmp_path / "anchor").verify(check).sound


@pytest.mark.parametrize(
    "how",
    ["change", "remove", "swap", "truncate", "empty", "replay", "insert", "rewrite", "checkpoints", "forge"],
)
def test_tampering_is_found(tmp_path, ledger, how):
    path = tmp_path / "l" / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "change":
        lines[3] = lines[3].replace(b'"n":3', b'"n":7')
    elif how == "remove":
        del lines[1]
    elif how == "swap":
        lines[0], lines[1] = lines[1], lines[0]
    elif how == "truncate":
        del lines[3]
    elif how == "replay":
        lines.append(lines[0])
    elif how == "insert":
        lines.insert(2, lines[1])
    elif how == "rewrite":
        lines = rewritten(tmp_path)
    elif how == "empty":
        lines = []
    points = tmp_path / "l" / "checkpoints.jsonl"
    if how == "checkpoints":
        points.unlink()
    elif how == "forge":
        points.write_bytes(points.read_bytes().replace(b'"k"', b'"j"'))
    path.write_bytes(b"".join(lines))
    assert not Ledger(tmp_path / "l", anchor=tmp_path / "anchor").verify(check).sound


def test_a_torn_last_line_is_set_aside_and_recorded(tmp_path, ledger):
    path = tmp_path / "l" / "ledger.jsonl"
    with path.open("ab") as file:
        file.write(b'{"body":')
    again = Ledger(tmp_path / "l", anchor=tmp_path / "anchor")
    again.append("after", {})
    assert [e.event for e in again.entries()][-2:] == ["ledger.torn-line-set-aside", "after"]
    assert (tmp_path / "l" / "ledger.torn").read_bytes() == b'{"body":\n'
    assert again.verify(check).sound


def test_nothing_is_added_to_a_broken_ledger(tmp_path, ledger):
    path = tmp_path / "l" / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"n":1', b'"n":8'))
    with pytest.raises(IntegrityError):
        Ledger(tmp_path / "l").append("e", {})
