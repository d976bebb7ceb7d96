"""Fractions with their uncertainty.

The Wilson score interval (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).
"""

from __future__ import annotations

import math

from quarantine.jail.protocol import Measured

_Z95 = 1.959963984540054


def wilson(hits: int, samples: int) -> tuple[float, float]:
    """The 95 % interval of a fraction of ``hits`` in ``samples``; raises ``ValueError`` for no samples."""
    if samples < 1:
        raise ValueError("a fraction of no samples has no interval")
    share, z2 = hits / samples, _Z95**2
    centre = (share + z2 / (2 * samples)) / (1 + z2 / samples)
    half = _Z95 * math.sqrt(share * (1 - share) / samples + z2 / (4 * samples**2)) / (1 + z2 / samples)
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == samples else min(1.0, centre + half)
    return low, high


def fraction(probe: str, name: str, hits: int, samples: int, context: dict[str, str]) -> Measured:
    """A measured fraction with its interval."""
    low, high = wilson(hits, samples)
    return Measured(
        probe=probe,
        name=name,
        value=hits / samples,
        unit="fraction",
        low=low,
        high=high,
        samples=samples,
        context=context,
    )
