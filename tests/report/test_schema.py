"""The published schemas are those of the records, and describe a real verdict."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from quarantine.records import Verdict
from quarantine.report import schema
from quarantine.ruleset import load_rules
from quarantine.scanning import scan

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schema"


@pytest.mark.parametrize("record", schema.PUBLISHED, ids=lambda record: record.__name__)
def test_the_published_schema_is_current(record: type) -> None:
    committed = json.loads((PUBLISHED / schema.file_of(record)).read_text())
    current = json.loads(json.dumps(schema.schema_of(record)))
    assert committed == current, "run `make docs`"
    jsonschema.Draft202012Validator.check_schema(committed)


def test_nothing_else_is_published() -> None:
    assert {path.name for path in PUBLISHED.iterdir()} == {schema.file_of(r) for r in schema.PUBLISHED}


def test_a_real_verdict_fits_its_schema_and_a_changed_one_does_not(tmp_path: Path) -> None:
    model = tmp_path / "model.pkl"
    model.write_bytes(b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.")
    document = json.loads(msgspec.json.encode(scan(model)))
    validator = jsonschema.Draft202012Validator(schema.schema_of(Verdict))
    validator.validate(document)
    document["evidence"]["further"] = 1
    assert not validator.is_valid(document)


def test_every_rule_fits_its_schema() -> None:
    validator = jsonschema.Draft202012Validator(schema.schema_of(schema.Rule))
    for rule in load_rules().all():
        validator.validate(json.loads(msgspec.json.encode(rule)))
