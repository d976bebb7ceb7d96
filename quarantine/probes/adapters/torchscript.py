"""TorchScript archives.

A torch zip with ``constants.pkl`` and ``code/``. Loading one runs the submitter's code.
"""

from __future__ import annotations

import io
from typing import BinaryIO

from quarantine.probes.adapters import torching
from quarantine.probes.adapters.interface import Runnable
from quarantine.records import ModelSpec


class TorchScript:
    """The TorchScript adapter; gradients included."""

    name = "torchscript"

    def recognises(self, file: BinaryIO) -> bool:
        """True if the zip holds TorchScript code and constants."""
        names = torching.members(file)
        return "constants.pkl" in names and any(name.startswith("code/") for name in names)

    def load(self, content: bytes, spec: ModelSpec) -> Runnable:
        """Load onto the best device, in evaluation mode."""
        import torch

        where = torching.device()
        module = torch.jit.load(io.BytesIO(content), map_location=where)
        return torching.runnable(self.name, module.eval(), where)
