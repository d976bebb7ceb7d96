"""Second opinions by the installed command: asked in jails of their own, shown, and never what decides alone."""

from __future__ import annotations

import collections
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from corpora.catalogue import all_cases
from quarantine.analyzers import opinions
from quarantine.jail.protocol import AnyMessage, FactSeen, FindingSeen, Input
from quarantine.records import IntakeCard, Outcome, StageName, Tier
from quarantine.scanning import scan_many
from tests.conftest import Quarantine

CALLS_SYSTEM = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."
CARD = dict.fromkeys(("name", "version", "source", "publisher", "licence", "intended_use"), "Acme")


def scanned(quarantine: Quarantine, path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    done = quarantine("scan", path, "--format", "json", *options)
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)["evidence"]


def facts(evidence: dict[str, Any]) -> dict[str, str]:
    return {fact["name"]: fact["value"] for fact in evidence["facts"] if fact["name"].startswith("opinion-")}


def rules(evidence: dict[str, Any]) -> dict[str, str]:
    return {f["rule"]: f["severity"] for f in evidence["findings"] if f["rule"].startswith("opinion-")}


def test_bare_scan_asks_nobody_and_the_option_asks_both(quarantine: Quarantine, tmp_path: Path) -> None:
    model = tmp_path / "settings.pkl"
    model.write_bytes(pickle.dumps({"layers": [1, 2]}))
    status, bare = scanned(quarantine, model)
    assert (status, facts(bare)) == (0, {})
    status, asked = scanned(quarantine, model, "--second-opinion")
    assert status == 0
    assert facts(asked) == {"opinion-fickling": "0 issues", "opinion-modelscan": "0 issues"}
    assert next(s for s in asked["coverage"]["stages"] if s["stage"] == "opinions")["outcome"] == "done"


def test_standard_tier_asks_without_the_option(quarantine: Quarantine, tmp_path: Path) -> None:
    model = tmp_path / "settings.pkl"
    model.write_bytes(pickle.dumps({"layers": [1, 2]}))
    assert set(facts(scanned(quarantine, model, "--tier", "standard")[1])) == {
        "opinion-fickling",
        "opinion-modelscan",
    }


def test_complaint_about_a_harmless_import_is_a_noted_disagreement(
    quarantine: Quarantine, tmp_path: Path
) -> None:
    model, card = tmp_path / "ordered.pkl", tmp_path / "card.toml"
    model.write_bytes(pickle.dumps(collections.OrderedDict(a=1), 2))
    card.write_text("".join(f'{name} = "{value}"\n' for name, value in CARD.items()))
    status, evidence = scanned(quarantine, model, "--tier", "standard", "--card", str(card))
    assert status == 0
    assert rules(evidence) == {"opinion-fickling": "info", "opinion-disagrees": "low"}


def test_both_complain_of_a_call_and_agree_with_us(quarantine: Quarantine, tmp_path: Path) -> None:
    model = tmp_path / "bad.pkl"
    model.write_bytes(CALLS_SYSTEM)
    status, evidence = scanned(quarantine, model, "--second-opinion")
    assert status == 1
    assert set(rules(evidence)) == {"opinion-fickling", "opinion-modelscan"}


def test_they_see_nothing_where_we_do(quarantine: Quarantine, tmp_path: Path) -> None:
    model = tmp_path / "unknown.pkl"
    model.write_bytes(b"\x80\x02cunheard_of.module\nThing\n)R.")
    status, evidence = scanned(quarantine, model, "--second-opinion")
    assert status == 3
    noted = [f["evidence"] for f in evidence["findings"] if f["rule"] == "opinion-disagrees"]
    assert {"modelscan": "has nothing against this file"}.items() <= {
        note["opinion"]: note["says"] for note in noted
    }.items()


def test_failing_scanner_is_recorded_and_rejects_nothing(quarantine: Quarantine, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "README.md").write_text("A model.\n")
    (folder / "notes.p").write_text("no pickle at all\n")
    _, evidence = scanned(quarantine, folder, "--second-opinion")
    failed = [f for f in evidence["findings"] if f["rule"] == "opinion-failed"]
    assert {(f["artifact"], f["severity"]) for f in failed} == {("notes.p", "info")}
    assert facts(evidence)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("honest")
    built = {}
    for case in all_cases():
        if case.group == "benign":
            (folder / case.id).mkdir()
            built[case.id] = case.build(folder / case.id)
    return built


def test_opinions_cost_no_honest_model_its_pass_at_tier_standard(honest: dict[str, Path]) -> None:
    verdicts = scan_many(list(honest.values()), tier=Tier.STANDARD, card=IntakeCard(**CARD))
    worse = {}
    for name, verdict in zip(honest, verdicts, strict=True):
        stage = next(s for s in verdict.evidence.coverage.stages if s.stage is StageName.OPINIONS)
        said = {
            f.rule for f in verdict.evidence.findings if f.stage is StageName.OPINIONS and f.severity.rank > 1
        }
        if said or stage.outcome is not Outcome.DONE:
            worse[name] = (said, stage.reason)
    assert len(verdicts) >= 60
    assert not worse


class Scanner:
    """A scanner that does as it is told."""

    name = "told"

    def __init__(self, does: Any = None) -> None:
        self.does = does

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        return self.does is not None

    def ask(self, path: Path) -> list[str]:
        return list(self.does(path))


def ask(scanner: Scanner, tmp_path: Path, *, size: int = 5, name: str = "a.pkl") -> list[AnyMessage]:
    said: list[AnyMessage] = []
    file = tmp_path / "input"
    file.write_bytes(b"model")
    with file.open("rb") as stream:
        opinions._ask(scanner, Input(name, stream.fileno(), size), said.append)
    return said


def test_scanner_sees_the_bytes_under_the_suffix_and_the_copy_goes(tmp_path: Path) -> None:
    seen: list[Path] = []

    def does(path: Path) -> list[str]:
        seen.append(path)
        return [f"{path.suffix} {path.read_text()}"]

    said = ask(Scanner(does), tmp_path, name="dir/../a.pt")
    assert [m.evidence for m in said if isinstance(m, FindingSeen)] == [{"what": ".pt model"}]
    assert not seen[0].exists()


def test_file_beyond_the_scratch_directory_is_said_to_be_too_large(tmp_path: Path) -> None:
    said = ask(Scanner(lambda _: []), tmp_path, size=1 << 60)
    finding = next(m for m in said if isinstance(m, FindingSeen))
    assert finding.rule == "opinion-failed"
    assert finding.evidence["why"].startswith("not looked at: too large")


def test_slow_scanner_loses_its_patience_for_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forever(_: Path) -> list[str]:
        while True:
            pass

    monkeypatch.setattr(opinions, "PATIENCE_S", 0.05)
    finding = next(m for m in ask(Scanner(forever), tmp_path) if isinstance(m, FindingSeen))
    assert "TimeoutError" in finding.evidence["why"]


def test_format_that_it_does_not_read_is_said(tmp_path: Path) -> None:
    (fact,) = ask(Scanner(), tmp_path)
    assert isinstance(fact, FactSeen)
    assert fact.value.startswith("not asked")
