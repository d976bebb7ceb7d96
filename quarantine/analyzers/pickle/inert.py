"""The inert stand-ins for every global and every value that a stream makes: they take everything and do nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from quarantine.analyzers.pickle.named import Arguments

_MAKES_FIRST = ("reconstructor", "newobj")


class RecordingMeta(type):
    """Tells a call from ``__new__`` alone, and makes state that lands on a class itself visible.

    These descriptors win over the class's own.
    """

    on_touch: Callable[[str], None]
    on_call: Callable[[Arguments], None] | None
    label: str
    constraint: str
    function: bool
    on_odd: Callable[[Arguments], None]
    on_handed: Callable[[Arguments], None] | None
    resolve: Callable[[Arguments], Any] | None
    made: RecordingMeta | None

    def __call__(cls, *args: Any, **_: Any) -> Any:
        """REDUCE, OBJ and INST."""
        if cls.resolve is not None and (found := cls.resolve(args)) is not None:
            return found
        if cls.on_call is not None:
            cls.on_call(args)
        _hand(args)
        if (
            cls.constraint == "dill-array"
            and len(args) > 2
            and type(args[1]) is tuple
            and _hands_on(args[:1])
        ):
            made = Inert.make(args[0], args[1])
            made.state = args[2]
            return made
        if _hands_on(args):
            cls.on_odd(args)
        if cls.constraint in _MAKES_FIRST and args and isinstance(args[0], RecordingMeta):
            return Inert.make(args[0], args[1:])
        return Inert.make(cls, args)

    def _land(cls, *_: object, **__: object) -> None:
        cls.on_touch(cls.label)

    @property
    def __setstate__(cls) -> Callable[..., None]:  # noqa: PLE0302 - a descriptor that hands out the method
        return cls._land

    @property
    def append(cls) -> Callable[..., None]:
        return cls._land

    @property
    def extend(cls) -> Callable[..., None]:
        return cls._land

    @property
    def add(cls) -> Callable[..., None]:
        return cls._land

    def __setitem__(cls, key: object, value: object) -> None:
        cls._land()


def _hand(args: Arguments) -> None:
    """Tell what is handed to a call, which may call it, of what it could be called with."""
    for arg in args:
        if isinstance(arg, RecordingMeta) and arg.on_handed is not None:
            arg.on_handed(args)


def _hands_on(args: Arguments) -> bool:
    # Whoever takes it may call it at once, with what nobody judged.
    return any(isinstance(arg, RecordingMeta) and arg.function for arg in args)


class Inert(metaclass=RecordingMeta):
    """The value of every call: takes everything, does nothing, keeps all that it was given.

    What it keeps stays reachable, so that a global that hides deep in it is found.
    """

    __slots__ = ("args", "held", "state")
    label = constraint = ""
    function = False
    items = True
    on_touch = staticmethod(lambda _: None)
    on_call: Callable[[Arguments], None] | None = None
    on_new: Callable[[Arguments], None] | None = None
    on_state: Callable[[object], None] | None = None
    on_odd = staticmethod(lambda _: None)
    on_handed: Callable[[Arguments], None] | None = None
    resolve: Callable[[Arguments], Any] | None = None
    on_called = staticmethod(lambda _: None)
    slots: frozenset[str] = frozenset()
    on_again: Callable[[Arguments, Arguments], bool] | None = None
    made: RecordingMeta | None = None

    args: Arguments
    state: object
    held: list[object]

    def __new__(cls, *args: object, **keywords: object) -> Inert:
        if cls.on_new is not None:
            cls.on_new(args)
        if keywords or _hands_on(args):  # no known-good class is restored with keywords
            cls.on_odd((*args, *keywords.values()))
        return cls.make(cls, args)

    @staticmethod
    def make(kind: Any, args: Arguments) -> Inert:
        """What ``kind`` makes, keeping ``args``; nothing is judged. It holds no reference to a function."""
        made: Inert = object.__new__(kind.made or kind)
        made.args, made.state, made.held = args, None, []
        return made

    def __call__(self, *args: object, **_: object) -> Inert:
        if self.on_again is None or not self.on_again(self.args, args):
            self.on_called(("an instance of it", *args))
        _hand(args)
        return Inert.make(Inert, (self, *args))

    def __setstate__(self, state: object) -> None:
        if self.on_state is not None:
            self.on_state(state)
        if self.label == "functools.partial" and type(state) is tuple:
            _hand(state)
        if (
            type(state) is tuple and len(state) == 2 and type(state[1]) is dict and state[1]
            and not self.slots.issuperset(state[1])
        ):  # fmt: skip
            self.on_odd(("attributes set one by one", *state[1]))  # runs properties, replaces __class__
        elif self.constraint and (why := _odd_state(state)):
            self.on_odd((why,))
        self.held.append(self.state)
        self.state = state

    def append(self, value: object) -> None:
        """Take an element."""
        self._takes(entry=False)
        self.held.append(value)

    def extend(self, values: object) -> None:
        """Take elements."""
        self._takes(entry=False)
        self.held.append(values)

    def add(self, value: object) -> None:
        """Take an element."""
        self._takes(entry=False)
        self.held.append(value)

    def __setitem__(self, key: object, value: object) -> None:
        self._takes(entry=True)
        if isinstance(key, Inert) and self.constraint == "container":
            self.on_odd(("an entry of a computed name",))
        if type(key) is str and key[:2] == "__" and self.label and not self.label.startswith("collections."):
            self.on_odd((f"the entry {key[:60]}",))  # bunches hand out entries as attributes
        self.held += (key, value)

    def _takes(self, *, entry: bool) -> None:
        # It runs its own append or __setitem__, or a callable of that name in its state or among its entries.
        if not self.items or (not entry and self.constraint == "container"):
            self.on_odd(("elements put into it",))


_STATE_OBJECTS = frozenset({"types.SimpleNamespace", "argparse.Namespace"})
_STATE_CONSTRAINTS = frozenset({"restored", "closed", "partial"})
_HONEST_NAMES = frozenset(
    {
        "__orig_class__",
        "__doc__",
        "__wrapped__",
        "__name__",
        "__module__",
        "__qualname__",
        "__overloads__",
        "__networkx_cache__",
    }
)


def _odd_state(state: object) -> str | None:
    """What in a known-good object's state is there to be called or believed instead of read, or None."""
    if isinstance(state, RecordingMeta) or (
        isinstance(state, Inert) and (state.label in _STATE_OBJECTS or state.constraint in _STATE_CONSTRAINTS)
    ):
        return "a state that is an object with callables of its own"
    for keys in _keys(state):
        for key in keys:
            if isinstance(key, Inert):
                return "the name of an attribute computed"
            if type(key) is str and key[:2] == "__" and key[-2:] == "__" and key not in _HONEST_NAMES:
                # Machines and NumPy ask the object itself: __setstate__, __array_interface__.
                return f"the attribute {key[:60]}"
    return None


def _keys(state: object) -> Iterator[Iterable[object]]:
    """The names of attributes in a state: a dict, one that is part of a tuple, or what made an ordered one."""
    for part in state if type(state) is tuple else (state,):
        if type(part) is dict:
            yield part
        elif isinstance(part, Inert) and part.items and part.label.startswith("collections."):
            yield part.held[::2]
            for argument in part.args:
                if type(argument) is dict:
                    yield argument
                elif type(argument) in (list, tuple):
                    pairs = cast("Iterable[object]", argument)
                    yield [pair[0] for pair in pairs if type(pair) in (list, tuple) and pair]  # type: ignore[index]


def describe(args: tuple[object, ...], limit: int = 200) -> str:
    """Arguments as short text. Containers are named, not walked, because they may be bombs."""
    parts = []
    for arg in args[:8]:
        if isinstance(arg, RecordingMeta):
            parts.append(arg.label)
        elif isinstance(arg, Inert) and arg.label:
            parts.append(f"{arg.label}(...)")
        elif isinstance(arg, str | bytes):
            parts.append(repr(arg[:limit]))
        elif arg is None or isinstance(arg, bool | float) or (isinstance(arg, int) and arg.bit_length() < 64):
            parts.append(repr(arg))
        else:
            parts.append(f"<{type(arg).__name__}>")
    return ", ".join(parts)[:limit]
