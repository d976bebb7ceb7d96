"""The static worker's entry: the files of the request as sources, walked. Runs no model code. (design.md)"""

from __future__ import annotations

import os
from collections.abc import Callable

from quarantine.analyzers.walk import Walk
from quarantine.formats.interface import Source
from quarantine.formats.source import BytesSource, FdSource
from quarantine.jail.protocol import AnyMessage, Done, Input, Request

SMALL_BYTES = 1 << 16


def run(request: Request, emit: Callable[[AnyMessage], None]) -> Done:
    """Read every input of one's own and say what was found."""
    own = frozenset(entry.name for entry in request.inputs if entry.own)
    Walk(emit).run(sources(request), own)
    return Done()


def sources(request: Request) -> list[tuple[str, Source]]:
    """The inputs by name, as sources."""
    return [(entry.name, _source(entry)) for entry in request.inputs]


def _source(entry: Input) -> Source:
    """A small file is read once, which takes less than to map it; there may be thousands."""
    if entry.size_bytes > SMALL_BYTES or not entry.own:
        return FdSource(entry.fd, entry.size_bytes)
    return BytesSource(os.pread(entry.fd, entry.size_bytes, 0))
