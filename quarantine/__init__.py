"""A pre-deployment quarantine for machine-learning models.

``quarantine.scan(path)`` judges a model in a jail and returns the verdict. Everything else is
imported from the module that holds it; importing this package does no work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quarantine.records import Decision, IntakeCard, Policy, Tier, Verdict
    from quarantine.scanning import scan, scan_many

__version__ = "0.1.0"

__all__ = ["Decision", "IntakeCard", "Policy", "Tier", "Verdict", "scan", "scan_many"]

_HOME = {"scan": "quarantine.scanning", "scan_many": "quarantine.scanning"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'quarantine' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME.get(name, "quarantine.records")), name)
