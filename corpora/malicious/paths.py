"""Loading paths other than a plain pickle: archives in archives, texts that a loader evaluates, code beside weights."""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

from corpora import opcodes as op
from corpora.case import Case, Content, hostile
from corpora.malicious.archives import HONEST, npy_object, zipped

VERSION = ("a/version", b"3")


def _tar(harm: bytes, *names: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(harm)
            archive.addfile(info, io.BytesIO(harm))
    return out.getvalue()


def _exported(**changes: object) -> bytes:
    graph = {"graph_module": {"graph": {"nodes": []}}, "guards_code": [], **changes}
    return zipped(("m/archive_format", b"pt2"), ("m/models/model.json", json.dumps(graph).encode()))


def _script(line: str) -> bytes:
    code = f"class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    {line}\n    return x\n"
    return zipped(
        ("m/data.pkl", op.stream(op.name("__torch__", "M") + op.EMPTY_TUPLE + op.NEWOBJ)),
        ("m/code/__torch__.py", code.encode()),
        ("m/constants.pkl", op.stream(op.EMPTY_TUPLE)),
        ("m/version", b"3"),
    )


def _structured_objects(harm: bytes) -> bytes:
    header = b"{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + harm


def _harm(folder: Path) -> bytes:
    return op.payload(folder)


def _text_payload(folder: Path) -> bytes:
    return f"cposix\nsystem\n(S'{op.touch(folder)}'\ntR.".encode()


PICKLES: dict[str, tuple[str, Content]] = {
    "upper-case-names": ("m.pt", lambda f: zipped(("A/DATA.PKL", _harm(f)), ("A/version", b"3"))),
    "pickle-before-archive": ("m.pt", lambda f: _harm(f) + zipped(("a/data.pkl", HONEST), VERSION)),
    "further-pickle": (
        "m.pt",
        lambda f: zipped(("a/data.pkl", HONEST), ("a/extra/x.pkl", _harm(f)), VERSION),
    ),
    "second-prefix": ("m.pt", lambda f: zipped(("a/data.pkl", HONEST), ("b/data.pkl", _harm(f)), VERSION)),
    "serialization-id": (
        "m.pt",
        lambda f: zipped(("a/data.pkl", HONEST), ("a/.data/serialization_id", _harm(f)), VERSION),
    ),
    "npz-of-a-pickle": ("m.npz", lambda f: zipped(("x.npy", _harm(f)))),
    "npz-beside-a-pickle": ("m.npz", lambda f: zipped(("x", _harm(f)), ("y.npy", npy_object(HONEST)))),
    "legacy-tar": ("m.pt", lambda f: _tar(_harm(f), "pickle", "storages", "tensors")),
    "nemo": ("m.nemo", lambda f: _tar(zipped(("w/data.pkl", _harm(f))), "model_weights.ckpt")),
    "torchserve": (
        "m.mar",
        lambda f: gzip.compress(zipped(("m/data.pkl", _harm(f)), ("MAR-INF/M.json", b"{}"))),
    ),
    "lzma-alone": ("m.joblib", lambda f: lzma.compress(_harm(f), format=lzma.FORMAT_ALONE)),
    "objects-in-a-record": ("m.npy", lambda f: _structured_objects(_harm(f))),
    "after-an-object-array": ("m.npy", lambda f: npy_object(HONEST + _harm(f))),
    "archive-in-bytes": (
        "m.pt",
        lambda f: zipped(("a/data.pkl", op.stream(op.raw(zipped(("x/data.pkl", _harm(f))))))),
    ),
    "behind-zeros": ("m.bin", lambda f: HONEST + bytes(16) + _harm(f)),
    "base64-in-json": ("m.json", lambda f: json.dumps({"a": base64.b64encode(_harm(f)).decode()}).encode()),
    "base64-in-text": ("m.txt", lambda f: b"model: " + base64.urlsafe_b64encode(_harm(f)) + b"\n"),
    "behind-a-heading": ("README.md", lambda f: b"# model\n" + _text_payload(f)),
    "deflated": ("m.pt", lambda f: zipped(("a/data.pkl", _harm(f)), VERSION, method=zipfile.ZIP_DEFLATED)),
}

OTHERS: dict[str, tuple[str, Content, str]] = {
    "export-expression": (
        "m.pt2", lambda _: _exported(range_constraints={"__import__('os').getpid()": {}}), "torch-export-code"),
    "export-symbol": (
        "m.pt2", lambda _: _exported(sym={"expr_str": "Symbol('x').__class__"}), "torch-export-code"),
    "export-guard": ("m.pt2", lambda _: _exported(guards_code=["(lambda: 1)()"]), "torch-export-code"),
    "export-guard-text": (
        "m.pt2", lambda _: _exported(guards_code=["L['x\"); import os; (\"'].size()[0] == 1"]), "torch-export-code"),
    "export-file": (
        "m.pt2",
        lambda _: _exported(n=[{"target": "torch.ops.aten.from_file.default", "inputs": []}]), "torch-operator-reach"),
    "script-save": ("m.pt", lambda _: _script('_0 = torch.save(x, "a")'), "torch-operator-reach"),
    "script-map": ("m.pt", lambda _: _script('_0 = torch.from_file("a", False, 1)'), "torch-operator-reach"),
    "script-rpc": ("m.pt", lambda _: _script('_0 = ops.prim.rpc_sync("a", "b")'), "torch-operator-reach"),
    "yaml-object": ("m.yaml", lambda _: b"a: !!python/object/apply:os.getcwd []\n", "config-calls"),
    "yaml-directive": (
        "m.yml", lambda _: b"%TAG !p! tag:yaml.org,2002:\n---\na: !p!python/name:os.getcwd\n", "config-calls"),
}  # fmt: skip

REVIEWS: dict[str, tuple[str, Content, str]] = {
    "script-custom": ("m.pt", lambda _: _script("_0 = ops.thirdparty.nms(x, x)"), "torch-operator-custom"),
    "script-import": ("m.pt", lambda _: _script("import os"), "torch-operator-custom"),
    "export-custom": (
        "m.pt2",
        lambda _: _exported(n=[{"target": "torch.hub.load", "inputs": []}]), "torch-operator-custom"),
    "path-file": ("m.pth", lambda _: b"import os; os.getcwd()\n", "text-source-code"),
    "code-in-archive": ("m.zip", lambda _: zipped(("modeling.py", b"import tools\n")), "text-source-code"),
    "interpreter-line": ("run", lambda _: b"#!/bin/sh\n", "text-source-code"),
    "mlflow-loader": (
        "MLmodel", lambda _: b"flavors:\n  python_function:\n    loader_module: mine.loader\n", "config-remote-code"),
}  # fmt: skip


def cases() -> list[Case]:
    """Pickles on unusual ways, then other things that loaders evaluate, then what a person has to read."""
    either = ("pickle-*", "coverage-*")
    return [
        *(
            hostile(f"path-{n}", file, c, f"a pickle reached by {n}", either)
            for n, (file, c) in PICKLES.items()
        ),
        *(hostile(f"path-{n}", file, c, f"evaluated: {n}", (rule,)) for n, (file, c, rule) in OTHERS.items()),
        *(
            hostile(f"path-{n}", file, c, f"to be read: {n}", (rule,), "review")
            for n, (file, c, rule) in REVIEWS.items()
        ),
    ]
