"""What the evasion probes share: sampling within the budget, ART's estimators over 0..1, robust accuracy.

Robust accuracy is the share of samples that the model gets right untouched and after the attack. It
counts what a bounded attacker of the named kind managed; a stronger one may do better, so it is an upper
bound.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from quarantine.jail.protocol import Progress
from quarantine.probes.accuracy import right
from quarantine.probes.adapters.interface import Array, Runnable
from quarantine.probes.data import Data, Labels
from quarantine.probes.interface import Budget, Emit, OutOfTime
from quarantine.probes.statistics import fraction

# Fractions of the input range: a small and a plain L-infinity budget.
EPS = (0.03, 0.1)
# Of the time a probe has, what it plans to use; the rest is slack for a slower moment.
_PLANNED = 0.7

Attack = Callable[[Array, Labels], dict[float, Array]]


def estimator(runnable: Runnable, data: Data, classes: int) -> Any:
    """An ART classifier over inputs in 0..1: with gradients where the model has them, else a black box."""
    import numpy as np
    from art.estimators.classification import BlackBoxClassifierNeuralNetwork, PyTorchClassifier

    shape = data.x.shape[1:]
    if runnable.torch_module is None:
        return BlackBoxClassifierNeuralNetwork(
            lambda x: runnable.predict(data.in_units(np.asarray(x)).astype(np.float32)),
            input_shape=shape,
            nb_classes=classes,
            clip_values=(0.0, 1.0),
        )
    import torch

    return PyTorchClassifier(
        model=_in_units(runnable, data),
        loss=torch.nn.CrossEntropyLoss(),
        input_shape=shape,
        nb_classes=classes,
        clip_values=(0.0, 1.0),
        device_type="gpu" if runnable.device == "cuda" else "cpu",
    )


def _in_units(runnable: Runnable, data: Data) -> Any:
    import torch

    low = torch.as_tensor(data.low, dtype=torch.float32, device=runnable.device)
    span = torch.as_tensor(data.high - data.low, dtype=torch.float32, device=runnable.device)

    class InUnits(torch.nn.Module):  # type: ignore[misc]
        """The model over inputs in 0..1. It stays in evaluation mode whatever ART asks for."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = runnable.torch_module

        def train(self, mode: bool = True) -> InUnits:
            return self

        def forward(self, x: Any) -> Any:
            return self.inner(x * span + low)

    return InUnits()


def robust_accuracy(
    probe: str,
    runnable: Runnable,
    data: Data,
    attack: Attack,
    *,
    wanted: int,
    batch: int,
    budget: Budget,
    seed: int,
    emit: Emit,
    context: dict[str, str],
) -> None:
    """Attack up to ``wanted`` samples in batches and emit one robust accuracy per budget in ``EPS``.

    A first small batch measures the pace; no batch is begun that would overrun the time planned.

    Raises:
        OutOfTime: there was no time for the first batch.
    """
    import numpy as np

    seed_all(seed)
    order = np.random.default_rng(seed).permutation(len(data.x))[:wanted]
    held = dict.fromkeys(EPS, 0)
    done, size, pace_s = 0, min(4, batch), 0.0
    limit_s = budget.left_s * _PLANNED
    start = time.monotonic()
    while done < len(order):
        size = size if not done else min(batch, int((limit_s - (time.monotonic() - start)) / pace_s))
        if limit_s <= 0 or size < 1:
            break
        rows = order[done : done + size]
        x, y = data.x[rows], data.y[rows]
        began = time.monotonic()
        before = right(runnable, data, x, y)
        if before.any():
            for eps, found in attack(x[before], y[before]).items():
                bounded = np.clip(np.clip(found, x[before] - eps, x[before] + eps), 0, 1)
                held[eps] += int(right(runnable, data, bounded, y[before]).sum())
        pace_s = max((time.monotonic() - began) / len(rows), 1e-6)
        done += len(rows)
        emit(Progress(done=done, total=len(order), note=f"{probe}: {done} of {len(order)} samples"))
    if not done:
        raise OutOfTime
    shared = {
        **context,
        "device": runnable.device,
        "seed": str(seed),
        "set": data.name,
        "norm": "inf",
        "eps_unit": "fraction of the input range",
        "art": version("adversarial-robustness-toolbox"),
    }
    if done < len(order):
        shared["partial"] = f"time allowed {done} of {len(order)} samples"
    for eps, hits in held.items():
        emit(fraction(probe, "robust_accuracy", hits, done, {**shared, "eps": str(eps)}))


def seed_all(seed: int) -> None:
    """ART draws from the global generators, so these are what has to be seeded."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    try:
        import torch
    except ImportError:
        return
    torch.manual_seed(seed)
