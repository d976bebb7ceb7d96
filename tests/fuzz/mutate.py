"""Changes to files that reach behind their checksums: bytes, counts, protobuf fields and members of containers.

Everything follows from the random generator that is given, so that a number names a change for good.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import random
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence

from tests.fuzz.repair import repair

SIZE_LIMIT_BYTES = 64 << 10
_ODD = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1,
        1 << 63, (1 << 64) - 1)  # fmt: skip
_WORDS = (
    b"__class__", b"../", b"\0", b"{}", b"[", b'"', b"{{", b"%}", b"!!python/object/apply:os.system", b"null", b"1e999",
    b"-1", b"\xef\xbb\xbf", b"\xff\xfe", b"\x80\x04", b"cposix\nsystem\n", b"auto_map", b"&a [*a]", b"PK\3\4",
    b"PK\1\2", b"PK\5\6", b"9" * 400, b"[" * 300, b"\xc3\x28", b"\xed\xa0\x80", b"\n", b" ",
)  # fmt: skip
_CODECS: dict[bytes, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": (gzip.decompress, lambda data: gzip.compress(data, 1, mtime=0)),
    b"BZh": (bz2.decompress, bz2.compress),
    b"\xfd7zXZ": (lzma.decompress, lzma.compress),
    b"\x78": (zlib.decompress, zlib.compress),
}


def mutated(data: bytes, others: Sequence[bytes], seed: int) -> bytes:
    """``data`` with a few changes; ``others`` are files of the same format, whose pieces may be put in."""
    rng = random.Random(seed)
    inside = _container(data, others, rng) if rng.random() < 0.35 else None
    changed = data if inside is None else inside
    if inside is None or rng.random() < 0.2:
        for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
            changed = _protobuf(changed, rng, 0) if rng.random() < 0.15 else _edit(changed, others, rng)
    changed = changed[:SIZE_LIMIT_BYTES]
    return repair(changed) if rng.random() < 0.75 else changed


def _edit(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    at = rng.randint(0, len(data))
    length = min(rng.choice((1, 1, 2, 4, 8, 16, 64, 512)), len(data))
    more = rng.choice(others) if others and rng.random() < 0.7 else data
    start = rng.randint(0, len(more))
    piece = more[start : start + length]
    width = rng.choice((1, 2, 4, 8))
    match rng.randrange(10):
        case 0 if at < len(data):
            return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        case 1 | 2:
            number = rng.choice((*_ODD, len(data), at, len(data) + 1)) & ((1 << 8 * width) - 1)
            return data[:at] + number.to_bytes(width, rng.choice(("little", "big"))) + data[at + width :]
        case 3 if at + width <= len(data):
            order = rng.choice(("little", "big"))
            number = int.from_bytes(data[at : at + width], order) + rng.choice((-1, 1, -8, 8, 32))  # type: ignore[arg-type]
            return data[:at] + (number % (1 << 8 * width)).to_bytes(width, order) + data[at + width :]  # type: ignore[arg-type]
        case 4:
            return data[:at] + data[at + length :]
        case 5:
            return data[:at] + piece + data[at:]
        case 6:
            return data[:at] + piece + data[at + len(piece) :]
        case 7:
            return data[:at] + rng.choice(_WORDS) + data[at:]
        case 8:
            return data[:at] + (b"" if rng.random() < 0.5 else more[start:])
    return data[:at] + rng.randbytes(length) + data[at + rng.choice((0, length)) :]


def _container(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes | None:
    """The same container, well-formed, with one changed member; None where it is none."""
    with contextlib.suppress(Exception):  # what is broken already cannot be packed again
        if data[:4] == b"PK\3\4":
            return _zip(data, others, rng)
        for magic, (unpack, pack) in _CODECS.items():
            if data.startswith(magic):
                return pack(_edit(unpack(data)[:SIZE_LIMIT_BYTES], others, rng))
    return None


def _zip(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as held,
        zipfile.ZipFile(out, "w") as made,
        warnings.catch_warnings(),
    ):
        members = [(info, held.read(info)) for info in held.infolist()]
        at = rng.randrange(len(members))
        info, content = members[at]
        members[at] = (info, mutated(content, [c for _, c in members], rng.getrandbits(32)))
        match rng.randrange(8):
            case 0:
                del members[rng.randrange(len(members))]
            case 1:
                members.append(members[rng.randrange(len(members))])
            case 2:
                rng.shuffle(members)
        warnings.simplefilter("ignore")  # that names are given twice is the point
        for info, content in members:
            made.writestr(info, content)
    return out.getvalue()


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128 or shift > 63:
            return value, at


def _coded(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    """The fields of a protobuf message: key, and value as it is written, without the length."""
    fields, at = [], 0
    while at < len(data):
        key, at = _varint(data, at)
        start = at
        match key & 7:
            case 0:
                _, at = _varint(data, at)
            case 1:
                at += 8
            case 2:
                length, start = _varint(data, at)
                at = start + length
            case 5:
                at += 4
            case _:
                raise ValueError("a group")
        if at > len(data) or key < 8:
            raise ValueError("no message")
        fields.append((key, data[start:at]))
    return fields


def _protobuf(data: bytes, rng: random.Random, depth: int) -> bytes:
    """One field somewhere in a message changed, all lengths put right."""
    try:
        fields = _fields(data)
    except (ValueError, IndexError):
        return _edit(data, (), rng)
    if not fields:
        return data
    at = rng.randrange(len(fields))
    key, value = fields[at]
    match rng.randrange(8):
        case 0:
            del fields[at]
        case 1:
            fields.insert(rng.randrange(len(fields)), fields[at])
        case 2:
            fields[at] = (rng.choice((key + 8, rng.randrange(1, 60) << 3 | key & 7)), value)
        case _ if key & 7 == 2 and depth < 12:
            fields[at] = (key, _protobuf(value, rng, depth + 1))
        case _ if key & 7 == 0:
            fields[at] = (key, _coded(rng.choice(_ODD)))
        case _:
            fields[at] = (key, rng.randbytes(len(value)))
    return b"".join(_coded(k) + (_coded(len(v)) if k & 7 == 2 else b"") + v for k, v in fields)
