"""Programs of ``torch.export``: a torch zip whose ``archive_format`` member says pt2.

An exported program has no training mode and may have a fixed batch size; the wrapper hides both.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from quarantine.probes.adapters import torching
from quarantine.probes.adapters.interface import NotRunnable, Runnable
from quarantine.records import ModelSpec


class Exported:
    """The torch.export adapter; gradients included."""

    name = "torch_export"

    def recognises(self, file: BinaryIO) -> bool:
        """True if the zip is a pt2 archive, or the older form with a serialised program."""
        names = torching.members(file)
        return "archive_format" in names or "serialized_exported_program.json" in names

    def load(self, content: bytes, spec: ModelSpec) -> Runnable:
        """Load onto the best device."""
        import torch
        from torch.export.passes import move_to_device_pass

        program = torch.export.load(io.BytesIO(content))
        users = set(program.graph_signature.user_inputs)
        entries = [n for n in program.graph.nodes if n.op == "placeholder" and n.name in users]
        if len(entries) != 1:
            raise NotRunnable(f"the exported program takes {len(entries)} inputs, and one is expected")
        where = torching.device()
        if where != "cpu":
            program = move_to_device_pass(program, where)
        first = entries[0].meta["val"].shape[0]
        module = _wrap(program.module(), first if isinstance(first, int) else None)
        return torching.runnable(self.name, module, where)


def _wrap(program: Any, fixed: int | None) -> Any:
    import torch

    class Program(torch.nn.Module):  # type: ignore[misc]
        """The program as an ordinary module: ``train()`` is ignored, and a fixed batch is filled up."""

        def __init__(self) -> None:
            super().__init__()
            self.program = program

        def train(self, mode: bool = True) -> Program:
            return self

        def forward(self, x: Any) -> Any:
            if fixed is None:
                return self.program(x)
            missing = -len(x) % fixed
            filled = torch.cat([x, x[-1:].expand(missing, *x.shape[1:])]) if missing else x
            return torch.cat([self.program(part) for part in filled.split(fixed)])[: len(x)]

    return Program()
