"""Bad input to any command: one clear sentence on stderr, exit 2, no traceback, and nothing made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Quarantine

MISSING = [
    "scan",
    "scan nowhere",
    "scan --tier awful good.txt",
    "scan --format awful good.txt",
    "scan --output nowhere/report good.txt",
    "scan --policy nowhere good.txt",
    "scan --policy garbage good.txt",
    "scan --policy folder good.txt",
    "scan --card nowhere good.txt",
    "scan --card garbage good.txt",
    "scan --nonsense good.txt",
    "scan pipe",
    "scan link",
    "nonsense",
    "doctor --policy garbage",
    "verdict replay nowhere",
    "verdict replay garbage",
    "verdict replay folder",
    "verdict replay empty",
    "inspect nowhere",
    "inspect good.txt --show nonsense",
    "inspect good.txt --show tensors",
    "inspect good.txt --artifact nonsense",
    "inspect link",
    "explain 1 --verdict nowhere",
    "explain 1 --verdict garbage",
    "explain 1",
    "policy check nowhere",
    "policy check garbage",
    "policy check empty",
    "rules show nonsense",
    "inbox nowhere --once",
    "inbox good.txt --once",
    "inbox folder --once --policy garbage",
    "inbox folder --once --state good.txt",
    "list",
    "list --state nowhere",
    "list --state good.txt",
    "report nonsense",
    "decide nonsense approve --comment why",
    "decide nonsense approve",
    "promote nonsense --registry folder",
    "promote nonsense",
    "verify folder --key nowhere",
    "verify folder --key garbage",
    "verify nowhere --key garbage",
    "verify folder",
    "keys init --state good.txt",
    "ledger verify",
    "ledger verify --state nowhere",
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with one of each kind of bad input."""
    folder = tmp_path / "here"
    (folder / "folder").mkdir(parents=True)
    (folder / "good.txt").write_text("hello\n")
    (folder / "garbage").write_bytes(bytes(range(256)) * 4)
    (folder / "empty").touch()
    (folder / "link").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)
    return folder


def is_one_sentence(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert result.stderr.startswith("quarantine: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert "internal error" not in result.stderr


@pytest.mark.parametrize("line", MISSING)
def test_bad_input_is_one_sentence_and_exit_2(quarantine: Quarantine, here: Path, line: str) -> None:
    before = sorted(here.rglob("*"))
    is_one_sentence(quarantine(*line.split()))
    assert sorted(here.rglob("*")) == before, "a refused command made something"


def test_every_command_is_tried(quarantine: Quarantine) -> None:
    """The list above names each command, so that a new one is not forgotten."""
    tried = {" ".join(line.split()[:2]) for line in MISSING} | {line.split()[0] for line in MISSING}
    commands = _commands(quarantine)
    for group in [name for name in commands if name in {"verdict", "policy", "rules", "keys", "ledger"}]:
        commands.remove(group)
        commands |= {f"{group} {name}" for name in _commands(quarantine, group)}
    # These take no input that could be bad.
    assert commands - tried == {"rules list", "rules test"}


def _commands(quarantine: Quarantine, *group: str) -> set[str]:
    lines = quarantine(*group, "--help").stdout.split("Commands:")[1].splitlines()
    return {line.split()[0] for line in lines if line.startswith("  ") and line[2:3].isalpha()}


@pytest.mark.parametrize("content", [b"garbage", b"SQLite format 3\0" + bytes(4096)])
def test_a_broken_state_is_one_sentence(quarantine: Quarantine, here: Path, content: bytes) -> None:
    state = here / "broken"
    state.mkdir()
    (state / "state.sqlite").write_bytes(content)
    is_one_sentence(quarantine("list", "--state", state))


def test_a_broken_ledger_is_told(quarantine: Quarantine, here: Path) -> None:
    state = here / "state"
    (here / "folder" / "model.txt").write_text("hello\n")
    assert quarantine("inbox", here / "folder", "--once", "--state", state).returncode == 0
    lines = next(path for path in (state / "ledger").iterdir() if path.suffix == ".jsonl")
    lines.write_bytes(b"garbage\n" + lines.read_bytes())
    result = quarantine("ledger", "verify", "--state", state)
    assert result.returncode == 1
    assert "NOT sound" in result.stderr


def test_a_ledger_that_is_gone_is_told(quarantine: Quarantine, here: Path) -> None:
    state = here / "state"
    (here / "folder" / "model.txt").write_text("hello\n")
    assert quarantine("inbox", here / "folder", "--once", "--state", state).returncode == 0
    for path in [*(state / "ledger").iterdir(), state / "ledger.anchor"]:
        path.unlink(missing_ok=True)
    result = quarantine("ledger", "verify", "--state", state)
    assert result.returncode == 1
    assert "NOT sound" in result.stderr


def test_a_closed_output_is_no_traceback(quarantine_command: str, here: Path) -> None:
    reader = subprocess.Popen([sys.executable, "-c", "pass"], stdin=subprocess.PIPE)
    assert reader.stdin is not None
    result = subprocess.run(
        [quarantine_command, "rules", "list"],
        stdout=reader.stdin,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    reader.stdin.close()
    reader.wait()
    assert "Traceback" not in result.stderr
