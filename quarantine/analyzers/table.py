"""The analyzers, one line each: ``module:Class`` and the formats that it takes; imported when one of those is met."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import cast

from quarantine.analyzers.interface import Analyzer

ANALYZERS = {
    "pickle.analyzer:PickleAnalyzer": frozenset({"pickle"}),
    "torch_legacy:TorchLegacyAnalyzer": frozenset({"torch_legacy"}),
    "torch_tar:TorchTarAnalyzer": frozenset({"torch_tar_storages", "torch_tar_tensors", "torch_tar_pickle"}),
    "config:ConfigAnalyzer": frozenset({"text"}),
    "yaml_config:YamlAnalyzer": frozenset({"text"}),
    "zarr:ZarrAnalyzer": frozenset({"text"}),
    "keras:KerasAnalyzer": frozenset({"text"}),
    "tensorflow_text:TensorFlowTextAnalyzer": frozenset({"text"}),
    "tfjs:TfJsAnalyzer": frozenset({"text"}),
    "shards:ShardsAnalyzer": frozenset({"text"}),
    "held_text:HeldTextAnalyzer": frozenset({"text"}),
    "layouts.analyzer:LayoutAnalyzer": frozenset({"text"}),
    "code.analyzer:CodeAnalyzer": frozenset({"text"}),
    "graphs:GraphsAnalyzer": frozenset({"text"}),
    "prototxt:PrototxtAnalyzer": frozenset({"text"}),
}


NAMED = {
    "yaml_config:YamlAnalyzer": (".yaml", ".yml"),
    "zarr:ZarrAnalyzer": (".zarray", "zarr.json"),
}
"""Analyzers that look at files of these names only, as their loaders do."""


def analyzers_for(formats: Iterable[str], path: str) -> tuple[Analyzer, ...]:
    """The analyzers that take any of these formats. A missing one is an ImportError, which costs coverage."""
    wanted, name = frozenset(formats), path.lower()
    return tuple(
        _load(home)
        for home, takes in ANALYZERS.items()
        if takes & wanted and (home not in NAMED or name.endswith(NAMED[home]))
    )


@cache
def _load(home: str) -> Analyzer:
    module, _, name = home.partition(":")
    return cast(Analyzer, getattr(import_module(f"quarantine.analyzers.{module}"), name)())
