"""Every labelled sample gets the verdict and one of the rules on its label, and no payload ever runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from corpora import catalogue
from corpora.case import CANARY, Case
from quarantine.records import Decision, Verdict

CASES = catalogue.all_cases()


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Verdict]]:
    from quarantine.scanning import scan_many

    folder = tmp_path_factory.mktemp("corpus")
    paths = catalogue.build(CASES, folder)
    yield dict(zip(paths, scan_many(list(paths.values())), strict=True))
    assert not list(folder.rglob(CANARY)), "a payload ran"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_sample_gets_the_verdict_and_a_rule_on_its_label(case: Case, verdicts: dict[str, Verdict]) -> None:
    verdict = verdicts[case.id]
    reported = sorted({finding.rule for finding in verdict.evidence.findings})
    expected = Decision(case.verdict)
    if case.group == "benign":
        assert verdict.decision is expected, reported
        return
    assert verdict.decision.rank >= expected.rank, reported
    assert any(case.matches(rule) for rule in reported), reported


def test_the_corpus_has_enough_of_each_group() -> None:
    count = {g: sum(c.group == g for c in CASES) for g in ("benign", "malicious", "malformed")}
    assert count["benign"] >= 60
    assert count["malicious"] >= 80
    assert count["malformed"] >= 30


def test_the_manifest_is_what_the_code_says() -> None:
    assert catalogue.MANIFEST.read_text() == catalogue.manifest(), "run: python -m corpora manifest"
