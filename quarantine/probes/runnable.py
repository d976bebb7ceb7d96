"""Can the model be run, going by its format and its card? The policy asks this; nothing heavy is imported.

It says only that a run should be tried: whether the file fits the card shows in the jail.
"""

from __future__ import annotations

from collections.abc import Sequence

from quarantine.probes.architectures import ARCHITECTURES
from quarantine.records import Artifact, IntakeCard

_SELF_DESCRIBING = frozenset({"onnx", "torchscript", "torch_export", "pickle", "joblib", "skops"})
_BARE_WEIGHTS = frozenset({"safetensors", "torch"})


def runnable_formats(card: IntakeCard | None) -> frozenset[str]:
    """Names of the formats that can be run with this card; none without ``card.model``."""
    if card is None or card.model is None:
        return frozenset()
    return _SELF_DESCRIBING | (_BARE_WEIGHTS if card.model.architecture in ARCHITECTURES else frozenset())


def is_runnable(artifacts: Sequence[Artifact], card: IntakeCard | None) -> bool:
    """True if one of the submitted files can be run with this card."""
    formats = runnable_formats(card)
    return any(artifact.format in formats for artifact in artifacts if "!" not in artifact.path)
