"""Reads a stream with CPython's C pickle machine and records what it would import and call; runs nothing.

``find_class`` and ``persistent_load`` hand out inert classes, so the machine that walks the stream is the very
one of a real loader (Modules/_pickle.c). It must never raise where the real loader would not.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from quarantine.analyzers.pickle.constraints import check_of
from quarantine.analyzers.pickle.names import Judged, Standing, judge

MAX_RECORDS = 1000
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


class RecordingMeta(type):
    """Makes state that lands on a class itself visible: these descriptors win over the class's own."""

    on_touch: Callable[[str], None]
    label: str

    def _land(cls, *_: object, **__: object) -> None:
        cls.on_touch(cls.label)

    @property
    def __setstate__(cls) -> Callable[..., None]:
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


class Inert(metaclass=RecordingMeta):
    """The value of every call: takes everything, does nothing, keeps its last arguments and state."""

    __slots__ = ("args", "state")
    label = ""
    on_touch = staticmethod(lambda _: None)
    on_call: Callable[[tuple[object, ...]], None] | None = None

    args: tuple[object, ...]
    state: object

    def __new__(cls, *args: object, **_: object) -> Inert:
        made = object.__new__(cls)
        made.args = args
        if cls.on_call is not None:
            cls.on_call(args)
        return made

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __call__(self, *args: object, **_: object) -> Inert:
        return Inert(*args)

    def __setstate__(self, state: object) -> None:
        self.state = state

    def append(self, _: object) -> None:
        """Take an element."""

    def extend(self, _: object) -> None:
        """Take elements."""

    def add(self, _: object) -> None:
        """Take an element."""

    def __setitem__(self, key: object, value: object) -> None:
        pass


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
        check = check_of(judged.constraint)

        def called(args: tuple[object, ...]) -> None:
            if check is not None and not check(args):
                if len(seen.broken_constraints) < MAX_RECORDS:
                    seen.broken_constraints.append((label, describe(args)))
            elif judged.constraint == "nested-torch" and len(seen.nested) < MAX_RECORDS:
                assert isinstance(args[0], bytes | bytearray)
                seen.nested.append(bytes(args[0]))

        members: dict[str, object] = {
            "__slots__": (),
            "label": label,
            "on_touch": staticmethod(seen.touched.add),
        }
        if check is not None:
            members["on_call"] = staticmethod(called)
        return RecordingMeta("Global", (Inert,), members)

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
        elif isinstance(arg, str | bytes):
            parts.append(repr(arg[:limit]))
        elif arg is None or isinstance(arg, bool | float) or (isinstance(arg, int) and arg.bit_length() < 64):
            parts.append(repr(arg))
        else:
            parts.append(f"<{type(arg).__name__}>")
    return ", ".join(parts)[:limit]


class CMachine(Recording, pickle.Unpickler):
    """The recording reader over the C machine."""

    def __init__(self, file: BinaryIO | io.BytesIO) -> None:
        Recording.__init__(self)
        pickle.Unpickler.__init__(self, file, encoding="latin1")
