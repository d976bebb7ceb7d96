"""The other scanners, one line each as ``module:Class``; imported in the worker that asks, never outside a jail."""

from __future__ import annotations

from importlib import import_module

from quarantine.analyzers.second_opinions.interface import Opinion

OPINIONS = {
    "fickling": "fickling:Fickling",
    "modelscan": "modelscan:ModelScanner",
    "picklescan": "picklescan:PickleScan",
    "modelaudit": "modelaudit:ModelAudit",
    "clamav": "clamav:ClamAv",
    "yara": "yara:Yara",
}
SHIPPED = ("fickling", "modelscan")
"""Those that are installed with this package and asked by `--second-opinion`; a policy may demand any."""


def load_opinion(name: str) -> Opinion:
    """The scanner of that name. An unknown one is a KeyError and ends the worker."""
    module, _, kind = OPINIONS[name].partition(":")
    made: Opinion = getattr(import_module(f"{__package__}.{module}"), kind)()
    return made
