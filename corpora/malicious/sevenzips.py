"""7z archives with payloads, whole and broken (DOC/7zFormat.txt), as models were passed around to get past scanners."""

from __future__ import annotations

import lzma
import struct
import zlib

from corpora import opcodes as op
from corpora.case import Case, Content, benign, broken, hostile, made
from corpora.malicious.archives import checkpoint

_LZMA2 = {"id": lzma.FILTER_LZMA2, "preset": 6}
_METHODS = {"copy": b"\x01\0", "lzma2": b"\x21\x21\x01\x16"}
OPENED = ("pickle-*", "zip-*", "format-*", "coverage-*")


def _number(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else b"\xff" + struct.pack("<Q", value)


def _property(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _number(len(body)) + body


def sevenzip(
    *members: tuple[str, bytes],
    method: str = "lzma2",
    attributes: int | None = None,
    anti: bool = False,
    crcs: bool = True,
    coder: bytes = b"",
) -> bytes:
    """An archive with one solid folder and a plain header. ``coder`` stands in the place of the method's record."""
    whole = b"".join(data for _, data in members)
    packed = lzma.compress(whole, lzma.FORMAT_RAW, filters=[_LZMA2]) if method == "lzma2" else whole
    sizes = b"".join(_number(len(data)) for _, data in members[:-1])
    digests = b"".join(struct.pack("<I", zlib.crc32(data)) for _, data in members)
    streams = (
        b"\x06\0\x01\x09" + _number(len(packed)) + b"\0"
        b"\x07\x0b\x01\0\x01" + (coder or _METHODS[method]) + b"\x0c" + _number(len(whole)) + b"\0"
        b"\x08\x0d" + _number(len(members)) + b"\x09" * bool(sizes) + sizes
        + (b"\x0a\x01" + digests) * crcs + b"\0\0"
    )  # fmt: skip
    names = b"\0" + b"".join(name.encode("utf-16-le") + b"\0\0" for name, _ in members)
    listing = _number(len(members)) + _property(0x11, names)
    if attributes is not None:
        listing += _property(0x15, b"\x01\0" + struct.pack("<I", attributes) * len(members))
    if anti:
        listing = _number(len(members) + 1) + _property(0x0E, bytes([0x80 >> len(members)]))
        listing += _property(0x10, b"\x80") + _property(0x11, names + "gone.txt\0".encode("utf-16-le"))
    header = b"\x01\x04" + streams + b"\x05" + listing + b"\0\0"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def cases() -> list[Case]:
    """Payloads in archives that are whole, odd or broken; honest archives of 7-Zip and libarchive."""
    p = op.payload
    text = ("README.md", b"# Tiny\n")
    tricks: dict[str, tuple[str, Content]] = {
        "plain": ("a pickle in LZMA2", lambda f: sevenzip(text, ("data.pkl", p(f)))),
        "stored": ("a pickle that is only copied", lambda f: sevenzip(("data.pkl", p(f)), method="copy")),
        "checkpoint": ("a checkpoint of PyTorch inside", lambda f: sevenzip(("model.pt", checkpoint(p(f))))),
        "cut-off": (
            "a pickle in an archive whose header is cut off, which unpackers repair",
            lambda f: sevenzip(("data.pkl", p(f)))[:-20],
        ),
        "broken-signature": (
            "the CRC of the signature header is wrong",
            lambda f: sevenzip(text, ("data.pkl", p(f))).replace(b"\x1c\0\x04", b"\x1c\0\x03"),
        ),
        "broken-tail": (
            "the packed stream breaks behind the payload",
            lambda f: _flipped(sevenzip(("data.pkl", p(f)), ("noise", bytes(range(256)) * 9), method="copy")),
        ),
        "second-behind": (
            "a second archive behind the first",
            lambda f: sevenzip(text) + sevenzip(("data.pkl", p(f))),
        ),
        "gap": ("a pickle between signature and stream", lambda f: _with_gap(sevenzip(text), p(f))),
        "traversal": ("a name that leaves the folder", lambda f: sevenzip(("../../CANARY", b"x"))),
        "link": (
            "a symbolic link",
            lambda f: sevenzip(("link", b"/etc/hostname"), attributes=0xA1FF8000),
        ),
        "two-of-a-name": (
            "two members of one name",
            lambda f: sevenzip(("data.pkl", op.stream(op.EMPTY_DICT)), ("data.pkl", p(f))),
        ),
        "anti-item": ("a member that deletes a file", lambda f: sevenzip(text, anti=True)),
    }
    found = [
        hostile(f"7z-{name}", "model.bin", content, f"7z archive: {why}", OPENED)
        for name, (why, content) in tricks.items()
    ]
    unread = {
        "encrypted": b"\x24\x06\xf1\x07\x01\x02\x53\x07",
        "unknown-method": b"\x04\x01\x02\x03\x04",
    }
    found += [
        broken(f"7z-{name}", "model.7z", lambda f, c=coder: sevenzip(text, coder=c), f"7z: {name}", OPENED)
        for name, coder in unread.items()
    ]
    found += [
        benign(f"benign-7z-{name}", f"an honest 7z archive: {name}", made(f"sevenzip/{name}.7z"))
        for name in (
            "lzma2", "lzma", "bcj-lzma", "delta-lzma2", "bzip2", "deflate", "copy", "not-solid", "plain-header",
            "libarchive",
        )
    ]  # fmt: skip
    return found


def _flipped(data: bytes) -> bytes:
    at = data.index(bytes(range(256))) + 1000
    return data[:at] + b"?" + data[at + 1 :]


def _with_gap(data: bytes, extra: bytes) -> bytes:
    """Bytes that no header speaks of in front of the packed stream; offsets made right again."""
    at, size, _ = struct.unpack_from("<QQI", data, 12)
    header = data[32 + at : 32 + at + size].replace(
        b"\x06\0\x01\x09", b"\x06" + _number(len(extra)) + b"\x01\x09"
    )
    start = struct.pack("<QQI", at + len(extra), len(header), zlib.crc32(header))
    head = data[:8] + struct.pack("<I", zlib.crc32(start)) + start
    return head + extra + data[32 : 32 + at] + header
