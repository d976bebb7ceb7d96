"""HopSkipJump (Chen et al. 2020, arXiv:1904.02144) with ART: tables, decisions only, no gradients.

It looks for the nearest wrong answer, so one run serves every budget.
"""

from __future__ import annotations

from quarantine.probes.adapters.interface import Array, Runnable
from quarantine.probes.data import Data, Labels
from quarantine.probes.evasion import EPS, estimator, robust_accuracy
from quarantine.probes.interface import Budget, Emit

ROUNDS = 8
_WANTED, _BATCH = 40, 10


class HopSkipJump:
    """The decision-based evasion probe."""

    name = "evasion-hopskipjump"

    def applies(self, runnable: Runnable, data: Data) -> bool:
        """Anything but images, where there are no gradients."""
        return runnable.torch_module is None and not data.is_image

    def measure(self, runnable: Runnable, data: Data, budget: Budget, seed: int, emit: Emit) -> None:
        """L-infinity, ``ROUNDS`` rounds of at most 500 queries, true labels."""
        import numpy as np
        from art.attacks.evasion import HopSkipJump as ArtHopSkipJump

        classifier = estimator(runnable, data, int(data.y.max()) + 1)
        art = ArtHopSkipJump(
            classifier, norm=np.inf, max_iter=ROUNDS, max_eval=500, init_eval=50, batch_size=64, verbose=False
        )

        def attack(x: Array, y: Labels) -> dict[float, Array]:
            found = art.generate(x, y)
            far = np.abs(found - x).reshape(len(x), -1).max(axis=1)
            # What lies beyond a budget is no answer within it, so the untouched sample stands there.
            return {
                eps: np.where((far <= eps).reshape(-1, *[1] * (x.ndim - 1)), found, x).astype(np.float32)
                for eps in EPS
            }

        context = {"attack": "HopSkipJump", "rounds": str(ROUNDS)}
        robust_accuracy(
            self.name, runnable, data, attack,
            wanted=_WANTED, batch=_BATCH, budget=budget, seed=seed, emit=emit, context=context,
        )  # fmt: skip
