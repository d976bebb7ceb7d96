"""Attacks on the jail, run inside it. Each is harmless if it succeeds and says so by returning normally."""

from __future__ import annotations

from collections.abc import Callable

from quarantine.jail.protocol import AnyMessage, Done, FactSeen, Request

from . import descriptors, files, kernel, leaks, network, processes
from .attempt import NothingThere

ATTACKS = files.ATTACKS | kernel.ATTACKS | leaks.ATTACKS | network.ATTACKS | processes.ATTACKS
ON_INPUT = descriptors.ATTACKS


def run(request: Request, emit: Callable[[AnyMessage], None]) -> Done:
    for name in request.opinions:
        try:
            got = ON_INPUT[name](request.inputs[0].fd) if name in ON_INPUT else ATTACKS[name]()
        except (OSError, ValueError, NothingThere) as error:
            outcome = f"refused: {error}"
        else:
            outcome = f"SUCCEEDED: {got!r}"[:1000]
        emit(FactSeen(artifact="jail", name=name, value=outcome, analyzer="attack"))
    return Done()
