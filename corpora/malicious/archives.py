"""Archives that show one thing to a scanner and another to a loader (APPNOTE.TXT 6.3.10), and wrappers."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from corpora import opcodes as op
from corpora.case import Case, Content, hostile

STAMP = (1980, 1, 1, 0, 0, 0)
Member = tuple[str, bytes]
HONEST = op.stream(op.EMPTY_DICT)


def zipped(*members: Member, method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    """A ZIP with fixed time stamps; members may repeat a name."""
    import warnings

    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)
        for member, data in members:
            info = zipfile.ZipInfo(member, STAMP)
            info.compress_type = method
            archive.writestr(info, data)
        archive.comment = comment
    return out.getvalue()


def checkpoint(pickle: bytes, name: str = "archive/data.pkl", method: int = zipfile.ZIP_STORED) -> bytes:
    """The layout of ``torch.save``: a pickle, a storage, a version."""
    return zipped((name, pickle), ("archive/data/0", b"\0" * 16), ("archive/version", b"3\n"), method=method)


def patch(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Overwrite a field at ``offset`` behind the first occurrence of a header's signature."""
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def both(data: bytes, local: int, central: int, value: bytes) -> bytes:
    """Overwrite a field in the first local header and the first central one."""
    return patch(patch(data, b"PK\3\4", local, value), b"PK\1\2", central, value)


def npy_object(pickle: bytes) -> bytes:
    """An ``.npy`` of dtype object whose data is a pickle (NEP 1)."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + pickle


def legacy(folder: Path, where: int) -> bytes:
    """A pre-1.6 torch file: magic, protocol, system, object, storage keys; one of them the payload."""
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    parts = [magic, op.stream(b"M\xe9\x03"), HONEST, HONEST, op.stream(op.EMPTY_LIST)]
    parts[where] = op.payload(folder)
    return b"".join(parts)


def repository(name: str, data: bytes) -> Callable[[Path], Path]:
    """A directory with a harmless config and one unwelcome file."""

    def build(folder: Path) -> Path:
        root = folder / "repository"
        root.mkdir()
        (root / "config.json").write_text('{"model_type": "tiny"}')
        (root / name).write_bytes(data)
        return root

    return build


def cases() -> list[Case]:
    """ZIP tricks, torch, npy, compressed joblib files, repositories."""
    p = op.payload
    deflated = zipfile.ZIP_DEFLATED
    tricks: dict[str, Content] = {
        "plain": lambda f: checkpoint(p(f)),
        "duplicate-first": lambda f: zipped(("archive/data.pkl", p(f)), ("archive/data.pkl", HONEST)),
        "duplicate-last": lambda f: zipped(("archive/data.pkl", HONEST), ("archive/data.pkl", p(f))),
        "local-name-differs": lambda f: patch(checkpoint(p(f)), b"PK\3\4", 30, b"brchive/data.txt"),
        "central-name-differs": lambda f: patch(checkpoint(p(f)), b"PK\1\2", 46, b"archive/data.txt"),
        "bad-crc": lambda f: both(checkpoint(p(f)), 14, 16, b"\1\2\3\4"),
        "encryption-flag": lambda f: both(checkpoint(p(f)), 6, 8, b"\1\0"),
        "local-encryption-flag": lambda f: patch(checkpoint(p(f)), b"PK\3\4", 6, b"\1\0"),
        "unknown-method": lambda f: both(checkpoint(p(f)), 8, 10, b"\x63\0"),
        "local-size-lies": lambda f: patch(checkpoint(p(f)), b"PK\3\4", 18, b"\2\0\0\0\2\0\0\0"),
        "zip64-lie": lambda f: patch(checkpoint(p(f)), b"PK\1\2", 20, b"\xff" * 8),
        "prefix": lambda f: b"#!/bin/sh\n" + checkpoint(p(f)),
        "pickle-prefix": lambda f: p(f) + checkpoint(HONEST),
        "appended-zip": lambda f: checkpoint(HONEST) + checkpoint(p(f)),
        "appended-pickle": lambda f: checkpoint(HONEST) + p(f),
        "comment-pickle": lambda f: zipped(("archive/data.pkl", HONEST), comment=p(f)),
        "traversal": lambda f: zipped(("archive/data.pkl", HONEST), ("../../CANARY", b"x")),
        "absolute": lambda f: zipped(("archive/data.pkl", HONEST), ("/tmp/CANARY", b"x")),
        "other-name": lambda f: zipped(("archive/data.pkl", HONEST), ("archive/notes.txt", p(f))),
        "compressed": lambda f: checkpoint(p(f), method=deflated),
        "nested": lambda f: zipped(("inner.zip", checkpoint(p(f)))),
        "uppercase-name": lambda f: zipped(("archive/DATA.PKL", p(f)), ("archive/version", b"3\n")),
        "torchscript-constants": lambda f: zipped(
            ("archive/data.pkl", HONEST), ("archive/constants.pkl", p(f))
        ),
    }
    rules = ("zip-*", "pickle-*", "format-*", "coverage-*")
    found = [hostile(f"zip-{n}", "model.pt", c, f"zip checkpoint: {n}", rules) for n, c in tricks.items()]
    found += [
        hostile(
            f"legacy-torch-{i}",
            "model.pt",
            lambda f, i=i: legacy(f, i),
            f"payload as pickle {i} of a legacy file",
        )
        for i in (2, 3, 4)
    ]
    packers: dict[str, Callable[[bytes], bytes]] = {
        "zlib": zlib.compress,
        "gzip": lambda b: gzip.compress(b, mtime=0),
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "lzma": lambda b: lzma.compress(b, format=lzma.FORMAT_ALONE),
        "twice": lambda b: gzip.compress(zlib.compress(b), mtime=0),
    }
    found += [
        hostile(
            f"joblib-{n}",
            "model.joblib",
            lambda f, c=c: c(p(f)),
            f"payload compressed with {n}",
            rules,
            "review" if n == "lzma" else "reject",
        )
        for n, c in packers.items()
    ]
    found += [
        hostile(
            "npy-object", "weights.npy", lambda f: npy_object(p(f)), "object array", ("npy-*", "pickle-*")
        ),
        hostile(
            "npz-object",
            "weights.npz",
            lambda f: zipped(("a.npy", npy_object(p(f)))),
            "npz with an object array",
            ("npy-*", "pickle-*"),
        ),
        hostile(
            "npz-object-deflated",
            "weights.npz",
            lambda f: zipped(("a.npy", npy_object(p(f))), method=deflated),
            "compressed npz with an object array",
            ("npy-*", "pickle-*"),
        ),
    ]
    elf = b"\x7fELF\2\1\1" + b"\0" * 57
    for name, data in {
        "tool": elf,
        "libhelper.so": elf,
        "install.sh": b"#!/bin/sh\necho constant\n",
        "modeling.exe": b"MZ" + b"\0" * 200,
        "README.md": elf,
    }.items():
        found.append(
            Case(
                f"repository-{name.replace('.', '-').lower()}",
                "malicious",
                "review",
                ("format-*", "text-source-code", "coverage-*"),
                f"an executable called {name} beside the weights",
                repository(name, data),
            )
        )
    return found
