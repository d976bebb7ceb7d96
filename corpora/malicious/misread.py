"""Files that hold only known-good names for one reader and harm for another: array bytes that are opcodes, state that
NumPy believes, calls that hand a function on. Assembled, never loaded.
"""

from __future__ import annotations

import struct
from pathlib import Path

from corpora import opcodes as op
from corpora.case import Case, Content, hostile

ALL_ONES, FALSE = b"J\xff\xff\xff\xff", b"\x89"
HUGE = b"J" + struct.pack("<i", (1 << 31) - 1)
LOAD = op.name("torch.storage", "_load_from_bytes")


def _dictionary(**items: bytes) -> bytes:
    return op.EMPTY_DICT + b"".join(op.text(key) + value + op.SETITEM for key, value in items.items())


def _dtype(
    code: str, flags: int = 0, size: bytes = ALL_ONES, names: bytes = op.NONE, fields: bytes = op.NONE
) -> bytes:
    """``numpy.dtype(code, False, True)`` with the state that NumPy writes, or one that it never does."""
    made = op.call(op.name("numpy", "dtype"), op.text(code), FALSE, op.TRUE)
    state = op.small(3) + op.text("|") + op.NONE + names + fields + size + ALL_ONES + op.small(flags)
    return made + op.MARK + state + op.TUPLE + op.BUILD


def _array(dtype: bytes, data: bytes) -> bytes:
    made = op.call(
        op.name("numpy.core.multiarray", "_reconstruct"),
        op.name("numpy", "ndarray"),
        op.small(0) + op.TUPLE1,
        op.raw(b"b"),
    )
    return made + op.MARK + op.small(1) + op.small(1) + op.TUPLE1 + dtype + FALSE + data + op.TUPLE + op.BUILD


def _wrapped(dtype: bytes, count: int) -> bytes:
    state = _dictionary(
        subclass=op.name("numpy", "ndarray"),
        shape=op.small(count) + op.TUPLE1,
        order=op.text("C"),
        dtype=dtype,
        allow_mmap=FALSE,
    )
    return op.name("joblib.numpy_pickle", "NumpyArrayWrapper") + op.EMPTY_TUPLE + op.NEWOBJ + state + op.BUILD


def _joblib(dtype: bytes, count: int, data: bytes) -> bytes:
    """A joblib file of one array, whose bytes follow the BUILD of its wrapper."""
    return op.proto() + _wrapped(dtype, count) + data + op.STOP


def _harm(folder: Path) -> bytes:
    return op.POP + op.call(op.name("posix", "system"), op.text(op.touch(folder))) + op.STOP


def _opcodes_as_array(folder: Path) -> bytes:
    harm = _harm(folder)
    return _joblib(_dtype("u1"), len(harm), harm)


def _ignored_size(folder: Path) -> bytes:
    # NumPy takes the size of an f8 from its code; a reader that believes the state skips the opcodes.
    data = bytes(8) + _harm(folder)
    return _joblib(_dtype("f8", size=op.small(len(data))), 1, data)


def _after_break(folder: Path) -> bytes:
    # The C machine stops at the underscore and the Python machine of dill reads on.
    harm = b"F1_0\n" + _harm(folder)
    return _joblib(_dtype("u1"), len(harm), harm)


def _array_in_objects(folder: Path) -> bytes:
    # An honest array stops every other loader. joblib reads the objects by pickle.load, which follows no arrays.
    harm = _harm(folder)
    inner = op.proto() + _wrapped(_dtype("u1"), len(harm)) + harm + op.STOP
    return (
        op.proto() + _wrapped(_dtype("u1"), 4) + b"\xff" * 4 + _wrapped(_dtype("O8", 63), 1) + inner + op.STOP
    )


def _frame(body: bytes) -> bytes:
    return b"\x95" + struct.pack("<Q", len(body)) + body


def _split_frame(folder: Path) -> bytes:
    # The frame ends inside of the number 10. Loaders that read from memory files lose its first digit.
    memo = op.text("posix") + op.put(0) + op.POP + op.text("collections") + op.put(10) + op.POP
    function = _frame(b"g1") + b"0\n" + op.text("system") + op.STACK_GLOBAL
    return op.proto(4) + memo + function + op.text(op.touch(folder)) + op.TUPLE1 + op.REDUCE + op.STOP


def _long_frame(_: Path) -> bytes:
    return op.proto(4) + _frame(op.NONE + op.STOP + op.stream(op.name("posix", "system")))


def _bombs() -> dict[str, bytes]:
    counted = op.call(op.name("builtins", "range"), HUGE)
    large = op.call(op.name("decimal", "Decimal"), op.text("1e999999999"))
    some = op.call(op.name("builtins", "bytearray"), b"J\0\0\xff\0")
    return {
        "fraction-of-a-power": op.call(op.name("fractions", "Fraction"), op.text("1e999999999")),
        "int-of-a-decimal": op.call(op.name("builtins", "int"), large),
        "size-of-a-range": op.call(op.name("torch", "Size"), counted),
        "void-of-a-number": op.call(op.name("numpy", "void"), HUGE),
        "reconstructed-list-of-a-range": op.call(
            op.name("copyreg", "_reconstructor"), op.name("builtins", "list") * 2, counted
        ),
        "many-bytearrays": op.EMPTY_LIST + op.MARK + some * 1000 + op.APPENDS,
    }


def _state() -> dict[str, bytes]:
    identity = op.name("torch.nn.modules.linear", "Identity") + op.EMPTY_TUPLE + op.NEWOBJ
    outside = _dictionary(a=_dtype("f8") + b"J" + struct.pack("<i", 1 << 20) + op.TUPLE2)
    booster = op.name("lightgbm.basic", "Booster")
    estimator = op.name("sklearn.preprocessing._function_transformer", "FunctionTransformer")
    kept = _dictionary(func=booster, kw_args=_dictionary(model_file=op.text("/etc/hostname")))
    return {
        "object-flags-cleared": _array(_dtype("O8", 0), op.raw(b"A" * 8)),
        "field-outside-record": _array(
            _dtype("V8", 16, op.small(8), op.text("a") + op.TUPLE1, outside), op.raw(bytes(8))
        ),
        "class-replaced-by-slots": identity
        + op.NONE
        + _dictionary(__class__=op.name("sklearn.pipeline", "Pipeline"))
        + op.TUPLE2
        + op.BUILD,
        "instance-called": op.call(identity, op.NONE),
        "made-with-keywords": booster + op.EMPTY_TUPLE + _dictionary(model_file=op.text("x")) + op.NEWOBJ_EX,
        "tree-of-more-outputs": op.call(
            op.name("sklearn.tree._tree", "Tree"), op.small(1), _array(_dtype("i8"), op.raw(bytes(8))), HUGE
        ),
        "tensor-by-another-function": op.call(
            op.name("torch._tensor", "_rebuild_from_type_v2"),
            op.name("torch.nn.modules.linear", "Identity"),
            op.name("torch", "Tensor"),
            op.EMPTY_TUPLE,
            op.EMPTY_DICT,
        ),
        "parameter-of-another-class": op.call(
            op.name("torch._utils", "_rebuild_parameter_with_state"),
            op.NONE,
            FALSE,
            op.NONE,
            _dictionary(__class__=op.name("sklearn.pipeline", "Pipeline")),
        ),
        "index-of-another-class": op.call(
            op.name("pandas.core.indexes.base", "_new_Index"), booster, op.EMPTY_DICT
        ),
        "reader-of-files-kept": estimator + op.EMPTY_TUPLE + op.NEWOBJ + kept + op.BUILD,
    }


def _handed_on(folder: Path) -> bytes:
    # numpy calls its second argument with the first; what it returns is thrown away before the stream ends.
    made = op.name("numpy.random._pickle", "__generator_ctor")
    return op.stream(op.call(made, op.raw(op.payload(folder)), LOAD) + op.POP + op.NONE)


def cases() -> list[Case]:
    """All of them."""
    files: dict[str, Content] = {
        "opcodes-as-array": _opcodes_as_array,
        "ignored-item-size": _ignored_size,
        "array-after-break": _after_break,
        "array-in-objects": _array_in_objects,
        "frame-splits-a-number": _split_frame,
        "frame-goes-on": _long_frame,
        "function-handed-on": _handed_on,
    }
    files |= {name: lambda _, body=body: op.stream(body, 4) for name, body in (_bombs() | _state()).items()}  # type: ignore[misc]
    return [
        hostile(f"misread-{name}", "model.pkl", content, f"misread: {name.replace('-', ' ')}")
        for name, content in files.items()
    ]
