"""Streams of known-good names alone that lead a loader to foreign memory or to calls all the same, and names that hide.

Each was made by reading the analyzer's own lists as an attacker would. Assembled, never loaded; addresses are those of
nothing, payloads are inert.
"""

from __future__ import annotations

import struct
from pathlib import Path

from corpora import opcodes as op
from corpora.case import Case, Content, hostile

FALSE, ONE = b"\x89", op.small(1)
ITEMS, ADD, EMPTY_SET = b"u", b"\x90", b"\x8f"
LINEAR = ("torch.nn.modules.linear", "Linear")
IDENTITY = ("torch.nn.modules.linear", "Identity")
NAMESPACE = op.name("types", "SimpleNamespace")
PATH = op.call(op.name("pathlib", "PosixPath"), op.text("a"))


def _new(module: str, name: str) -> bytes:
    return op.name(module, name) + op.EMPTY_TUPLE + op.NEWOBJ


def _dict(*pairs: tuple[bytes, bytes]) -> bytes:
    return op.EMPTY_DICT + b"".join(key + value + op.SETITEM for key, value in pairs)


def _named(**items: bytes) -> bytes:
    return _dict(*((op.text(key), value) for key, value in items.items()))


def _build(made: bytes, state: bytes) -> bytes:
    return made + state + op.BUILD


def _tuple(*parts: bytes) -> bytes:
    return op.MARK + b"".join(parts) + op.TUPLE


def _namespace(**items: bytes) -> bytes:
    return _build(op.call(NAMESPACE), _named(**items))


def _memory() -> bytes:
    """Says that an array of eight bytes lies at address 4096, where nothing is."""
    return _named(
        data=_tuple(b"M\0\x10", FALSE),
        shape=op.small(8) + op.TUPLE1,
        typestr=op.text("|u1"),
        version=op.small(3),
    )


def _storage(elements: int = 4) -> bytes:
    return (
        _tuple(
            op.text("storage"),
            op.name("torch", "FloatStorage"),
            op.text("0"),
            op.text("cpu"),
            op.small(elements),
        )
        + b"Q"
    )


def _tensor(size: bytes = op.small(4), offset: bytes = b"K\0", rebuild: str = "_rebuild_tensor_v2") -> bytes:
    hooks = op.call(op.name("collections", "OrderedDict"))
    arguments = (_storage(), offset, size + op.TUPLE1, ONE + op.TUPLE1, FALSE, hooks)
    return op.call(op.name("torch._utils", rebuild), *arguments)


def _dtype_of_objects() -> bytes:
    inner = _build(
        op.call(op.name("numpy", "dtype"), op.text("O8"), FALSE, op.TRUE),
        _tuple(
            op.small(3), op.text("|"), op.NONE, op.NONE, op.NONE, *[b"J\xff\xff\xff\xff"] * 2, op.small(63)
        ),
    )
    fields = _named(a=inner + b"K\0" + op.TUPLE2)
    return _build(
        op.call(op.name("numpy", "dtype"), op.text("V8"), FALSE, op.TRUE),
        _tuple(
            op.small(3),
            op.text("|"),
            op.NONE,
            op.text("a") + op.TUPLE1,
            fields,
            op.small(8),
            ONE,
            op.small(27),
        ),
    )


def _numbers() -> bytes:
    plain = _tuple(op.small(3), op.text("<"), op.NONE, op.NONE, op.NONE, *[b"J\xff\xff\xff\xff"] * 2, b"K\0")
    dtype = _build(op.call(op.name("numpy", "dtype"), op.text("i8"), FALSE, op.TRUE), plain)
    made = op.call(
        op.name("numpy._core.multiarray", "_reconstruct"),
        op.name("numpy", "ndarray"), b"K\0" + op.TUPLE1, op.raw(b"b"),
    )  # fmt: skip
    return _build(made, _tuple(ONE, ONE + op.TUPLE1, dtype, FALSE, op.raw(b"A" * 8)))


def _believed() -> dict[str, bytes]:
    """NumPy asks objects where their memory is, and known-good ones can be made to answer."""
    asked = "__array_interface__"
    add = op.name("numpy", "add")
    ordered = op.call(
        op.name("collections", "OrderedDict"),
        op.EMPTY_LIST + op.EMPTY_LIST + op.text(asked) + op.APPEND + _memory() + op.APPEND + op.APPEND,
    )
    bunch = op.name("sklearn.utils._bunch", "Bunch") + op.EMPTY_TUPLE + op.NEWOBJ
    return {
        "address-in-a-namespace": op.call(add, _namespace(**{asked: _memory()}), ONE),
        "address-in-a-mapping-argument": op.call(NAMESPACE, _named(**{asked: _memory()})),
        "address-in-a-bunch": bunch + op.text(asked) + _memory() + op.SETITEM,
        "address-in-buffers-of-a-layer": _build(
            _new(*IDENTITY), _named(_buffers=_named(**{asked: _memory()}))
        ),
        "address-in-an-ordered-state": _build(_new(*LINEAR), ordered),
        "address-by-a-computed-name": _build(
            _new(*LINEAR),
            _dict((op.call(op.name("builtins", "str"), op.raw(asked.encode()), op.text("ascii")), _memory())),
        ),
        "buffer-that-is-no-bytes": op.call(
            op.name("numpy._core.numeric", "_frombuffer"),
            _namespace(a=ONE),
            op.text("O"),
            ONE + op.TUPLE1,
            op.text("C"),
        ),
        "scalar-of-objects-over-numbers": op.call(
            op.name("numpy._core.multiarray", "scalar"), _dtype_of_objects(), _numbers()
        ),
        "tensor-beyond-its-storage": _tensor(size=b"J" + struct.pack("<i", 1 << 30)),
        "tensor-behind-its-storage": _tensor(offset=op.small(200)),
        "tensor-beyond-by-another-type": op.call(
            op.name("torch._tensor", "_rebuild_from_type_v2"),
            op.name("torch._utils", "_rebuild_tensor_v2"),
            op.name("torch", "Tensor"),
            _tuple(_storage(), b"K\0", b"J\0\0\0\x40" + op.TUPLE1, ONE + op.TUPLE1, FALSE, op.EMPTY_DICT),
            op.EMPTY_DICT,
        ),
        "tensor-set-by-its-state": _build(
            _tensor(), _tuple(_storage(), b"K\0", b"J\0\0\0\x40" + op.TUPLE1, ONE + op.TUPLE1)
        ),
        "parameter-set-by-its-state": _build(
            op.call(op.name("torch._utils", "_rebuild_parameter"), _tensor(), FALSE, op.EMPTY_DICT),
            _tuple(_storage(), b"K\0", b"J\0\0\0\x40" + op.TUPLE1, ONE + op.TUPLE1),
        ),
        "element-put-into-a-storage": _storage() + b"K\0" + op.text("a") + op.SETITEM,
        "element-put-into-a-tensor": _tensor() + b"K\0" + op.text("a") + op.SETITEM,
    }


def _calls() -> dict[str, bytes]:
    """A machine or a known-good class calls what the state of another known-good object holds."""
    partial = op.call(op.name("functools", "partial"), op.name("torch.nn.functional", "relu"))
    method = op.call(op.name("builtins", "getattr"), PATH, op.text("unlink"))
    return {
        "append-among-the-entries": _new("easydict", "EasyDict")
        + op.text("append") + partial + op.SETITEM + op.text("5") + op.APPEND,
        "native-class-of-a-name": _build(
            _new("torch", "ScriptObject"),
            op.EMPTY_TUPLE + op.text("__torch__.torch.classes.tensorrt.Engine") + op.TUPLE2,
        ),
        "nested-of-an-object": op.call(
            op.name("torch.nested._internal.nested_tensor", "_rebuild_njt"), _named(values=_namespace(size=partial))
        ),
        "dill-array-of-a-class": op.call(
            op.name("dill._dill", "_create_array"), op.name(*LINEAR), op.EMPTY_TUPLE, op.EMPTY_TUPLE
        ),
        "dill-type-of-code": op.call(op.name("dill._dill", "_load_type"), op.text("CodeType")),
        "setstate-in-the-state": _build(_namespace(__setstate__=partial), op.text("5")),
        "append-in-the-state": _namespace(append=partial) + op.text("5") + op.APPEND,
        "extend-in-the-state": _namespace(extend=partial) + op.MARK + op.text("5") + op.APPENDS,
        "add-in-the-state": _namespace(add=partial) + op.MARK + op.text("5") + ADD,
        "class-set-by-an-entry": _new("torch.nn.modules.container", "ParameterDict")
        + op.text("__class__") + op.name(*LINEAR) + op.SETITEM,
        "state-that-is-asked-to-pop": _build(
            _new("sklearn.linear_model._base", "LinearRegression"), _namespace(pop=partial)
        ),
        "detached-by-another-object": op.call(
            op.name("torch._utils", "_rebuild_parameter"), _namespace(detach=partial), FALSE, op.EMPTY_DICT
        ),
        "keys-of-an-object": op.call(op.name("collections", "OrderedDict"), _namespace(keys=partial)),
        "mean-of-an-object": op.call(op.name("numpy", "mean"), _namespace(mean=partial)),
        "mask-for-another-class": op.call(
            op.name("numpy.ma.core", "_mareconstruct"),
            op.name("sklearn.gaussian_process.kernels", "Hyperparameter"), op.name("numpy", "ndarray"),
            b"K\0" + op.TUPLE1, op.raw(b"b"),
        ),
        "generator-by-an-object": op.call(
            op.name("numpy.random._pickle", "__generator_ctor"), op.raw(b"x"), partial
        ),
        "file-removed-by-a-method": _build(
            _new("torch.optim.sgd", "SGD"),
            _named(param_groups=op.EMPTY_LIST + _namespace(setdefault=method) + op.APPEND),
        ),
        "class-passed-through-a-function": op.call(
            op.name("torch.jit._pickle", "restore_type_tag"), op.name(*LINEAR), op.text("a")
        ) + op.NONE + _named(dump_patches=op.TRUE) + op.TUPLE2 + op.BUILD,
        "function-of-a-hint": op.call(op.name("operator", "getitem"), _namespace(a=ONE), op.text("a")),
        "attribute-by-a-getter": op.call(op.name("operator", "attrgetter"), op.text("__init__.__globals__")),
        "member-of-a-class": op.call(op.name("builtins", "getattr"), op.name(*LINEAR), op.text("__init__")),
        "enumeration-made-anew": op.call(
            op.name("transformers.trainer_utils", "IntervalStrategy"), op.text("A"), op.text("B C")
        ),
        "arguments-of-a-trainer": op.call(
            op.name("transformers.training_args", "TrainingArguments"), op.text("/tmp/a")
        ),
    }  # fmt: skip


def _hidden(folder: Path) -> dict[str, bytes]:
    """Names that no list holds, or that only look like one."""
    command = op.text(op.touch(folder))
    return {
        "unknown-with-a-command": op.call(op.name("acme.tools", "launch"), command),
        "unknown-with-code": op.call(op.name("acme.tools", "Launcher"), op.text("import os; os.getpid()")),
        "unknown-with-an-address": op.call(op.name("acme.tools", "fetch"), op.text("http://127.0.0.1/a")),
        "unknown-with-a-path": op.call(op.name("acme.tools", "drop"), op.text("/etc/cron.d/a"), op.text("a")),
        "unknown-with-hidden-command": op.call(
            op.name("acme.tools", "launch"),
            op.call(op.name("builtins", "str"), op.raw(op.touch(folder).encode()), op.text("ascii")),
        ),
        "unknown-by-a-partial": op.call(
            op.name("functools", "partial"), op.name("acme.tools", "launch"), command
        ),
        "unknown-by-a-partial-state": _build(
            op.call(op.name("functools", "partial"), op.name("torch.nn.functional", "relu")),
            _tuple(op.name("acme.tools", "launch"), command + op.TUPLE1, op.EMPTY_DICT, op.NONE),
        ),
        "instance-of-unknown-called": op.call(op.call(op.name("acme.tools", "Thing")), ONE),
        "copy-of-a-module": op.call(op.name("acme.moves.subprocess", "list2cmdline"), op.EMPTY_LIST),
        "attribute-of-a-module": op.call(op.stack_name("acme.tools", "helper.launch"), ONE),
        "function-by-value": op.call(op.name("acme.cloudpickle.cloudpickle", "_make_cell"), ONE),
        "letters-of-another-alphabet": op.call(op.name("p\u043esix", "syst\u0435m"), ONE),
        "surrogate-in-a-name": op.call(op.text("os\ud800") + op.text("a") + op.STACK_GLOBAL, ONE),
        "library-that-runs-commands": op.call(
            op.name("absl.testing._bazelize_command", "get_executable_path"), ONE
        )
        + op.call(op.name("joblib.externals.loky.backend.fork_exec", "fork_exec"), op.EMPTY_LIST),
        "library-that-calls": op.call(
            op.name("torch.autograd.functional", "jacobian"), op.name("acme", "f"), ONE
        ),
        "library-that-downloads": op.call(op.name("torchvision._internally_replaced_utils", "_download"), ONE)
        + op.call(op.name("torchvision.datasets.utils", "_urlretrieve"), op.text("a"), op.text("b")),
        "name-taken-over": op.call(op.name("sklearn.utils._estimator_html_repr", "contextmanager"), ONE)
        + op.name("sklearn._config", "contextmanager"),
    }


def cases() -> list[Case]:
    """All of them as pickles of protocol 4."""
    groups = (("believed", _believed()), ("calls", _calls()))
    found = [
        hostile(f"evasion-{name}", "model.pkl", _fixed(body), f"{group}: {name.replace('-', ' ')}")
        for group, bodies in groups
        for name, body in bodies.items()
    ]
    names = _hidden(Path("/"))
    return found + [
        hostile(f"evasion-{name}", "model.pkl", _of(name), f"a name that hides: {name.replace('-', ' ')}")
        for name in names
    ]


def _fixed(body: bytes) -> Content:
    return lambda _: op.stream(body, 4)


def _of(name: str) -> Content:
    return lambda folder: op.stream(_hidden(folder)[name], 4)
