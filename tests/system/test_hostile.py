"""Whatever is handed in gets a verdict or one clear sentence, quickly, and nothing of it is lost."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import Quarantine
from tests.system.hostile import DIRECTORIES, FILES, HARMLESS, honest

IN_TIME_S = 20
PARENT_LIMIT_KIB = 300 * 1024
# A process of its own: what a child forked from here has used counts what the tests themselves use.
MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("quarantine: ")
    assert "internal error" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("kind", FILES)
def test_a_hostile_file_is_judged_in_time_and_never_passes(
    quarantine_command: str, tmp_path: Path, kind: str
) -> None:
    sample, report = tmp_path / "sample", tmp_path / "report"
    FILES[kind](sample)
    command = [quarantine_command, "scan", str(sample), "--format", "json", "--output", str(report)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=IN_TIME_S,
    )
    assert done.returncode in (1, 3), done.stderr
    verdict = json.loads(report.read_text())
    assert any(finding["severity"] not in {"info", "low"} for finding in verdict["evidence"]["findings"])
    assert int(done.stdout.splitlines()[-1]) < PARENT_LIMIT_KIB


@pytest.mark.parametrize("kind", DIRECTORIES)
def test_what_is_never_taken_is_named_in_one_sentence(
    quarantine: Quarantine, tmp_path: Path, kind: str
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    honest(drop / "model.pkl")
    DIRECTORIES[kind](drop)
    assert str(drop) in one_sentence(quarantine("scan", drop, timeout_s=IN_TIME_S))


@pytest.mark.parametrize("kind", HARMLESS)
def test_an_odd_name_is_no_reason_to_refuse(quarantine: Quarantine, tmp_path: Path, kind: str) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    HARMLESS[kind](drop)
    assert quarantine("scan", drop).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_is_never_opened(quarantine: Quarantine, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    os.mknod(tmp_path / "drop" / "d", 0o20600, os.makedev(1, 3))
    assert "is a device" in one_sentence(quarantine("scan", tmp_path / "drop"))


def _without_override() -> None:
    """Give up what lets root read everything: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7))."""
    prctl, drop_from_bounding_set = ctypes.CDLL(None).prctl, 24
    for capability in (1, 2):
        prctl(drop_from_bounding_set, capability, 0, 0, 0)


def test_a_file_that_may_not_be_read_is_said_so(quarantine_command: str, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "secret").touch(mode=0)
    done = subprocess.run(
        [quarantine_command, "scan", str(drop)],
        check=False,
        capture_output=True,
        text=True,
        timeout=IN_TIME_S,
        preexec_fn=_without_override,
    )
    assert "secret: Permission denied" in one_sentence(done)


def test_a_file_that_grows_while_it_is_read_gets_no_verdict(quarantine: Quarantine, tmp_path: Path) -> None:
    sample, stop = tmp_path / "growing", threading.Event()
    sample.write_bytes(bytes(1 << 20))

    def grow() -> None:
        with sample.open("ab", buffering=0) as file:
            while not stop.wait(0.002):
                file.write(b"x")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        assert "changed while it was read" in one_sentence(quarantine("scan", sample))
    finally:
        stop.set()
        writer.join()


def test_a_directory_of_many_files_is_judged_whole(quarantine: Quarantine, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    for number in range(3000):
        (drop / str(number)).write_bytes(b"{}")
    done = quarantine("scan", drop, "--format", "json", timeout_s=60)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["evidence"]["coverage"]["artifacts"]) == 3000


def test_nothing_that_is_dropped_into_an_inbox_is_lost(quarantine: Quarantine, tmp_path: Path) -> None:
    inbox, state = tmp_path / "inbox", tmp_path / "state"
    inbox.mkdir()
    for kind, make in FILES.items():
        make(inbox / kind)
    for kind, make in {**DIRECTORIES, **HARMLESS}.items():
        (inbox / kind).mkdir()
        make(inbox / kind)
    (inbox / "link").symlink_to("/etc/passwd")
    (inbox / "gone").symlink_to("/nonexistent")
    os.mkfifo(inbox / "pipe")
    os.link(inbox / "garbage", tmp_path / "outside")
    (inbox / ".quarantine-inbox.toml").write_text('tier="low"\nquiet_s=0.2\n')
    os.chmod(inbox / ".quarantine-inbox.toml", 0o644)
    start = time.monotonic()
    done = quarantine("inbox", inbox, "--once", timeout_s=120)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start < 60
    listed = quarantine("list").stdout
    taken = {kind for kind in (*FILES, *HARMLESS) if kind != "garbage"}
    refused = {*DIRECTORIES, "garbage", "link", "gone", "pipe"}
    assert {line.split()[-1] for line in listed.splitlines()[1:]} == taken
    assert {path.name.removesuffix(".refused.txt") for path in inbox.glob("*.refused.txt")} == refused
    assert all(os.path.lexists(inbox / name) for name in refused)
    assert not any(os.path.lexists(inbox / name) for name in taken)
    assert len(list((state / "vault" / "sealed").iterdir())) == len(taken) - len(HARMLESS) + 5
    assert quarantine("ledger", "verify").returncode == 0
    shutil.rmtree(inbox)
