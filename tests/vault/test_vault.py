"""Sealed bytes are what their digest says, and stale copies are swept."""

from __future__ import annotations

import pytest

from quarantine.errors import IntegrityError, NotFound, StateError
from quarantine.intake.custody import take
from quarantine.vault.vault import Vault


def test_altered_bytes_are_told(tmp_path):
    vault = Vault(tmp_path / "v")
    (tmp_path / "m").write_bytes(b"m")
    submission = take(tmp_path / "m", vault, untrusted_name="m")
    sealed = vault.open(submission.digest) / "m"
    sealed.chmod(0o600)
    sealed.write_bytes(b"n")
    with pytest.raises(IntegrityError):
        vault.verify(submission.digest)


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "../incoming", "sha256:../../x"])
def test_what_is_not_there_is_not_found(tmp_path, digest):
    with pytest.raises(NotFound):
        Vault(tmp_path / "v").open(digest)


def test_only_what_nobody_holds_is_swept(tmp_path):
    vault = Vault(tmp_path / "v")
    (tmp_path / "v" / "incoming" / "stale").mkdir()
    with vault.receive() as content:
        assert vault.sweep() == 1
        assert content.exists()


def test_what_does_not_fit_is_refused_before_it_is_copied(tmp_path):
    with pytest.raises(StateError, match="needed"):
        Vault(tmp_path / "v").need(1 << 60)
