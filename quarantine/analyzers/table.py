"""The analyzers, one line each as ``module:Class``; imported when the walk starts."""

from __future__ import annotations

from importlib import import_module

from quarantine.analyzers.interface import Analyzer

ANALYZERS = (
    "quarantine.analyzers.pickle.analyzer:PickleAnalyzer",
    "quarantine.analyzers.torch_legacy:TorchLegacyAnalyzer",
    "quarantine.analyzers.config:ConfigAnalyzer",
    "quarantine.analyzers.shards:ShardsAnalyzer",
)


def load_analyzers() -> tuple[Analyzer, ...]:
    """One instance of each. A missing one is an ImportError and ends the worker."""
    pairs = (entry.split(":") for entry in ANALYZERS)
    return tuple(getattr(import_module(module), name)() for module, name in pairs)
