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
    with progress.progress_display() as display:
        show = display.on_progress
        assert show is not None
        show("judging x", Progress(done=0, total=1))
        show("static", Progress(done=3, total=9, note="a\x1b[2J", unit="files"))
        wait_for(terminal, "0 s  judging x\n    0 s  static     3 of 9 files  a\\x1b[2J\n")
        show("static", Progress(done=9, total=9))
        wait_for(terminal, "\x1b[2A\r\x1b[J    0 s  judging x\n\x1b[1A")
    assert terminal.getvalue().endswith("\x1b[1A\r\x1b[J")


def test_the_time_left_is_worked_out_from_the_rate_so_far() -> None:
    row = progress._Row(since=100.0, progress=Progress(done=10**9, total=4 * 10**9, unit="bytes"))
    assert row.text("hashing", 130.0) == "   30 s  hashing  1.0 GB of 4.0 GB, about 1 m 30 s left"
    assert "left" not in row.text("hashing", 100.5), "too early to tell"


def test_what_is_said_meanwhile_stays_and_the_lines_come_back_below(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    monkeypatch.setattr(progress, "QUIET_S", 0.01)
    monkeypatch.setattr(progress, "INTERVAL_S", 0.01)
    with progress.progress_display() as display:
        assert display.on_progress is not None
        display.on_progress("judging x", Progress(done=0, total=1))
        wait_for(terminal, "judging x\n")
        terminal.truncate(0)
        display.say("pass")
        wait_for(terminal, "\r\x1b[J    0 s  judging x\n")
    assert capsys.readouterr().out == "pass\n"


def test_a_pipeline_gets_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.sys, "stderr", io.StringIO())
    with progress.progress_display() as display:
        assert display.on_progress is None


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
