"""What the three torch adapters share: the device, prediction in batches, and what is inside a torch zip.

It must not load anything itself.
"""

from __future__ import annotations

import zipfile
from typing import Any, BinaryIO

from quarantine.probes.adapters.interface import Array, Runnable

BATCH = 256


def members(file: BinaryIO) -> set[str]:
    """Member names of a torch zip without their common first folder; empty if the file is no zip."""
    if file.read(2) != b"PK":
        return set()
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            return {name.partition("/")[2] for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        return set()


def device() -> str:
    """``cuda`` where torch can use one, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def runnable(format_name: str, module: Any, where: str) -> Runnable:
    """Wrap a module that is already on device ``where`` and in evaluation mode."""
    import numpy as np
    import torch

    def predict(x: Array) -> Array:
        with torch.no_grad():
            parts = [
                module(torch.from_numpy(np.ascontiguousarray(x[at : at + BATCH], dtype=np.float32)).to(where))
                .float()
                .cpu()
                .numpy()
                for at in range(0, len(x), BATCH)
            ]
        return np.concatenate(parts)

    return Runnable(format=format_name, device=where, predict=predict, torch_module=module)
