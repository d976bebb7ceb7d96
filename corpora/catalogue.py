"""All cases in one list, and their building and listing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import yaml

from corpora.case import Case

MANIFEST = Path(__file__).with_name("manifest.yaml")


MODULES = (
    "benign.files",
    "benign.containers",
    "benign.layouts",
    "benign.templates",
    "benign.runtimes",
    "benign.archivers",
    "benign.keras",
    "benign.checkpoints",
    "benign.tensorflow",
    "benign.tabular",
    "benign.boosting",
    "benign.skops",
    "benign.r_data",
    "benign.xml",
    "malicious.direct",
    "malicious.obfuscated",
    "malicious.gadgets",
    "malicious.misread",
    "malicious.evasions",
    "malicious.archives",
    "malicious.tars",
    "malicious.torch_tars",
    "malicious.sevenzips",
    "malicious.rars",
    "malicious.disputed",
    "malicious.single_files",
    "malicious.code",
    "malicious.layouts",
    "malicious.templates",
    "malicious.runtimes",
    "malicious.tabular",
    "malicious.boosting",
    "malicious.skops",
    "malicious.r_data",
    "malicious.xml",
    "malformed.files",
    "benign.data",
    "malicious.data",
    "malicious.seams",
    "malformed.data",
    "malformed.runtimes",
    "malicious.keras",
    "malformed.keras",
    "malicious.tensorflow",
    "malformed.tensorflow",
)
"""The modules that hold cases, one line each, in the order of the manifest."""


def all_cases() -> tuple[Case, ...]:
    """Every case, in a fixed order; ids are unique."""
    found = [case for name in MODULES for case in import_module(f"corpora.{name}").cases()]
    assert len({case.id for case in found}) == len(found), "case ids must be unique"
    return tuple(found)


def build(cases: Iterable[Case], folder: Path) -> dict[str, Path]:
    """Write each case into a directory of its own; returns the submission's path by case id."""
    paths = {}
    for case in cases:
        home = folder / case.group / case.id
        home.mkdir(parents=True)
        paths[case.id] = case.build(home)
    return paths


def manifest() -> str:
    """The YAML list of all labels."""
    rows = [
        {
            "id": c.id,
            "group": c.group,
            "verdict": c.verdict,
            "rules": list(c.rules),
            "description": c.description,
        }
        for c in all_cases()
    ]
    return yaml.safe_dump(rows, sort_keys=False, width=110)
