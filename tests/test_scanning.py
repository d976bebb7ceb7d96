"""The library call: the same jail and verdicts as the command, from any thread and inside an event loop."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

import quarantine
from quarantine.errors import BadInput, JailUnavailable, NotAcceptable, Unreadable
from quarantine.policy.document import default_policy
from quarantine.policy.verdict import replay
from quarantine.stages import PARALLEL_FROM_BYTES
from tests.system.hostile import FILES, honest


@pytest.fixture
def good(tmp_path: Path) -> Path:
    honest(tmp_path / "good.pkl")
    return tmp_path / "good.pkl"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    (tmp_path / "bad.pkl").write_bytes(b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.")
    return tmp_path / "bad.pkl"


def test_an_honest_model_passes_and_the_verdict_replays(good: Path) -> None:
    verdict = quarantine.scan(str(good))
    assert verdict.decision is quarantine.Decision.PASS
    assert replay(verdict).agrees


def test_a_hostile_model_is_rejected(bad: Path) -> None:
    verdict = quarantine.scan(bad)
    assert verdict.decision is quarantine.Decision.REJECT
    assert any("pickle-global-dangerous" in finding.rule for finding in verdict.evidence.findings)


def test_the_policy_that_is_given_is_the_one_that_decides(tmp_path: Path) -> None:
    FILES["empty"](tmp_path / "empty")
    policy = default_policy()
    low = msgspec.structs.replace(
        policy.tiers[quarantine.Tier.LOW], incomplete_coverage=quarantine.Decision.REJECT
    )
    stricter = msgspec.structs.replace(policy, tiers={quarantine.Tier.LOW: low})
    assert quarantine.scan(tmp_path / "empty").decision is quarantine.Decision.REVIEW
    verdict = quarantine.scan(tmp_path / "empty", policy=stricter)
    assert verdict.decision is quarantine.Decision.REJECT
    assert verdict.policy_digest != quarantine.scan(tmp_path / "empty").policy_digest


@pytest.mark.parametrize(
    ("name", "error"), [("nothing", Unreadable), ("link", Unreadable), ("folder", NotAcceptable)]
)
def test_what_cannot_be_read_is_an_error_and_never_a_verdict(
    tmp_path: Path, name: str, error: type[Exception]
) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").symlink_to("/etc/passwd")
    with pytest.raises(error, match=name):
        quarantine.scan(tmp_path / name)


def test_a_tier_that_the_policy_lacks_is_an_error(good: Path) -> None:
    policy = msgspec.structs.replace(default_policy(), tiers={})
    with pytest.raises(BadInput, match="tier"):
        quarantine.scan(good, policy=policy)


def test_without_a_jail_nothing_is_scanned(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(JailUnavailable, match="bubblewrap"):
        quarantine.scan(good)


def test_a_jail_below_the_policys_minimum_is_an_error(good: Path) -> None:
    policy = msgspec.structs.replace(default_policy(), jail_minimum=("hardware-enclave",))
    with pytest.raises(JailUnavailable, match="hardware-enclave"):
        quarantine.scan(good, policy=policy)


def test_several_threads_may_scan_at_once(good: Path, bad: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        decisions = [verdict.decision for verdict in pool.map(quarantine.scan, [good, bad] * 3)]
    assert decisions == [quarantine.Decision.PASS, quarantine.Decision.REJECT] * 3


def test_it_works_inside_a_running_event_loop(good: Path) -> None:
    async def cell() -> list[quarantine.Verdict]:
        return [quarantine.scan(good), await asyncio.to_thread(quarantine.scan, good)]

    first, second = asyncio.run(cell())
    assert first.decision is second.decision is quarantine.Decision.PASS


def test_progress_is_told(good: Path) -> None:
    told: set[str] = set()
    quarantine.scan(good, on_progress=lambda what, _: told.add(what))
    assert {"hashing", "static"} <= told


def test_shards_that_are_dealt_out_to_several_jails_are_one_checkpoint(tmp_path: Path) -> None:
    folder, weights = tmp_path / "model", {}
    folder.mkdir()
    for number in range(4):
        name, size = f"model-{number + 1:05}-of-00004.safetensors", PARALLEL_FROM_BYTES // 4
        header = json.dumps(
            {f"w{number}": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}
        ).encode()
        with (folder / name).open("wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            file.truncate(8 + len(header) + size)
        weights[f"w{number}"] = name
    index = {"metadata": {"total_size": PARALLEL_FROM_BYTES}, "weight_map": weights}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    verdict = quarantine.scan(folder)
    assert verdict.decision is quarantine.Decision.PASS, verdict.reasons
    assert len(verdict.evidence.coverage.artifacts) == 5
    (folder / "model-00004-of-00004.safetensors").rename(folder / "other.safetensors")
    assert {f.rule for f in quarantine.scan(folder).evidence.findings} == {"index-shard-missing"}
