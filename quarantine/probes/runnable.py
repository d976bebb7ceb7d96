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
    """True if one of the submitted files can be run with this card; a zip is told by its members."""
    formats = runnable_formats(card)
    seen = {artifact.format for artifact in artifacts if "!" not in artifact.path}
    return not formats.isdisjoint(seen | ({_of_zip(artifacts)} if "zip" in seen else set()))


def _of_zip(artifacts: Sequence[Artifact]) -> str:
    inner = [artifact.path.split("!")[1] for artifact in artifacts if artifact.path.count("!") == 1]
    names = {name.rpartition("/")[2] for name in inner}
    if "constants.pkl" in names:
        return "torchscript"
    if names & {"archive_format", "serialized_exported_program.json"}:
        return "torch_export"
    if "data.pkl" in names:
        return "torch"
    return "skops" if "schema.json" in names else "zip"
