"""Whether a model behaves so that measurements of it mean something.

Scores must be numbers of the right shape at any batch size, the same for the same input, and not the same for all
inputs; and where attacks follow gradients, there must be gradients (Athalye et al. 2018, obfuscated gradients).
"""

from __future__ import annotations

from quarantine.probes.adapters.interface import Runnable
from quarantine.probes.data import Data
from quarantine.probes.interface import Budget, Emit, Unreliable

SAMPLES = 64
TOLERANCE = 1e-3
_FLAT_SHARE = 0.5


class Behaviour:
    """The check before all probes; it measures nothing."""

    name = "behaviour"

    def applies(self, runnable: Runnable, data: Data) -> bool:
        """Always."""
        return True

    def measure(self, runnable: Runnable, data: Data, budget: Budget, seed: int, emit: Emit) -> None:
        """Ask the same samples twice and in two batch sizes.

        Raises:
            Unreliable: what is measured of this model would mean nothing.
        """
        import numpy as np

        rows = np.random.default_rng(seed).permutation(len(data.x))[:SAMPLES]
        x = data.in_units(data.x[rows]).astype(np.float32)
        first, again = runnable.predict(x), runnable.predict(x)
        half = runnable.predict(x[: len(x) // 2])
        if first.ndim != 2 or len(first) != len(x) or first.shape != again.shape or len(half) != len(x) // 2:
            raise Unreliable(f"scores have the shape {list(first.shape)} for {len(x)} samples")
        if half.shape[1:] != first.shape[1:] or first.shape[1] <= int(data.y.max()):
            raise Unreliable(f"the number of scores changes with the batch or is too small: {first.shape[1]}")
        if not np.isfinite(first).all():
            raise Unreliable("scores are not numbers, or are infinite")
        scale = TOLERANCE * max(1.0, float(np.abs(first).max()))
        if np.abs(first - again).max() > scale:
            raise Unreliable("the same samples get other scores when asked again")
        if np.abs(first[: len(half)] - half).max() > scale:
            raise Unreliable("the same samples get other scores in a smaller batch")
        if len(first) > 1 and np.ptp(first, axis=0).max() == 0:
            raise Unreliable("all samples get the same scores")
        if runnable.torch_module is not None and (share := _flat(runnable, x)) > _FLAT_SHARE:
            raise Unreliable(
                f"gradients are zero for {share:.0%} of the samples, so that attacks cannot follow them"
            )


def _flat(runnable: Runnable, x: object) -> float:
    """The share of samples whose highest score does not change with the input, as gradients tell it."""
    import torch

    inputs = torch.as_tensor(x, device=runnable.device).requires_grad_(True)
    try:
        (slope,) = torch.autograd.grad(runnable.torch_module(inputs).max(dim=1).values.sum(), inputs)
    except RuntimeError as error:
        raise Unreliable(f"there are no gradients: {error}") from error
    return float((slope.flatten(1).abs().amax(dim=1) == 0).float().mean())
