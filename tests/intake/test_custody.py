"""Custody takes plain files whole and refuses everything that could be something else."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from quarantine.errors import Changed, CustodyError, NotAcceptable, StateError
from quarantine.intake import custody
from quarantine.intake.custody import take
from quarantine.intake.opened import open_path
from quarantine.vault.vault import Vault


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault")


@pytest.fixture
def drop(tmp_path):
    drop = tmp_path / "drop"
    (drop / "sub").mkdir(parents=True)
    (drop / "a.bin").write_bytes(b"a" * 3_000_000)
    (drop / "sub" / "b.bin").write_bytes(b"b")
    return drop


def empty(vault):
    return not list((vault.root / "incoming").iterdir()) and not list((vault.root / "sealed").iterdir())


def test_what_is_sealed_is_what_was_handed_in_and_is_read_only(drop, vault):
    seen = []
    submission = take(drop, vault, untrusted_name="x\x1b", on_bytes=lambda *now: seen.append(now))
    sealed = vault.open(submission.digest)
    assert (sealed / "sub" / "b.bin").read_bytes() == b"b"
    assert {(p.stat().st_mode & 0o777) for p in sealed.rglob("*")} == {0o400, 0o500}
    assert vault.verify(submission.digest) == submission.manifest
    assert submission.untrusted_name == "x\\x1b"
    assert seen[-1] == (3_000_001, 3_000_001)
    with open_path(drop) as opened:
        assert opened.manifest().digest == submission.digest
    assert take(drop, vault, untrusted_name="again").digest == submission.digest
    assert not list((vault.root / "incoming").iterdir())


def test_a_single_file_has_the_same_digest_as_its_scan(tmp_path, vault):
    file = tmp_path / "m.bin"
    file.write_bytes(b"m")
    with open_path(file) as opened:
        assert take(file, vault, untrusted_name="m").digest == opened.manifest().digest


def hostile(name):
    def place(make):
        return pytest.param(make, id=name)

    return place


@pytest.mark.parametrize(
    "make",
    [
        hostile("symlink")(lambda d: (d / "l").symlink_to("/etc/passwd")),
        hostile("directory-symlink")(lambda d: (d / "l").symlink_to("/etc")),
        hostile("symlink-out")(lambda d: (d / "l").symlink_to("../secret")),
        hostile("symlink-out-and-in")(lambda d: (d / "l").symlink_to(f"../{d.name}/a.bin")),
        hostile("symlink-to-symlink")(lambda d: [(d / "k").symlink_to("a.bin"), (d / "l").symlink_to("k")]),
        hostile("symlink-to-directory")(lambda d: [(d / "dir").mkdir(), (d / "l").symlink_to("dir")]),
        hostile("symlink-to-itself")(lambda d: (d / "l").symlink_to("l")),
        hostile("symlink-through-symlink")(
            lambda d: [(d / "k").symlink_to("."), (d / "l").symlink_to("k/a.bin")]
        ),
        hostile("dangling")(lambda d: (d / "l").symlink_to("nothing")),
        hostile("hard-link")(lambda d: os.link(d / "a.bin", d / "c.bin")),
        hostile("fifo")(lambda d: os.mkfifo(d / "f")),
        hostile("socket")(lambda d: socket.socket(socket.AF_UNIX).bind(str(d / "s"))),
        hostile("setuid")(lambda d: (d / "a.bin").chmod(0o4755)),
        hostile("control")(lambda d: (d / "n\n").touch()),
        hostile("bidi")(lambda d: (d / "n\u202e").touch()),
        hostile("not-utf8")(lambda d: open(os.fsencode(d) + b"/\xff", "w").close()),
        hostile("case")(lambda d: (d / "A.bin").touch()),
        hostile("unicode")(lambda d: [(d / "\u00e9").touch(), (d / "e\u0301").touch()]),
        hostile("depth")(lambda d: (d / "/".join("d" * 66)).mkdir(parents=True)),
        hostile("long-path")(lambda d: (d / "/".join(["d" * 200] * 6)).mkdir(parents=True)),
    ],
)
def test_what_is_never_taken_is_refused_and_leaves_nothing_behind(make, drop, vault):
    make(drop)
    with pytest.raises(NotAcceptable):
        take(drop, vault, untrusted_name="x")
    assert empty(vault)


def test_a_drop_that_is_itself_a_link_or_fifo_is_refused(tmp_path, drop, vault):
    (tmp_path / "link").symlink_to(drop)
    (tmp_path / "file-link").symlink_to(drop / "a.bin")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "file-link", "fifo"):
        with pytest.raises(CustodyError):
            take(tmp_path / name, vault, untrusted_name="x")


@pytest.mark.parametrize("when", ["write", "append", "add", "swap"])
def test_a_concurrent_writer_is_noticed(when, drop, vault):
    def meddle(*_):
        if when == "write":
            with open(drop / "a.bin", "r+b") as file:
                file.write(b"z")
        elif when == "append":
            with open(drop / "sub" / "b.bin", "ab") as file:
                file.write(b"z")
        elif when == "add":
            (drop / "new").touch()
        else:
            (drop / "other").write_bytes(b"b")
            (drop / "other").rename(drop / "sub" / "b.bin")

    with pytest.raises(Changed):
        take(drop, vault, untrusted_name="x", on_bytes=meddle)
    assert empty(vault)


def test_a_full_disk_leaves_nothing_behind(drop, vault, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(custody.os, "fsync", full)
    with pytest.raises(StateError, match="No space left"):
        take(drop, vault, untrusted_name="x")
    assert empty(vault)
