"""Hugging Face's cache: links into ``blobs`` that stay inside the submission stand for the files they lead to."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

import quarantine
from quarantine.errors import Changed, NotAcceptable
from quarantine.intake import opened as opened_module
from quarantine.intake.custody import take
from quarantine.intake.opened import open_path
from quarantine.vault.vault import Vault

HEADER = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + bytes(4)


@pytest.fixture(params=[1024, 1], ids=["held", "lazy"])
def cache(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(opened_module, "HELD_FILES", request.param)
    root = tmp_path / "models--org--name"
    for folder in ("blobs", "refs", "snapshots/0a1b"):
        (root / folder).mkdir(parents=True)
    (root / "refs" / "main").write_text("0a1b")
    for name, data in {"config.json": b'{"model_type": "llama"}', "model.safetensors": WEIGHTS}.items():
        blob = root / "blobs" / hashlib.sha256(data).hexdigest()
        blob.write_bytes(data)
        (root / "snapshots" / "0a1b" / name).symlink_to(f"../../blobs/{blob.name}")
    return root


def test_each_link_is_a_file_of_the_manifest_with_the_digest_of_its_target(cache: Path) -> None:
    with open_path(cache) as opened:
        digests = {entry.path: entry.sha256 for entry in opened.manifest().files}
    linked = digests["snapshots/0a1b/model.safetensors"]
    assert linked == hashlib.sha256(WEIGHTS).hexdigest()
    assert digests[f"blobs/{linked}"] == linked
    assert len(digests) == 5


def test_content_is_analysed_once_under_the_name_that_loaders_see(cache: Path) -> None:
    verdict = quarantine.scan(cache)
    assert verdict.decision is quarantine.Decision.PASS, verdict.reasons
    read = {artifact.path for artifact in verdict.evidence.coverage.artifacts}
    assert read == {"refs/main", "snapshots/0a1b/config.json", "snapshots/0a1b/model.safetensors"}


def test_a_blob_that_nothing_links_to_is_analysed_too(cache: Path) -> None:
    (cache / "blobs" / "extra").write_bytes(b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.")
    assert quarantine.scan(cache).decision is quarantine.Decision.REJECT


def test_custody_keeps_the_layout_and_the_same_digest(cache: Path, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    submission = take(cache, vault, untrusted_name="m")
    with open_path(cache) as opened:
        assert opened.manifest().digest == submission.digest
    kept = vault.open(submission.digest)
    assert not any(path.is_symlink() for path in kept.rglob("*"))
    vault.verify(submission.digest)
    with open_path(kept) as opened:
        names = {name for batch in opened.batches(100) for name, _, _ in batch}
    assert names == {"refs/main", "snapshots/0a1b/config.json", "snapshots/0a1b/model.safetensors"}


def test_a_link_that_is_turned_elsewhere_while_it_is_read_is_noticed(cache: Path) -> None:
    link = cache / "snapshots" / "0a1b" / "config.json"
    with open_path(cache) as opened:
        other = os.readlink(link.with_name("model.safetensors"))
        link.unlink()
        link.symlink_to(other)
        with pytest.raises(Changed):
            opened.manifest()


def test_a_snapshot_without_its_blobs_says_what_to_hand_in(cache: Path) -> None:
    with pytest.raises(NotAcceptable, match="models--NAME"):
        quarantine.scan(cache / "snapshots" / "0a1b")
