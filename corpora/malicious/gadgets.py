"""Names that are known to be good, put to a use that is not: kept for later, called oddly, or made into bombs."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from corpora import opcodes as op
from corpora.case import Case, hostile

LOAD = op.name("torch.storage", "_load_from_bytes")
PARTIAL = op.name("functools", "partial")


def _archive(harm: bytes) -> bytes:
    """A PyTorch archive around a payload."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", harm)
        archive.writestr("archive/version", "3\n")
    return out.getvalue()


def _later(folder: Path) -> bytes:
    return op.call(PARTIAL, LOAD, op.raw(_archive(op.payload(folder))))


def _shared(levels: int) -> bytes:
    body = op.EMPTY_LIST
    for _ in range(levels):
        body += op.put(0) + op.POP + op.EMPTY_TUPLE + op.POP + op.MARK + op.get(0) * 8 + op.TUPLE
    return op.stream(body)


def _with_state(made: bytes, state: bytes) -> bytes:
    return made + state + op.BUILD


def _dictionary(key: str, value: bytes) -> bytes:
    return op.EMPTY_DICT + op.text(key) + value + op.SETITEM


def _new(module: str, name: str) -> bytes:
    return op.name(module, name) + op.EMPTY_TUPLE + op.NEWOBJ


def _kept() -> dict[str, Callable[[Path], bytes]]:
    """A constrained function that nothing calls while loading, but that something calls later."""
    estimator = ("sklearn.preprocessing._function_transformer", "FunctionTransformer")
    return {
        "factory-of-partial": lambda f: op.stream(op.call(op.name("collections", "defaultdict"), _later(f))),
        "factory-of-loader": lambda _: op.stream(op.call(op.name("collections", "defaultdict"), LOAD)),
        "estimator-function": lambda _: op.stream(_with_state(_new(*estimator), _dictionary("func", LOAD))),
        "estimator-partial": lambda f: op.stream(
            _with_state(_new(*estimator), _dictionary("func", _later(f)))
        ),
        "hook": lambda _: op.stream(
            _with_state(
                _new("torch.nn.modules.linear", "Identity"),
                _dictionary("_forward_hooks", _dictionary("0", LOAD)),
            )
        ),
        "deep-in-lists": lambda _: op.stream(
            _with_state(_new(*estimator), _dictionary("kw_args", op.EMPTY_LIST * 9 + LOAD + op.APPEND * 9))
        ),
        "appended-to-an-object": lambda _: op.stream(
            op.call(op.name("collections", "deque")) + op.EMPTY_LIST + LOAD + op.APPEND + op.APPEND
        ),
        "item-of-an-object": lambda _: op.stream(
            op.call(op.name("collections", "OrderedDict")) + op.text("f") + LOAD + op.SETITEM
        ),
        "partial-by-state": lambda _: op.stream(
            _with_state(
                op.call(PARTIAL, op.name("builtins", "int")),
                op.MARK + LOAD + op.EMPTY_TUPLE + op.EMPTY_DICT + op.NONE + op.TUPLE,
            )
        ),
        "partial-by-reconstructor": lambda _: op.stream(
            _with_state(
                op.call(
                    op.name("copyreg", "_reconstructor"), PARTIAL, op.name("builtins", "object"), op.NONE
                ),
                op.MARK + LOAD + op.EMPTY_TUPLE + op.EMPTY_DICT + op.NONE + op.TUPLE,
            )
        ),
        "codec-kept": lambda _: op.stream(
            op.call(op.name("collections", "defaultdict"), op.name("_codecs", "encode"))
        ),
        "reconstructor-kept": lambda _: op.stream(
            op.EMPTY_LIST + op.name("copyreg", "_reconstructor") + op.APPEND
        ),
    }


def _called() -> dict[str, Callable[[Path], bytes]]:
    """A class that honest files only restore, called with arguments."""
    none = op.NONE
    return {
        "booster-of-a-path": lambda _: op.stream(
            op.call(op.name("lightgbm.basic", "Booster"), none, none, op.text("/etc/hostname"))
        ),
        "booster-made-of-a-path": lambda _: op.stream(
            op.name("xgboost.core", "Booster")
            + op.MARK
            + none
            + none
            + op.text("/etc/hostname")
            + op.TUPLE
            + op.NEWOBJ
        ),
        "layer-of-a-size": lambda _: op.stream(
            op.call(op.name("torch.nn.modules.linear", "Linear"), op.small(255), op.small(255))
        ),
        "estimator-called": lambda _: op.stream(
            op.call(op.name("sklearn.pipeline", "Pipeline"), op.EMPTY_LIST)
        ),
        "base-with-a-constructor": lambda _: op.stream(
            op.call(
                op.name("copyreg", "_reconstructor"),
                op.name("lightgbm.basic", "Booster"),
                op.name("lightgbm.basic", "Booster"),
                op.EMPTY_DICT,
            )
        ),
        "newobj-of-a-restored": lambda _: op.stream(
            op.call(op.name("copyreg", "__newobj__"), op.name("xgboost.core", "Booster"), op.EMPTY_DICT)
        ),
        "array-of-a-shape": lambda _: op.stream(
            op.call(
                op.name("numpy._core.multiarray", "_reconstruct"),
                op.name("numpy", "ndarray"),
                op.MARK + b"\x8a\x06" + b"\xff\xff\xff\xff\xff\x0f" + op.TUPLE,
                op.raw(b"d"),
            )
        ),
        "storage-of-a-size": lambda _: op.stream(
            op.call(op.name("torch", "FloatStorage"), b"\x8a\x06" + b"\xff\xff\xff\xff\xff\x0f")
        ),
        "codec-of-a-module": lambda _: op.stream(
            op.call(op.name("_codecs", "encode"), op.text("a"), op.text("zip"))
        ),
    }


def _bombs() -> dict[str, Callable[[Path], bytes]]:
    """Few bytes that become many objects, while loading or for whoever walks the result."""
    million = b"J" + struct.pack("<i", 1 << 30)
    counted = op.call(op.name("builtins", "range"), million)
    return {
        "list-of-a-range": lambda _: op.stream(op.call(op.name("builtins", "list"), counted)),
        "set-of-a-range": lambda _: op.stream(op.call(op.name("builtins", "set"), counted)),
        "deque-of-a-range": lambda _: op.stream(op.call(op.name("collections", "deque"), counted)),
        "tuple-made-of-a-range": lambda _: op.stream(
            op.name("builtins", "tuple") + counted + op.TUPLE1 + op.NEWOBJ
        ),
        "bytes-of-a-number": lambda _: op.stream(op.call(op.name("builtins", "bytearray"), million)),
        "shared-tuples": lambda _: _shared(30),
        "deep-tuples": lambda _: op.stream(op.EMPTY_TUPLE + op.TUPLE1 * 2_000),
    }


def cases() -> list[Case]:
    """All of them as pickles."""
    groups: tuple[tuple[str, dict[str, Callable[[Path], bytes]], str], ...] = (
        ("kept", _kept(), "reject"),
        ("called", _called(), "reject"),
        ("bomb", _bombs(), "review"),
    )
    return [
        hostile(f"{group}-{name}", "model.pkl", build, f"{group}: {name}", ("pickle-*",), verdict)
        for group, found, verdict in groups
        for name, build in found.items()
    ]
