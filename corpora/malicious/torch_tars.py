"""PyTorch's tars of before 0.1.10, which ``torch.load`` still unpickles part by part, and tars that readers dispute."""

from __future__ import annotations

import pickle
import struct

from corpora import opcodes as op
from corpora.case import Case, Content, benign, hostile, one_file
from corpora.malicious.tars import tarred

FLOATS = b"ctorch\nFloatStorage\n"
_TENSORS = b"ctorch\nFloatTensor\n"


def _dumped(value: object) -> bytes:
    return pickle.dumps(value, 2)


def torch_tar(**parts: bytes) -> bytes:
    """The four members with one tensor of four numbers; ``parts`` stand in the place of some of them."""
    stored = _dumped(1) + _dumped((77, "cpu", 0)).replace(b"K\0", FLOATS) + struct.pack("<q4f", 4, 1, 2, 3, 4)
    shape = struct.pack("<ii5q", 2, 0, 2, 2, 2, 1, 0)
    tensors = _dumped(1) + _dumped((99, 77, 0)).replace(b"K\0", _TENSORS) + shape
    whole = {
        "sys_info": _dumped({"protocol_version": 1000, "little_endian": True}),
        "pickle": op.stream(op.EMPTY_DICT + op.text("w") + op.small(99) + b"Q" + op.SETITEM),
        "storages": stored + _dumped([]),
        "tensors": tensors,
    }
    return tarred(*(whole | parts).items())


def cases() -> list[Case]:
    """One payload a part."""
    p = op.payload
    behind = _dumped(2) + _dumped((77, "cpu", 0)).replace(b"K\0", FLOATS) + struct.pack("<q4f", 4, 1, 2, 3, 4)
    make: dict[str, Content] = {
        "object": lambda f: torch_tar(pickle=p(f)),
        "storages": lambda f: torch_tar(storages=p(f)),
        "tensors": lambda f: torch_tar(tensors=p(f)),
        "behind-raw-data": lambda f: torch_tar(storages=behind + p(f)),
        "no-magic": lambda f: _without_magic(torch_tar(pickle=p(f))),
    }
    found = [
        hostile(f"torch-tar-{name}", "model.pt", content, f"payload in a tar of old PyTorch: {name}")
        for name, content in make.items()
    ]
    made = one_file("model.pt", lambda _: torch_tar())
    return [*found, benign("benign-torch-tar", "a checkpoint in the tar of PyTorch before 0.1.10", made)]


def _without_magic(data: bytes) -> bytes:
    """The archive as if no header said ustar, checksums made right again; Python's tarfile reads it the same."""
    out = bytearray(data)
    for at in range(0, len(out), 512):
        if out[at + 257 : at + 262] == b"ustar":
            out[at + 257 : at + 265] = bytes(8)
            out[at + 148 : at + 156] = b" " * 8
            out[at + 148 : at + 156] = b"%06o\0 " % sum(out[at : at + 512])
    return bytes(out)
