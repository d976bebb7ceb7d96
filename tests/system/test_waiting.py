"""A person who waits sees that something happens; a pipeline sees the answers only."""

from __future__ import annotations

import io
import signal
import subprocess
import time

import pytest

from quarantine.cli import progress
from quarantine.jail.protocol import Progress
from tests.conftest import Quarantine
from tests.system.hostile import honest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def wait_for(terminal: Terminal, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in terminal.getvalue():
        assert time.monotonic() < deadline, terminal.getvalue()
        time.sleep(0.01)


def test_what_is_under_way_is_redrawn_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    monkeypatch.setattr(progress, "QUIET_S", 0.01)
    monkeypatch.setattr(progress, "INTERVAL_S", 0.01)
    with progress.progress_display() as show:
        assert show is not None
        show("judging x", Progress(done=0, total=1))
        show("hashing", Progress(done=3, total=9, note="MB\x1b[2J"))
        wait_for(terminal, "judging x | hashing 3 of 9 MB\\x1b[2J")
        show("hashing", Progress(done=9, total=9))
        wait_for(terminal, "s  judging x\r")
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_a_pipeline_gets_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.sys, "stderr", io.StringIO())
    with progress.progress_display() as show:
        assert show is None


def test_the_inbox_ends_with_a_table_of_what_it_did(quarantine: Quarantine, tmp_path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    honest(inbox / "model")
    (inbox / "link").symlink_to("/etc/passwd")
    (inbox / ".quarantine-inbox.toml").write_text('tier="low"\nquiet_s=0.05\n')
    (inbox / ".quarantine-inbox.toml").chmod(0o644)
    done = quarantine("inbox", inbox, "--once")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("refused link: ") for line in lines)
    assert " ".join(lines[-2].split()) == "id verdict stage tier handed in by right attacked decided by name"
    assert lines[-1].split()[1:4] == ["pass", "held", "low"]
    assert quarantine("inbox", inbox, "--once").stdout == ""


def test_an_interrupt_ends_a_long_scan_at_once(quarantine_command: str, tmp_path) -> None:
    sample = tmp_path / "slow.pkl"
    sample.write_bytes(b"\x80\x02" + b"(" * 5_000_000 + b".")
    with subprocess.Popen(
        [quarantine_command, "scan", str(sample)], stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait() == 2
        assert time.monotonic() - start < 1.5
    assert said == "quarantine: interrupted; no verdict, nothing was lost; run the command again\n"
