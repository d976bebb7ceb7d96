"""What honest files do with the known-good globals that could do harm otherwise.

Each constraint is named in ``rules/globals/*.json``. It looks at recorded values and never calls anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from quarantine.analyzers.pickle import dtype
from quarantine.analyzers.pickle.named import Arguments, Named, is_global
from quarantine.formats.interface import Malformed

MAX_REPEAT = 1 << 20
MAX_PATTERN = 1 << 16
_LAYERS = "torch.nn.modules."
_METHODS_OF = (_LAYERS, "torch.optim.", "torch.nn.utils.", "torch.nn.parallel.", "torch.ao.")
_NESTED = "torch.nested._internal.nested_tensor"
_TENSORS = (
    "torch.Tensor",
    "torch._tensor.Tensor",
    "torch.nn.parameter.Parameter",
    "torch.nn.parameter.Buffer",
)
_CODECS = frozenset({"latin1", "latin-1", "iso-8859-1", "ascii", "utf-8", "utf8"})
_BASES = frozenset(
    f"{module}.{name}"
    for module in ("builtins", "__builtin__")
    for name in (
        "object",
        "dict",
        "list",
        "tuple",
        "set",
        "frozenset",
        "str",
        "int",
        "float",
        "bytes",
        "unicode",
    )
)


@dataclass(frozen=True)
class Constraint:
    """``called`` judges a call's arguments, ``made`` those of ``__new__`` alone (NEWOBJ), ``state`` what BUILD sets
    on what was made with such arguments.

    ``function`` is True for what honest files only call and never keep as a value; ``items`` for what APPEND, ADDITEMS
    or SETITEM may put elements into.
    """

    called: Callable[[Arguments], bool]
    made: Callable[[Arguments], bool]
    state: Callable[[Arguments, object], bool] | None = None
    function: bool = False
    items: bool = False


_SCALARS = frozenset({str, int, float, bool, bytes, bytearray, complex, type(None)})
_TEXTS = frozenset({str, bytes, int, float})
_ITEMS = frozenset({list, tuple, dict, set, frozenset, type(None)})


def _codec(args: Arguments) -> bool:
    # _codecs.encode with another codec name imports encodings.<name>.
    named = args[1:] or ("utf-8",)
    return len(args) in (1, 2) and isinstance(args[0], str) and str(named[0]).lower() in _CODECS


def _never(_: Arguments) -> bool:
    return False


def _nothing(args: Arguments) -> bool:
    return not args


def _nested_torch(args: Arguments) -> bool:
    return len(args) == 1 and nested_bytes(args[0]) is not None


def nested_bytes(value: object) -> bytes | None:
    """Bytes as a stream writes them: as such, or before protocol 3 as Latin-1 text to encode; None for any other."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, Named) and not is_global(value) and value.label == "_codecs.encode":
        args: Arguments = getattr(value, "args", ())
        if len(args) == 2 and isinstance(args[0], str) and args[1] in ("latin1", "latin-1"):
            try:
                return args[0].encode("latin-1")
            except UnicodeEncodeError:
                return None
    return None


def _plain_callable(value: object) -> bool:
    # Layers are made, and do no harm but take memory: honest models keep a partial of one. What is not known to be
    # good has no constraint, and is reported as that.
    return is_global(value) and (
        value.constraint in ("any", "kept", "items", "text", "")
        or (value.constraint == "restored" and value.label.startswith(_LAYERS))
    )


def _partial(args: Arguments) -> bool:
    return bool(args) and _plain_callable(args[0])


def _partial_state(_: Arguments, state: object) -> bool:
    # functools.partial.__setstate__ replaces the function.
    return isinstance(state, tuple) and bool(state) and _plain_callable(state[0])


def _text(args: Arguments) -> bool:
    # int(Decimal("1e999999999")) and str() of shared lists never end.
    plain = all(type(arg) in _SCALARS for arg in args)
    return plain and (len(args) < 2 or type(args[1]) is not str or args[1] in _CODECS)


def _buffer(args: Arguments) -> bool:
    # bytes(n) and bytearray(n) make n bytes of a few.
    if not args:
        return True
    encoded = isinstance(args[0], Named) and not is_global(args[0]) and args[0].label == "_codecs.encode"
    return (encoded or type(args[0]) in (bytes, bytearray, str)) and len(args) < 3 and _text(args[1:])


def _fraction(args: Arguments) -> bool:
    # Fraction("1e999999999") computes that power of ten.
    written = (
        bool(args)
        and type(args[0]) is str
        and re.fullmatch(r"-?\d{1,4000}(/\d{1,4000})?", args[0]) is not None
    )
    return (len(args) == 1 and written) or (len(args) == 2 and all(type(arg) is int for arg in args))


def _small_range(args: Arguments) -> bool:
    return all(type(arg) is int and abs(arg) <= MAX_REPEAT for arg in args)


def _bit_generator(args: Arguments) -> bool:
    # The second argument is called with the first, and a class in the first place is made.
    def of_numpy(arg: object) -> bool:
        return type(arg) is str or (isinstance(arg, Named) and arg.label.startswith("numpy.random."))

    return len(args) <= 2 and all(of_numpy(arg) for arg in args) and (len(args) < 2 or is_global(args[1]))


def _pandas_index(args: Arguments) -> bool:
    # Makes an instance of its first argument with keyword arguments of the stream's choice.
    return bool(args) and is_global(args[0]) and args[0].label.startswith("pandas.core.indexes.")


def _dtype(args: Arguments) -> bool:
    return dtype.well_formed(args, None)


def _scalar(args: Arguments) -> bool:
    # Of a dtype with objects, NumPy takes whatever array it is given for one of them, and its bytes for pointers.
    try:
        layout = dtype.layout_of(args[0]) if 1 <= len(args) <= 2 else None
    except Malformed:
        return False
    if layout is None:
        return False
    if len(args) == 1 or not layout.objects:
        return len(args) == 1 or _bytes(args[1])
    state = getattr(args[1], "state", None)
    return (
        isinstance(args[1], Named)
        and args[1].label.endswith("multiarray._reconstruct")
        and type(state) is tuple
        and len(state) == 5
        and state[1] == ()
        and state[2] is args[0]
    )


def _bytes(value: object) -> bool:
    # The second is how protocols 0 to 2 write bytes.
    return type(value) in (bytes, bytearray, str) or (
        isinstance(value, Named) and not is_global(value) and value.label == "_codecs.encode"
    )


def _frombuffer(args: Arguments) -> bool:
    # What is no bytes may say itself where its memory is.
    return (
        len(args) == 4
        and type(args[0]) in (bytes, bytearray)
        and isinstance(args[1], Named)
        and args[1].label == dtype.LABEL
        and type(args[2]) is tuple
        and all(type(length) is int for length in args[2])
        and args[3] in ("C", "F")
    )


def _masked(args: Arguments) -> bool:
    # Hands its other arguments to the first one's own __new__.
    return (
        _empty_array(args)
        and all(is_global(arg) and arg.label.startswith("numpy.") for arg in args[:2])
        and args[0].label.endswith(("MaskedArray", "mvoid", "MaskedRecords"))  # type: ignore[attr-defined]
    )


def _tensor(args: Arguments) -> bool:
    """Whether size, stride and offset stay within the storage; PyTorch makes a storage larger to fit them."""
    if len(args) < 4:
        return False
    size, stride = (_lengths(arg) for arg in args[2:4])
    if size is None or stride is None or len(size) != len(stride) or type(args[1]) is not int or args[1] < 0:
        return False
    elements = getattr(args[0], "state", None)
    if type(elements) is not int or 0 in size:
        return True
    last = args[1] + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    return last < elements


def _lengths(value: object) -> tuple[int, ...] | None:
    if isinstance(value, Named) and value.label == "torch.Size":
        inner = getattr(value, "args", ())
        value = tuple(inner[0]) if inner and type(inner[0]) in (tuple, list) else ()
    if type(value) is not tuple or not all(type(length) is int and length >= 0 for length in value):
        return None
    return value


def _enum(args: Arguments) -> bool:
    return len(args) == 1 and (type(args[0]) in _SCALARS or type(args[0]) is tuple)


def _lazy(args: Arguments) -> bool:
    # PyTorch's layers whose size is not known yet: requires_grad, device, dtype.
    return len(args) <= 3 and all(
        type(arg) in _SCALARS or (isinstance(arg, Named) and arg.label.startswith("torch.")) for arg in args
    )


def _from_numpy(args: Arguments) -> bool:
    return (
        len(args) == 4
        and isinstance(args[0], Named)
        and args[0].label.endswith(("._reconstruct", "._frombuffer"))
        and type(args[2]) is str
    )


def _typing(args: Arguments) -> bool:
    # typing.Union[...]: nothing but a hint is asked for an item.
    return len(args) == 2 and is_global(args[0]) and args[0].label.startswith("typing.")


def _pattern(args: Arguments) -> bool:
    # Flag 128 prints; compiling is linear in the length.
    flags = args[1] if len(args) == 2 else 0
    text = type(args[0]) in (str, bytes) if args else False
    return text and len(args[0]) <= MAX_PATTERN and type(flags) is int and 0 <= flags < 128  # type: ignore[arg-type]


def _bound(args: Arguments) -> bool:
    """A method of an object that holds itself, or a member of an enumeration: nothing else is reached."""
    if len(args) != 2 or type(args[1]) is not str or not args[1].isidentifier() or args[1][:2] == "__":
        return False
    if is_global(args[0]) and (
        args[0].constraint == "enum" or (args[0].constraint, args[1]) == ("zone", "_unpickle")
    ):
        return True
    return (
        isinstance(args[0], Named)
        and args[0].label.startswith(_METHODS_OF)
        and args[0].constraint == "restored"
    )


def method_kept(args: Arguments) -> bool:
    """Whether ``getattr(*args)`` is a plain method of some object: nothing that an honest file may not hold."""
    if len(args) != 2 or type(args[1]) is not str or not args[1].isidentifier() or args[1][:2] == "__":
        return False
    return isinstance(args[0], Named) and bool(args[0].label) and not args[0].label.startswith("pathlib.")


def _zone(args: Arguments) -> bool:
    # Reads a file of the time zones, whose own loader refuses to leave their folder.
    return (
        len(args) == 1
        and type(args[0]) is str
        and re.fullmatch(r"[A-Za-z][\w+/-]{0,60}", args[0]) is not None
    )


def zone_restored(made: object, args: Arguments) -> bool:
    """Whether a call of what getattr made is ``ZoneInfo._unpickle(key, from_cache)``, as that library writes it."""
    inner: Arguments = getattr(made, "args", ())
    return (
        len(inner) == 2
        and is_global(inner[0])
        and (inner[0].label, inner[1]) == ("zoneinfo.ZoneInfo", "_unpickle")
        and len(args) == 2
        and _zone(args[:1])
    )


def _dill_array(args: Arguments) -> bool:
    # dill._dill._create_array(f, args, state, npdict) calls f and sets its state.
    return (
        len(args) in (3, 4)
        and is_global(args[0])
        and args[0].label.endswith(("multiarray._reconstruct", "numeric._frombuffer", "._mareconstruct"))
        and bool(args[0].constraint)
        and type(args[1]) is tuple
        and constraint_of(args[0].constraint).called(args[1])
        and (type(args[2]) is tuple or args[2] is None)
        and (len(args) == 3 or args[3] is None or _attributes(args[3]))
    )


def _getter(args: Arguments) -> bool:
    return bool(args) and all(type(arg) is int or (type(arg) is str and "__" not in arg) for arg in args)


def _no_range(args: Arguments) -> bool:
    # list(range(n)) makes n objects from a few bytes.
    return not any(isinstance(arg, Named) and arg.label.endswith(".range") for arg in args)


def _reconstructor(args: Arguments) -> bool:
    # copyreg._reconstructor(cls, base, state) calls base's own __new__ and __init__.
    base = args[1] if len(args) == 3 else None
    if not is_global(base) or base.label not in _BASES:
        return False
    kind = base.label.rpartition(".")[2]
    allowed = _TEXTS if kind in ("bytes", "str", "unicode", "int", "float") else _ITEMS
    return kind == "object" or type(args[2]) in allowed


def _newobj(args: Arguments) -> bool:
    if not args or not is_global(args[0]):
        return False
    return constraint_of(args[0].constraint).made(args[1:]) if args[0].constraint else True


def _empty_array(args: Arguments) -> bool:
    # numpy pickles an array as an empty one; BUILD gives it its shape and bytes.
    return len(args) in (3, 4) and args[-2] == (0,)


def _tree(args: Arguments) -> bool:
    # Tree(features, classes, outputs) reads as many classes as there are outputs, whatever the array holds.
    if len(args) != 3 or type(args[0]) is not int or type(args[2]) is not int:
        return False
    array, state = args[1], getattr(args[1], "state", None)
    if isinstance(array, Named) and array.label.endswith("._frombuffer"):  # numpy's form in protocol 5
        state = getattr(array, "args", ())[1:]
    return type(state) is tuple and len(state) > 1 and state[1] == (args[2],)


def _attributes(state: object) -> bool:
    """Whether what torch sets on a tensor one by one are names of data."""
    parts = state if type(state) is tuple else (state,)
    return all(
        part is None or (type(part) is dict and all(type(key) is str and key[:2] != "__" for key in part))
        for part in parts
    )


def _made_tensor(value: object) -> bool:
    # Parameter asks whatever else it is given to detach itself.
    return value is None or (
        isinstance(value, Named)
        and not is_global(value)
        and value.label.startswith(
            (*_TENSORS, "torch._utils._rebuild_", "torch._tensor._rebuild_", "torch.tensor._rebuild_")
        )
    )


def _tensors(args: Arguments) -> bool:
    return bool(args) and all(_made_tensor(arg) for arg in args)


def _nested_tensor(args: Arguments) -> bool:
    # torch.nested's own constructor with keywords: tensors, sizes, and what is known of them.
    return (
        len(args) == 1
        and type(args[0]) is dict
        and all(
            type(value) in _SCALARS or type(value) is dict or _made_tensor(value)
            for value in args[0].values()
        )
    )


def _script_state(_: Arguments, state: object) -> bool:
    # A class of native code reads its state; only those of quantised layers are PyTorch's own data.
    return (
        type(state) is tuple
        and len(state) == 2
        and type(state[1]) is str
        and state[1].startswith(("__torch__.torch.classes.quantized.", "__torch__.torch.classes.rnn."))
    )


def _of_tensor(args: Arguments) -> bool:
    return not args or _made_tensor(args[0])


def _parameter(args: Arguments) -> bool:
    return len(args) == 4 and _made_tensor(args[0]) and _attributes(args[3])


def _from_type(args: Arguments) -> bool:
    # Calls its first argument with the third.
    if len(args) != 4 or not is_global(args[0]) or not is_global(args[1]):
        return False
    if (args[0].label, args[1].label) == (f"{_NESTED}._rebuild_njt", f"{_NESTED}.NestedTensor"):
        return _attributes(args[3])
    rebuilds = (
        args[0].label.startswith("torch._utils._rebuild_")
        and args[0].constraint in ("any", "tensor", "of-tensor")
        and type(args[2]) is tuple
        and constraint_of(args[0].constraint).called(args[2])
    )
    return rebuilds and args[1].label in _TENSORS and _attributes(args[3])


def _anything(_: Arguments) -> bool:
    return True


_CONSTRAINTS: dict[str, Constraint] = {
    "any": Constraint(_anything, _anything),
    "bit-generator": Constraint(_bit_generator, _never),
    "bound": Constraint(_bound, _never, function=True),
    "buffer": Constraint(_buffer, _buffer),
    "closed": Constraint(_never, _nothing, function=True),
    "container": Constraint(_never, _nothing, items=True),
    "codec": Constraint(_codec, _never, function=True),
    "dill-array": Constraint(_dill_array, _never, function=True),
    "dill-type": Constraint(_never, _never, function=True),
    "dtype": Constraint(_dtype, _never, state=dtype.well_formed),
    "empty-array": Constraint(_empty_array, _never, function=True),
    "enum": Constraint(_enum, _never),
    "empty": Constraint(_nothing, _nothing),
    "fraction": Constraint(_fraction, _fraction),
    "frombuffer": Constraint(_frombuffer, _never),
    "from-type": Constraint(_from_type, _never),
    "from-numpy": Constraint(_from_numpy, _never),
    "getter": Constraint(_getter, _never),
    "index": Constraint(_pandas_index, _never),
    "items": Constraint(_no_range, _no_range, items=True),
    "kept": Constraint(_never, _never),
    "lazy": Constraint(_lazy, _lazy),
    "masked": Constraint(_masked, _never, function=True),
    "nested-torch": Constraint(_nested_torch, _never, function=True),
    "nested-tensor": Constraint(_nested_tensor, _never),
    "newobj": Constraint(_newobj, _never, function=True),
    "no-call": Constraint(_never, _never),
    "of-tensor": Constraint(_of_tensor, _of_tensor),
    "parameter": Constraint(_parameter, _never),
    "partial": Constraint(_partial, _partial, state=_partial_state),
    "pattern": Constraint(_pattern, _never, function=True),
    "range": Constraint(_small_range, _small_range),
    "reconstructor": Constraint(_reconstructor, _never, function=True),
    "restored": Constraint(_never, _nothing),
    "scalar": Constraint(_scalar, _never),
    "text": Constraint(_text, _text),
    "script-object": Constraint(_never, _nothing, state=_script_state),
    "tensors": Constraint(_tensors, _never),
    "tensor": Constraint(_tensor, _never),
    "tree": Constraint(_tree, _never),
    "typing": Constraint(_typing, _never, function=True),
    "zone": Constraint(_zone, _never),
}

NAMES = frozenset(_CONSTRAINTS)


def constraint_of(name: str) -> Constraint:
    """The constraint of that name. Raises KeyError for an unknown one."""
    return _CONSTRAINTS[name]
