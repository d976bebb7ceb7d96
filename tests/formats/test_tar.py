"""Tar: old and new archives pass, whatever two readers would read differently does not, PyTorch's own are followed."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile

import pytest

from corpora.malicious.torch_tars import FLOATS, torch_tar
from tests.analyzers.walking import walked

TEXT = b"weights and words\n"
HOSTILE = b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R."
Entry = tuple[str, bytes, str, bytes]


def block(name: str, data: bytes = b"", kind: bytes = b"0", target: str = "", **fields: bytes) -> bytes:
    """A member of a v7 archive, with other bytes in some fields: ``size``, ``magic``, ``prefix`` or ``sum``."""
    head = bytearray(512)
    size = fields.get("size", b"%011o\0" % len(data))
    for at, value in (
        (0, name.encode()), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"), (124, size),
        (136, b"00000000000\0"), (148, b" " * 8), (156, kind), (157, target.encode()),
        (257, fields.get("magic", b"")), (345, fields.get("prefix", b"")),
    ):  # fmt: skip
        head[at : at + len(value)] = value
    head[148:156] = fields.get("sum", b"%06o\0 ") % sum(head)
    return bytes(head) + data + bytes(-len(data) % 512)


END = bytes(1024)
USTAR = b"ustar\x0000"


def archive(*entries: Entry, pax: dict[str, str] | None = None) -> bytes:
    """An archive as Python writes it, of (name, kind, target, content)."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name, kind, target, data in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size, info.pax_headers = kind, target, len(data), pax or {}
            made.addfile(info, io.BytesIO(data))
    return held.getvalue()


def test_an_archive_of_before_ustar_is_told_by_its_checksum() -> None:
    found = walked("model.bin", block("a.txt", TEXT) + block("b/", kind=b"5") + END)
    assert found.silent
    assert found.artifacts["model.bin"].format == "tar"


def test_a_payload_in_an_archive_of_before_ustar_is_found() -> None:
    assert "pickle-global-dangerous" in walked("model.bin", block("a", HOSTILE) + END).rules


@pytest.mark.parametrize("said", [b" %06o\0", b"%07o\0", b"0o%05o\0", b"+%06o\0"], ids=str)
def test_a_checksum_that_only_python_takes_is_no_hiding_place(said: bytes) -> None:
    content = block("a", HOSTILE, sum=said) + END
    with tarfile.open(fileobj=io.BytesIO(content)) as made:
        assert made.getnames() == ["a"]
    assert not walked("model.bin", content).silent


NOTES = {"SCHILY.xattr.user.a": "1", "LIBARCHIVE.creationtime": "1.5", "RHT.security.selinux": "u"}


def test_notes_of_other_writers_pass() -> None:
    assert walked("a.tar", archive(("a.txt", b"0", "", TEXT), pax=NOTES)).silent


@pytest.mark.parametrize(
    ("content", "rule"),
    {
        "a folder with data": (block("a/", HOSTILE) + END, "tar-member"),
        "a link with data": (block("a", HOSTILE, b"2", "b") + END, "tar-member"),
        "a prefix without ustar": (block("a", TEXT, prefix=b"../../etc") + END, "tar-member"),
        "a prefix that leaves": (block("a", TEXT, magic=USTAR, prefix=b"../../etc") + END, "zip-path-escape"),
        "another size in pax": (archive(("a", b"0", "", TEXT), pax={"size": "99"}), "tar-member"),
        "a name in pax that leaves": (
            archive(("a", b"0", "", TEXT), pax={"path": "../a"}),
            "zip-path-escape",
        ),
        "sparse in pax": (archive(("a", b"0", "", TEXT), pax={"GNU.sparse.major": "1"}), "tar-member"),
        "a long note with a pickle": (
            archive(("a", b"0", "", TEXT), pax={"SCHILY.xattr.x": "cposix\nsystem\n(S'x'\ntR." + " " * 300}),
            "pickle-global-dangerous",
        ),
        "a link inside": (archive(("a", b"0", "", TEXT), ("b", b"2", "a", b"")), "archive-link"),
        "a hard link inside": (archive(("a", b"0", "", TEXT), ("b", b"1", "a", b"")), "archive-link"),
        "a link out": (archive(("d/b", b"2", "../../a", b"")), "zip-path-escape"),
        "a link to an absolute path": (archive(("b", b"2", "/etc", b"")), "zip-path-escape"),
        "a hard link to nothing": (archive(("b", b"1", "etc", b"")), "zip-path-escape"),
        "a file through a link": (
            archive(("d", b"2", "e", b""), ("d/a", b"0", "", TEXT)),
            "zip-path-escape",
        ),
        "a link through a link": (
            archive(("d", b"2", "e/f", b""), ("l", b"2", "d/../a", b"")),
            "zip-path-escape",
        ),
        "a lone zero block": (block("a", TEXT) + bytes(512) + block("b", HOSTILE) + END, "zip-ambiguous"),
        "an unknown kind": (block("a", HOSTILE, b"Q") + END, "pickle-global-dangerous"),
        "a size in base 256": (
            block("a", HOSTILE, size=b"\x80" + (2**63).to_bytes(11, "big")) + END,
            "format-malformed",
        ),
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_readers_differ_on_is_named(content: str, rule: tuple[bytes, str]) -> None:
    found = walked("a.tar", rule[0])
    assert rule[1] in found.rules or (rule[1] == "zip-ambiguous" and "pickle-global-dangerous" in found.rules)
    assert not found.silent


def test_a_tar_of_pytorch_passes_with_every_byte_claimed() -> None:
    found = walked("model.pt", torch_tar())
    assert found.rules <= {"pickle-multiple"}
    assert found.silent
    assert found.artifacts["model.pt"].format == "torch_tar"


@pytest.mark.parametrize("part", ["pickle", "storages", "tensors", "sys_info"])
def test_a_payload_in_any_part_of_a_tar_of_pytorch_is_found(part: str) -> None:
    assert "pickle-global-dangerous" in walked("model.pt", torch_tar(**{part: HOSTILE})).rules


def test_a_payload_behind_raw_data_is_found() -> None:
    first = pickle.dumps(2, 2) + pickle.dumps((77, "cpu", 0), 2).replace(b"K\0", FLOATS)
    stored = first + struct.pack("<q4f", 4, 1, 2, 3, 4) + HOSTILE
    assert "pickle-global-dangerous" in walked("model.pt", torch_tar(storages=stored)).rules


def test_bytes_behind_the_end_of_a_name_are_reported() -> None:
    assert "tar-member" in walked("a.tar", block("a.txt\0hidden", TEXT) + END).rules
