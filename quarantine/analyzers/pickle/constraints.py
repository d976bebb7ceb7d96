"""What honest files do with the known-good globals that could do harm otherwise.

Each constraint is named in ``rules/globals/*.json``. It looks at recorded values and never calls anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

MAX_REPEAT = 1 << 24
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

Arguments = tuple[object, ...]


@runtime_checkable
class Named(Protocol):
    """A recorded global: its dotted name, and the constraint on it; empty for one that is not known to be good."""

    label: str
    constraint: str


@dataclass(frozen=True)
class Constraint:
    """``called`` judges a call's arguments, ``made`` those of ``__new__`` alone (NEWOBJ), ``state`` what BUILD sets.

    ``function`` is True for what honest files only call and never keep as a value.
    """

    called: Callable[[Arguments], bool]
    made: Callable[[Arguments], bool]
    state: Callable[[object], bool] | None = None
    function: bool = False


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
    return isinstance(value, type) and isinstance(value, Named) and value.constraint == "any"


def _partial(args: Arguments) -> bool:
    return bool(args) and _plain_callable(args[0])


def _partial_state(state: object) -> bool:
    # functools.partial.__setstate__ replaces the function.
    return isinstance(state, tuple) and bool(state) and _plain_callable(state[0])


def _small_buffer(args: Arguments) -> bool:
    # bytearray(n) and bytes(n) with a number allocate n bytes from a few.
    return not args or not isinstance(args[0], int) or args[0] <= MAX_REPEAT


def _no_range(args: Arguments) -> bool:
    # list(range(n)) makes n objects from a few bytes.
    return not any(isinstance(arg, Named) and arg.label.endswith(".range") for arg in args)


def _reconstructor(args: Arguments) -> bool:
    # copyreg._reconstructor(cls, base, state) calls base's own __new__ and __init__.
    base = args[1] if len(args) == 3 else None
    return isinstance(base, type) and isinstance(base, Named) and base.label in _BASES


def _newobj(args: Arguments) -> bool:
    if not args or not isinstance(args[0], type) or not isinstance(args[0], Named):
        return False
    return constraint_of(args[0].constraint).made(args[1:]) if args[0].constraint else True


def _empty_array(args: Arguments) -> bool:
    # numpy pickles an array as an empty one; BUILD gives it its shape and bytes.
    return len(args) in (3, 4) and args[-2] == (0,)


def _anything(_: Arguments) -> bool:
    return True


_CONSTRAINTS: dict[str, Constraint] = {
    "any": Constraint(_anything, _anything),
    "buffer": Constraint(_small_buffer, _small_buffer),
    "codec": Constraint(_codec, _never, function=True),
    "empty-array": Constraint(_empty_array, _never, function=True),
    "items": Constraint(_no_range, _no_range),
    "nested-torch": Constraint(_nested_torch, _never, function=True),
    "newobj": Constraint(_newobj, _never, function=True),
    "no-call": Constraint(_never, _never),
    "partial": Constraint(_partial, _partial, state=_partial_state),
    "reconstructor": Constraint(_reconstructor, _never, function=True),
    "restored": Constraint(_never, _nothing),
}

NAMES = frozenset(_CONSTRAINTS)


def constraint_of(name: str) -> Constraint:
    """The constraint of that name. Raises KeyError for an unknown one."""
    return _CONSTRAINTS[name]
