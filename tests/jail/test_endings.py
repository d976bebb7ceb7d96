"""How a jailed worker ends, and that nothing but a clean end is called done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from quarantine.errors import JailFailed, JailUnavailable
from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.jail.interface import Ending, JailResult
from quarantine.jail.protocol import FactSeen, Input, Progress, Request
from quarantine.records import JailLimits

PAYLOAD = Path(__file__).parents[1] / "escape" / "payload"
QUICK = {"memory_bytes": 128 << 20, "cpu_s": 1, "wall_s": 30.0, "pids": 16, "scratch_bytes": 4 << 20}


def behave(how: str, *inputs: Input, **limits: float) -> JailResult:
    request = Request(task="behaviours", inputs=inputs, opinions=(how,))
    return BubblewrapJail(worker_dir=PAYLOAD).run(request, JailLimits(**{**QUICK, **limits}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("how", "ending", "said"),
    [
        ("nothing", Ending.DONE, "finished"),
        ("spin", Ending.CPU_TIME, "processor"),
        ("memory", Ending.MEMORY, "memory"),
        ("forks", Ending.CRASHED, "Error"),
        ("disk", Ending.CRASHED, "Error"),
        ("crash", Ending.CRASHED, "SIGSEGV"),
        ("quiet end", Ending.CRASHED, "without done"),
        ("garbage", Ending.PROTOCOL, "no message"),
        ("after done", Ending.PROTOCOL, "after done"),
        ("half line", Ending.PROTOCOL, "incomplete"),
        ("long line", Ending.PROTOCOL, "a line over"),
        ("endless line", Ending.PROTOCOL, "a line over"),
        ("fake message", Ending.PROTOCOL, "no message"),
        ("finding with more", Ending.PROTOCOL, "no message"),
        ("flood after done", Ending.PROTOCOL, "after done"),
        ("second message from a child", Ending.PROTOCOL, "after done"),
        ("closed channel", Ending.CRASHED, "Bad file descriptor"),
        ("zombies", Ending.DONE, "finished"),
        ("stderr flood", Ending.OUTPUT, "standard output"),
        ("shared memory", Ending.CRASHED, "Error"),
        ("flood", Ending.OUTPUT, "standard output"),
        ("messages", Ending.OUTPUT, "bytes of messages"),
        ("daemon", Ending.CRASHED, "without done"),
    ],
)
def test_each_behaviour_has_its_ending(how: str, ending: Ending, said: str) -> None:
    result = behave(how, output_bytes=1 << 20)
    assert (result.ending, said in result.detail) == (ending, True), result


@pytest.mark.parametrize(
    "how", ["sleep", "stop itself", "hang after done", "silent hang with closed channel"]
)
def test_wall_time_ends_what_does_not_move(how: str) -> None:
    assert behave(how, wall_s=2.0).ending is Ending.WALL_TIME


@pytest.mark.parametrize("how", ["kill everybody", "stop everybody"])
def test_signal_to_everybody_stays_inside(how: str) -> None:
    neighbour = subprocess.Popen(["/bin/sleep", "60"])
    try:
        assert behave(how, wall_s=5.0).ending in {Ending.DONE, Ending.CRASHED, Ending.WALL_TIME}
        assert neighbour.poll() is None
    finally:
        neighbour.kill()
        neighbour.wait()


def test_a_million_files_end_within_the_limits() -> None:
    assert behave("inodes", cpu_s=5).ending in {Ending.CRASHED, Ending.CPU_TIME, Ending.MEMORY}


def test_ignoring_the_processor_limit_does_not_help() -> None:
    assert behave("stubborn spin").ending in {Ending.CRASHED, Ending.CPU_TIME}


def test_messages_before_a_bad_line_are_kept() -> None:
    assert [m.name for m in behave("garbage").messages if isinstance(m, FactSeen)] == ["before"]


def test_stderr_is_escaped() -> None:
    assert "\\x1b[31mred" in behave("stderr").detail


def test_progress_is_told_and_not_kept() -> None:
    told: list[Progress] = []
    request = Request(task="behaviours", inputs=(), opinions=("progress",))
    jail = BubblewrapJail(worker_dir=PAYLOAD)
    result = jail.run(request, JailLimits(**QUICK), on_progress=told.append)  # type: ignore[arg-type]
    assert [(p.done, p.total) for p in told] == [(1, 2)]
    assert not any(isinstance(m, Progress) for m in result.messages)


def test_input_is_readable_by_descriptor_and_nothing_else_is_open(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_text("weights")
    file.chmod(0o644)
    fd = os.open(file, os.O_RDONLY)
    try:
        entry = Input("model.bin", fd, 7)
        said = {m.name: m.value for m in behave("read", entry).messages if isinstance(m, FactSeen)}
        assert said == {"reopened": "weights", "positioned": "weights"}
        seen = behave("descriptors", entry).messages[0]
        assert isinstance(seen, FactSeen)
        kinds = [
            name for name in seen.value.split("|") if not name.startswith(("pipe:", "/dev/null", "/proc"))
        ]
        assert len(kinds) == 1
    finally:
        os.close(fd)


def test_writable_descriptor_is_not_taken(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT)
    try:
        with pytest.raises(JailFailed, match="not read-only"):
            behave("nothing", Input("x", fd, 0))
    finally:
        os.close(fd)


def test_missing_bubblewrap_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(JailUnavailable, match="bubblewrap"):
        BubblewrapJail()


def test_production_jail_runs_no_task_outside_its_table() -> None:
    result = BubblewrapJail().run(Request(task="os", inputs=()), JailLimits(**QUICK))  # type: ignore[arg-type]
    assert result.ending is Ending.CRASHED
    assert "no such task" in result.detail


def test_doctor_finds_every_protection_but_the_optional() -> None:
    failed = {p.name: p.how for p in BubblewrapJail().verify() if not p.holds}
    assert set(failed) <= {"cgroup", "landlock"}, failed


def test_no_group_is_left_behind() -> None:
    behave("daemon")
    assert not list(Path("/sys/fs/cgroup").glob(f"*/**/quarantine-{os.getpid()}-*"))
