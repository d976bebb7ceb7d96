"""The jailed task behind `quarantine inspect`: shows a reviewer what a submission holds. It judges nothing.

The same walk as in the static stage finds the artifacts, so that a path in a finding leads to the same bytes here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from quarantine.analyzers.context import dump
from quarantine.analyzers.node import WalkNode, safe
from quarantine.analyzers.static import sources
from quarantine.analyzers.walk import Walk
from quarantine.formats.interface import Source
from quarantine.jail.protocol import AnyMessage, ArtifactSeen, Done, Request, Row, View

_BEFORE = 10
"""Opcodes that are shown in front of the one at the offset."""


def run(request: Request, emit: Callable[[AnyMessage], None]) -> Done:
    """Show what ``request.view`` asks for, one row at a time."""
    assert request.view is not None
    _Looking(emit, request.view).run(sources(request))
    return Done()


class _Looking(Walk):
    """A walk that shows the artifacts it was asked about and keeps its findings to itself."""

    def __init__(self, emit: Callable[[AnyMessage], None], view: View) -> None:
        super().__init__(self._heard)
        self._show, self._view = emit, view
        self._left = view.rows + (_BEFORE if view.table == "opcodes" else 0)

    def _heard(self, message: AnyMessage) -> None:
        if self._view.table != "artifacts" or not isinstance(message, ArtifactSeen):
            return
        if self._view.artifact in ("", message.path):
            whole = "yes" if message.complete else "no"
            counts = (str(message.size_bytes), str(message.claimed_bytes))
            self._row(message.path, (message.format, *counts, whole, " ".join(message.analyzers)[:500]))

    def visit(self, node: WalkNode) -> None:
        """Show an artifact that is asked for, after it was read."""
        wanted = self._view.artifact in ("", safe(node.path))
        if wanted and self._view.table == "tensors":
            node.tensors = []
        super().visit(node)
        if not wanted or self._view.table == "artifacts":
            return
        if self._view.table == "tensors":
            rows: Sequence[tuple[str, ...]] = node.tensors or ()
        elif self._view.table == "bytes":
            rows = dump(node.source, self._view.offset, self._view.rows)
        else:
            rows = _opcodes(node.source, self._view.offset, self._view.rows)
        for cells in rows:
            self._row(safe(node.path), cells)

    def _row(self, artifact: str, cells: tuple[str, ...]) -> None:
        if self._left:
            self._left -= 1
            self._show(Row(artifact=artifact, cells=cells))


def _opcodes(source: Source, offset: int, count: int) -> list[tuple[str, ...]]:
    """(offset, opcode, argument) around ``offset``; opcodes have no fixed width, so all before are decoded too."""
    import pickletools

    before: deque[tuple[str, ...]] = deque(maxlen=_BEFORE)
    rows: list[tuple[str, ...]] = []
    try:
        for opcode, argument, at in pickletools.genops(source.open()):
            shown = "" if argument is None else safe(repr(argument), 300)
            row = (str(at), opcode.name, shown)
            if at is not None and at < offset:
                before.append(row)
                continue
            rows.append(row)
            if len(rows) >= count:
                break
    except Exception as error:  # genops raises whatever its decoders raise
        rows.append(("", "here reading ends", safe(f"{type(error).__name__}: {error}", 300)))
    return [*before, *rows]
