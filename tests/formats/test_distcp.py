"""Distributed checkpoints: a row of archives is read archive by archive; what could be read in another way is not."""

from __future__ import annotations

import io
import zipfile

import pytest
import torch

from quarantine.formats.distcp import Distcp
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import walked

HARM = b"cos\ngetcwd\n(tR."


def archive(value: object) -> bytes:
    out = io.BytesIO()
    torch.save(value, out)
    return out.getvalue()


def harmful() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        held.writestr("archive/data.pkl", HARM)
    return out.getvalue()


ROW = archive(torch.ones(3)) + archive({"step": 3}) + archive(torch.ones(3))


def test_a_row_of_archives_passes() -> None:
    said = walked("__0_0.distcp", ROW)
    assert said.silent
    assert said.artifacts["__0_0.distcp"].format == "distcp"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_pickle_in_any_of_them_is_found(place: int) -> None:
    parts = [archive(1), archive(2)]
    parts.insert(place, harmful())
    assert "pickle-global-dangerous" in walked("a.distcp", b"".join(parts)).rules


@pytest.mark.parametrize("at", [0, len(archive(torch.ones(3))), len(ROW)])
def test_bytes_between_archives_never_pass(at: int) -> None:
    assert not walked("a.distcp", ROW[:at] + b"x" + ROW[at:]).silent


def test_one_archive_is_no_row() -> None:
    data = archive(1)
    assert not Distcp().recognise(data[:4096], BytesSource(data))


def test_a_second_listing_at_the_place_that_other_readers_take_is_no_row() -> None:
    last = harmful()
    with zipfile.ZipFile(io.BytesIO(last)) as held:
        start = held.start_dir
    first = io.BytesIO()
    with zipfile.ZipFile(first, "w") as held:
        held.writestr("a", b"x" * (start - 31) + last[start:] + b"x" * 100)
    data = first.getvalue() + last
    assert not Distcp().recognise(data[:4096], BytesSource(data))
    assert not walked("model.pt", data).silent
