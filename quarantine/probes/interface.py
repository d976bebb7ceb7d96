"""The contract of a probe: ask a running model questions within a time budget, and say the numbers.

A probe measures and never judges: what a robust accuracy is worth is the policy's business, outside the jail.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from quarantine.jail.protocol import AnyMessage
from quarantine.probes.adapters.interface import Runnable
from quarantine.probes.data import Data

Emit = Callable[[AnyMessage], None]


@dataclass(frozen=True)
class Budget:
    """The time a probe has: a deadline on the monotonic clock, in seconds."""

    deadline_s: float

    @property
    def left_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.deadline_s - time.monotonic())

    def share(self, parts: int) -> Budget:
        """An equal share of what is left, starting now."""
        return Budget(time.monotonic() + self.left_s / parts)


class OutOfTime(Exception):
    """The budget does not suffice for a single sample."""


class Unreliable(Exception):
    """The model behaves so that its measurements mean nothing; ``str()`` of it is the reason for a reader."""


class Probe(Protocol):
    """One question to a model."""

    name: str

    def applies(self, runnable: Runnable, data: Data) -> bool:
        """True if this probe is the right one for such a model and such data."""

    def measure(self, runnable: Runnable, data: Data, budget: Budget, seed: int, emit: Emit) -> None:
        """Measure on as many samples as the budget allows, the same ones for the same seed.

        Raises:
            OutOfTime: not even one sample was possible.
            Unreliable: what was measured, here or by others, means nothing.
        """
