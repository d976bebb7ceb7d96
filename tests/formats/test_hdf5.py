"""HDF5: honest files of every kind are claimed whole, and no change of their structures passes silently."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign.keras import chunks, dtypes, groups, hdf5
from corpora.malformed.keras import honest, moved
from quarantine.formats.hdf5_checksum import lookup3
from tests.analyzers.walking import walked

VERSIONS = ("earliest", "v108", "v110", "v112", "latest")


def many(file: Any) -> None:
    for number in range(500):
        file[f"link{number}"] = number
    for number in range(30):
        file.attrs[f"attribute{number}"] = "x" * number * 100


def unlinked(file: Any) -> None:
    """Names of links that were deleted stay in the group's heap."""
    for number in range(20):
        file[f"d{number}"] = [number] * number
        file[f"other{number}"] = file[f"d{number}"]
    for number in range(0, 20, 2):
        del file[f"other{number}"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("write", [dtypes, chunks, groups, many])
def test_honest_files_are_claimed_whole(write: Any, version: str) -> None:
    options: Any = {"libver": version if version in ("earliest", "latest") else (version, "latest")}
    found = walked("weights.h5", hdf5(write, **options))
    assert found.silent, found.findings
    assert {seen.format for seen in found.artifacts.values()} == {"hdf5"}


@pytest.mark.parametrize(
    "options",
    [{"track_order": True}, {"userblock_size": 1024}, {"fs_strategy": "none"}, {"meta_block_size": 4096}],
)
@pytest.mark.parametrize("write", [dtypes, chunks, groups])
def test_other_ways_of_allocation_are_claimed_whole(write: Any, options: Any) -> None:
    assert walked("weights.h5", hdf5(write, **options)).silent


def test_names_of_what_was_deleted_are_no_hidden_bytes() -> None:
    assert walked("weights.h5", hdf5(unlinked)).silent


def test_the_checksum_is_the_published_hash() -> None:
    assert lookup3(b"") == 0xDEADBEEF
    assert lookup3(b"Four score and seven years ago") == 0x17770551


@pytest.mark.parametrize("at", [1 << 40, (1 << 64) - 16, 96, 2000])
def test_data_outside_the_file_or_over_other_structures_is_an_attack(at: int) -> None:
    assert "hdf5-corrupt" in walked("weights.h5", moved(honest(), at)).rules


def test_bytes_that_mean_nothing_are_reported_wherever_they_lie() -> None:
    data = honest()
    heap = data.index(b"HEAP")
    hidden = bytearray(data)
    gap = data.rindex(bytes(64))
    hidden[gap + 8 : gap + 14] = b"\xffhello"
    for changed in (data + b"x", bytes(hidden), data[:heap] + bytes(8) + data[heap:]):
        assert not walked("weights.h5", changed).silent


def test_a_pickle_in_an_attribute_is_judged_as_one() -> None:
    def write(value: object) -> Any:
        return lambda file: file.attrs.__setitem__("a", np.bytes_(pickle.dumps(value, 2)))

    assert walked("table.h5", hdf5(write([1, "a"]))).silent
    assert "pickle-global-dangerous" in walked("table.h5", hdf5(write(print))).rules


@pytest.mark.parametrize(
    "options", [{}, {"chunks": (7,)}, {"chunks": (7,), "compression": "gzip", "shuffle": True}]
)
def test_a_pickle_in_a_dataset_of_bytes_is_followed(options: Any) -> None:
    data = np.frombuffer(pickle.dumps(print), np.uint8)
    found = walked("a.h5", hdf5(lambda file: file.create_dataset("x", data=data, **options)))
    assert "pickle-global-dangerous" in found.rules


def test_images_that_begin_or_end_like_a_pickle_are_quiet() -> None:
    data = np.array([0x80, 2, 200, 46] * 50 + [46], np.uint8)
    for options in ({}, {"chunks": (7,)}):
        assert walked("a.h5", hdf5(lambda file, o=options: file.create_dataset("x", data=data, **o))).silent


def test_matlab_has_a_user_block_of_its_own() -> None:
    body = hdf5(lambda file: None, userblock_size=512)[512:]
    head = b"MATLAB 7.3 MAT-file".ljust(116) + bytes(8) + b"\x00\x02IM"
    assert walked("data.mat", head.ljust(512, b"\0") + body).silent
    assert "hdf5-user-block" in walked("data.mat", head.ljust(512, b"x") + body).rules


def test_a_file_that_old_libraries_left_marked_as_open_is_whole() -> None:
    data = bytearray(hdf5(groups))
    data[20:24] = b"\3\0\0\0"
    assert walked("m.h5", bytes(data)).silent
    data[20:24] = b"\0\0\0\1"
    assert "format-malformed" in walked("m.h5", bytes(data)).rules


def test_a_superblock_that_no_library_reads_is_for_a_person() -> None:
    data = bytearray(hdf5(groups))
    data[8] = 9
    assert walked("m.h5", bytes(data)).rules == {"format-not-followed"}


@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_bytes_inserted_or_taken_away_anywhere_never_pass(version: str) -> None:
    data = hdf5(groups, libver=version)[:]
    for at in range(0, len(data), max(1, len(data) // 150)):
        assert not walked("a.h5", data[:at] + b"\1" + data[at:]).silent
        assert not walked("a.h5", data[:at] + data[at + 1 :]).silent


_SAMPLES = [
    hdf5(write, libver=version) for write in (dtypes, chunks, groups) for version in ("earliest", "latest")
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_SAMPLES), st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8))
def test_mutated_files_never_crash_the_reader(data: bytes, at: int, patch: bytes) -> None:
    at %= len(data)
    found = walked("a.h5", data[:at] + patch + data[at + len(patch) :])
    assert "analyzer-crashed" not in found.rules
