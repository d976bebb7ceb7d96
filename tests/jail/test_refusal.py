"""Where there is no jail there is no scan: never a fallback, always one sentence. And what the doctor says of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from quarantine.jail import doctor
from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.resources import resource_dir

POLICY = (resource_dir("policies") / "default.yaml").read_text()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.pkl"
    file.write_bytes(b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.")
    return file


def command(quarantine: str, *arguments: object, path: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [quarantine, *map(str, arguments)],
        env={**os.environ, "PATH": path or os.environ["PATH"]},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def refused(done: subprocess.CompletedProcess[str], said: str) -> None:
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("quarantine: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("what", ["scan", "doctor"])
def test_missing_bubblewrap(quarantine_command: str, model: Path, what: str) -> None:
    arguments = ["scan", model] if what == "scan" else ["doctor"]
    refused(command(quarantine_command, *arguments, path="/nonexistent"), "bubblewrap is not installed")


@pytest.mark.parametrize(
    "script",
    [
        "echo 'bwrap: No permissions to create new namespace' >&2; exit 1",
        "echo 'bwrap: Unknown option --disable-userns' >&2; exit 1",
        "exit 0",
        "kill -9 $$",
        "exec /bin/sh -c 'exit 97'",
    ],
)
def test_bubblewrap_that_makes_no_jail(
    quarantine_command: str, model: Path, tmp_path: Path, script: str
) -> None:
    fake = tmp_path / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    for parent in [fake.parent, *fake.parent.parents]:
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    done = command(quarantine_command, "scan", model, path=f"{fake.parent}:{os.environ['PATH']}")
    refused(done, "the jail did not start")


def test_bubblewrap_that_runs_the_worker_outside_is_found_out_by_the_doctor(
    quarantine_command: str, tmp_path: Path
) -> None:
    fake = tmp_path / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\nexec "$@"\n')
    fake.chmod(0o755)
    done = command(quarantine_command, "doctor", path=f"{fake.parent}:{os.environ['PATH']}")
    assert done.returncode in {1, 2}


def test_switched_off_user_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    from quarantine.errors import JailUnavailable

    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda p, *a, **k: "0\n" if p.name == "max_user_namespaces" else read(p, *a, **k)
    )
    with pytest.raises(JailUnavailable, match="user namespaces are switched off"):
        BubblewrapJail()


def test_policy_that_demands_more_than_there_is(quarantine_command: str, model: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.replace("jail_minimum: [", "jail_minimum: [moat, "))
    refused(command(quarantine_command, "scan", model, "--policy", policy), "moat")
    sick = command(quarantine_command, "doctor", "--policy", policy)
    assert sick.returncode == 1
    assert "minimum is not met: moat" in sick.stderr


def test_doctor_names_each_protection_and_how_it_was_tried(quarantine_command: str) -> None:
    healthy = command(quarantine_command, "doctor")
    assert healthy.returncode == 0, healthy.stderr
    rows = {row.split()[0]: row for row in healthy.stdout.splitlines()}
    assert set(doctor._CHECKS) | {"memory", "cgroup"} == set(rows)
    assert "Operation not permitted" in rows["network"]
    assert "holds" in rows["seccomp"]


def test_protection_that_does_not_answer_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_CHECKS", ("network", "unheard-of", "seccomp"))
    held = {protection.name: protection.holds for protection in doctor.verify(BubblewrapJail())}
    assert not held["unheard-of"]
    assert not held["seccomp"], "the worker ended before it came to it"
