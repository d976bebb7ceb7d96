"""What is hashed is what is analysed, with the files held open or opened in batches."""

from __future__ import annotations

import os

import pytest

from quarantine.errors import Changed, NotAcceptable, Unreadable
from quarantine.intake import opened as module
from quarantine.intake.opened import open_path


@pytest.fixture(params=[1024, 1], ids=["held", "lazy"])
def tree(tmp_path, request, monkeypatch):
    monkeypatch.setattr(module, "HELD_FILES", request.param)
    (tmp_path / "m" / "s").mkdir(parents=True)
    for n in range(5):
        (tmp_path / "m" / "s" / f"{n}").write_bytes(bytes([n]))
    return tmp_path / "m"


def test_batches_give_the_bytes_that_the_manifest_names(tree):
    with open_path(tree) as opened:
        seen = [(name, os.pread(fd, 9, 0), size) for b in opened.batches(2) for name, fd, size in b]
        assert seen == [(f"s/{n}", bytes([n]), 1) for n in range(5)]
        assert [f.path for f in opened.manifest().files] == [f"s/{n}" for n in range(5)]


@pytest.mark.parametrize("how", ["write", "add", "replace", "remove"])
def test_a_change_while_open_is_noticed(tree, how):
    with open_path(tree) as opened:
        target = tree / "s" / "3"
        if how == "write":
            target.write_bytes(b"x")
        elif how == "add":
            (tree / "s" / "9").touch()
        elif how == "replace":
            (tree / "s" / "9").write_bytes(bytes([3]))
            (tree / "s" / "9").rename(target)
        else:
            target.unlink()
        with pytest.raises((Changed, Unreadable)):
            opened.manifest()


def test_a_link_that_is_named_is_followed_and_one_that_leaves_is_not(tree, tmp_path):
    (tmp_path / "link").symlink_to(tree)
    with open_path(tmp_path / "link") as opened:
        assert len(opened.manifest().files) == 5
    (tree / "inner").symlink_to(tree / "s" / "1")
    with pytest.raises(NotAcceptable, match="inner"):
        open_path(tree)
    with pytest.raises(Unreadable):
        open_path(tmp_path / "absent")
