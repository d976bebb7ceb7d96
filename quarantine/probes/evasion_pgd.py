"""Projected gradient descent with ART, for models that have gradients (Madry et al. 2018, arXiv:1706.06083).

It measures robust accuracy and judges nothing.
"""

from __future__ import annotations

from quarantine.probes.adapters.interface import Array, Runnable
from quarantine.probes.data import Data, Labels
from quarantine.probes.evasion import EPS, estimator, robust_accuracy
from quarantine.probes.interface import Budget, Emit

STEPS = 40
_WANTED, _BATCH = 256, 64


class Pgd:
    """The gradient evasion probe."""

    name = "evasion-pgd"

    def applies(self, runnable: Runnable, data: Data) -> bool:
        """Where gradients exist."""
        return runnable.torch_module is not None

    def measure(self, runnable: Runnable, data: Data, budget: Budget, seed: int, emit: Emit) -> None:
        """L-infinity, one random start, ``STEPS`` steps of 2.5 eps / ``STEPS``, true labels."""
        from art.attacks.evasion.projected_gradient_descent.projected_gradient_descent_pytorch import (
            ProjectedGradientDescentPyTorch,
        )

        classifier = estimator(runnable, data, int(data.y.max()) + 1)

        def attack(x: Array, y: Labels) -> dict[float, Array]:
            found = {}
            for eps in EPS:
                pgd = ProjectedGradientDescentPyTorch(
                    classifier,
                    eps=eps,
                    eps_step=2.5 * eps / STEPS,
                    max_iter=STEPS,
                    num_random_init=1,
                    batch_size=_BATCH,
                    verbose=False,
                )
                found[eps] = pgd.generate(x, y)
            return found

        context = {"attack": "ProjectedGradientDescent", "steps": str(STEPS)}
        robust_accuracy(
            self.name, runnable, data, attack,
            wanted=_WANTED, batch=_BATCH, budget=budget, seed=seed, emit=emit, context=context,
        )  # fmt: skip
