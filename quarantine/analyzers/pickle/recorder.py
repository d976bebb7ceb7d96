"""Reads a stream with CPython's C pickle machine and records what it would import and call; runs nothing.

``find_class`` and ``persistent_load`` hand out inert classes, so the machine that walks the stream is the very
one of a real loader (Modules/_pickle.c). It must never raise where the real loader would not.
"""

from __future__ import annotations

import io
import pickle
import sys
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from quarantine.analyzers.pickle.boosters import Model, models_of
from quarantine.analyzers.pickle.constraints import constraint_of, method_kept
from quarantine.analyzers.pickle.frames import Unbuffered
from quarantine.analyzers.pickle.inert import Inert, RecordingMeta, describe
from quarantine.analyzers.pickle.named import Arguments
from quarantine.analyzers.pickle.names import Judged, Standing, judge, lists
from quarantine.analyzers.pickle.payload import payload_in
from quarantine.analyzers.pickle.tensors import nested_bytes

MAX_RECORDS = 1000
_STORAGE = "Storage"
_PLAIN = (
    "bool",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "set",
    "str",
    "tuple",
)
_DILL_TYPES = {
    "PartialType": ("functools", "partial"),
    "ItemGetterType": ("operator", "itemgetter"),
    "AttrGetterType": ("operator", "attrgetter"),
} | {name: ("builtins", name) for name in _PLAIN}
"""dill/_dill.py, _typemap: the names of types that honest objects hold."""


@dataclass
class Seen:
    """What one machine saw in one stream. Lists are bounded by ``MAX_RECORDS``; sets hold distinct names.

    ``storages`` are PyTorch's: (key, label of the class, number of elements). ``called`` has the effect of unknown
    names that harm when they are called, ``payloads`` what looks like one in calls of unknown names; ``methods`` are
    those that are kept.
    """

    globals: dict[tuple[str, str], Judged] = field(default_factory=dict)
    broken_constraints: list[tuple[str, str]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    persistent: list[str] = field(default_factory=list)
    nested: list[bytes] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    storages: set[tuple[str, str, int]] = field(default_factory=set)
    called: dict[tuple[str, str], str] = field(default_factory=dict)
    payloads: list[tuple[str, str]] = field(default_factory=list)
    joblib: bool = False
    read_in_place: set[int] = field(default_factory=set)

    @property
    def suspicious(self) -> bool:
        """True if anything was seen that an honest file does not hold."""
        return bool(
            self.broken_constraints
            or self.touched
            or self.persistent
            or self.methods
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
        called = {key: effect for key, effect in self.called.items() if key in meant}
        return Seen(meant, constraints, self.touched, nested=self.nested, models=self.models, called=called)


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
        if good and judged.constraint == "dill-type":
            members["resolve"] = staticmethod(self._dill_type)
        if good:
            members |= self._checks(label, judged.constraint)
        elif judged.standing is Standing.UNKNOWN:
            members |= self._unknown(module, name, judged)
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
                if name == "bound" and method_kept(args) and not _dangerous_method(args[1]):
                    seen.methods.add(describe(args))
                else:
                    broken(args)
            elif name == "nested-torch" and len(seen.nested) < MAX_RECORDS:
                seen.nested.append(nested_bytes(args[0]) or b"")

        def made(args: Arguments) -> None:
            if not rule.made(args):
                broken(args)

        def built(self: Inert, state: object) -> None:
            if rule.state is not None and (not rule.state(self.args, state) or self.held):
                broken(state if isinstance(state, tuple) else (state,))
            if name == "closed" and len(seen.models) < MAX_RECORDS:
                seen.models += models_of(label, state)

        if name == "any":
            return {"on_odd": staticmethod(broken), "on_called": staticmethod(broken), "items": rule.items}
        return {
            "function": rule.function,
            "items": rule.items,
            "slots": rule.slots,
            "on_again": staticmethod(rule.again) if rule.again else None,
            "on_call": staticmethod(called),
            "on_new": staticmethod(made),
            "on_state": built,
            "on_odd": staticmethod(broken),
            "on_called": staticmethod(broken),
        }

    def _dill_type(self, args: Arguments) -> type[Inert] | None:
        """The class that dill knows by a name of its own, judged under its real one; None for those that build code."""
        name = args[0] if len(args) == 1 else None
        real = _DILL_TYPES.get(name) if isinstance(name, str) else None
        return self.find_class(*real) if real else None

    def _unknown(self, module: str, name: str, judged: Judged) -> dict[str, object]:
        seen, label = self.seen, f"{module}.{name}"

        def called(args: Arguments) -> None:
            if judged.called:
                seen.called[(module, name)] = judged.called
            looked(args)

        def odd(args: Arguments) -> None:
            if len(seen.broken_constraints) < MAX_RECORDS:
                seen.broken_constraints.append((label, describe(args)))

        def looked(args: Arguments) -> None:
            if len(seen.payloads) < MAX_RECORDS and (text := payload_in(args, name)):
                seen.payloads.append((label, text))

        return {
            "on_call": staticmethod(called),
            "on_new": staticmethod(looked),
            "on_handed": staticmethod(called),
            "on_called": staticmethod(odd),
        }

    def _storage(self, label: str) -> type[Inert]:
        """What stands for storages of a class: nothing is put into one, and nothing calls it."""
        key = ("", label)
        if key not in self._classes:
            seen = self.seen

            def odd(args: Arguments) -> None:
                if len(seen.broken_constraints) < MAX_RECORDS:
                    seen.broken_constraints.append((label, describe(args)))

            members = {"__slots__": (), "label": label, "items": False}
            hooks = {"on_odd": staticmethod(odd), "on_called": staticmethod(odd)}
            self._classes[key] = cast(type[Inert], RecordingMeta("Storage", (Inert,), members | hooks))
        return self._classes[key]

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
        """An inert value; for PyTorch's old mark of a class that class. What is no mark of PyTorch's is noted."""
        if _is_torch_storage(pid):
            assert isinstance(pid, tuple)
            self.seen.storages.add((pid[2], pid[1].label, pid[4]))
            storage = Inert.make(self._storage(pid[1].label), ())
            storage.state = pid[4]
            return storage
        if _is_torch_class(pid):
            assert isinstance(pid, tuple)
            return cast(Inert, pid[1])
        if len(self.seen.persistent) < MAX_RECORDS:
            self.seen.persistent.append(describe((pid,)))
        return Inert()


def _dangerous_method(name: object) -> bool:
    return name in lists().bad_anywhere


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


def _is_torch_class(pid: object) -> bool:
    # torch/serialization.py _legacy_save: ('module', class, file of its source, source), which a loader compares.
    return (
        isinstance(pid, tuple)
        and len(pid) == 4
        and pid[0] == "module"
        and isinstance(pid[1], RecordingMeta)
        and not pid[1].function
        and all(part is None or type(part) is str for part in pid[2:])
    )


def note_values(machine: Recording) -> None:
    """Note every constrained function that is left as a value; its arguments cannot be judged."""
    for label in machine.kept_as_values():
        if len(machine.seen.broken_constraints) < MAX_RECORDS:
            machine.seen.broken_constraints.append((label, "kept as a value"))


class CMachine(Recording, pickle.Unpickler):
    """The recording reader over the C machine."""

    def __init__(self, file: BinaryIO | io.BytesIO | Unbuffered) -> None:
        Recording.__init__(self)
        pickle.Unpickler.__init__(self, file, encoding="latin1")

    def read(self) -> object:
        """Walk the stream and note what it keeps; the inert object that it makes."""
        made = self.load()
        self.memo.clear()
        note_values(self)
        return made
