"""The jail that is started in advance: taken by what it is for, once; confined as any other; gone with its process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from quarantine.jail import spare, start
from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.jail.interface import Ending
from quarantine.jail.protocol import ArtifactSeen, Input, Request
from quarantine.records import JailLimits


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    spare.discard()


def scan(path: Path, limits: JailLimits | None = None) -> tuple[Ending, list[str]]:
    fd = os.open(path, os.O_RDONLY)
    try:
        request = Request(task="static", inputs=(Input(path.name, fd, path.stat().st_size),))
        result = BubblewrapJail().run(request, limits or JailLimits())
    finally:
        os.close(fd)
    return result.ending, [m.path for m in result.messages if isinstance(m, ArtifactSeen)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("hello\n")
    return path


def test_the_waiting_jail_is_taken_once_and_reads_what_it_is_handed(model: Path) -> None:
    spare.prepare()
    (waiting,) = spare._waiting
    assert scan(model) == (Ending.DONE, ["notes.txt"])
    assert spare._waiting == []
    assert waiting.process.returncode == 0, "it was this jail that worked"
    assert scan(model) == (Ending.DONE, ["notes.txt"]), "the next one starts anew"


def test_a_jail_of_another_kind_is_not_taken_from_it(model: Path) -> None:
    spare.prepare()
    assert spare.take("probes", spare.SCRATCH_BYTES) is None
    assert scan(model, JailLimits(scratch_bytes=1 << 20))[0] is Ending.DONE
    assert len(spare._waiting) == 1


def test_a_jail_that_nobody_takes_ends() -> None:
    spare.prepare()
    (waiting,) = spare._waiting
    spare.discard()
    assert waiting.process.returncode is not None
    assert not any(directory.exists() for directory in waiting.cgroup.directories)


def test_the_limits_of_the_request_bind_it(model: Path) -> None:
    spare.prepare()
    with model.open("wb") as file:
        file.truncate(64 << 20)
    ending, _ = scan(model, JailLimits(wall_s=0.001))
    assert ending is Ending.WALL_TIME


def test_without_bubblewrap_there_is_none_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(start, "Cgroup", lambda: pytest.fail("a group was made for a jail that cannot be"))
    spare.prepare()
    assert spare._waiting == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_is_of_the_kind_that_a_policy_asks_for_where_it_says_nothing() -> None:
    assert JailLimits().scratch_bytes == spare.SCRATCH_BYTES


def test_more_inputs_than_one_message_carries_arrive_in_order(tmp_path: Path) -> None:
    fds, inputs = [], []
    for index in range(450):
        path = tmp_path / f"{index:03}.txt"
        path.write_text("x" * (index + 1))
        fds.append(os.open(path, os.O_RDONLY))
        inputs.append(Input(path.name, fds[-1], index + 1))
    try:
        result = BubblewrapJail().run(Request(task="static", inputs=tuple(inputs)), JailLimits())
    finally:
        for fd in fds:
            os.close(fd)
    sizes = {m.path: m.size_bytes for m in result.messages if isinstance(m, ArtifactSeen) and m.complete}
    assert sizes == {f"{index:03}.txt": index + 1 for index in range(450)}
