"""Files are dealt out to jails so that none is lost, and only where another jail pays."""

from __future__ import annotations

import os

import pytest

from quarantine.records import StageName
from quarantine.stages import FILE_COST_BYTES, PARALLEL_FROM_BYTES, _others, _split


def batch(count: int, size: int) -> list[tuple[str, int, int]]:
    return [(f"{number}", number, size) for number in range(count)]


@pytest.mark.parametrize(
    "files",
    [batch(1, 10 * PARALLEL_FROM_BYTES), batch(1000, 10)],
    ids=["one-large", "many-small"],
)
def test_one_jail_reads_one_file_or_small_ones(files: list[tuple[str, int, int]]) -> None:
    assert [sorted(group) for group in _split(files)] == [sorted(files)]


def test_large_files_are_dealt_out_evenly_and_completely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    files = batch(64, PARALLEL_FROM_BYTES)
    groups = _split(files)
    assert sorted(file for group in groups for file in group) == sorted(files)
    assert [len(group) for group in groups] == [16] * 4


def test_very_many_small_files_are_dealt_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert len(_split(batch(PARALLEL_FROM_BYTES // FILE_COST_BYTES, 0))) == 4


def test_each_static_worker_is_shown_the_files_of_the_others() -> None:
    files = batch(3, PARALLEL_FROM_BYTES)
    groups = [files[:2], files[2:]]
    assert _others(groups, files, StageName.STATIC) == [files[2:], files[:2]]
    assert _others(groups, files, StageName.OPINIONS) == [[], []]
