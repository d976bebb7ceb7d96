"""Serialised data, configurations and companions that lead a loader to code. Payloads only touch a canary file."""

from __future__ import annotations

import base64
import json
import marshal
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import CodeType

from corpora import opcodes as op
from corpora.benign.data import database
from corpora.case import CANARY, Case, Content, hostile, made


def packed(value: object) -> bytes:
    """MessagePack of a value."""
    import msgpack

    data: bytes = msgpack.packb(value)
    return data


def _object_array(folder: Path) -> bytes:
    array = {b"nd": True, b"type": b"|O", b"kind": b"O", b"shape": [1], b"data": op.payload(folder)}
    return packed({"params": {"kernel": array}})


def _shuffled(folder: Path) -> bytes:
    """The keys that make msgpack-numpy unpickle, behind the data, as text keys."""
    return packed({"w": {"data": op.payload(folder), "shape": [1], "nd": True, "kind": "O"}})


def _extension(folder: Path) -> bytes:
    import msgpack

    return packed({"params": msgpack.ExtType(42, op.payload(folder))})


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(*chunks: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(4)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + _chunk(b"IEND", b"")


def _compiled(source: str, mode: str = "exec") -> bytes:
    return marshal.dumps(compile(source, "a", mode))


def _function(source: str) -> bytes:
    inner = next(c for c in compile(source, "a", "eval").co_consts if isinstance(c, CodeType))
    return marshal.dumps(inner)


def _pyc(folder: Path) -> bytes:
    return bytes.fromhex("a70d0d0a") + bytes(12) + _compiled(f"open({str(folder / CANARY)!r}, 'w').close()")


def _pdf(held: bytes) -> bytes:
    body = b"%PDF-1.5\n1 0 obj\n" + held + b"\nendobj\nxref\n0 1\n0000000000 65535 f \n"
    return body + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"


def _objects(text: bytes, kind: bytes) -> bytes:
    packed = zlib.compress(text)
    head = b"<< /Type %s /N 1 /First 4 /Filter /FlateDecode /Length %d >>" % (kind, len(packed))
    return head + b"\nstream\n" + packed + b"\nendstream"


def _text(text: str) -> Content:
    return lambda folder: text.replace("CANARY", str(folder / CANARY)).encode()


def _zarr(**more: object) -> Content:
    meta: dict[str, object] = {
        "zarr_format": 2,
        "shape": [2],
        "chunks": [2],
        "dtype": "|O",
        "compressor": None,
    }
    meta |= {"fill_value": 0, "order": "C", "filters": None, **more}
    return lambda _folder: json.dumps(meta).encode()


def cases() -> list[Case]:
    """File name, content, what the trick is, and the rules that name it."""
    pickles = ("pickle-*",)
    table: dict[str, tuple[str, Content, str, tuple[str, ...]]] = {
        "msgpack-object-array": ("a.msgpack", _object_array, "an object array, which msgpack-numpy unpickles", pickles),
        "msgpack-shuffled-keys": ("a.msgpack", _shuffled, "the deciding keys come behind the data, as text", pickles),
        "msgpack-binary": ("a.msgpack", lambda f: packed({"state": op.payload(f)}), "a pickle as a value", pickles),
        "msgpack-extension": ("a.msgpack", _extension, "a pickle in an extension of a private type", pickles),
        "msgpack-base64": (
            "a.msgpack",
            lambda f: packed({"a": base64.b64encode(op.payload(f)).decode()}),
            "a pickle in Base64 as a text",
            pickles,
        ),
        "msgpack-nested-deep": ("a.msgpack", lambda f: packed([[{"a": [op.payload(f)]}]]), "in lists", pickles),
        "png-behind": ("plot.png", lambda f: _png() + op.payload(f), "a pickle behind the picture", pickles),
        "png-chunk": ("plot.png", lambda f: _png(_chunk(b"prVt", op.payload(f))), "in a private chunk", pickles),
        "jpeg-comment": (
            "a.jpg",
            lambda f: b"\xff\xd8\xff\xfe" + struct.pack(">H", len(op.payload(f)) + 2) + op.payload(f) + b"\xff\xd9",
            "a pickle as a picture's comment",
            (*pickles, "format-malformed"),
        ),
        "sqlite-value": ("shelf.db", lambda f: database(op.payload(f)), "a pickle as a value of a database", pickles),
        "sqlite-long-value": (
            "shelf.db",
            lambda f: database(op.payload(f) + b"x" * 9000),
            "a pickle that takes several pages, with more behind it",
            pickles,
        ),
        "gdbm-value": (
            "shelf.db",
            lambda f: b"\xcf\x9a\x57\x13" + bytes(400) + op.payload(f) + bytes(40),
            "a pickle in a store that is not read",
            pickles,
        ),
        "pyc": ("modeling.pyc", _pyc, "a compiled module", ("pyc-code",)),
        "pyc-renamed": ("weights.bin", _pyc, "a compiled module under another name", ("pyc-code",)),
        "marshal-function": (
            "layer.bin",
            lambda f: _function(f"lambda x: open({str(f / CANARY)!r}, 'w')"),
            "a marshalled function that writes",
            ("marshal-code-reach",),
        ),
        "nemo-target": (
            "model_config.yaml", _text("encoder:\n  _target_: os.system\n  command: touch CANARY\n"),
            "a target that runs a command", ("config-calls",)),
        "nemo-top-target": ("model_config.yaml", _text("target: subprocess.Popen\nargs: [touch, CANARY]\n"),
                            "NeMo's own target", ("config-calls",)),
        "yaml-merged-target": ("a.yaml", _text("a: &x {_target_: posix.system}\nb: {<<: *x}\n"),
                               "a target that is merged in", ("config-calls",)),
        "yaml-escaped-key": ("a.yaml", _text('"\\x5ftarget_": os.system\n'), "the key in escapes", ("config-calls",)),
        "yaml-interpolated-target": ("a.yaml", _text("a: {_target_: '${b}.system'}\nb: os\n"),
                                     "a target that is put together", ("config-calls",)),
        "yaml-escaped-tag": ("a.yaml", _text("!!%70ython/object/apply:os.system [touch CANARY]\n"),
                             "PyYAML's tag in URI escapes", ("config-calls",)),
        "yaml-speechbrain-apply": ("hyperparams.yaml", _text("a: !apply:os.system [touch CANARY]\n"),
                                   "HyperPyYAML's call", ("config-calls",)),
        "yaml-resolver": ("a.yaml", _text("a: ${eval:\"__import__('os').getcwd()\"}\n"),
                          "a resolver that evaluates", ("config-calls",)),
        "yaml-laughs": (
            "a.yaml",
            _text("a0: &a0 [1,1,1,1,1,1,1,1]\n" + "".join(
                f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 9))),
            "aliases that multiply", ("config-alias-bomb",)),
        "zarr-pickle": (".zarray", _zarr(filters=[{"id": "pickle", "protocol": 5}]), "chunks that are pickles",
                        ("zarr-pickle-codec",)),
        "zarr-numcodecs-pickle": (
            "zarr.json",
            _text(json.dumps({"zarr_format": 3, "node_type": "array", "shape": [2], "data_type": "string",
                              "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2]}},
                              "codecs": [{"name": "sharding_indexed",
                                          "configuration": {"codecs": [{"name": "numcodecs.pickle"}]}}]})),
            "a pickle codec inside of shards", ("zarr-pickle-codec",)),
        "pdf-javascript": ("paper.pdf", lambda _f: _pdf(b"<< /OpenAction << /S /J#61vaScript /J#53 (1) >> >>"),
                           "a script whose name is in escapes", ("pdf-action",)),
        "pdf-hidden-launch": ("paper.pdf", lambda _f: _pdf(_objects(b"2 0 << /S /Launch >>", b"9 0 R")),
                              "an action in a compressed stream that hides its type", ("pdf-action",)),
    }  # fmt: skip
    found = [
        hostile(f"data-{name}", file, content, what, rules)
        for name, (file, content, what, rules) in table.items()
    ]
    for kind in ("arrow", "parquet"):
        build: Callable[[Path], Path] = made(f"tables/pickled.{kind}")
        found.append(Case(f"data-{kind}-pickled-type", "malicious", "reject", ("arrow-python-type",),
                          "an extension type that old versions of pyarrow unpickle", build))  # fmt: skip
    return found
