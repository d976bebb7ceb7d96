"""Bytes that are added to an honest file, before, behind or between its records, are never passed over in silence.

``FREE`` names the formats whose content is free text, in which nothing can be told from what its author wrote. Zeros
behind the end are padding to archivers and to programs that write papers, and hold nothing (docs/formats.md).
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from corpora import catalogue
from corpora.case import Case
from quarantine.analyzers.node import WalkNode
from quarantine.analyzers.walk import Walk
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import Walked

CASES = [case for case in catalogue.all_cases() if case.group == "benign"]
FREE = frozenset({"text", "legacy-text", "lightgbm", "xml", "svg", "pmml", "openvino", "ncnn"})
BOUNDARIES = 6
PADDING_BYTES = 10240
SIZE_LIMIT = 1 << 20
ADDED = {
    "zeros": bytes(32),
    "letters": b"what was never here ",
    "noise": random.Random(1).randbytes(48),
    "pickle": b"\x80\x04\x95\x0f\0\0\0\0\0\0\0\x8c\x05posix\x8c\x04fork\x93.",
}


def boundaries(name: str, content: bytes, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where one claimed range of the file ends and the next begins; the file's own ends among them."""
    found: set[int] = {0, len(content)}
    claim = WalkNode.claim

    def note(node: WalkNode, start: int, end: int) -> None:
        if node.depth == 0 and start < end:
            found.update((start, min(end, len(content))))
        claim(node, start, end)

    with monkeypatch.context() as patched:
        patched.setattr(WalkNode, "claim", note)
        Walk(lambda _: None).run([(name, BytesSource(content))])
    inner = sorted(found - {0, len(content)})
    step = max(1, len(inner) // BOUNDARIES)
    return [0, *inner[::step], len(content)]


def report(name: str, content: bytes) -> Walked:
    seen = Walked()
    Walk(seen.take).run([(name, BytesSource(content))])
    return seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_added_bytes_are_not_passed_over(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = case.build(tmp_path)
    if not path.is_file() or path.stat().st_size > SIZE_LIMIT:
        pytest.skip("a folder, or too large to try every place in")
    content = path.read_bytes()
    before = report(path.name, content)
    form = before.artifacts[path.name].format
    if form in FREE or (form == "r-data" and content.isascii()):
        pytest.skip("free text")
    quiet = []
    for at in boundaries(path.name, content, monkeypatch):
        for kind, more in ADDED.items():
            after = report(path.name, content[:at] + more + content[at:])
            padding = kind == "zeros" and at >= len(content) - PADDING_BYTES
            if after.silent and after.rules <= before.rules and not padding:
                quiet.append((kind, at))
    assert not quiet, f"of {len(content)} bytes"
