"""All cases in one list, and their building and listing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from corpora.benign import containers
from corpora.benign import files as honest
from corpora.case import Case
from corpora.malformed import files as malformed
from corpora.malicious import archives, direct, gadgets, misread, obfuscated, single_files, tars

MANIFEST = Path(__file__).with_name("manifest.yaml")


def all_cases() -> tuple[Case, ...]:
    """Every case, in a fixed order; ids are unique."""
    found = [
        c
        for m in (
            honest,
            containers,
            direct,
            obfuscated,
            gadgets,
            misread,
            archives,
            tars,
            single_files,
            malformed,
        )
        for c in m.cases()
    ]
    assert len({c.id for c in found}) == len(found), "case ids must be unique"
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
