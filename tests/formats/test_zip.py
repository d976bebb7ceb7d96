"""ZIP: what archivers write passes, and whatever lets two readers see two archives is reported and read twice."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib

import pytest
import zstandard

from corpora.zips import Member, archive, deflated, extra
from tests.analyzers.walking import walked

TEXT = b"weights and words\n" * 4
HOSTILE = b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R."
A, B = Member(b"a.txt", TEXT), Member(b"b.txt", TEXT)
NTFS = struct.pack("<IHH", 0, 1, 24) + bytes(24)


def descriptor(
    data: bytes, form: str = "<III", mark: bytes = b"PK\7\x08", packed: int | None = None
) -> bytes:
    """A data descriptor of a stored member."""
    return mark + struct.pack(form, zlib.crc32(data), len(data) if packed is None else packed, len(data))


def late(data: bytes, tail: bytes) -> Member:
    """A member whose sizes stand behind it."""
    return Member(b"a.txt", data, flags=8, local={"crc": 0, "packed": 0, "size": 0}, tail=tail)


HONEST = {
    "plain": archive(A, B),
    "empty": archive(),
    "folder": archive(Member(b"d/", b"", mode=0o40755), A),
    "folder that is deflated": archive(Member(b"d/", b"", packed=b"\3\0", method=8), A),
    "deflated": archive(Member(b"a.txt", TEXT, packed=deflated(TEXT), method=8)),
    "descriptor": archive(late(TEXT, descriptor(TEXT)), B),
    "descriptor without signature": archive(late(TEXT, descriptor(TEXT, mark=b"")), B),
    "descriptor of zip64": archive(late(TEXT, descriptor(TEXT, "<IQQ")), B),
    "times": archive(
        Member(b"a.txt", TEXT, extra=extra(0x5455, b"\3" + bytes(8)) + extra(0x7875, bytes(11)))
    ),
    "ntfs times": archive(Member(b"a.txt", TEXT, extra=extra(0x000A, NTFS))),
    "jar": archive(Member(b"META-INF/MANIFEST.MF", TEXT, extra=extra(0xCAFE, b""))),
    "alignment": archive(Member(b"a.txt", TEXT, local={"extra": extra(0xD935, b"\0\0")})),
    "torch's padding": archive(Member(b"a.txt", TEXT, local={"extra": extra(0x4246, b"Z" * 40)})),
    "zip64 with both sizes": archive(
        Member(
            b"a.txt",
            TEXT,
            local={
                "packed": 0xFFFFFFFF,
                "size": 0xFFFFFFFF,
                "extra": extra(1, struct.pack("<QQ", len(TEXT), len(TEXT))),
            },
        )
    ),
    "utf-8": archive(Member("größe.txt".encode(), TEXT, flags=0x800)),
    "utf-8 beside": archive(
        Member(
            b"gr_e",
            TEXT,
            extra=extra(0x7075, b"\1" + struct.pack("<I", zlib.crc32(b"gr_e")) + "grße".encode()),
        )
    ),
    "name in code page 437": archive(Member(b"gr\x94\xe1e.txt", TEXT)),
    "bsdtar's record": (whole := archive(A)) + bytes(10240 - len(whole)),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_archivers_write_passes(name: str) -> None:
    found = walked("a.zip", HONEST[name])
    assert found.rules == set()
    assert found.silent


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_payload_in_another_method_is_found(method: int) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as made:
        made.writestr("a", HOSTILE)
    assert "pickle-global-dangerous" in walked("a.zip", held.getvalue()).rules


def wide(*values: int) -> bytes:
    """A ZIP64 field."""
    return extra(1, struct.pack(f"<{len(values)}Q", *values))


SATURATED = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}
N = len(TEXT)
DISPUTED = {
    "names differ": archive(Member(b"a.txt", TEXT, local={"name": b"b.txt"})),
    "flags differ": archive(Member(b"a.txt", TEXT, local={"flags": 0x800})),
    "methods differ": archive(Member(b"a.txt", TEXT, local={"method": 8})),
    "sizes differ": archive(Member(b"a.txt", TEXT, local={"size": 4, "packed": 4})),
    "crc is wrong": archive(Member(b"a.txt", TEXT, local={"crc": 1}, central={"crc": 1})),
    "crc is wrong in one": archive(Member(b"a.txt", TEXT, local={"crc": 1})),
    "descriptor is missing": archive(late(TEXT, b""), B),
    "descriptor lies": archive(late(TEXT, descriptor(TEXT, packed=3)), B),
    "encrypted in one": archive(Member(b"a.txt", TEXT, local={"flags": 1})),
    "encrypted": archive(Member(b"a.txt", TEXT, flags=1)),
    "strongly encrypted": archive(Member(b"a.txt", TEXT, flags=0x41)),
    "masked": archive(Member(b"a.txt", TEXT, flags=0x2000)),
    "patched": archive(Member(b"a.txt", TEXT, flags=0x20)),
    "reserved flag": archive(Member(b"a.txt", TEXT, flags=0x8000)),
    "unknown method": archive(Member(b"a.txt", TEXT, method=99)),
    "two of a name": archive(A, Member(b"a.txt", HOSTILE)),
    "two of a name but for case": archive(A, Member(b"A.TXT", TEXT)),
    "two of a name but for a dot": archive(A, Member(b"a.txt.", TEXT)),
    "two of a name but for a slash": archive(Member(b"d/a.txt", TEXT), Member(b"d\\a.txt", TEXT)),
    "two of a name but for a point": archive(A, Member(b"./a.txt", TEXT)),
    "two of a name but for composition": archive(
        Member("ü".encode(), TEXT, flags=0x800), Member("u\u0308".encode(), TEXT, flags=0x800)
    ),
    "two of a name but for NUL": archive(A, Member(b"a.txt\0b", TEXT)),
    "no name": archive(Member(b"", TEXT)),
    "second name": archive(Member(b"a.txt", TEXT, extra=extra(0x7075, b"\1\0\0\0\0b.txt"))),
    "second name with its crc": archive(
        Member(b"a.txt", TEXT, extra=extra(0x7075, b"\1" + struct.pack("<I", zlib.crc32(b"a.txt")) + b"b.txt"))
    ),
    "zip64 of another size": archive(Member(b"a.txt", TEXT, extra=wide(3, 3))),
    "zip64 twice": archive(
        Member(b"a.txt", TEXT, local=SATURATED, central=SATURATED, extra=wide(N, N) + wide(3, 3))
    ),
    "zip64 that says more": archive(
        Member(b"a.txt", TEXT, local=SATURATED, central=SATURATED, extra=wide(N, N, 7, 9))
    ),
    "on another disk": archive(Member(b"a.txt", TEXT, central={"disk": 3})),
    "folder with content": archive(Member(b"a/", HOSTILE)),
    "folder in one": archive(Member(b"a/", HOSTILE, central={"size": 0, "packed": 0})),
    "one entry less": archive(A, B, end={"entries": 1, "total": 1}),
    "one entry more": archive(A, end={"entries": 2, "total": 2}),
    "entries of two minds": archive(A, B, end={"entries": 1}),
    "several disks": archive(A, end={"disk": 1}),
    "directory elsewhere": archive(A, B, end={"offset": 3}),
    "directory that is shorter": archive(A, B, end={"size": 51, "entries": 1, "total": 1}),
    "gap": archive(Member(b"a.txt", TEXT, tail=b"between"), B),
    "member that no directory names": archive(Member(b"a.txt", TEXT, tail=archive(B)[: 35 + N]), B),
    "overlap": archive(A, Member(b"b.txt", TEXT, central={"offset": 0})),
    "quoted overlap": archive(
        Member(b"a.txt", TEXT[:4] + TEXT, local={"packed": 4, "size": 4}), Member(b"b.txt", TEXT)
    ),
    "bytes in front": b"#!/bin/sh\n" + archive(A),
    "bytes in front that are counted": archive(A, front=b"#!/bin/sh\n"),
    "bytes behind": archive(A) + b"behind",
    "second archive in the comment": archive(A, comment=archive(B)),
    "end record in the comment": archive(A, comment=b"PK\5\6" + bytes(18)),
    "a longer comment": archive(A)[:-2] + b"\xff\xff",
    "a member deflated twice as long": archive(
        Member(b"a.txt", TEXT, packed=deflated(TEXT * 2), method=8)
    ),
    "bytes behind the deflated ones": archive(
        Member(b"a.txt", TEXT, packed=deflated(TEXT) + b"hidden", method=8)
    ),
    "stored in two sizes": archive(Member(b"a.txt", TEXT + b"more", local={"size": N}, central={"size": N})),
    "a skipped frame in a member": archive(
        Member(b"a", TEXT, packed=zstandard.compress(TEXT) + b"\x50\x2a\x4d\x18\1\0\0\0x", method=93)
    ),
    "a link": archive(Member(b"a", b"/etc/passwd", mode=0o120777)),
    "a folder by its attributes": archive(Member(b"a", TEXT, mode=0o040755)),
    "a device": archive(Member(b"a", b"", mode=0o020666)),
    "a name that leaves": archive(Member(b"d/../../a", TEXT)),
    "a name that leaves on Windows": archive(Member(b"..\\a", TEXT)),
    "an absolute name": archive(Member(b"/a", TEXT)),
    "a drive": archive(Member(b"C:a", TEXT)),
}  # fmt: skip


@pytest.mark.parametrize("name", DISPUTED)
def test_what_readers_can_dispute_is_rejected(name: str) -> None:
    from quarantine.records import Severity
    from quarantine.ruleset import load_rules

    rules, found = load_rules(), walked("a.zip", DISPUTED[name])
    assert max(rules.get(rule).severity.rank for rule in found.rules) >= Severity.HIGH.rank
    assert "analyzer-crashed" not in found.rules


@pytest.mark.parametrize(
    "content",
    {
        "local size": archive(
            Member(b"a", HOSTILE + TEXT, local={"size": len(HOSTILE), "packed": len(HOSTILE)})
        ),
        "central size": archive(
            Member(b"a", HOSTILE + TEXT, central={"size": len(HOSTILE), "packed": len(HOSTILE)})
        ),
        "local method": archive(Member(b"a", HOSTILE, packed=deflated(HOSTILE), local={"method": 8}, method=0,
                                       central={"size": len(deflated(HOSTILE))})),
        "encryption that is none": archive(Member(b"a", HOSTILE, flags=1)),
        "extra field": archive(Member(b"a", TEXT, extra=extra(0x7777, HOSTILE))),
        "member's comment": archive(Member(b"a", TEXT, central={"comment": HOSTILE})),
        "folder": archive(Member(b"a/", HOSTILE)),
        "folder to the directory": archive(Member(b"a/", HOSTILE, central={"size": 0, "packed": 0})),
        "comment": archive(A, comment=HOSTILE),
        "archive in front that is counted": archive(A, front=archive(Member(b"a", HOSTILE))),
        "front": HOSTILE + archive(A),
        "behind": archive(A) + HOSTILE,
    }.values(),
    ids=lambda value: str(len(value)),
)  # fmt: skip
def test_both_readings_are_followed(content: bytes) -> None:
    assert "pickle-global-dangerous" in walked("a.zip", content).rules


def test_an_unknown_extra_field_with_content_does_not_pass() -> None:
    assert not walked("a.zip", archive(Member(b"a.txt", TEXT, extra=extra(0x7777, bytes(range(200)))))).silent


def test_deflate64_goes_to_review_only() -> None:
    found = walked("a.zip", archive(Member(b"a.txt", TEXT, method=9)))
    assert found.rules == {"format-not-read"}
    assert not found.silent


def test_a_hundred_thousand_members_take_seconds() -> None:
    members = [Member(b"%d.txt" % index, b"x\n") for index in range(20_000)]
    started = time.monotonic()
    found = walked("a.zip", archive(*members, end={"entries": 20_000, "total": 20_000}))
    assert len(found.artifacts) == 20_001
    assert time.monotonic() - started < 60


def test_an_archive_that_holds_itself_again_and_again_ends() -> None:
    content = b"x"
    for _ in range(40):
        content = archive(Member(b"a", content))
    assert "walk-limit" in walked("a.zip", content).rules
