"""The other scanners, one line each as ``module:Class``; imported in the worker that asks, never outside a jail."""

from __future__ import annotations

from importlib import import_module

from quarantine.analyzers.second_opinions.interface import Opinion

OPINIONS = {
    "fickling": "quarantine.analyzers.second_opinions.fickling:Fickling",
    "modelscan": "quarantine.analyzers.second_opinions.modelscan:ModelScanner",
}


def load_opinion(name: str) -> Opinion:
    """The scanner of that name. An unknown one is a KeyError and ends the worker."""
    module, _, kind = OPINIONS[name].partition(":")
    opinion: Opinion = getattr(import_module(module), kind)()
    return opinion
