"""Nothing from a submission renders, runs, or hides in any report."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest

from quarantine.policy.verdict import load_verdict
from quarantine.records import SAID, Fact, Gap
from quarantine.report.table import REPORTS, load_report
from tests.report.verdicts import hostile_names_verdict, reject_verdict


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_no_control_or_bidi_character_survives(name: str) -> None:
    text = load_report(name).render((hostile_names_verdict(),))
    assert [c for c in text if c != "\n" and not c.isprintable() and ord(c) < 0x20] == []
    if name != "json":
        assert "\u202e" not in text


def test_html_holds_no_element_or_link_of_the_submission() -> None:
    tags: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append((tag, dict(attrs)))

    page = load_report("html").render((hostile_names_verdict(),))
    Reader().feed(page)
    assert not {tag for tag, _ in tags} & {"script", "img", "a", "iframe", "link"}
    assert not [a for _, attrs in tags for a in attrs if a.startswith("on") or a in {"src", "href"}]


def test_html_says_offset_reasons_gaps_and_the_plain_reading_of_a_measurement() -> None:
    page = load_report("html").render((reject_verdict(),))
    for expected in ("0x2", "1 finding of severity critical", "1 byte", "by 0.03 of its range", "50.0%"):
        assert expected in page


def test_markdown_from_the_submission_stays_in_code_spans_and_in_its_table_cell() -> None:
    text = load_report("markdown").render((hostile_names_verdict(),))
    outside = re.sub(r"`[^`]*`", "", text)
    assert "alert" not in outside
    assert "@all" not in outside
    rows = [line for line in text.splitlines() if line.startswith("| critical")]
    assert [row.count("|") for row in rows] == [5]


def test_json_is_the_record_and_reads_back_to_the_same_verdict() -> None:
    verdict = reject_verdict()
    assert load_verdict(load_report("json").render((verdict,)).encode()) == verdict


def test_the_page_shows_what_the_supplier_says_as_that_and_bytes_as_lines() -> None:
    verdict = reject_verdict()
    evidence = msgspec.structs.replace(
        verdict.evidence,
        facts=(
            Fact(artifact="m.onnx", name=f"{SAID}producer", value="<b>trusted</b>", analyzer="formats"),
            Fact(artifact="m.onnx", name="tensors", value="7", analyzer="formats"),
        ),
        findings=tuple(
            msgspec.structs.replace(
                finding, evidence={"bytes": "00000000  3c\n00000010  3e", "opcodes": "0: <b>"}
            )
            for finding in verdict.evidence.findings
        ),
    )
    page = load_report("html").render((msgspec.structs.replace(verdict, evidence=evidence),))
    claims = page.split("What the supplier says")[1].split("<h2>Facts</h2>")[0]
    assert "&lt;b&gt;trusted" in claims
    assert ">producer<" in claims
    assert "tensors" not in claims
    assert "<pre>00000000  3c\n00000010  3e\n</pre>" in page
    assert "<b>" not in page


def test_text_shows_claims_as_claims_and_counts_the_gaps_it_leaves_out() -> None:
    verdict = reject_verdict()
    gaps = tuple(Gap(subject=f"{number}.bin", reason="r") for number in range(25))
    claim = Fact(artifact="m", analyzer="a", name=f"{SAID}author", value="ACME\nPASS")
    evidence = msgspec.structs.replace(
        verdict.evidence,
        facts=(claim,),
        coverage=msgspec.structs.replace(verdict.evidence.coverage, gaps=gaps),
    )
    text = load_report("text").render((msgspec.structs.replace(verdict, evidence=evidence),))
    assert "15 more gaps" in text
    assert "says, unchecked" in text
    assert "m: author: ACME" in text
    assert "\nPASS" not in text
