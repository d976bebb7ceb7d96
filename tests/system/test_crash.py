"""The real service is killed between any two steps, or its disk fills: it resumes, and nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Quarantine
from tests.system import stopping_service
from tests.system.hostile import honest

STEPS = [
    "sealed",
    "recorded",
    "before custody.taken",
    "after custody.taken",
    "companions-removed",
    "drop-moved",
    "drop-removed",
    "judged",
    "verdict-stored",
    "after verdict.reached",
    "published",
    "stage-judged",
    "after promotion.begun",
    "before publishing",
    "after publishing",
    "after promotion.done",
    "promoted",
    "stage-promoted",
]
SMALL_BYTES = 96 << 20


class House:
    """An inbox with two drops, a state directory and a registry; and the service over them."""

    def __init__(self, base: Path, quarantine: Quarantine) -> None:
        self.base, self.quarantine = base, quarantine
        self.inbox, self.state, self.registry = base / "in", base / "state", base / "registry"
        self.inbox.mkdir()
        honest(self.inbox / "good")
        (self.inbox / "bad").write_bytes(b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.")
        config = self.inbox / ".quarantine-inbox.toml"
        config.write_text(f'tier="low"\nquiet_s=0.05\nauto_promote=true\nregistry="{self.registry}"\n')
        config.chmod(0o644)
        assert quarantine("keys", "init").returncode == 0

    def halted(self, step: str) -> subprocess.Popen[str]:
        """The service, halted at ``step``."""
        process = subprocess.Popen(
            [sys.executable, stopping_service.__file__, step, "inbox", str(self.inbox), "--once"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "QUARANTINE_STATE": str(self.state)},
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line == f"at {step}\n":
                return process
        raise AssertionError(f"never came to {step}: {process.communicate(timeout=60)[1]}")

    def resume_and_check(self) -> None:
        """Serve to the end; then all stands as if nothing had happened."""
        done = self.quarantine("inbox", self.inbox, "--once")
        assert done.returncode == 0, done.stderr
        rows = {line.split()[-1]: line.split() for line in self.quarantine("list").stdout.splitlines()[1:]}
        assert {name: row[1:3] for name, row in rows.items()} == {
            "good": ["pass", "promoted"],
            "bad": ["reject", "held"],
        }
        entries = [
            json.loads(line) for line in (self.state / "ledger" / "ledger.jsonl").read_text().splitlines()
        ]
        events = sorted((entry["event"], entry["subject"]) for entry in entries)
        assert len(events) == len(set(events)) == 6
        releases = list(self.registry.glob("models/*/*"))
        assert [release.parent.name for release in releases] == ["good"]
        key = self.state / "keys" / "signing-key.pub.pem"
        assert self.quarantine("verify", releases[0], "--key", key).returncode == 0
        assert self.quarantine("ledger", "verify").returncode == 0
        assert {path.name for path in self.inbox.iterdir()} == {".quarantine-inbox.toml", ".taken"}
        for place in (self.inbox / ".taken", self.state / "vault" / "incoming", self.registry / ".staging"):
            assert list(place.iterdir()) == []


@pytest.fixture
def house(tmp_path: Path, quarantine: Quarantine) -> House:
    return House(tmp_path, quarantine)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_resumes(house: House, step: str) -> None:
    with house.halted(step) as process:
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    house.resume_and_check()


def test_killed_again_and_again_it_resumes(house: House) -> None:
    for step in ("recorded", "judged", "after publishing"):
        with house.halted(step) as process:
            os.kill(process.pid, signal.SIGKILL)
    house.resume_and_check()


def test_a_second_service_is_refused_with_one_sentence(house: House, tmp_path: Path) -> None:
    with house.halted("sealed") as process:
        same_state = house.quarantine("inbox", house.inbox, "--once")
        other_state = house.quarantine("inbox", house.inbox, "--once", "--state", tmp_path / "other")
        process.kill()
    assert (same_state.returncode, other_state.returncode) == (2, 2)
    assert "another process serves" in same_state.stderr
    assert "another process serves the inbox" in other_state.stderr
    assert len((same_state.stderr + other_state.stderr).splitlines()) == 2
    house.resume_and_check()


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of its own, where this machine lets us make one."""
    place: Path = tmp_path / request.param
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("only root can make a file system of its own")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take every byte that is left."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            pass
    return filler


@pytest.mark.parametrize(
    ("small_disk", "step"),
    [
        ("state", "sealed"),
        ("state", "recorded"),
        ("state", "before verdict.reached"),
        ("state", "judged"),
        ("state", "verdict-in-ledger"),
        ("state", "after publishing"),
        ("registry", "before publishing"),
    ],
    indirect=["small_disk"],
)
def test_on_a_full_disk_it_says_so_and_resumes(
    small_disk: Path, step: str, tmp_path: Path, quarantine: Quarantine
) -> None:
    house = House(tmp_path, quarantine)
    with house.halted(step) as process:
        filler = fill(small_disk)
        output, errors = process.communicate("go on\n", timeout=60)
    assert process.returncode == 2, output
    assert len(errors.splitlines()) == 1
    assert "internal error" not in errors
    assert "free space" in errors
    assert not list(house.registry.glob("models/*/*")) or step == "after publishing"
    filler.unlink()
    house.resume_and_check()
