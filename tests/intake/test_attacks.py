"""Whoever can write the inbox tries to make the service take other bytes, another card or another's name."""

from __future__ import annotations

import os

import pytest

from quarantine.durable import replace_file
from quarantine.errors import BadInput, StateError
from quarantine.intake import custody
from quarantine.intake import inbox as module
from quarantine.intake.away import Away
from quarantine.intake.ready import look, owner
from quarantine.tables import Stage
from quarantine.vault.vault import Vault
from tests.intake.test_inbox import base, serve

__all__ = ["base"]
ANOTHER = 54321


def only_bad(base):
    (base / "in" / "good.ready").unlink()
    (base / "in" / "good" / "w").unlink()
    (base / "in" / "good").rmdir()
    return base / "in" / "bad.bin"


@pytest.mark.parametrize("how", ["replaced", "removed", "written"])
def test_a_drop_that_is_meddled_with_after_it_was_sealed_is_looked_at_anew(base, how):
    drop = only_bad(base)

    def meddle(step):
        if step != "sealed" or (base / "meddled").exists():
            return
        (base / "meddled").touch()
        if how == "replaced":
            (base / "other").write_bytes(b"BAD")
            (base / "other").rename(drop)
        elif how == "removed":
            drop.unlink()
        else:
            with drop.open("ab") as file:
                file.write(b"more")

    state, _, vault = serve(base, meddle)
    expected = {"replaced": [b"BAD"], "removed": [], "written": [b"badmore"]}[how]
    rows = state.submissions()
    assert [(vault.open(row.digest) / "bad.bin").read_bytes() for row in rows] == expected


def test_a_drop_replaced_at_the_last_moment_is_not_thrown_away(base):
    drop = only_bad(base)

    def replace(step):
        if step == "companions-removed" and not (base / "done").exists():
            (base / "done").touch()
            (base / "other").write_bytes(b"another model")
            (base / "other").rename(drop)

    serve(base, replace)
    state, _, vault = serve(base)
    contents = {(vault.open(row.digest) / "bad.bin").read_bytes() for row in state.submissions()}
    assert contents == {b"bad", b"another model"}


def test_a_writer_that_keeps_the_file_open_does_not_reach_the_vault(base):
    drop = only_bad(base)
    with drop.open("r+b") as held:

        def write(step):
            if step in {"drop-moved", "drop-removed", "judged"}:
                held.seek(0)
                held.write(b"BAD")
                held.flush()

        state, _, vault = serve(base, write)
    (row,) = state.submissions()
    assert (vault.open(row.digest) / "bad.bin").read_bytes() == b"bad"
    vault.verify(row.digest)


def test_a_card_that_is_swapped_while_the_drop_is_taken_is_read_again(base):
    drop = only_bad(base)
    card = drop.with_name("bad.bin.quarantine.toml")
    card.write_text('name="before"\n')

    def swap(step):
        if step == "sealed" and "before" in card.read_text():
            card.write_text('name="after"\n')

    state, _, _ = serve(base, swap)
    assert [row.card.name for row in state.submissions()] == ["after"]
    assert not card.exists()


def test_a_refused_card_is_read_again_once_it_is_corrected(base):
    card = only_bad(base).with_name("bad.bin.quarantine.toml")
    card.write_text('tier="low"\n')
    state, _, _ = serve(base)
    assert state.submissions() == []
    assert "tier" in (base / "in" / "bad.bin.refused.txt").read_text()
    card.write_text('name="corrected"\n')
    state, _, _ = serve(base)
    assert [row.card.name for row in state.submissions()] == ["corrected"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_nobody_writes_a_card_for_another_persons_model(base):
    drop = only_bad(base)
    card = drop.with_name("bad.bin.quarantine.toml")
    card.write_text('name="mine"\n')
    os.chown(card, ANOTHER, ANOTHER)
    os.chown(drop, ANOTHER + 1, ANOTHER + 1)
    state, _, _ = serve(base)
    assert state.submissions() == []
    assert "whoever hands the model in" in (base / "in" / "bad.bin.refused.txt").read_text()
    os.chown(drop, ANOTHER, ANOTHER)
    state, _, _ = serve(base)
    assert [row.submitter for row in state.submissions()] == [f"uid {ANOTHER}"]


def test_the_owner_is_whoever_owned_what_was_looked_at(base):
    seen = look(only_bad(base))
    (base / "in" / "bad.bin").unlink()
    assert owner(seen)


@pytest.mark.parametrize("name", [b"a\nb", b"a\x1b[2J", b"\xff\xfe", b"a\xe2\x80\xaeb"], ids=repr)
def test_a_drop_directory_with_a_name_that_hides_something_is_refused(base, name):
    drop = os.path.join(os.fsencode(base / "in"), name)
    os.mkdir(drop)
    with open(drop + b"/w", "wb") as file:
        file.write(b"good")
    state, _, _ = serve(base)
    assert len(state.submissions()) == 2
    assert os.path.exists(drop + b"/w")
    assert any(path.name.endswith(".refused.txt") for path in (base / "in").iterdir())


def test_two_services_never_share_an_inbox_and_a_made_up_directory_is_not_used(tmp_path):
    first = Away(tmp_path)
    with pytest.raises(StateError, match="another process serves the inbox"):
        Away(tmp_path)
    first.close()
    Away(tmp_path).close()
    (tmp_path / ".taken").chmod(0o777)
    with pytest.raises(BadInput, match="not made by this service"):
        Away(tmp_path)
    (tmp_path / ".taken").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".taken").symlink_to("elsewhere")
    with pytest.raises(BadInput, match="not made by this service"):
        Away(tmp_path)


def test_a_note_is_never_written_through_a_link(tmp_path, monkeypatch):
    (tmp_path / "victim").write_text("kept")
    (tmp_path / f".note.{os.getpid()}.tmp").symlink_to("victim")
    monkeypatch.setattr(
        type(tmp_path), "unlink", lambda *_, **__: None
    )  # the link is planted after the unlink
    with pytest.raises(FileExistsError):
        replace_file(tmp_path / "note", b"x")
    assert (tmp_path / "victim").read_text() == "kept"


def test_a_shared_extent_copy_is_hashed_from_the_vaults_own_file(tmp_path, monkeypatch):
    """Where the file system shares extents, the hash is of what the vault holds, whatever the source becomes."""
    (tmp_path / "m").write_bytes(b"before")

    def share(source, target):
        os.pwrite(target, os.pread(source, 100, 0), 0)
        return True

    monkeypatch.setattr(custody, "_reflink", share)
    vault = Vault(tmp_path / "vault")
    submission = custody.take(tmp_path / "m", vault, untrusted_name="m")
    assert vault.verify(submission.digest).files[0].size_bytes == 6


def test_a_card_inside_the_submission_is_only_a_file_of_it(base):
    inside = base / "in" / "good"
    (inside / ".quarantine-inbox.toml").write_text('tier="low"\nauto_promote=true\nregistry="/"\n')
    (inside / "good.quarantine.toml").write_text('name="inside"\nowner="inside"\n')
    os.utime(inside, ns=(0, 0))
    state, _, _ = serve(base)
    row = next(row for row in state.submissions(Stage.PROMOTED) if row.untrusted_name == "good")
    assert row.card is None
    assert row.tier is module.InboxConfig().tier
