"""What was judged before costs its hash only; all that it depends on changes the key; only whole results are kept."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from quarantine.cache import Cache, key_of
from quarantine.errors import BadInput
from quarantine.intake import opened
from quarantine.intake.hashing import hash_descriptor
from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.policy.document import default_policy
from quarantine.policy.verdict import replay
from quarantine.records import Decision, Tier, Verdict
from quarantine.scanning import scan_many
from tests.system.hostile import honest

HOSTILE = b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R."


@pytest.fixture
def jails(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks of all jails that were started."""
    started: list[str] = []
    run = BubblewrapJail.run

    def counted(self, request, limits, **options):  # type: ignore[no-untyped-def]
        started.append(request.task)
        return run(self, request, limits, **options)

    monkeypatch.setattr(BubblewrapJail, "run", counted)
    return started


@pytest.fixture
def model(tmp_path: Path) -> Path:
    honest(tmp_path / "model.pkl")
    return tmp_path / "model.pkl"


def scan(path: Path, **options: object) -> Verdict:
    return scan_many([path], cache=path.parent / "cache", **options)[0]  # type: ignore[arg-type]


def test_the_same_bytes_again_start_no_jail_and_get_the_same_verdict(model: Path, jails: list[str]) -> None:
    first = scan(model)
    assert jails == ["static"]
    second = scan(model)
    assert jails == ["static"]
    assert second.decision is first.decision is Decision.PASS
    assert second.evidence.coverage == first.evidence.coverage
    assert replay(second).agrees


def test_the_bytes_are_hashed_once_whether_or_not_something_is_kept(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(
        opened, "hash_descriptor", lambda path, *a, **k: hashed.append(path) or hash_descriptor(path, *a, **k)
    )
    scan(model)
    assert len(hashed) == 1
    scan(model)
    assert len(hashed) == 2


def test_other_bytes_another_tier_or_another_limit_are_analysed(model: Path, jails: list[str]) -> None:
    scan(model)
    scan(model, tier=Tier.STANDARD)
    assert jails.count("static") == 2
    policy = default_policy()
    limits = {stage: msgspec.structs.replace(limit, pids=32) for stage, limit in policy.limits.items()}
    scan(model, policy=msgspec.structs.replace(policy, limits=limits))
    assert jails.count("static") == 3
    model.write_bytes(HOSTILE)
    assert scan(model).decision is Decision.REJECT
    assert jails.count("static") == 4


def test_a_stricter_policy_judges_what_is_kept_anew(model: Path, jails: list[str]) -> None:
    model.write_bytes(HOSTILE)
    assert scan(model).decision is Decision.REJECT
    policy = default_policy()
    low = msgspec.structs.replace(
        policy.tiers[Tier.LOW], severities=dict.fromkeys(policy.tiers[Tier.LOW].severities, Decision.REVIEW)
    )
    milder = msgspec.structs.replace(policy, tiers={**policy.tiers, Tier.LOW: low})
    assert scan(model, policy=milder).decision is Decision.REVIEW
    assert jails == ["static"]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"decision": "pass"}'])
def test_a_damaged_entry_counts_as_none(model: Path, jails: list[str], content: bytes) -> None:
    scan(model)
    (entry,) = (model.parent / "cache").iterdir()
    entry.write_bytes(content)
    assert scan(model).decision is Decision.PASS
    assert jails == ["static", "static"]


def test_a_result_that_is_not_whole_is_not_kept(model: Path) -> None:
    policy = default_policy()
    limits = {s: msgspec.structs.replace(limit, wall_s=0.001) for s, limit in policy.limits.items()}
    assert scan(model, policy=msgspec.structs.replace(policy, limits=limits)).decision is not Decision.PASS
    assert list((model.parent / "cache").iterdir()) == []


def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(BadInput, match="others may write"):
        Cache(tmp_path)


def test_an_entry_that_somebody_else_could_write_counts_as_none(model: Path, jails: list[str]) -> None:
    scan(model)
    (entry,) = (model.parent / "cache").iterdir()
    entry.chmod(0o666)
    assert scan(model).decision is Decision.PASS
    assert jails == ["static", "static"], (
        "the folder was others' to write once, and what they left is still there"
    )


def test_a_folder_by_a_link_is_its_target_and_another_in_its_place_is_not_looked_into(
    tmp_path: Path, model: Path
) -> None:
    scan(model)
    (entry,) = (tmp_path / "cache").iterdir()
    (tmp_path / "empty").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    cache = Cache(tmp_path / "link")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "cache")
    assert cache.find(entry.name) is None
    known = Cache(tmp_path / "link").find(entry.name)
    assert known is not None
    cache.keep("elsewhere", known)
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["elsewhere"]
    (tmp_path / "empty").chmod(0o770)
    (tmp_path / "other").symlink_to(tmp_path / "empty")
    with pytest.raises(BadInput, match="others may write"):
        Cache(tmp_path / "other")


def test_an_entry_that_is_a_link_or_a_pipe_counts_as_none(tmp_path: Path, model: Path) -> None:
    scan(model)
    (entry,) = (tmp_path / "cache").iterdir()
    other = tmp_path / "other"
    cache = Cache(other)
    (other / "link").symlink_to(entry)
    os.mkfifo(other / "pipe", 0o600)
    assert cache.find("link") is cache.find("pipe") is None


def test_the_key_tells_its_parts_apart() -> None:
    assert len({key_of("a", "b"), key_of("ab", ""), key_of("a", "b", None), key_of(["a", "b"])}) == 4
