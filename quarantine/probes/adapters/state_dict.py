"""Bare weights, in safetensors or a torch zip, for an architecture of the allow list that the card names."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from quarantine.probes.adapters import torching
from quarantine.probes.adapters.interface import NotRunnable, Runnable
from quarantine.probes.architectures import ARCHITECTURES, build
from quarantine.records import ModelSpec


class StateDict:
    """The adapter of weights without a graph; gradients included."""

    name = "state_dict"

    def recognises(self, file: BinaryIO) -> bool:
        """True for a safetensors header, or a torch zip with ``data.pkl`` and no code."""
        head = file.read(9)
        file.seek(0)
        if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100 << 20:
            return True
        names = torching.members(file)
        return "data.pkl" in names and "constants.pkl" not in names

    def load(self, content: bytes, spec: ModelSpec) -> Runnable:
        """Build the architecture and load the weights strictly; a torch zip is read with ``weights_only``."""
        if spec.architecture not in ARCHITECTURES:
            known = ", ".join(sorted(ARCHITECTURES))
            raise NotRunnable(
                f"the file holds bare weights; the card's model.architecture must be one of: {known}"
            )
        where = torching.device()
        module = build(spec.architecture, spec.input_shape, spec.classes)
        try:
            module.load_state_dict(_tensors(content), strict=True)
        except RuntimeError as error:
            raise NotRunnable(
                f"the weights do not fit the architecture {spec.architecture}: {error}"
            ) from error
        return torching.runnable(self.name, module.to(where).eval(), where)


def _tensors(content: bytes) -> dict[str, Any]:
    if content[:2] != b"PK":
        from safetensors.torch import load

        return dict(load(content))
    import torch

    loaded = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    tensors = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else None
    if not isinstance(tensors, dict):
        raise NotRunnable("the torch file holds no dictionary of tensors")
    return tensors
