"""ZIP archives of which two readers make two things, each with a payload where one of them looks (APPNOTE 6.3.10)."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable

import lz4.frame
import zstandard

from corpora import opcodes as op
from corpora.case import Case, hostile
from corpora.malicious.archives import HONEST, npy_object, zipped
from corpora.zips import Member, archive, deflated, extra

PKL, OTHER = b"archive/data.pkl", b"archive/version"
_ANY = ("zip-*", "pickle-*", "format-*", "coverage-*", "archive-*")


def _skippable(data: bytes) -> bytes:
    return b"\x50\x2a\x4d\x18" + struct.pack("<I", len(data)) + data


def _gzip_with(flag: int, field: bytes) -> bytes:
    plain = gzip.compress(HONEST, mtime=0)
    return plain[:3] + bytes([flag]) + plain[4:10] + field + plain[10:]


def _bomb() -> bytes:
    """A zstd frame of 70,000 blocks of zeros, compressed once more."""
    row = (131072 << 3 | 2).to_bytes(3, "little") + b"\0"
    frame = b"\x28\xb5\x2f\xfd\0\x38" + row * 70_000 + (131072 << 3 | 3).to_bytes(3, "little") + b"\0"
    return gzip.compress(frame, mtime=0)


def cases() -> list[Case]:
    """Disputed records, fields that nobody reads, compressions around payloads."""
    zips: dict[str, Callable[[bytes], bytes]] = {
        "case": lambda p: archive(Member(PKL, HONEST), Member(b"archive/DATA.PKL", p)),
        "nul": lambda p: archive(Member(PKL + b"\0.txt", p), Member(OTHER, b"3\n")),
        "second-name": lambda p: archive(
            Member(
                b"notes.txt",
                p,
                extra=extra(0x7075, b"\1" + struct.pack("<I", zlib.crc32(b"notes.txt")) + PKL),
            )
        ),
        "zip64-more": lambda p: archive(
            Member(PKL, p, extra=extra(1, struct.pack("<QQ", len(HONEST), len(HONEST))))
        ),
        "folder-in-directory": lambda p: archive(
            Member(b"archive/data.pkl/", p, central={"size": 0, "packed": 0, "crc": 0})
        ),
        "method-in-local": lambda p: archive(
            Member(PKL, p, packed=deflated(p), local={"method": 8}, central={"size": len(deflated(p))})
        ),
        "patched-flag": lambda p: archive(Member(PKL, p, flags=0x20)),
        "masked-flag": lambda p: archive(Member(PKL, p, flags=0x2000)),
        "other-disk": lambda p: archive(Member(PKL, p, central={"disk": 1})),
        "extra-field": lambda p: archive(Member(PKL, HONEST, extra=extra(0x7777, p))),
        "member-comment": lambda p: archive(Member(PKL, HONEST, central={"comment": p})),
        "overlap": lambda p: archive(Member(PKL, p), Member(OTHER, p, central={"offset": 0})),
        "counted-prefix": lambda p: archive(Member(PKL, HONEST), front=p),
        "one-entry-less": lambda p: archive(
            Member(PKL, HONEST), Member(b"archive/x.pkl", p), end={"entries": 1, "total": 1}
        ),
        "bzip2": lambda p: zipped(("archive/data.pkl", p), method=12),
        "lzma": lambda p: zipped(("archive/data.pkl", p), method=14),
        "zstd": lambda p: archive(Member(PKL, p, packed=zstandard.compress(p), method=93)),
        "npz-lzma": lambda p: zipped(("a.npy", npy_object(p)), method=14),
    }
    found = [
        hostile(f"disputed-{n}", "model.pt", lambda f, c=c: c(op.payload(f)), f"zip checkpoint: {n}", _ANY)  # type: ignore[misc]
        for n, c in zips.items()
    ]
    packed: dict[str, Callable[[bytes], bytes]] = {
        "zstd": zstandard.compress,
        "zstd-second-frame": lambda p: zstandard.compress(HONEST[:0]) + zstandard.compress(p),
        "zstd-behind-skippable": lambda p: _skippable(b"words") + zstandard.compress(p),
        "zstd-in-skippable": lambda p: zstandard.compress(HONEST) + _skippable(p),
        "lz4": lz4.frame.compress,
        "lz4-in-skippable": lambda p: _skippable(p) + lz4.frame.compress(HONEST),
        "gzip-extra": lambda p: _gzip_with(4, struct.pack("<H", len(p)) + p),
        "gzip-comment": lambda _: _gzip_with(16, b"cposix\nsystem\n(S'true'\ntR.\0"),
        "gzip-behind-zeros": lambda p: gzip.compress(HONEST, mtime=0) + bytes(40) + gzip.compress(p, mtime=0),
    }
    found += [
        hostile(
            f"packed-{n}",
            "model.joblib",
            lambda f, c=c: c(op.payload(f)),
            f"compressed payload: {n}",
            _ANY,  # type: ignore[misc]
        )
        for n, c in packed.items()
    ]
    return [
        *found,
        hostile(
            "packed-bomb",
            "model.gz",
            lambda _: _bomb(),
            "a few bytes that expand to 8 GiB",
            ("archive-bomb",),
        ),
    ]
