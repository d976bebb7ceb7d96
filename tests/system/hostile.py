"""Files and directories that are made to hurt whoever opens them; all inert, all within limits of their own."""

from __future__ import annotations

import json
import os
import pickle
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

GIB = 1 << 30


def _zip(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.npy", os.urandom(500))
    return path.read_bytes()


def _huge_header(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 10 * GIB) + b'{"w":')


def _huge_tensor(path: Path) -> None:
    tensor = {"dtype": "U8", "shape": [10 * GIB], "data_offsets": [0, 10 * GIB]}
    header = json.dumps({"w": tensor}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(64))


def _million_entries(path: Path) -> None:
    raw = _zip(path)
    end = raw.rfind(b"PK\5\6")
    size, offset = struct.unpack_from("<II", raw, end + 12)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 10**6, 10**6, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    closing = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, size, offset, 0)
    path.write_bytes(raw[:end] + record + locator + closing)


def _zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("w", "w") as member:
        for _ in range(512):
            member.write(bytes(1 << 20))


FILES: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(b"\xd7" + os.urandom(5000)),
    "empty": lambda path: path.write_bytes(b""),
    "truncated-zip": lambda path: path.write_bytes(_zip(path)[:300]),
    "safetensors-header-of-10-gb": _huge_header,
    "safetensors-tensor-of-10-gb": _huge_tensor,
    "zip-bomb": _zip_bomb,
    "zip-of-a-million-entries": _million_entries,
    "pickle-frame-of-a-terabyte": lambda path: path.write_bytes(b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N."),
    "pickle-bytes-of-8-gb": lambda path: path.write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", 8 * GIB) + b"a."),
    "pickle-memo-of-2-billion": lambda path: path.write_bytes(b"\x80\x02Nr" + struct.pack("<I", 0x7FFFFFFF) + b"."),
    "pickle-of-a-million-marks": lambda path: path.write_bytes(b"\x80\x02" + b"(" * 10**6 + b"."),
}  # fmt: skip
"""Each writes one file that must be judged, never passed, within the limits."""


def _name(name: bytes) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(b"{}")

    return make


def _socket(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/s")  # a path of its own would be too long for a socket
    os.close(here)


def _twins(folder: Path) -> None:
    for name in ("\u00e9", "e\u0301"):
        (folder / name).touch()


DIRECTORIES: dict[str, Callable[[Path], object]] = {
    "dangling-symlink": lambda folder: (folder / "l").symlink_to("/nonexistent"),
    "symlink-out": lambda folder: (folder / "l").symlink_to("/etc/passwd"),
    "symlink-up": lambda folder: (folder / "l").symlink_to(".."),
    "fifo": lambda folder: os.mkfifo(folder / "f"),
    "socket": _socket,
    "newline": _name(b"a\nb"),
    "escape": _name(b"a\x1b[31mb"),
    "right-to-left": _name("a\u202elkp.txt".encode()),
    "not-utf-8": _name(b"\xff\xfe"),
    "deep": lambda folder: (folder / "/".join(["d"] * 70)).mkdir(parents=True),
    "long-path": lambda folder: (folder / "/".join(["d" * 200] * 6)).mkdir(parents=True),
    "unicode-twins": _twins,
}
"""Each adds to a directory what is never taken."""

HARMLESS: dict[str, Callable[[Path], object]] = {
    "255-bytes": _name(b"n" * 255),
    "dots": _name(b"..."),
    "dotdot-like": _name(rb"..\..\etc"),
    "blanks": _name(b" a b "),
    "options": _name(b"--format=json"),
}
"""Each adds an odd name that may stay."""


def honest(path: Path) -> None:
    """A model that passes."""
    path.write_bytes(pickle.dumps({"layers": [1, 2, 3]}))
