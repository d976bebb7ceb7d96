"""What honest files do with the known-good globals that could do harm otherwise.

Each constraint is named in ``rules/globals/*.json``. It looks at recorded values and never calls anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from quarantine.analyzers.pickle import arrays, dtype, reviewed, tensors
from quarantine.analyzers.pickle.named import Arguments, Named, is_global

MAX_REPEAT = 1 << 20
_ANSWERING = ("types.SimpleNamespace", "argparse.Namespace")
MAX_PATTERN = 1 << 16
_LAYERS = "torch.nn.modules."
_METHODS_OF = (_LAYERS, "torch.optim.", "torch.nn.utils.", "torch.nn.parallel.", "torch.ao.")
_NESTED = "torch.nested._internal.nested_tensor"
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
    or SETITEM may put elements into. ``again`` judges a call of what the call gave, by the arguments of both. ``slots``
    are attributes that are set one by one.
    """

    called: Callable[[Arguments], bool]
    made: Callable[[Arguments], bool]
    state: Callable[[Arguments, object], bool] | None = None
    function: bool = False
    items: bool = False
    again: Callable[[Arguments, Arguments], bool] | None = None
    slots: frozenset[str] = frozenset()


# pandas 3 gives its classes this short name.
_INDEXES = frozenset(
    f"pandas.{name}Index"
    for name in ("", "Range", "Multi", "Categorical", "Datetime", "Timedelta", "Interval", "Period")
)
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


def _tokenizer(args: Arguments) -> bool:
    # Tokenizer.__getnewargs__ gives an empty model, which the state fills.
    return not args or (
        len(args) == 1 and isinstance(args[0], Named) and not is_global(args[0])
        and args[0].label == "tokenizers.models.Model"
    )  # fmt: skip


def _single(args: Arguments) -> bool:
    # How the types of these three are pickled. Of anything else, type() asks for a class to call.
    return len(args) == 1 and (args[0] is None or args[0] is ... or args[0] is NotImplemented)


def _text(args: Arguments) -> bool:
    # int(Decimal("1e999999999")) and str() of shared lists never end.
    plain = all(type(arg) in tensors.SCALARS for arg in args)
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


def _pandas_index(args: Arguments) -> bool:
    # Makes an instance of its first argument with keyword arguments of the stream's choice.
    return (
        bool(args)
        and is_global(args[0])
        and (args[0].label.startswith("pandas.core.indexes.") or args[0].label in _INDEXES)
    )


def _enum(args: Arguments) -> bool:
    return len(args) == 1 and (type(args[0]) in tensors.SCALARS or type(args[0]) is tuple)


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
    ) or reviewed.method(args)


def method_kept(args: Arguments) -> bool:
    """Whether ``getattr(*args)`` is a plain method of some object: nothing that an honest file may not hold."""
    if len(args) != 2 or type(args[1]) is not str or not args[1].isidentifier() or args[1][:2] == "__":
        return False
    return isinstance(args[0], Named) and bool(args[0].label) and not args[0].label.startswith("pathlib.")


def _zone_restored(own: Arguments, args: Arguments) -> bool:
    """Whether what getattr gave is called as ``ZoneInfo._unpickle(key, from_cache)``, as that library writes it."""
    return (
        len(own) == 2
        and is_global(own[0])
        and (own[0].label, own[1]) == ("zoneinfo.ZoneInfo", "_unpickle")
        and len(args) == 2
        and reviewed.zone(args[:1])
        and type(args[1]) in (bool, int)
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
        and (len(args) == 3 or args[3] is None or tensors.attributes(args[3]))
    )


def _word(args: Arguments) -> bool:
    return len(args) == 1 and type(args[0]) is str


def _getter(args: Arguments) -> bool:
    return bool(args) and all(type(arg) is int or (type(arg) is str and "__" not in arg) for arg in args)


def _no_range(args: Arguments) -> bool:
    # list(range(n)) makes n objects from a few bytes, and dict(x) calls the keys that an object's state holds.
    return not any(
        isinstance(arg, Named)
        and not is_global(arg)
        and (
            arg.label in _ANSWERING
            or arg.label.endswith(".range")
            or arg.constraint in ("restored", "closed")
        )
        for arg in args
    )


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


def _tree(args: Arguments) -> bool:
    # Tree(features, classes, outputs) reads as many classes as there are outputs, whatever the array holds.
    if len(args) != 3 or type(args[0]) is not int or type(args[2]) is not int:
        return False
    array, state = args[1], getattr(args[1], "state", None)
    if isinstance(array, Named) and array.label.endswith("._frombuffer"):  # numpy's form in protocol 5
        state = getattr(array, "args", ())[1:]
    return type(state) is tuple and len(state) > 1 and state[1] == (args[2],)


def _from_type(args: Arguments) -> bool:
    # Calls its first argument with the third.
    if len(args) != 4 or not is_global(args[0]) or not is_global(args[1]):
        return False
    if (args[0].label, args[1].label) == (f"{_NESTED}._rebuild_njt", f"{_NESTED}.NestedTensor"):
        return tensors.attributes(args[3])
    rebuilds = (
        args[0].label.startswith("torch._utils._rebuild_")
        and args[0].constraint in ("any", "tensor", "of-tensor")
        and type(args[2]) is tuple
        and constraint_of(args[0].constraint).called(args[2])
    )
    return rebuilds and args[1].label in tensors.CLASSES and tensors.attributes(args[3])


def _no_state(_: Arguments, __: object) -> bool:
    return False


def _anything(_: Arguments) -> bool:
    return True


_CONSTRAINTS: dict[str, Constraint] = {
    "any": Constraint(_anything, _anything),
    "bit-generator": Constraint(arrays.bit_generator, _never),
    "bound": Constraint(_bound, _never, function=True, again=_zone_restored),
    "buffer": Constraint(_buffer, _buffer),
    "closed": Constraint(_never, _nothing, function=True),
    "container": Constraint(_never, _nothing, items=True),
    "codec": Constraint(_codec, _never, function=True),
    "dill-array": Constraint(_dill_array, _never, function=True),
    "dill-type": Constraint(_never, _never, function=True),
    "distribution": Constraint(_never, _nothing, state=reviewed.distribution),
    "dtype": Constraint(arrays.well_formed_dtype, _never, state=dtype.well_formed),
    "empty-array": Constraint(arrays.empty_array, _never, function=True),
    "enum": Constraint(_enum, _never),
    "empty": Constraint(_nothing, _nothing),
    "formula": Constraint(_never, _nothing, state=reviewed.model_data, function=True),
    "fraction": Constraint(_fraction, _fraction),
    "frombuffer": Constraint(arrays.frombuffer, _never, state=_no_state),
    "from-type": Constraint(_from_type, _never),
    "from-numpy": Constraint(tensors.from_numpy, _never),
    "getter": Constraint(_getter, _never),
    "index": Constraint(_pandas_index, _never),
    "items": Constraint(_no_range, _no_range, items=True),
    "kept": Constraint(_never, _never),
    "lazy": Constraint(tensors.lazy, tensors.lazy),
    "masked": Constraint(arrays.masked, _never, function=True),
    "nested-torch": Constraint(tensors.nested_torch, _never, function=True),
    "nested-tensor": Constraint(tensors.nested_tensor, _never),
    "newobj": Constraint(_newobj, _never, function=True),
    "no-call": Constraint(_never, _never),
    "of-tensor": Constraint(tensors.of_tensor, tensors.of_tensor, state=tensors.parameter_state),
    "parameter": Constraint(tensors.parameter, _never),
    "partial": Constraint(_partial, _partial, state=_partial_state),
    "pattern": Constraint(_pattern, _never, function=True),
    "range": Constraint(_small_range, _small_range),
    "reconstructor": Constraint(_reconstructor, _never, function=True),
    "restored": Constraint(_never, _nothing),
    "scalar": Constraint(arrays.scalar, _never),
    "slots": Constraint(_never, _nothing, function=True, slots=reviewed.SLOTS),
    "single": Constraint(_single, _never, function=True),
    "text": Constraint(_text, _text),
    "tokenizer": Constraint(_never, _tokenizer),
    "script-object": Constraint(_never, _nothing, state=tensors.script_state),
    "tensors": Constraint(tensors.all_tensors, _never),
    "tensor": Constraint(tensors.within_storage, _never, state=_no_state),
    "tree": Constraint(_tree, _never),
    "typing": Constraint(_typing, _never, function=True),
    "ufunc": Constraint(reviewed.ufunc, _never, function=True),
    "vectorized": Constraint(_never, _nothing, state=reviewed.vectorized, function=True),
    "word": Constraint(_word, _never, function=True),
    "zone": Constraint(reviewed.zone, _never),
}

NAMES = frozenset(_CONSTRAINTS)


def constraint_of(name: str) -> Constraint:
    """The constraint of that name. Raises KeyError for an unknown one."""
    return _CONSTRAINTS[name]
