"""XML: what is well-formed and self-contained is claimed whole; what would be fetched, expanded or run is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarantine.analyzers.node import WalkNode
from quarantine.formats.interface import Malformed
from quarantine.formats.source import BytesSource
from quarantine.formats.xml import End, Start, Text, events, root_of
from tests.analyzers.walking import walked

DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>\n'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
MATPLOTLIB = (
    b'<?xml version="1.0" encoding="utf-8" standalone="no"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n'
    b'  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n' + SVG + b'<path d="M0 0"/></svg>'
)


def read(content: bytes) -> list[Start | End | Text]:
    return list(events(WalkNode("a", BytesSource(content), 0, lambda _: None)))


@pytest.mark.parametrize(
    "content",
    [
        DECLARED + b"<a b='1'>text<c/></a>\n<!-- end -->",
        MATPLOTLIB,
        b"\xef\xbb\xbf" + DECLARED + b"<a/>",
        '<?xml version="1.0" encoding="UTF-16"?><a>\u00e9</a>'.encode("utf-16"),
        SVG + b'<image xlink:href="data:image/png;base64,AAAA"/><style>path{fill:#000}</style></svg>',
    ],
)
def test_honest_documents_pass_whole(content: bytes) -> None:
    assert walked("a.xml", content).silent


def test_text_that_begins_with_a_tag_stays_text() -> None:
    for content in (
        b"<div align='center'>\n# Model\n<br>",
        b"<!DOCTYPE html><html><br></html>",
        b"<3 models",
    ):
        assert root_of(BytesSource(content)) is None
        assert walked("README.md", content).silent


def test_events_come_in_order_with_names_and_depth() -> None:
    found = read(b'<n:a xmlns:n="urn:x"><b c="1">t</b></n:a>')
    assert [type(event) for event in found] == [Start, Start, Text, End, End]
    first, second = found[0], found[1]
    assert isinstance(first, Start)
    assert isinstance(second, Start)
    assert (first.name, first.namespace, first.depth) == ("a", "urn:x", 0)
    assert (second.name, second.attributes, second.depth) == ("b", {"c": "1"}, 1)


@pytest.mark.parametrize(
    "content",
    [
        DECLARED + b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        DECLARED + b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        DECLARED
        + b'<!DOCTYPE a PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1/a" [<!ENTITY x "y">]><a/>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/a"> %p;]><a/>',
        b" " * 5000 + b'<!DOCTYPE PMML [<!ENTITY x "]>">]><PMML>&x;</PMML>',
        b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/hostname">]><PMML>&x;</PMML>',
        b"<!-- " + b"x" * 5000 + b' -->\n<!DOCTYPE PMML [<!ENTITY x "y">]><PMML>&x;</PMML>',
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///a">]><a>&x;</a>'.encode("utf-16"),
    ],
)
def test_nothing_is_fetched_or_expanded(content: bytes) -> None:
    assert "xml-doctype" in walked("a.pmml", content).rules


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (SVG + b"<script>1</script></svg>", "xml-script"),
        (SVG + b"<x:script xmlns:x='http://www.w3.org/2000/svg'/></svg>", "xml-script"),
        (SVG + b"<a xlink:href=' javascript:a()'/></svg>", "xml-script"),
        (SVG + b"<path onclick='a()'/></svg>", "xml-script"),
        (SVG + b"<use href='//127.0.0.1/a.svg#b'/></svg>", "xml-external-reference"),
        (SVG + b"<style>@import 'a.css'</style></svg>", "xml-external-reference"),
        (
            DECLARED + b"<a xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='a'/></a>",
            "xml-external-reference",
        ),
        (DECLARED + b"<?php a ?><a/>", "xml-instruction"),
        (DECLARED + b"<x:stylesheet xmlns:x='http://www.w3.org/1999/XSL/Transform'/>", "xml-script"),
    ],
)
def test_what_a_viewer_would_run_or_fetch_is_told(content: bytes, rule: str) -> None:
    assert rule in walked("a.svg", content).rules


@pytest.mark.parametrize(
    "content",
    [
        DECLARED + b"<a>",
        DECLARED + b"<a/>x",
        DECLARED + b"<a/>\0",
        DECLARED + b"<a" * 3,
        DECLARED + b"<a>" * 300 + b"</a>" * 300,
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        DECLARED,
    ],
)
def test_broken_documents_are_refused(content: bytes) -> None:
    assert not walked("a.xml", content).silent


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([MATPLOTLIB, DECLARED + b"<a b='1'>t</a>"]), st.integers(0, 300), st.binary(max_size=6)
)
def test_changed_documents_raise_only_malformed(content: bytes, at: int, patch: bytes) -> None:
    at %= len(content)
    changed = content[:at] + patch + content[at + len(patch) // 2 :]
    root_of(BytesSource(changed))
    try:
        read(changed)
    except Malformed:
        return
    assert "analyzer-crashed" not in walked("a.xml", changed).rules
