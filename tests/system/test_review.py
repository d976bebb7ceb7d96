"""What a reviewer asks for: the tree, opcodes, bytes and tensors of a model, and what a finding means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpora import catalogue
from tests.conftest import Quarantine

HOSTILE = b"\x80\x02]q\x00(K\x01K\x02e0cposix\nsystem\nX\x04\0\0\0true\x85R."


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    (case,) = (case for case in catalogue.all_cases() if case.id == "benign-torch-state-dict")
    return case.build(tmp_path)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    (tmp_path / "bad.pkl").write_bytes(HOSTILE)
    return tmp_path / "bad.pkl"


def lines(quarantine: Quarantine, *arguments: str | Path) -> list[str]:
    done = quarantine(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_tree_names_each_artifact_with_its_format(quarantine: Quarantine, checkpoint: Path) -> None:
    head, *rows = lines(quarantine, "inspect", checkpoint)
    assert head.split() == ["artifact", "format", "bytes", "claimed", "complete", "analyzers"]
    told = {row.split()[0]: row.split()[1] for row in rows}
    assert told["model.pt"] == "torch"
    assert told["model.pt!model/data.pkl"] == "pickle"


def test_opcodes_are_shown_around_the_offset_of_a_finding(quarantine: Quarantine, hostile: Path) -> None:
    at = HOSTILE.index(b"cposix")
    shown = ("--show", "opcodes", "--artifact", "bad.pkl")
    rows = lines(quarantine, "inspect", hostile, *shown, "--offset", str(at), "--rows", "2")
    assert [row.split()[1] for row in rows[-2:]] == ["GLOBAL", "BINUNICODE"]
    assert rows[-2].split()[0] == str(at)
    assert [row.split()[1] for row in rows[1:3]] == ["PROTO", "EMPTY_LIST"], "what is before is shown too"


def test_opcodes_of_a_broken_stream_end_where_reading_ends(quarantine: Quarantine, tmp_path: Path) -> None:
    (tmp_path / "cut.pkl").write_bytes(HOSTILE[:-5])
    assert "here reading ends" in lines(quarantine, "inspect", tmp_path / "cut.pkl", "--show", "opcodes")[-1]


def test_bytes_are_shown_from_the_row_of_the_offset(quarantine: Quarantine, hostile: Path) -> None:
    rows = lines(quarantine, "inspect", hostile, "--show", "bytes", "--offset", "17", "--artifact", "bad.pkl")
    assert rows[1].split()[0] == "00000010"
    assert bytes.fromhex("".join(rows[1].split()[1:17])) == HOSTILE[16:32]


def test_tensors_are_a_table(quarantine: Quarantine, checkpoint: Path, tmp_path: Path) -> None:
    rows = lines(quarantine, "inspect", checkpoint, "--show", "tensors")
    assert any("torch.FloatStorage" in row for row in rows)
    header = json.dumps({"w\u202e": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}).encode()
    (tmp_path / "m.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    rows = lines(quarantine, "inspect", tmp_path / "m.safetensors", "--show", "tensors")
    assert rows[1].split()[-5:] == ["F32", "1", "x", "2", "8"]
    assert "\u202e" not in rows[1], "names are escaped"


def test_a_finding_is_explained_by_its_number_and_by_its_rule(quarantine: Quarantine, hostile: Path) -> None:
    verdict = hostile.with_name("verdict.json")
    assert quarantine("scan", "--format", "json", "--output", verdict, hostile).returncode == 1
    findings = json.loads(verdict.read_text())["evidence"]["findings"]
    number = 1 + next(i for i, f in enumerate(findings) if f["rule"] == "pickle-global-dangerous")
    by_number = lines(quarantine, "explain", str(number), "--verdict", verdict)
    assert by_number == lines(quarantine, "explain", "pickle-global-dangerous", "--verdict", verdict)
    said = "\n".join(by_number)
    for part in (
        "posix.system",
        "GLOBAL",
        f"byte {HOSTILE.index(b'cposix')}",
        "CWE-502",
        "decided    reject",
    ):
        assert part in said
    text = quarantine("scan", hostile).stdout
    assert f"  {number}. CRITICAL  pickle-global-dangerous" in text
