"""The installed command on real files: exit status, evidence, and one clear sentence for bad input."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from tests.conftest import Quarantine


def hostile_pickle(canary: Path) -> bytes:
    """A stream that would touch ``canary``; written by hand, so that nothing here can run it."""
    return b"\x80\x02cposix\nsystem\nX" + _text(f"touch {canary}") + b"\x85R."


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(4, "little") + raw


def test_a_pickle_that_runs_a_command_is_rejected_with_call_offset_and_rule(
    quarantine: Quarantine, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    sample = tmp_path / "model.pkl"
    sample.write_bytes(hostile_pickle(canary))
    done = quarantine("scan", sample, "--format", "json")
    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)["evidence"]["findings"]
    found = next(f for f in findings if f["rule"] == "pickle-global-dangerous")
    assert f"posix.system('touch {canary}')" in json.dumps(found)
    assert found["location"]["offset"] == 2
    assert not canary.exists()


def test_honest_data_passes_silently(quarantine: Quarantine, tmp_path: Path) -> None:
    sample = tmp_path / "settings.pkl"
    sample.write_bytes(pickle.dumps({"layers": [1, 2, 3]}))
    done = quarantine("scan", sample, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads(done.stdout)["evidence"]["findings"]
    assert [f for f in findings if f["severity"] != "info"] == []


@pytest.mark.parametrize("format_", ["text", "json", "html", "sarif", "junit", "markdown"])
def test_every_report_format_is_written(quarantine: Quarantine, tmp_path: Path, format_: str) -> None:
    sample = tmp_path / "model.pkl"
    sample.write_bytes(hostile_pickle(tmp_path / "canary"))
    output = tmp_path / "report"
    done = quarantine("scan", sample, "--format", format_, "--output", output)
    assert done.returncode == 1, done.stderr
    assert "pickle-global-dangerous" in output.read_text()


def test_the_worst_of_several_decides_the_exit_status(quarantine: Quarantine, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.pkl", tmp_path / "bad.pkl"
    good.write_bytes(pickle.dumps([1]))
    bad.write_bytes(hostile_pickle(tmp_path / "canary"))
    assert quarantine("scan", good, bad).returncode == 1


def test_a_stored_verdict_replays_and_a_forged_one_does_not(quarantine: Quarantine, tmp_path: Path) -> None:
    sample, stored = tmp_path / "bad.pkl", tmp_path / "verdict.json"
    sample.write_bytes(hostile_pickle(tmp_path / "canary"))
    quarantine("scan", sample, "--format", "json", "--output", stored)
    assert quarantine("verdict", "replay", stored).returncode == 0
    stored.write_text(stored.read_text().replace('"decision":"reject"', '"decision":"pass"', 1))
    assert quarantine("verdict", "replay", stored).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", "/nonexistent"],
        ["scan", "/dev/null"],
        ["scan", "{file}", "--format", "docx"],
        ["scan", "{file}", "--tier", "none"],
        ["scan", "{file}", "--policy", "{file}"],
        ["scan", "{file}", "--card", "{file}"],
        ["scan", "{file}", "--output", "/nonexistent/report"],
        ["verdict", "replay", "{file}"],
        ["rules", "show", "nothing-like-it"],
        ["policy", "check", "{file}"],
        ["policy", "check", "/nonexistent"],
        ["promote", "0000", "--registry", "{file}"],
        ["report", "0000"],
        ["inbox", "/nonexistent"],
        ["decide", "0000", "approve", "--comment", "x"],
        ["verify", "/nonexistent", "--key", "{file}"],
        ["no-such-command"],
        ["scan", "--no-such-option", "{file}"],
    ],
    ids=" ".join,
)
def test_bad_input_gets_one_sentence_and_exit_2(
    quarantine: Quarantine, tmp_path: Path, arguments: list[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xff\x00 nothing in particular")
    done = quarantine(*(argument.format(file=file) for argument in arguments))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("quarantine: ")
    assert "internal error" not in done.stderr
