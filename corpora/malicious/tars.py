"""Tar archives, old joblib files, and containers that are named but not opened."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib

from corpora import opcodes as op
from corpora.case import Case, Content, hostile
from corpora.malicious.archives import HONEST, zipped

OPENED = ("pickle-*", "zip-*", "tar-*", "coverage-*", "format-*")


def tarred(*members: tuple[str, bytes]) -> bytes:
    """A tar with fixed time stamps; members may repeat a name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def special(kind: bytes, target: str = "") -> bytes:
    """A tar with a pickle and one member that is no file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("odd")
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return out.getvalue()


def cases() -> list[Case]:
    """Payloads in tars, members that are no files, wrappers around wrappers."""
    p = op.payload
    make: dict[str, tuple[str, Content]] = {
        "tar-plain": ("model.tar", lambda f: tarred(("model.pkl", p(f)))),
        "tar-gz": ("model.tar.gz", lambda f: gzip.compress(tarred(("model.pkl", p(f))), mtime=0)),
        "tar-traversal": ("model.tar", lambda f: tarred(("../../CANARY", b"x"))),
        "tar-duplicate": ("model.tar", lambda f: tarred(("m.pkl", p(f)), ("m.pkl", HONEST))),
        "tar-trailing": ("model.tar", lambda f: tarred(("m.pkl", HONEST)) + p(f)),
        "tar-behind-end": ("model.tar", lambda f: tarred(("m.pkl", HONEST)) + tarred(("m.pkl", p(f)))),
        "tar-symlink": ("model.tar", lambda f: special(tarfile.SYMTYPE, "/etc/hostname")),
        "tar-hardlink": ("model.tar", lambda f: special(tarfile.LNKTYPE, "../CANARY")),
        "tar-device": ("model.tar", lambda f: special(tarfile.CHRTYPE)),
        "tar-in-zip": ("model.zip", lambda f: zipped(("m.tar", tarred(("m.pkl", p(f)))))),
        "joblib-zfile": (
            "model.joblib",
            lambda f: b"ZF" + hex(len(p(f))).encode().ljust(19) + zlib.compress(p(f)),
        ),
        "gzip-second-member": (
            "model.pkl.gz",
            lambda f: gzip.compress(b"", mtime=0) + gzip.compress(p(f), mtime=0),
        ),
        "zip-comment-zip": (
            "model.zip",
            lambda f: zipped(("a.txt", b"text"), comment=zipped(("m.pkl", p(f)))),
        ),
        "text-holds-pickle": (
            "notes.txt",
            lambda f: b"Some notes.\ncposix\nsystem\n(S'true'\ntR.\n",
        ),
    }
    found = [
        hostile(f"container-{name}", file, content, f"payload or trick in a container: {name}", OPENED)
        for name, (file, content) in make.items()
    ]
    magics = {"cab": b"MSCF\0\0\0\0", "cpio": b"070701", "squashfs": b"hsqs", "snappy": b"\xff\x06\0\0sNaPpY"}
    return found + [
        hostile(
            f"container-{kind}",
            f"model.{kind}",
            lambda f, magic=magic: magic + bytes(64),  # type: ignore[misc]
            f"a {kind} file, which is not opened",
            ("format-not-read",),
            "review",
        )
        for kind, magic in magics.items()
    ]
