"""Reads a stream with CPython's C pickle machine and records what it would import and call; runs nothing.

``find_class`` and ``persistent_load`` hand out inert classes, so the machine that walks the stream is the very
one of a real loader (Modules/_pickle.c). It must never raise where the real loader would not.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from quarantine.analyzers.pickle.constraints import constraint_of
from quarantine.analyzers.pickle.named import Arguments
from quarantine.analyzers.pickle.names import Judged, Standing, judge

MAX_RECORDS = 1000
_MAKES_FIRST = ("reconstructor", "newobj")
_STORAGE = "Storage"


@dataclass
class Seen:
    """What one machine saw in one stream. Lists are bounded by ``MAX_RECORDS``; sets hold distinct names.

    ``storages`` are PyTorch's: (key, label of the class, number of elements).
    """

    globals: dict[tuple[str, str], Judged] = field(default_factory=dict)
    broken_constraints: list[tuple[str, str]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    persistent: list[str] = field(default_factory=list)
    nested: list[bytes] = field(default_factory=list)
    storages: set[tuple[str, str, int]] = field(default_factory=set)
    joblib: bool = False
    read_in_place: set[int] = field(default_factory=set)

    @property
    def suspicious(self) -> bool:
        """True if anything was seen that an honest file does not hold."""
        return bool(
            self.broken_constraints
            or self.touched
            or self.persistent
            or any(j.standing is not Standing.GOOD for j in self.globals.values())
        )

    def strays(self, *, confused: bool) -> Seen:
        """What counts of a reading that ran into bytes which no pickler wrote for it.

        Where it was ``confused`` by a pickle with a memo of its own, honest files show names and arguments that
        nobody meant; then only dangerous names count.
        """
        meant = {
            key: judged
            for key, judged in self.globals.items()
            if judged.standing is Standing.DANGEROUS
            or (not confused and all(part.isidentifier() for part in ".".join(key).split(".")))
        }
        constraints = [] if confused else self.broken_constraints
        return Seen(meant, constraints, self.touched, nested=self.nested)


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
    made: RecordingMeta | None

    def __call__(cls, *args: Any, **_: Any) -> Any:
        """REDUCE, OBJ and INST."""
        if cls.on_call is not None:
            cls.on_call(args)
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
    on_touch = staticmethod(lambda _: None)
    on_call: Callable[[Arguments], None] | None = None
    on_new: Callable[[Arguments], None] | None = None
    on_state: Callable[[object], None] | None = None
    on_odd = staticmethod(lambda _: None)
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
        self.on_odd(("an instance of it", *args))
        return Inert.make(Inert, (self, *args))

    def __setstate__(self, state: object) -> None:
        if self.on_state is not None:
            self.on_state(state)
        if type(state) is tuple and len(state) == 2 and type(state[1]) is dict and state[1]:
            self.on_odd(("attributes set one by one", *state[1]))  # runs properties, replaces __class__
        self.held.append(self.state)
        self.state = state

    def append(self, value: object) -> None:
        """Take an element."""
        self.held.append(value)

    def extend(self, values: object) -> None:
        """Take elements."""
        self.held.append(values)

    def add(self, value: object) -> None:
        """Take an element."""
        self.held.append(value)

    def __setitem__(self, key: object, value: object) -> None:
        self.held += (key, value)


class Recording:
    """The part that both machines share: hands out inert classes and notes what was asked for."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._classes: dict[tuple[str, str], type[Inert]] = {}

    def find_class(self, module: str, name: str) -> type[Inert]:
        """An inert class for ``module.name``; the same one for the same name."""
        key = (module, name)
        found = self._classes.get(key)
        if found is None:
            found = self._classes[key] = self._make(str(module), str(name))
        return found

    def _make(self, module: str, name: str) -> type[Inert]:
        seen, label = self.seen, f"{module}.{name}"
        judged = judge(module, name)
        if len(seen.globals) < MAX_RECORDS or judged.standing is not Standing.GOOD:
            seen.globals[(module, name)] = judged
        seen.joblib |= label == "joblib.numpy_pickle.NumpyArrayWrapper"
        good = judged.standing is Standing.GOOD
        members: dict[str, object] = {
            "__slots__": (),
            "label": label,
            "constraint": judged.constraint if good else "",
            "on_touch": staticmethod(seen.touched.add),
        }
        if good:
            members |= self._checks(label, judged.constraint)
        if members.get("function"):
            members["made"] = RecordingMeta("Made", (Inert,), {**members, "function": False})
        return cast(type[Inert], RecordingMeta("Global", (Inert,), members))

    def _checks(self, label: str, name: str) -> dict[str, object]:
        seen, rule = self.seen, constraint_of(name)

        def broken(args: Arguments) -> None:
            if len(seen.broken_constraints) < MAX_RECORDS:
                seen.broken_constraints.append((label, describe(args)))

        def called(args: Arguments) -> None:
            if not rule.called(args):
                broken(args)
            elif name == "nested-torch" and len(seen.nested) < MAX_RECORDS:
                assert isinstance(args[0], bytes | bytearray)
                seen.nested.append(bytes(args[0]))

        def made(args: Arguments) -> None:
            if not rule.made(args):
                broken(args)

        def built(self: Inert, state: object) -> None:
            if rule.state is not None and (not rule.state(self.args, state) or self.held):
                broken(state if isinstance(state, tuple) else (state,))

        if name == "any":
            return {"on_odd": staticmethod(broken)}
        return {
            "function": rule.function,
            "on_call": staticmethod(called),
            "on_new": staticmethod(made),
            "on_state": built,
            "on_odd": staticmethod(broken),
        }

    def kept_as_values(self) -> list[str]:
        """Functions that the stream keeps instead of calling them, told by references that are left.

        To be asked when the machine holds nothing any more but its result does.
        """
        probe: dict[int, type[Inert]] = {
            0: cast(type[Inert], RecordingMeta("Global", (Inert,), {"__slots__": ()}))
        }
        bare = sys.getrefcount(probe[0])
        return [
            kind.label
            for key in self._classes
            if (kind := self._classes[key]).function and sys.getrefcount(self._classes[key]) - 1 > bare
        ]

    def persistent_load(self, pid: object) -> Inert:
        """An inert value; anything but torch's storage tuple is noted."""
        if _is_torch_storage(pid):
            assert isinstance(pid, tuple)
            self.seen.storages.add((pid[2], pid[1].label, pid[4]))
        elif len(self.seen.persistent) < MAX_RECORDS:
            self.seen.persistent.append(describe((pid,)))
        return Inert()


def _is_torch_storage(pid: object) -> bool:
    # torch/serialization.py persistent_id: ('storage', class, key, location, numel[, view metadata])
    if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage":
        return False
    kind = pid[1]
    if not (
        isinstance(kind, RecordingMeta) and kind.label.startswith("torch.") and kind.label.endswith(_STORAGE)
    ):
        return False
    return isinstance(pid[2], str) and isinstance(pid[3], str) and isinstance(pid[4], int) and pid[4] >= 0


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


def note_values(machine: Recording) -> None:
    """Note every constrained function that is left as a value; its arguments cannot be judged."""
    for label in machine.kept_as_values():
        if len(machine.seen.broken_constraints) < MAX_RECORDS:
            machine.seen.broken_constraints.append((label, "kept as a value"))


class CMachine(Recording, pickle.Unpickler):
    """The recording reader over the C machine."""

    def __init__(self, file: BinaryIO | io.BytesIO) -> None:
        Recording.__init__(self)
        pickle.Unpickler.__init__(self, file, encoding="latin1")

    def read(self) -> object:
        """Walk the stream and note what it keeps; the inert object that it makes."""
        made = self.load()
        self.memo.clear()
        note_values(self)
        return made
