"""Containers: honest ones are claimed whole, and no byte can be added, put in or changed in silence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analyzers.walking import walked

TEXT = b"weights and words\n" * 40
HOSTILE = b"\x80\x02cposix\nsystem\nX\x01\x00\x00\x00:\x85R."
Files = dict[str, bytes]


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip as Python writes it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.comment = comment
    return held.getvalue()


def streamed(files: Files) -> bytes:
    """A zip written to a pipe, with data descriptors."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.held = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.held += bytes(data)  # type: ignore[call-overload]
            return len(data)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name, data in files.items():
            archive.writestr(name, data)
    return bytes(pipe.held)


def tarred(files: Files, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar as Python writes it."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return held.getvalue()


def member(info: tarfile.TarInfo) -> bytes:
    """A tar with one member of no size."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(info)
    return held.getvalue()


def link(name: str, kind: bytes, target: str = "/etc/passwd") -> bytes:
    """A tar with a link or device."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return member(info)


def zfile(data: bytes) -> bytes:
    """joblib's old compressed file."""
    return b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data)


def zstd(data: bytes) -> bytes:
    """A frame with a checksum and without the content's size, as a pipe gets it."""
    machine = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return machine.compress(data) + machine.flush()


def lzipped(data: bytes) -> bytes:
    """A member of an lzip file, made of an LZMA file with an end mark."""
    body = lzma.compress(data, format=lzma.FORMAT_ALONE)[13:]
    head = b"LZIP\x01\x17"
    sizes = len(data).to_bytes(8, "little") + (len(body) + 26).to_bytes(8, "little")
    return head + body + zlib.crc32(data).to_bytes(4, "little") + sizes


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zip": lambda data: zipped({"a.txt": data, "b/c.txt": b"b"}),
    "zip-stored": lambda data: zipped({"a.txt": data}, zipfile.ZIP_STORED),
    "zip-streamed": lambda data: streamed({"a.txt": data, "b.txt": b"b"}),
    "zip-in-zip": lambda data: zipped({"a.zip": zipped({"a.txt": data})}, zipfile.ZIP_STORED),
    "tar-pax": lambda data: tarred({"a.txt": data, "n" * 150: b"b"}),
    "tar-gnu": lambda data: tarred({"a.txt": data, "n" * 150: b"b"}, tarfile.GNU_FORMAT),
    "tar-ustar": lambda data: tarred({"a.txt": data}, tarfile.USTAR_FORMAT),
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "gzip-twice": lambda data: gzip.compress(data[:9], mtime=0) + gzip.compress(data[9:], mtime=0),
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "xz-twice": lambda data: lzma.compress(data[:9]) + lzma.compress(data[9:]),
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": zstd,
    "zstd-twice": lambda data: zstd(data[:9]) + zstd(data[9:]),
    "lz4": lz4.frame.compress,
    "lz4-twice": lambda data: lz4.frame.compress(data[:9]) + lz4.frame.compress(data[9:]),
    "lzip": lzipped,
    "zip-bz2": lambda data: zipped({"a.txt": data, "b.txt": b"b"}, zipfile.ZIP_BZIP2),
    "zip-lzma": lambda data: zipped({"a.txt": data, "b.txt": b"b"}, zipfile.ZIP_LZMA),
    "tar.gz": lambda data: gzip.compress(tarred({"a.txt": data}), mtime=0),
}
kinds = pytest.mark.parametrize("kind", PACKERS)


@kinds
def test_an_honest_container_passes(kind: str) -> None:
    found = walked("a.dat", PACKERS[kind](TEXT))
    assert found.rules == set()
    assert found.silent


@kinds
@settings(max_examples=15, deadline=None)
@given(text=st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=12, max_size=400))
def test_random_honest_content_passes(kind: str, text: str) -> None:
    assert walked("a.dat", PACKERS[kind]((text + " end").encode())).silent


@kinds
def test_a_payload_inside_is_found(kind: str) -> None:
    assert "pickle-global-dangerous" in walked("a.dat", PACKERS[kind](HOSTILE)).rules


@kinds
@settings(max_examples=30, deadline=None)
@given(data=st.binary(min_size=1, max_size=60).filter(lambda data: data.strip(b"\0") != b""))
def test_bytes_added_at_an_end_are_never_silent(kind: str, data: bytes) -> None:
    whole = PACKERS[kind](TEXT)
    assert not walked("a.dat", whole + data).silent
    assert not walked("a.dat", data + whole).silent


@kinds
@settings(max_examples=40, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), data=st.binary(min_size=1, max_size=20))
def test_bytes_put_in_are_never_silent(kind: str, where: float, data: bytes) -> None:
    whole = PACKERS[kind](TEXT)
    at = 1 + int(where * (len(whole) - 1))
    changed = whole[:at] + data + whole[at:]
    assert not walked("a.dat", changed).silent or _same_reading(whole, changed)


@kinds
@settings(max_examples=40, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_never_hides_a_payload(kind: str, where: float, bit: int) -> None:
    whole = bytearray(PACKERS[kind](HOSTILE))
    whole[int(where * len(whole))] ^= 1 << bit
    assert not walked("a.dat", bytes(whole)).silent


def _same_reading(whole: bytes, changed: bytes) -> bool:
    """Whether the change is in what carries no content: zeros among zeros, or bits that bzip2 leaves unused."""
    if whole.startswith(b"BZh"):
        return bz2.decompress(changed) == bz2.decompress(whole)
    return whole.replace(b"\0", b"") == changed.replace(b"\0", b"")


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("zip comment with a pickle", zipped({"a.txt": TEXT}, comment=HOSTILE), "pickle-global-dangerous"),
        (
            "zip comment with a zip",
            zipped({"a.txt": TEXT}, comment=zipped({"b": HOSTILE})),
            "pickle-global-dangerous",
        ),
        ("zip behind a pickle", HOSTILE + zipped({"a.txt": TEXT}), "zip-prefix"),
        ("zip behind a zip", zipped({"b": HOSTILE}) + zipped({"a.txt": TEXT}), "pickle-global-dangerous"),
        ("zip member that leaves", zipped({"../a.txt": TEXT}), "zip-path-escape"),
        ("tar member that leaves", tarred({"../a.txt": TEXT}), "zip-path-escape"),
        ("tar absolute", tarred({"/a.txt": TEXT}), "zip-path-escape"),
        ("tar symbolic link", link("a", tarfile.SYMTYPE), "zip-path-escape"),
        ("tar hard link", link("a", tarfile.LNKTYPE), "zip-path-escape"),
        ("tar device", link("a", tarfile.CHRTYPE), "tar-member"),
        ("tar sparse", link("a", tarfile.GNUTYPE_SPARSE), "tar-member"),
        ("gzip then pickle", gzip.compress(TEXT, mtime=0) + HOSTILE, "pickle-global-dangerous"),
        ("old joblib file", zfile(HOSTILE), "pickle-global-dangerous"),
        ("broken zstandard", b"\x28\xb5\x2f\xfd" + bytes(20), "format-malformed"),
        ("broken lz4", b"\x04\x22\x4d\x18" + bytes(20), "format-malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_trick_is_named(name: str, content: bytes, rule: str) -> None:
    found = walked("a.dat", content)
    assert rule in found.rules
    assert not found.silent


def test_two_members_of_one_name_are_both_read() -> None:
    held = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(held, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr("a", HOSTILE)
        archive.writestr("a", TEXT)
    assert walked("a.zip", held.getvalue()).rules >= {"zip-ambiguous", "pickle-global-dangerous"}


def test_both_readings_of_a_local_header_that_differs_are_followed() -> None:
    whole = zipped({"a.txt": HOSTILE + TEXT}, zipfile.ZIP_STORED)
    size = len(HOSTILE).to_bytes(4, "little")
    changed = whole[:18] + size + size + whole[26:]
    found = walked("a.zip", changed)
    assert any(path.startswith("a.zip!local/") for path in found.artifacts)
    assert "zip-ambiguous" in found.rules


def test_a_window_over_the_limit_goes_to_review() -> None:
    options = zstandard.ZstdCompressionParameters(window_log=30)
    machine = zstandard.ZstdCompressor(compression_params=options).compressobj()
    found = walked("a.zst", machine.compress(TEXT) + machine.flush())
    assert found.rules == {"format-too-large"}


def test_a_dictionary_that_is_not_there_goes_to_review() -> None:
    frame = zstandard.compress(TEXT)
    assert walked("a.zst", frame[:4] + bytes([frame[4] | 1]) + b"\7" + frame[5:]).rules == {"format-not-read"}


@pytest.mark.parametrize("flags", [4, 16], ids=["extra", "comment"])
def test_what_a_gzip_header_holds_besides_is_opened(flags: int) -> None:
    whole = gzip.compress(TEXT, mtime=0)
    payload = b"cposix\nsystem\n(S'true'\ntR."
    field = len(payload).to_bytes(2, "little") + payload if flags == 4 else payload + b"\0"
    found = walked("a.gz", whole[:3] + bytes([flags]) + whole[4:10] + field + whole[10:])
    assert "pickle-global-dangerous" in found.rules


def test_zeros_behind_a_gzip_pass_and_what_is_behind_them_is_read() -> None:
    whole = gzip.compress(TEXT, mtime=0)
    assert walked("a.gz", whole + bytes(700)).silent
    assert (
        "pickle-global-dangerous"
        in walked("a.gz", gzip.compress(b"") + bytes(9) + gzip.compress(HOSTILE)).rules
    )


@pytest.mark.parametrize("kind", ["zstd", "lz4"])
def test_a_frame_that_is_skipped_is_opened(kind: str) -> None:
    frame = b"\x53\x2a\x4d\x18" + len(HOSTILE).to_bytes(4, "little") + HOSTILE
    whole = PACKERS[kind](TEXT)
    assert "pickle-global-dangerous" in walked("a.dat", frame + whole).rules
    assert "pickle-global-dangerous" in walked("a.dat", whole + frame).rules


def test_content_that_expands_out_of_all_proportion_is_a_bomb() -> None:
    row = (131072 << 3 | 2).to_bytes(3, "little") + b"\0"
    frame = b"\x28\xb5\x2f\xfd\0\x38" + row * 66_000 + (131072 << 3 | 3).to_bytes(3, "little") + b"\0"
    assert "archive-bomb" in walked("a.zst.gz", gzip.compress(frame)).rules
