"""The one table of jail backends. There is no fallback to no jail. (design.md, The jail.)"""

from __future__ import annotations

from collections.abc import Callable

from quarantine.errors import JailUnavailable
from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.jail.interface import Jail

BACKENDS: dict[str, Callable[[], Jail]] = {BubblewrapJail.name: BubblewrapJail}


def open_jail() -> Jail:
    """The first backend that works here.

    Raises:
        JailUnavailable: none does; what each one lacks and what to do.
    """
    refused: list[JailUnavailable] = []
    for backend in BACKENDS.values():
        try:
            return backend()
        except JailUnavailable as error:
            refused.append(error)
    raise JailUnavailable(
        "; ".join(error.what for error in refused), remedy="; ".join(error.remedy for error in refused)
    )
