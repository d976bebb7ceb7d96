"""Clean accuracy.

How often the model is right on samples that nobody touched. The base of every other number.
"""

from __future__ import annotations

from quarantine.probes.adapters.interface import Array, Runnable
from quarantine.probes.data import Data, Labels, Right
from quarantine.probes.interface import Budget, Emit, OutOfTime
from quarantine.probes.statistics import fraction

_BATCH = 256


class Accuracy:
    """The clean-accuracy probe."""

    name = "accuracy"

    def applies(self, runnable: Runnable, data: Data) -> bool:
        """Always."""
        return True

    def measure(self, runnable: Runnable, data: Data, budget: Budget, seed: int, emit: Emit) -> None:
        """Predict in batches, in a fixed random order, until the data or the time ends."""
        import numpy as np

        order = np.random.default_rng(seed).permutation(len(data.x))
        hits = samples = 0
        for at in range(0, len(order), _BATCH):
            if budget.left_s <= 0:
                break
            rows = order[at : at + _BATCH]
            hits += int(right(runnable, data, data.x[rows], data.y[rows]).sum())
            samples += len(rows)
        if not samples:
            raise OutOfTime
        context = {
            "device": runnable.device,
            "seed": str(seed),
            "set": data.name,
            "available": str(len(order)),
        }
        emit(fraction(self.name, "clean_accuracy", hits, samples, context))


def right(runnable: Runnable, data: Data, x: Array, y: Labels) -> Right:
    """For each sample in 0..1: is the model right? Scores that are not numbers are never right."""
    import numpy as np

    scores = runnable.predict(data.in_units(x).astype(np.float32))
    found: Right = (scores.argmax(axis=1) == y) & np.isfinite(scores).all(axis=1)
    return found
