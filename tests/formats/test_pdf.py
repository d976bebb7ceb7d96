"""PDF: real papers are claimed whole; actions are named however they are spelled; nothing lies between objects."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.case import MADE
from tests.analyzers.walking import walked

FILES = sorted((MADE / "companions").glob("*.pdf"))


def pdf(*objects: bytes) -> bytes:
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, held) for number, held in enumerate(objects, 1))
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Root 1 0 R >>\n"
    return b"%PDF-1.5\n" + body + table + b"startxref\n0\n%%EOF\n"


def stream(content: bytes, head: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), head, content)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_papers_are_claimed_whole(path: Path) -> None:
    assert walked(path.name, path.read_bytes()).silent


def test_a_plain_document_passes() -> None:
    assert walked("a.pdf", pdf(b"<< /Type /Catalog /Title (a \\) /JS) >>", stream(b"BT ET"))).silent


@pytest.mark.parametrize(
    "held",
    [
        b"<< /OpenAction << /S /JavaScript /JS (x) >> >>",
        b"<< /S /#4a#53 >>",
        b"[ << /A [ << /S/Launch/F(x) >> ] >> ]",
        stream(
            zlib.compress(b"2 0 << /S /JavaScript >>"), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"
        ),
        stream(zlib.compress(b"2 0 << /S /Launch >>"), b"/Type 9 0 R /N 1 /First 4 /Filter /FlateDecode"),
        stream(b"2 0 << /S /Launch >>", b"/Type /ObjStm /N 1 /First 4"),
        stream(b"7 0 obj << /S /Launch >> endobj", b"/Filter /DCTDecode"),
    ],
)
def test_actions_are_named(held: bytes) -> None:
    assert "pdf-action" in walked("a.pdf", pdf(held)).rules


@pytest.mark.parametrize(
    "data",
    [
        pdf(b"<< >>") + b"more",
        pdf(b"<< >>") + b"cos\ngetcwd\n(tR.",
        pdf(b"<< >>").replace(b"endobj\n", b"endobj\nhidden "),
        pdf(stream(zlib.compress(b"x" * 50)[::-1], b"/N 1 /First 4 /Filter [/ASCIIHexDecode /FlateDecode]")),
        pdf(b"<< /Names << /EmbeddedFiles 2 0 R >> >>"),
        pdf(b"( " * 1000),
        pdf(b"<< >>")[:-30],
        pdf(stream(b"cos\ngetcwd\n(tR.")),
    ],
)
def test_what_is_no_part_of_a_paper_never_passes(data: bytes) -> None:
    assert not walked("a.pdf", data).silent


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 5000), st.binary(min_size=1, max_size=8), st.booleans())
def test_changed_ones_only_raise_malformed(path: Path, at: int, more: bytes, insert: bool) -> None:
    data = path.read_bytes()
    at %= len(data)
    said = walked(path.name, data[:at] + more + data[at + (0 if insert else len(more)) :])
    assert "analyzer-crashed" not in said.rules
