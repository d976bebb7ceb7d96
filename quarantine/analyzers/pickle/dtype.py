"""Checks a recorded ``numpy.dtype`` and says how large its elements are and whether they are objects.

NumPy believes the state that a pickle gives a dtype (numpy/_core/src/multiarray/descriptor.c, arraydescr_setstate).
Cleared flags make it take raw bytes for pointers to objects, a field beyond the element reads foreign memory, and a
size that NumPy ignores would let a reader skip bytes that a loader runs. So only what NumPy itself writes is good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from quarantine.analyzers.pickle.named import Arguments, Named, is_global
from quarantine.formats.interface import Malformed

LABEL = "numpy.dtype"
MAX_DEPTH = 32
_CODE = re.compile(r"[|<>=]?([a-zA-Z?])(\d{0,9})\Z")
_SIZES = dict(
    zip("?bBhHiIlLqQfdgFDGe", (1, 1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 4, 8, 16, 8, 16, 32, 2), strict=True)
)
_NUMBERED = frozenset({"b1", "O4", "O8", "M8", "m8", *(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)),
                       "f2", "f4", "f8", "f12", "f16", "c8", "c16", "c24", "c32"})  # fmt: skip
_FLEXIBLE = frozenset("SUVa")
_STRUCTURED_CLASSES = ("numpy.record", "numpy.void")
# numpy/_core/include/numpy/ndarraytypes.h: what an element is and needs.
_HAS_OBJECT, _LIST_PICKLE, _IS_POINTER, _OBJECT = 1, 2, 4, 63
_WRITTEN_FOR_OTHERS = frozenset({0, 8, 16, 24, 128, 136, 144, 152})


@dataclass(frozen=True)
class Layout:
    """``size`` in bytes of one element; ``objects`` if it holds references to Python objects."""

    size: int
    objects: bool


def layout_of(dtype: object, depth: int = 0) -> Layout:
    """The layout of a recorded dtype. Raises Malformed for one that NumPy would not have written."""
    args, held = getattr(dtype, "args", ()), getattr(dtype, "held", [])
    if is_global(dtype) or not isinstance(dtype, Named) or dtype.label != LABEL:
        raise Malformed("an array of an unknown dtype")
    if depth > MAX_DEPTH or len(held) > 1:
        raise Malformed("a dtype nested too deep or built twice")
    return checked(args, getattr(dtype, "state", None), depth)


def well_formed(args: Arguments, state: object) -> bool:
    """Whether NumPy writes this call of ``numpy.dtype`` with this state; None for no state yet."""
    try:
        checked(args, state)
    except Malformed:
        return False
    return True


def checked(args: Arguments, state: object, depth: int = 0) -> Layout:
    """The layout of ``numpy.dtype(*args)`` with ``state``. Raises Malformed."""
    code, size = _code(args)
    if state is None:
        return Layout(size, code == "O")
    order = (*state, None, None)[:9] if type(state) is tuple and len(state) in (8, 9) else ()
    if len(order) != 9 or order[0] not in (3, 4) or order[1] not in ("<", ">", "|", "="):
        raise Malformed("a dtype with a state that NumPy does not write")
    subarray, names, fields, itemsize, _, flags = order[2:8]
    if not isinstance(itemsize, int) or not isinstance(flags, int):
        raise Malformed("a dtype with a computed size or flags")
    if code not in _FLEXIBLE:
        if (itemsize, subarray, names, fields) != (-1, None, None, None):
            raise Malformed("a plain dtype with parts")
        objects = code == "O"
    else:
        if (
            itemsize < 0
            or (size and itemsize != size)
            or (code != "V" and (subarray, fields) != (None, None))
        ):
            raise Malformed("a dtype whose sizes contradict each other")
        size = itemsize
        objects = _parts(size, subarray, names, fields, depth)
    expected = flags == _OBJECT if code == "O" else _flags(flags, objects=objects)
    if not expected:
        raise Malformed("a dtype whose flags contradict its elements")
    return Layout(size, objects)


def _flags(flags: int, *, objects: bool) -> bool:
    kept = _HAS_OBJECT | _LIST_PICKLE
    return (
        flags & kept == (kept if objects else 0)
        and not flags & _IS_POINTER
        and (flags & ~kept) in _WRITTEN_FOR_OTHERS
    )


def _code(args: Arguments) -> tuple[str, int]:
    """The kind and size (0 for unsaid) that the arguments name."""
    if not 1 <= len(args) <= 3 or not all(isinstance(arg, int) and arg in (0, 1) for arg in args[1:]):
        raise Malformed("a dtype made in an unknown way")
    if is_global(args[0]) and args[0].label in _STRUCTURED_CLASSES:
        return "V", 0
    match = _CODE.match(args[0]) if type(args[0]) is str else None
    if match is None:
        raise Malformed("a dtype of an unknown code")
    kind, digits = match.groups()
    if kind in _FLEXIBLE:
        return ("S" if kind == "a" else kind), int(digits or 0) * (4 if kind == "U" else 1)
    if digits:
        if kind + digits not in _NUMBERED:
            raise Malformed("a dtype of an unknown code")
        return kind, int(digits)
    if kind == "O":
        return kind, 8
    if kind not in _SIZES:
        raise Malformed("a dtype of an unknown code")
    return kind, _SIZES[kind]


def _parts(size: int, subarray: object, names: object, fields: object, depth: int) -> bool:
    """Whether a subarray's or record's parts hold objects. Raises Malformed for parts outside the element."""
    if subarray is not None:
        if names is not None or fields is not None or type(subarray) is not tuple or len(subarray) != 2:
            raise Malformed("a dtype with an unknown subarray")
        base, shape = subarray
        lengths = shape if type(shape) is tuple else (shape,)
        if not all(type(length) is int and length >= 0 for length in lengths):
            raise Malformed("a dtype with a computed shape")
        inner = layout_of(base, depth + 1)
        if inner.size * prod(lengths) != size:
            raise Malformed("a subarray that does not fill its element")
        return inner.objects
    if fields is None and names is None:
        return False
    if type(names) is not tuple or type(fields) is not dict or not set(names) <= set(fields):
        raise Malformed("a record with unknown fields")
    spans: set[tuple[int, int, bool]] = set()
    for field in fields.values():
        if type(field) is not tuple or len(field) not in (2, 3) or type(field[1]) is not int:
            raise Malformed("a record with an unknown field")
        inner = layout_of(field[0], depth + 1)
        if field[1] < 0 or field[1] + inner.size > size:
            raise Malformed("a field outside its record")
        spans.add((field[1], field[1] + inner.size, inner.objects))
    objects = any(span[2] for span in spans)
    ordered = sorted(spans)
    if objects and any(left[1] > right[0] for left, right in pairwise(ordered)):
        raise Malformed("a record whose fields overlap its objects")
    return objects
