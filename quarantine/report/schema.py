"""The JSON Schemas of the records, for whoever reads verdicts with other tools.

``python -m quarantine.report.schema DIR`` writes them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from quarantine.records import SCHEMA_VERSION, IntakeCard, Manifest, Policy, Verdict
from quarantine.ruleset import Rule

PUBLISHED: tuple[type, ...] = (Verdict, Manifest, IntakeCard, Policy, Rule)


def schema_of(record: type) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a record and of everything in it."""
    schema = msgspec.to_builtins(msgspec.json.schema(record))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:model-quarantine:schema:{SCHEMA_VERSION}:{file_of(record).removesuffix('.json')}",
        **schema,
    }


def file_of(record: type) -> str:
    """The name of a record's schema file: ``verdict.json``."""
    return f"{''.join(f'-{c.lower()}' if c.isupper() else c for c in record.__name__).lstrip('-')}.json"


def write(folder: Path) -> None:
    """Write all published schemas into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for record in PUBLISHED:
        (folder / file_of(record)).write_text(json.dumps(schema_of(record), indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
