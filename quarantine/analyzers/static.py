"""The static worker's entry: the files of the request as sources, walked. Runs no model code. (design.md)"""

from __future__ import annotations

from collections.abc import Callable

from quarantine.analyzers.walk import Walk
from quarantine.formats.source import FdSource
from quarantine.jail.protocol import AnyMessage, Done, Request


def run(request: Request, emit: Callable[[AnyMessage], None]) -> Done:
    """Read every input and say what was found."""
    walk = Walk(emit)
    walk.run([(entry.name, FdSource(entry.fd, entry.size_bytes)) for entry in request.inputs])
    return Done()
