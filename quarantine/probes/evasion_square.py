"""Square attack with ART, for images without gradients (Andriushchenko et al. 2020, arXiv:1912.00049).

It uses scores only, measures robust accuracy, and judges nothing.
"""

from __future__ import annotations

from quarantine.probes.adapters.interface import Array, Runnable
from quarantine.probes.data import Data, Labels
from quarantine.probes.evasion import EPS, estimator, robust_accuracy
from quarantine.probes.interface import Budget, Emit

QUERIES = 300
_WANTED, _BATCH = 128, 64


class Square:
    """The score-based evasion probe."""

    name = "evasion-square"

    def applies(self, runnable: Runnable, data: Data) -> bool:
        """Images, where there are no gradients."""
        return runnable.torch_module is None and data.is_image

    def measure(self, runnable: Runnable, data: Data, budget: Budget, seed: int, emit: Emit) -> None:
        """L-infinity, ``QUERIES`` rounds, true labels."""
        from art.attacks.evasion import SquareAttack

        classifier = estimator(runnable, data, int(data.y.max()) + 1)

        def attack(x: Array, y: Labels) -> dict[float, Array]:
            return {
                eps: SquareAttack(
                    classifier, eps=eps, max_iter=QUERIES, batch_size=_BATCH, verbose=False
                ).generate(x, y)
                for eps in EPS
            }

        context = {"attack": "SquareAttack", "rounds": str(QUERIES)}
        robust_accuracy(
            self.name, runnable, data, attack,
            wanted=_WANTED, batch=_BATCH, budget=budget, seed=seed, emit=emit, context=context,
        )  # fmt: skip
