"""UTF-8 text and JSON (RFC 8259): things that no loader runs, claimed only when they are clean.

Control characters are refused, because bytes that look like text to one reader may not to another.
"""

from __future__ import annotations

import json
import re

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.pickle import embedded, embedded_in_base64
from quarantine.formats.safetensors import unique_object

TEXT_LIMIT_BYTES = 64 << 20
_CODE = (
    ".pyx", ".pxd", ".sh", ".bash", ".zsh", ".bat", ".cmd", ".ps1", ".js", ".mjs", ".cjs", ".ts",
    ".fish", ".csh", ".ksh", ".command", ".psm1", ".vbs", ".vbe", ".wsf", ".hta", ".reg", ".desktop", ".applescript",
    ".tcl", ".groovy", ".gradle", ".scala", ".kts", ".swift", ".cs", ".fsx", ".clj", ".exs", ".pm", ".phtml", ".jsp",
    ".awk", ".rb", ".pl", ".php", ".lua", ".r", ".jl", ".c", ".cc", ".cpp", ".cu", ".java", ".go", ".rs",
)  # fmt: skip
_PYTHON = (".py", ".pyw", ".pyi", ".ipynb")
_PATH_FILE = re.compile(rb"(?:^|[\r\n])import[ \t]")  # Lib/site.py runs such lines of .pth files
# Not DEL, which vocabularies hold as it is: JSON allows it (RFC 8259, 7) and writers do not escape it.
_CONTROL = bytes(range(9)) + b"\x0b\x0e\x0f" + bytes(range(0x10, 0x20))


def _text(source: Source) -> str:
    if source.size > TEXT_LIMIT_BYTES:
        raise Malformed("text is over its limit", offset=TEXT_LIMIT_BYTES)
    raw = source.read(0, source.size)
    if len(raw.translate(None, _CONTROL)) != len(raw):
        raise Malformed("text holds control characters")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("text is not UTF-8", offset=error.start) from None


def lenient(raw: bytes) -> str:
    """The text as a careless reader takes it: no byte order mark, and no byte that is not UTF-8 stops it.

    For what is judged; whether it is clean text is what ``Text`` says.
    """
    return raw.decode("utf-8-sig", "replace")


class Text:
    """Plain text."""

    name = "text"

    def recognise(self, head: bytes, source: Source) -> bool:
        """UTF-8 without control characters."""
        if len(head.translate(None, _CONTROL)) != len(head):
            return False
        try:
            _text(source)
        except Malformed:
            return False
        return True

    def read(self, node: Node) -> None:
        """Check and claim all; follow what a pickle machine that starts further inside would run."""
        raw = _text(node.source).encode()
        _follow(node, raw)
        path_file = node.path.lower().endswith(".pth") and _PATH_FILE.search(raw)
        named = node.path.lower().endswith(_CODE) or (
            raw.startswith(b"#!") and not node.path.lower().endswith(_PYTHON)
        )
        if path_file or named:
            node.finding("text-source-code")
        if node.path.lower().endswith(".json"):
            try:
                json.loads(_text(node.source), object_pairs_hook=unique_object)
            except (ValueError, Malformed) as error:
                node.finding("text-not-json", why=error)
            except RecursionError:
                raise Malformed("JSON is nested too deeply") from None
        node.claim(0, node.source.size)


class LegacyText:
    """Prose and tables in UTF-16 or an encoding of one byte a character, told by the name as well.

    What is called so is shown or split into cells. Names of which readers take more than that, ``.json`` or ``.py``,
    stay unknown in such an encoding.
    """

    name = "legacy-text"

    def recognise(self, head: bytes, source: Source) -> bool:
        """UTF-16 with its mark, or mostly ASCII with letters of Western Europe; no control characters."""
        return source.size <= TEXT_LIMIT_BYTES and _decoded(source.read(0, source.size)) is not None

    def read(self, node: Node) -> None:
        """Claim all; follow what a pickle machine that starts further inside would run, in either reading."""
        raw = node.source.read(0, node.source.size)
        text = (_decoded(raw) or "").encode()
        for reading in (raw, text):
            _follow(node, reading)
        node.claim(0, node.source.size)


def _decoded(raw: bytes) -> str | None:
    """The text, if it is one without control characters."""
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not marked and 4 * sum(map(raw.count, range(0x80, 0x100))) > len(raw):
        return None
    try:
        text = raw.decode("utf-16" if marked else "cp1252")
    except UnicodeDecodeError:
        return None
    written = text.encode()
    return text if len(written.translate(None, _CONTROL)) == len(written) else None


def _follow(node: Node, raw: bytes) -> None:
    """Queue the pickles inside of a text."""
    for start in embedded(raw):
        node.finding("pickle-nested", offset=start)
        node.child(f"nested-{start}", raw[start:], expect="pickle")
    for start, stream in embedded_in_base64(raw):
        node.finding("pickle-nested", offset=start)
        node.child(f"base64-{start}", stream, expect="pickle")
