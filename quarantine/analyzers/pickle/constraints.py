"""What honest files do with the known-good globals that could do harm otherwise.

Each constraint is named in ``rules/globals/*.json``. It looks at recorded values and never calls anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from quarantine.analyzers.pickle import dtype, reviewed
from quarantine.analyzers.pickle.named import Arguments, Named, is_global

MAX_REPEAT = 1 << 20
_LAYERS = "torch.nn.modules."
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

    ``function`` is True for what honest files only call and never keep as a value. ``again`` judges a call of what
    the call gave, by the arguments of both. ``slots`` are attributes that are set one by one.
    """

    called: Callable[[Arguments], bool]
    made: Callable[[Arguments], bool]
    state: Callable[[Arguments, object], bool] | None = None
    function: bool = False
    again: Callable[[Arguments, Arguments], bool] | None = None
    slots: frozenset[str] = frozenset()


# pandas 3 gives its classes this short name.
_INDEXES = frozenset(
    f"pandas.{name}Index"
    for name in ("", "Range", "Multi", "Categorical", "Datetime", "Timedelta", "Interval", "Period")
)
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
    return len(args) == 1 and isinstance(args[0], bytes | bytearray)


def _plain_callable(value: object) -> bool:
    # Layers are made, and do no harm but take memory: honest models keep a partial of one. What is not known to be
    # good has no constraint, and is reported as that.
    return is_global(value) and (
        value.constraint in ("any", "")
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
        return not is_global(arg) or arg.label.startswith("numpy.random.")

    return len(args) <= 2 and all(of_numpy(arg) for arg in args)


def _pandas_index(args: Arguments) -> bool:
    # Makes an instance of its first argument with keyword arguments of the stream's choice.
    return (
        bool(args)
        and is_global(args[0])
        and (args[0].label.startswith("pandas.core.indexes.") or args[0].label in _INDEXES)
    )


def _dtype(args: Arguments) -> bool:
    return dtype.well_formed(args, None)


def _scalar(args: Arguments) -> bool:
    return 1 <= len(args) <= 2 and isinstance(args[0], Named) and args[0].label == dtype.LABEL


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


def _parameter(args: Arguments) -> bool:
    return len(args) == 4 and _attributes(args[3])


def _from_type(args: Arguments) -> bool:
    # Calls its first argument with the third.
    if len(args) != 4 or not is_global(args[0]) or not is_global(args[1]):
        return False
    rebuilds = args[0].constraint == "any" and args[0].label.startswith("torch._utils._rebuild_")
    return rebuilds and args[1].label in _TENSORS and _attributes(args[3])


def _anything(_: Arguments) -> bool:
    return True


_CONSTRAINTS: dict[str, Constraint] = {
    "any": Constraint(_anything, _anything),
    "bit-generator": Constraint(_bit_generator, _never),
    "buffer": Constraint(_buffer, _buffer),
    "closed": Constraint(_never, _nothing, function=True),
    "codec": Constraint(_codec, _never, function=True),
    "distribution": Constraint(_never, _nothing, state=reviewed.distribution),
    "dtype": Constraint(_dtype, _never, state=dtype.well_formed),
    "empty-array": Constraint(_empty_array, _never, function=True),
    "formula": Constraint(_never, _nothing, state=reviewed.model_data, function=True),
    "fraction": Constraint(_fraction, _fraction),
    "from-type": Constraint(_from_type, _never),
    "index": Constraint(_pandas_index, _never),
    "items": Constraint(_no_range, _no_range),
    "method": Constraint(reviewed.method, _never, function=True, again=reviewed.method_called),
    "nested-torch": Constraint(_nested_torch, _never, function=True),
    "newobj": Constraint(_newobj, _never, function=True),
    "no-call": Constraint(_never, _never),
    "parameter": Constraint(_parameter, _never),
    "partial": Constraint(_partial, _partial, state=_partial_state),
    "range": Constraint(_small_range, _small_range),
    "reconstructor": Constraint(_reconstructor, _never, function=True),
    "restored": Constraint(_never, _nothing),
    "scalar": Constraint(_scalar, _never),
    "slots": Constraint(_never, _nothing, function=True, slots=reviewed.SLOTS),
    "text": Constraint(_text, _text),
    "tree": Constraint(_tree, _never),
    "ufunc": Constraint(reviewed.ufunc, _never, function=True),
    "vectorized": Constraint(_never, _nothing, state=reviewed.vectorized, function=True),
    "zone": Constraint(reviewed.zone, _never, function=True),
}

NAMES = frozenset(_CONSTRAINTS)


def constraint_of(name: str) -> Constraint:
    """The constraint of that name. Raises KeyError for an unknown one."""
    return _CONSTRAINTS[name]
