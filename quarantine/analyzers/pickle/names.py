"""Judges a global by name: known good, known dangerous, or unknown, which is never good.

The lists are data under ``rules/globals``; those of one package are read when a stream names it. Names are judged as
written and as ``Lib/_compat_pickle.py`` maps them for protocols below 3, because both are what some loader imports.
"""

from __future__ import annotations

import _compat_pickle
import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import cast

from quarantine.resources import resource_dir

KNOWN_BAD = "known_bad.json"
PACKAGE_NAME_LIMIT = 64
JUDGED_LIMIT = 4096
"""Answers that are kept, because a stream may name millions of things."""
TORCHSCRIPT = "__torch__"
"""Classes that a TorchScript archive defines in its own code, which is read as such; no Python module has the name."""
_INSIDE = frozenset(
    {"subprocess", "cloudpickle", "dill", "ctypes", "importlib", "pickle", "cPickle", "socket", "shutil", "pty",
     "runpy", "builtins", "__builtin__", "urllib", "marshal"}
)  # fmt: skip
"""Modules that libraries carry copies of, or pass on, under their own name."""
DOORS = frozenset(
    {"os", "sys", "subprocess", "builtins", "posix", "nt", "importlib", "ctypes", "shutil", "socket"}
)


class Standing(StrEnum):
    """What the lists say about a name."""

    GOOD = "good"
    DANGEROUS = "dangerous"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Judged:
    """A name's standing; ``effect`` completes "this global, which ..."; ``constraint`` is for good ones.

    ``called`` is the effect of an unknown name that is dangerous once something calls it.
    """

    standing: Standing
    effect: str = ""
    constraint: str = "any"
    called: str = ""


@dataclass(frozen=True)
class Lists:
    """The loaded lists: good[module][name] = constraint; what is bad, with its effect.

    ``bad_anywhere`` are names that are bad in every module. ``ordinary`` are the modules of the standard library
    whose further names are merely unknown.
    """

    good: dict[str, dict[str, str]]
    bad_modules: dict[str, str]
    bad_names: dict[str, dict[str, str]]
    bad_anywhere: dict[str, str]
    ordinary: frozenset[str]


Grouped = dict[str, dict[str, str]]
"""Names, separated by spaces, by what is said of them and by module."""


@dataclass(frozen=True)
class Package:
    """One package's lists: good names by constraint; dangerous ones, and those that harm when called, by effect."""

    good: Grouped
    named: Grouped
    called: Grouped


@lru_cache(maxsize=JUDGED_LIMIT)
def package(name: str) -> Package:
    """Load the lists of a package, which are empty for most. The name is the submission's: no path is made of it
    unless it could be one of ours."""
    ours = len(name) <= PACKAGE_NAME_LIMIT and name.isascii() and name.isidentifier()
    found: list[dict[str, Grouped]] = []
    for folder in ("packages", "reaching"):
        path = resource_dir("rules") / "globals" / folder / f"{name}.json"
        found.append(json.loads(path.read_text()) if ours and path.is_file() else {})
    return Package(cast(Grouped, found[0]), found[1].get("named", {}), found[1].get("called", {}))


def _said(grouped: Grouped, module: str, name: str) -> str | None:
    return next((what for what, by in grouped.items() if name in by.get(module, "").split()), None)


def constraint_for(module: str, name: str) -> str | None:
    """The constraint of a known-good name, or None for any other."""
    found = lists().good.get(module, {}).get(name)
    return found or _said(package(module.partition(".")[0]).good, module, name)


@cache
def lists() -> Lists:
    """Load ``rules/globals`` once for this process."""
    folder = resource_dir("rules") / "globals"
    good: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name != KNOWN_BAD:
            for module, names in json.loads(path.read_text()).items():
                good.setdefault(module, {}).update(names)
    bad = json.loads((folder / KNOWN_BAD).read_text())
    return Lists(good, bad["modules"], bad["names"], bad["anywhere"], frozenset(bad["ordinary"]))


def mapped(module: str, name: str) -> tuple[str, str]:
    """The Python 3 name that a loader with ``fix_imports`` takes for a protocol 0 to 2 name."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        found: tuple[str, str] = _compat_pickle.NAME_MAPPING[(module, name)]
        return found
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


def _dangerous(module: str, name: str) -> str | None:
    known = lists()
    parts = name.split(".")
    names = known.bad_names.get(module, {})
    for size in range(1, len(parts) + 1):
        if effect := names.get(".".join(parts[:size])):
            return effect
    pieces = module.split(".")
    for size in range(len(pieces), 0, -1):
        if effect := known.bad_modules.get(".".join(pieces[:size])):
            return effect
    for part in parts:
        if effect := known.bad_anywhere.get(part):
            return effect
    # numpy.os.system, torch.sys.modules: a door to another module through an attribute. Honest dotted names begin with
    # a class.
    if len(parts) > 1 and (
        DOORS & set(parts[:-1])
        or any(p.startswith("__") for p in parts)
        or not parts[0].strip("_")[:1].isupper()
    ):
        return "reaches another module or the interpreter through attributes"
    if not _INSIDE.isdisjoint(pieces[1:]):
        return "is a part of a module that a library carries a copy of"
    if effect := _said(package(pieces[0]).named, module, parts[0]):
        return effect
    if pieces[0] in sys.stdlib_module_names and pieces[0] not in known.ordinary:
        return "is a part of the standard library that no model holds"
    return None


@lru_cache(maxsize=JUDGED_LIMIT)
def judge(module: str, name: str) -> Judged:
    """What the lists say about ``module.name``, under both spellings; the worse one counts."""
    if module == TORCHSCRIPT or module.startswith(f"{TORCHSCRIPT}."):
        return Judged(Standing.GOOD)
    real = mapped(module, name)
    constraint = constraint_for(*real)
    for spelling in {(module, name), real}:
        good = constraint_for(*spelling)
        if good is None and (effect := _dangerous(*spelling)):
            # __builtin__.set maps to a good name; only the mapped spelling exists for a loader.
            if spelling != real and constraint is not None:
                continue
            return Judged(Standing.DANGEROUS, effect)
    if constraint is not None:
        return Judged(Standing.GOOD, constraint=constraint)
    return Judged(Standing.UNKNOWN, called=_when_called(*real))


def _when_called(module: str, name: str) -> str:
    """What calling an unknown name does, as far as its library's source or its place says."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names and top != "__main__" and name.strip("_")[:1].islower():
        return "is a function of the standard library that no model needs"
    return _said(package(top).called, module, name) or ""
