"""What honest files do with the functions by which NumPy restores its arrays, scalars and generators."""

from __future__ import annotations

from quarantine.analyzers.pickle import dtype
from quarantine.analyzers.pickle.named import Arguments, Named, is_global
from quarantine.formats.interface import Malformed


def bit_generator(args: Arguments) -> bool:
    """Whether only NumPy's own generators are named."""

    # The second argument is called with the first, and a class in the first place is made.
    def of_numpy(arg: object) -> bool:
        return type(arg) is str or (isinstance(arg, Named) and arg.label.startswith("numpy.random."))

    return len(args) <= 2 and all(of_numpy(arg) for arg in args) and (len(args) < 2 or is_global(args[1]))


def well_formed_dtype(args: Arguments) -> bool:
    """Whether NumPy writes such a dtype."""
    return dtype.well_formed(args, None)


def scalar(args: Arguments) -> bool:
    """Whether a scalar is made of bytes, or of the array of its own dtype where it holds objects."""
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


def frombuffer(args: Arguments) -> bool:
    """Whether an array is made of bytes of this stream."""
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


def masked(args: Arguments) -> bool:
    """Whether NumPy's masked arrays are made, empty."""
    # Hands its other arguments to the first one's own __new__.
    return (
        empty_array(args)
        and all(is_global(arg) and arg.label.startswith("numpy.") for arg in args[:2])
        and args[0].label.endswith(("MaskedArray", "mvoid", "MaskedRecords"))  # type: ignore[attr-defined]
    )


def empty_array(args: Arguments) -> bool:
    """Whether the array is empty: BUILD gives it its shape and bytes."""
    # numpy pickles an array as an empty one; BUILD gives it its shape and bytes.
    return len(args) in (3, 4) and args[-2] == (0,)
