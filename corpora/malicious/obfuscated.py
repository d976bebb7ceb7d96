"""Payloads that hide: computed operands, memo tricks, nesting, several or broken streams. Never loaded."""

from __future__ import annotations

import struct

from corpora import opcodes as op
from corpora.case import Case, Content, hostile


def cases() -> list[Case]:
    """Hidden names first, then nested pickles, then streams that break after the payload."""
    p = op.payload
    honest = op.stream(op.EMPTY_DICT)
    joined = op.call(op.name("builtins", "getattr"), op.text(""), op.text("join"))
    hidden: dict[str, Content] = {
        "memoised-operands": lambda f: op.stream(
            op.text("system")
            + op.MEMOIZE
            + op.POP
            + op.text("posix")
            + op.MEMOIZE
            + op.POP
            + op.call(op.get(1) + op.get(0) + op.STACK_GLOBAL, op.text(op.touch(f))),
            4,
        ),
        "computed-operands": lambda f: op.stream(
            op.call(
                op.call(joined, op.EMPTY_LIST + op.text("po") + op.APPEND + op.text("six") + op.APPEND)
                + op.text("system")
                + op.STACK_GLOBAL,
                op.text(op.touch(f)),
            ),
            4,
        ),
        "operands-with-junk": lambda f: op.stream(
            op.text("x") * 50 + op.POP * 50 + op.call(op.stack_name("posix", "system"), op.text(op.touch(f))),
            4,
        ),
        "memo-overwritten": lambda f: op.stream(
            op.text("collections")
            + op.put(0)
            + op.POP
            + op.text("posix")
            + op.put(0)
            + op.POP
            + op.call(op.get(0) + op.text("system") + op.STACK_GLOBAL, op.text(op.touch(f))),
            4,
        ),
        "global-through-dup": lambda f: op.stream(
            op.name("posix", "system") + op.DUP + op.POP + op.text(op.touch(f)) + op.TUPLE1 + op.REDUCE
        ),
        "extension-code": lambda f: op.stream(b"\x82\x01" + op.text(op.touch(f)) + op.TUPLE1 + op.REDUCE),
        "extension-code-4": lambda f: op.stream(
            b"\x84" + struct.pack("<i", 70000) + op.EMPTY_TUPLE + op.REDUCE
        ),
        "payload-in-framed": lambda f: op.proto(4) + b"\x95" + struct.pack("<Q", len(p(f)) - 2) + p(f)[2:],
        "frame-too-long": lambda f: op.proto(4) + b"\x95" + struct.pack("<Q", 1 << 40) + p(f)[2:],
        "frame-too-short": lambda f: op.proto(4) + b"\x95" + struct.pack("<Q", 1) + p(f)[2:],
        "protocol-claimed-0": lambda f: p(f, 0),
        "protocol-255": lambda f: p(f, 255),
        "second-stream": lambda f: honest + p(f),
        "tenth-stream": lambda f: honest * 9 + p(f),
        "payload-first": lambda f: p(f) + honest,
        "trailing-bytes": lambda f: p(f) + b"\0" * 100,
        "payload-then-garbage": lambda f: p(f)[:-1] + b"\xff\xff\xff",
        "payload-then-eof": lambda f: p(f)[:-1],
        "payload-then-bad-memo": lambda f: p(f)[:-1] + op.get(99) + op.STOP,
        "payload-then-underflow": lambda f: p(f)[:-1] + op.POP * 5 + op.STOP,
        "payload-then-huge-string": lambda f: p(f)[:-1] + b"X\xff\xff\xff\x7f",
        "payload-then-bad-utf8": lambda f: p(f)[:-1] + b"X\x02\0\0\0\xff\xfe.",
        "nested-loads": lambda f: op.stream(op.call(op.name("pickle", "loads"), op.raw(p(f)))),
        "nested-underscore-loads": lambda f: op.stream(op.call(op.name("_pickle", "loads"), op.raw(p(f)))),
        "nested-torch-bytes": lambda f: op.stream(
            op.call(op.name("torch.storage", "_load_from_bytes"), op.raw(p(f)))
        ),
        "nested-joblib-load": lambda f: op.stream(op.call(op.name("joblib", "load"), op.text("other.pkl"))),
        "nested-numpy-load": lambda f: op.stream(op.call(op.name("numpy", "load"), op.text("other.npy"))),
        "nested-twice": lambda f: op.stream(
            op.call(
                op.name("pickle", "loads"),
                op.raw(op.stream(op.call(op.name("pickle", "loads"), op.raw(p(f))))),
            )
        ),
        "operator-methodcaller": lambda f: op.stream(
            op.call(
                op.call(op.name("operator", "methodcaller"), op.text("system"), op.text(op.touch(f))),
                op.call(op.name("builtins", "__import__"), op.text("os")),
            )
        ),
        "functools-partial": lambda f: op.stream(
            op.call(
                op.call(op.name("functools", "partial"), op.name("posix", "system")), op.text(op.touch(f))
            )
        ),
    }
    renamed = {
        "safetensors": "model.safetensors",
        "npy": "weights.npy",
        "onnx": "model.onnx",
        "json": "config.json",
        "txt": "vocab.txt",
        "png": "logo.png",
        "h5": "model.h5",
        "gguf": "model.gguf",
        "none": "model",
    }
    either = ("pickle-*", "format-*", "coverage-*")
    return [
        hostile(
            f"hidden-{n}",
            "model.pkl",
            c,
            f"payload hidden by {n}",
            either,
            "review" if n.startswith("extension") or n == "protocol-255" else "reject",
        )
        for n, c in hidden.items()
    ] + [hostile(f"renamed-{n}", file, p, f"a pickle called {file}", either) for n, file in renamed.items()]
