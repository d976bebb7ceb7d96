"""Show a reviewer what a submission holds: its tree, a pickle's opcodes, bytes, tensors. Read in a jail, never judged.

What comes back is hostile text: the caller escapes it before it shows it.
"""

from __future__ import annotations

from pathlib import Path

from quarantine.errors import BadInput, JailFailed, NotFound
from quarantine.intake.opened import open_path
from quarantine.jail.interface import Ending
from quarantine.jail.protocol import Input, Request, Row, View
from quarantine.records import StageName
from quarantine.stages import FILES_PER_JAIL, House

COLUMNS = {
    "artifacts": ("format", "bytes", "claimed", "complete", "analyzers"),
    "opcodes": ("offset", "opcode", "argument"),
    "bytes": ("offset", "hex", "text"),
    "tensors": ("name", "type", "shape", "bytes"),
}
"""The columns of each table, in the order of a row's cells."""


def look(path: Path, view: View, house: House) -> list[Row]:
    """The rows of one view of the model at ``path``.

    Raises:
        Unreadable, NotAcceptable, Changed: it cannot be read as one unchanging set of bytes.
        BadInput: there are more files than one jail shows.
        NotFound: no artifact is called so, or it has no such table.
        JailUnavailable, JailFailed: there is no jail, or the worker did not finish.
    """
    with open_path(path) as opened:
        batches = opened.batches(FILES_PER_JAIL)
        batch = next(batches, [])
        request = Request(
            task="inspect", inputs=tuple(Input(name, fd, size) for name, fd, size in batch), view=view
        )
        result = house.jail.run(request, house.policy.limits[StageName.STATIC])
        if next(batches, None) is not None:
            raise BadInput(
                f"{path} has over {FILES_PER_JAIL} files", remedy="name one of the files or folders inside"
            )
    rows = [message for message in result.messages if isinstance(message, Row)]
    if result.ending is not Ending.DONE:
        raise JailFailed(
            f"{path} was not read to its end: {result.detail}", remedy="scan it; the findings say more"
        )
    if not rows:
        raise NotFound(
            f"{path} has no {view.table} to show" + (f" in {view.artifact}" if view.artifact else ""),
            remedy="`quarantine inspect PATH` lists the artifacts",
        )
    return rows
