"""What honest files pass to the known-good constructors that could do harm with other arguments.

Each constraint is named in ``rules/globals/*.json``. It looks at recorded arguments and never calls anything.
"""

from __future__ import annotations

from collections.abc import Callable

_CODECS = frozenset({"latin1", "latin-1", "iso-8859-1", "ascii", "utf-8", "utf8"})
MAX_REPEAT = 1 << 24

Arguments = tuple[object, ...]


def _codec(args: Arguments) -> bool:
    # _codecs.encode with another codec name imports encodings.<name>.
    named = args[1:] or ("utf-8",)
    return len(args) in (1, 2) and isinstance(args[0], str) and str(named[0]).lower() in _CODECS


def _no_call(args: Arguments) -> bool:
    return False


def _nested_torch(args: Arguments) -> bool:
    return len(args) == 1 and isinstance(args[0], bytes | bytearray)


def _known_callable(args: Arguments) -> bool:
    # The classes come from the recorder; a plain value here is never callable in an honest file.
    return bool(args) and isinstance(args[0], type)


def _small_buffer(args: Arguments) -> bool:
    # bytearray(n) and bytes(n) with a number allocate n bytes from a few.
    return not args or not isinstance(args[0], int) or args[0] <= MAX_REPEAT


_CHECKS: dict[str, Callable[[Arguments], bool]] = {
    "codec": _codec,
    "no-call": _no_call,
    "nested-torch": _nested_torch,
    "partial": _known_callable,
    "buffer": _small_buffer,
}

NAMES = frozenset({"any", *_CHECKS})


def check_of(constraint: str) -> Callable[[Arguments], bool] | None:
    """The check that ``constraint`` names; None for ``any``. Raises KeyError for an unknown name."""
    return None if constraint == "any" else _CHECKS[constraint]
