"""Honest files in honest containers, as tar, zip, gzip and xz write them."""

from __future__ import annotations

import gzip
import lzma
import pickle
import struct
import zipfile
from collections.abc import Callable

from corpora.case import Case, benign, one_file
from corpora.malicious.archives import zipped
from corpora.malicious.tars import tarred

README = ("README.md", b"# Tiny\n\nA tiny model.\n")
MODEL = ("model.pkl", pickle.dumps({"weights": [0.5, 1.5]}, 4))


def _apple_double() -> bytes:
    return b"\0\5\x16\7\0\2\0\0" + b"Mac OS X        " + struct.pack(">HIII", 1, 9, 38, 32) + bytes(32)


def cases() -> list[Case]:
    """A model and its readme in each container."""
    deflated = zipfile.ZIP_DEFLATED
    make: dict[str, tuple[str, Callable[[], bytes]]] = {
        "tar": ("model.tar", lambda: tarred(README, MODEL)),
        "tar-long-name": ("model.tar", lambda: tarred(("deep/" * 40 + "a.txt", b"text\n"))),
        "tar-gz": ("model.tar.gz", lambda: gzip.compress(tarred(README, MODEL), mtime=0)),
        "tar-xz": ("model.tar.xz", lambda: lzma.compress(tarred(README, MODEL))),
        "zip": ("model.zip", lambda: zipped(README, MODEL, method=deflated)),
        "zip-in-zip": ("model.zip", lambda: zipped(("inner.zip", zipped(README, MODEL)))),
        "zip-from-mac": (
            "model.zip",
            lambda: zipped(README, ("__MACOSX/._README.md", _apple_double()), method=deflated),
        ),
        "pickle-gz": ("model.pkl.gz", lambda: gzip.compress(MODEL[1], mtime=0)),
        "gzip-members": (
            "notes.txt.gz",
            lambda: gzip.compress(b"one\n", mtime=0) + gzip.compress(b"two\n", mtime=0),
        ),
    }
    found = []
    for name, (file, content) in make.items():
        build = one_file(file, lambda _folder, c=content: c())  # type: ignore[misc]
        found.append(benign(f"benign-container-{name}", f"honest files in a {name}", build))
    return found
