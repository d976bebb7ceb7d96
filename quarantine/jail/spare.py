"""One jail that was started before anybody knew what for, so that its start and the command's overlap.

It is for the static stage, the first that every scan runs. Whoever needs another kind of jail leaves it alone, and what
was never taken ends with this process.
"""

from __future__ import annotations

import atexit

from quarantine.errors import JailFailed, JailUnavailable
from quarantine.jail.layout import layout
from quarantine.jail.start import Started

TASK = "static"
SCRATCH_BYTES = 64 << 20
"""As :class:`quarantine.records.JailLimits` has it where a policy says nothing."""
PRELOAD = (
    "quarantine.analyzers.static",
    "quarantine.formats.text",
    "quarantine.formats.zip",
    "quarantine.formats.torch_zip",
    "quarantine.analyzers.pickle.analyzer",
    "quarantine.analyzers.config",
    "quarantine.analyzers.held_text",
    "quarantine.analyzers.layouts.analyzer",
    "quarantine.formats.hdf5",
    "quarantine.formats.stores",
    "quarantine.formats.xgboost",
)
"""What most submissions need; the worker imports it while the parent reads its command line."""

_waiting: list[Started] = []


def prepare() -> None:
    """Start the jail. Where none can be started, the one that asks for it later says why."""
    try:
        started = Started(layout(probes=False, payload=None), scratch_bytes=SCRATCH_BYTES, preload=PRELOAD)
    except (JailFailed, JailUnavailable):
        return
    _waiting.append(started)
    atexit.register(discard)


def take(task: str, scratch_bytes: int) -> Started | None:
    """The waiting jail if it is of the kind that is wanted; it is the caller's from now on."""
    if task != TASK or scratch_bytes != SCRATCH_BYTES:
        return None
    try:
        return _waiting.pop()
    except IndexError:
        return None


def discard() -> None:
    """End the jail that nobody took."""
    while _waiting:
        _waiting.pop().close()
