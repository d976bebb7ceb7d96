"""The parent believes no worker about what it knows itself."""

from quarantine.collect import Expected, collect
from quarantine.jail.interface import Ending, JailResult
from quarantine.jail.protocol import AnyMessage, ArtifactSeen, Done, FindingSeen
from quarantine.records import Outcome, Severity, StageName
from quarantine.ruleset import load_rules


def result(*messages: AnyMessage, ending: Ending = Ending.DONE) -> JailResult:
    return JailResult(ending=ending, messages=messages, detail="", protections=())


def seen(path: str, size: int, claimed: int | None = None, complete: bool = True) -> ArtifactSeen:
    return ArtifactSeen(
        path=path,
        format="npy",
        size_bytes=size,
        claimed_bytes=size if claimed is None else claimed,
        analyzers=(),
        complete=complete,
    )


def static(result: JailResult, *expected: Expected):
    return collect(StageName.STATIC, [(result, expected)], load_rules())


def test_a_file_read_whole_leaves_no_gap() -> None:
    stage = static(result(seen("a", 4), Done()), Expected("a", 4))
    assert (stage.gaps, stage.findings, stage.report().outcome) == ([], [], Outcome.DONE)


def test_a_file_that_no_worker_spoke_of_is_a_finding_and_a_gap() -> None:
    stage = static(result(seen("a", 4), Done()), Expected("a", 4), Expected("b", 1))
    assert [finding.rule for finding in stage.findings] == ["coverage-missing-artifact"]
    assert [gap.subject for gap in stage.gaps] == ["b"]


def test_a_worker_cannot_lie_about_the_size_of_a_file() -> None:
    stage = static(result(seen("a", 3), Done()), Expected("a", 4))
    assert [finding.rule for finding in stage.findings] == ["coverage-missing-artifact"]


def test_unclaimed_bytes_and_unfinished_analyzers_are_gaps() -> None:
    stage = static(
        result(seen("a", 4, claimed=3), seen("b", 2, complete=False), Done()),
        Expected("a", 4),
        Expected("b", 2),
    )
    assert {gap.subject for gap in stage.gaps} == {"a", "b"}


def test_every_ending_but_done_fails_the_stage_and_is_a_high_finding() -> None:
    for ending in Ending:
        if ending is Ending.DONE:
            continue
        stage = static(result(seen("a", 4), ending=ending), Expected("a", 4))
        assert stage.report().outcome is Outcome.FAILED
        assert [finding.severity for finding in stage.findings] == [Severity.HIGH], ending


def test_findings_before_a_crash_count() -> None:
    finding = FindingSeen(rule="pickle-global-dangerous", artifact="a", analyzer="pickle")
    stage = static(result(finding, ending=Ending.CRASHED), Expected("a", 4))
    assert "pickle-global-dangerous" in [finding.rule for finding in stage.findings]


def test_a_rule_that_nobody_wrote_is_itself_a_finding() -> None:
    stage = static(
        result(FindingSeen(rule="made-up", artifact="a", analyzer="x"), seen("a", 4), Done()),
        Expected("a", 4),
    )
    assert [finding.rule for finding in stage.findings] == ["rule-unknown"]
