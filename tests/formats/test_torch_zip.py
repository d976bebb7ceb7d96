"""PyTorch archives: raw storages count as read only where the pickle names them, in their exact size."""

from __future__ import annotations

import pytest

from tests.analyzers.test_torch_legacy import storage
from tests.analyzers.walking import walked
from tests.formats.test_containers import Files, zipped

PICKLE = b"\x80\x02(" + storage("0", 2) + storage("1", 1) + b"t."
HONEST: Files = {
    "m/data.pkl": PICKLE,
    "m/.format_version": b"1",
    "m/.storage_alignment": b"64",
    "m/byteorder": b"little",
    "m/data/0": bytes(8),
    "m/data/1": bytes(4),
    "m/version": b"3\n",
    "m/.data/serialization_id": b"12",
}


def test_an_honest_archive_passes() -> None:
    found = walked("m.pt", zipped(HONEST))
    assert found.rules == set()
    assert found.silent
    assert found.artifacts["m.pt"].format == "torch"


@pytest.mark.parametrize(
    "change",
    [
        {"m/data/2": b"\x80\x02N."},
        {"m/data/0": bytes(9)},
        {"m/data/0": bytes(7)},
        {"m/data/x": bytes(4)},
        {"m/constants/0": bytes(4)},
        {"m/extra": b"\xff\xfe\0"},
        {"other/data/0": bytes(4)},
    ],
    ids=["nobody names it", "longer", "shorter", "no number", "other folder", "stray", "other archive"],
)
def test_a_member_that_no_pickle_names_leaves_the_archive_incomplete(change: Files) -> None:
    assert not walked("m.pt", zipped(HONEST | change)).silent


@pytest.mark.parametrize(
    ("files", "form"),
    [
        ({"m/data.pkl": b"\x80\x02N.", "m/constants.pkl": b"\x80\x02)."}, "torchscript"),
        ({"m/archive_format": b"pt2", "m/models/model.json": b"{}"}, "torch_export"),
        ({"schema.json": b"{}"}, "skops"),
        ({"a.txt": b"hello"}, "zip"),
    ],
)
def test_each_layout_has_its_name(files: Files, form: str) -> None:
    found = walked("m.pt", zipped(files))
    assert found.artifacts["m.pt"].format == form
    assert found.silent


def test_a_payload_under_a_name_of_other_case_is_found() -> None:
    payload = b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R."
    assert "pickle-global-dangerous" in walked("m.pt", zipped(HONEST | {"m/DATA.PKL": payload})).rules
