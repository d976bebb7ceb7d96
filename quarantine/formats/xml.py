"""XML 1.0, read strictly for every format that is written in it, and drawings and other documents of no model format.

After https://www.w3.org/TR/xml and https://www.w3.org/TR/xml-names. The machine is the standard library's expat, with
handlers that refuse every document type of one's own, every entity and every processing instruction: nothing is
fetched, nothing is expanded, and memory does not grow with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat

from quarantine.formats.interface import Malformed, Node, Source, TooLarge

DEPTH_LIMIT = 256
ATTRIBUTES_LIMIT = 1000
TOKEN_LIMIT_BYTES = 16 << 20
_PROLOG_LIMIT_BYTES = 1 << 20
_BLOCK = 1 << 16
_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1"})
_DECLARATION = tuple("<?xml".encode(form) for form in ("utf-8", "utf-16-le", "utf-16-be"))
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BESIDE = re.compile(rb"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_TYPE = re.compile(rb"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s/>]")
_HTML = re.compile(rb"<!DOCTYPE\s+html\s*(?:PUBLIC\s+\"-//(?:W3C|IETF)//[^>\[]*)?>", re.IGNORECASE)
# Document types whose identifiers every reader has at hand; drawing programs write them.
_KNOWN_TYPES = re.compile(
    r"-//W3C//DTD (?:SVG(?: 1\.[01]| 20\d{6})?(?: Basic| Tiny)?|XHTML 1\.[01](?: \w+)?)//EN"
)
_ROOTS = frozenset({"PMML", "net", "svg"})
"""What a document begins with that may do without an XML declaration."""


@dataclass(frozen=True)
class Start:
    """A start tag; ``namespace`` is empty where there is none. Attributes with a namespace are ``namespace name``."""

    name: str
    namespace: str
    attributes: dict[str, str]
    offset: int
    depth: int


@dataclass(frozen=True)
class End:
    """An end tag; ``depth`` is that of its start tag, 0 for the root."""

    name: str
    offset: int
    depth: int


@dataclass(frozen=True)
class Text:
    """Characters between tags. Long text comes in several parts."""

    text: str
    offset: int


Event = Start | End | Text


def root_of(source: Source) -> str | None:
    """The local name of the root element of what looks like XML; empty if it lies too far inside, None if it is
    no XML. Text that only begins with a tag, as HTML and Markdown do, is none."""
    head = source.read(0, 4096)
    declared = head.startswith(_DECLARATION) or any(
        head.startswith(mark) and head[len(mark) :].startswith(_DECLARATION) for mark in _MARKS
    )
    if declared and b"\0" in head[:8]:
        return ""  # UTF-16: expat will tell
    found = _outline(head)
    if found.root is None and source.size > len(head) and head[found.at :].lstrip()[:1] in (b"", b"<"):
        head = source.read(0, _PROLOG_LIMIT_BYTES)
        found = _outline(head)
    if declared or found.typed or found.root in _ROOTS:
        return found.root or ""
    endless = found.root is None and found.at and len(head) == _PROLOG_LIMIT_BYTES
    return "" if endless else None


@dataclass(frozen=True)
class _Outline:
    """What stands before the root: whether a document type does that is none of HTML's, and where it ends."""

    root: str | None
    typed: bool
    at: int


def _outline(raw: bytes) -> _Outline:
    at, typed = 3 if raw.startswith(_MARKS[0]) else 0, False
    while match := _BESIDE.match(raw, at):
        at = match.end()
    if raw[at : at + 9].upper() == b"<!DOCTYPE":
        typed = not _HTML.match(raw, at)
        kind = _TYPE.match(raw, at)
        at = kind.end() if kind else at
        while match := _BESIDE.match(raw, at):
            at = match.end()
    root = _ROOT.match(raw, at)
    return _Outline(root[1].decode("ascii", "replace") if root else None, typed, at)


class _Machine:
    """Expat with all doors shut; events gather in ``events``."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._depth = 0
        self.events: list[Event] = []
        parser = self.parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = lambda *_: self._refuse("xml-doctype", "it declares an entity")
        parser.ExternalEntityRefHandler = lambda *_: self._refuse("xml-doctype", "it uses an external entity")
        parser.SkippedEntityHandler = lambda *_: self._refuse(
            "xml-doctype", "it uses an entity that is not declared"
        )
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def _refuse(self, rule: str, why: str) -> NoReturn:
        at = self.parser.CurrentByteIndex
        self._node.finding(rule, offset=at, why=why)
        raise Malformed(f"document is not read on: {why}", offset=at)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise Malformed("document has an encoding that readers may not agree on", offset=0)

    def _doctype(self, _name: str, system: str | None, public: str | None, subset: int) -> None:
        if subset:
            self._refuse("xml-doctype", "it has a document type of its own")
        if system is not None and not (public and _KNOWN_TYPES.fullmatch(public)):
            self._refuse("xml-doctype", f"its document type is fetched from {system[:200]}")

    def _instruction(self, target: str, data: str) -> None:
        at = self.parser.CurrentByteIndex
        self._node.finding("xml-instruction", offset=at, target=target, data=data)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth >= DEPTH_LIMIT or len(attributes) > ATTRIBUTES_LIMIT:
            raise Malformed("elements nest too deeply, or one has too many attributes", offset=self._at)
        namespace, _, local = name.rpartition(" ")
        self.events.append(Start(local, namespace, attributes, self._at, self._depth))
        if namespace.endswith("XInclude"):
            self._node.finding(
                "xml-external-reference", offset=self._at, what=name, target=attributes.get("href", "")
            )
        self._depth += 1

    def _end(self, name: str) -> None:
        self._depth -= 1
        self.events.append(End(name.rpartition(" ")[2], self._at, self._depth))

    def _text(self, text: str) -> None:
        self.events.append(Text(text, self._at))

    @property
    def _at(self) -> int:
        return self.parser.CurrentByteIndex


def events(node: Node) -> Iterator[Event]:
    """The document's tags and text in order, read block by block. Comments are skipped.

    What a reader would fetch or expand is reported on the node. The caller claims the bytes when the end is reached.

    Raises:
        Malformed: the document is not well-formed, or one that cannot be read without fetching or expanding.
    """
    machine, source = _Machine(node), node.source
    for at in range(0, source.size + 1, _BLOCK):
        block = source.read(at, _BLOCK)
        try:
            machine.parser.Parse(block, at + _BLOCK > source.size)
        except expat.ExpatError as error:
            why = expat.ErrorString(error.code)
            raise Malformed(f"XML is not well-formed: {why}", offset=machine.parser.ErrorByteIndex) from None
        except (ValueError, LookupError) as error:
            raise Malformed(f"XML cannot be decoded: {error}", offset=at) from None
        if at + len(block) - machine.parser.CurrentByteIndex > TOKEN_LIMIT_BYTES:
            raise TooLarge(
                "one tag or comment is larger than any model's", offset=machine.parser.CurrentByteIndex
            )
        yield from machine.events
        machine.events.clear()


_DRAWN = ("svg", "html")
_SCRIPTS = re.compile(
    r"\s*(?:javascript|vbscript|data\s*:\s*(?:text/html|image/svg|application))", re.IGNORECASE
)
_ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//|\s*file:", re.IGNORECASE)
_STYLE = re.compile(r"@import|url\(\s*[\"']?\s*(?:[a-z]+:)?//|expression\s*\(|behavior\s*:", re.IGNORECASE)


class Xml:
    """XML of no format that is known more closely: an SVG drawing, a report, settings."""

    name = "xml"

    def recognise(self, head: bytes, source: Source) -> bool:
        """An XML declaration or document type, or a root that needs none."""
        return root_of(source) is not None

    def read(self, node: Node) -> None:
        """Read to the end; report what a viewer would run or fetch."""
        drawn = styled = False
        for event in events(node):
            if isinstance(event, Start):
                if event.depth == 0:
                    drawn = event.name in _DRAWN
                    node.known_as("svg" if event.name == "svg" else "xml")
                styled = event.name == "style"
                if drawn or event.namespace.endswith(("/svg", "/xhtml")):
                    _drawn(node, event)
                if event.namespace.endswith("XSL/Transform"):
                    node.finding(
                        "xml-script", offset=event.offset, what=f"a stylesheet program: {event.name}"
                    )
            elif isinstance(event, Text) and styled and _STYLE.search(event.text):
                node.finding(
                    "xml-external-reference", offset=event.offset, what="style", target=event.text[:200]
                )
        node.claim(0, node.source.size)


def _drawn(node: Node, event: Start) -> None:
    tag = event.name.lower()
    if tag in ("script", "handler", "iframe", "object", "embed"):
        node.finding("xml-script", offset=event.offset, what=f"a {tag} element")
    if tag == "foreignobject":
        node.finding("xml-foreign-object", offset=event.offset)
    for full, value in event.attributes.items():
        name = full.rpartition(" ")[2].lower()
        if name.startswith("on"):
            node.finding("xml-script", offset=event.offset, what=f"the handler {name}")
        elif name in ("href", "src", "from", "to", "values") and _SCRIPTS.match(value) and tag != "image":
            node.finding("xml-script", offset=event.offset, what=f"{name} of {tag} is a program")
        elif name in ("href", "src") and tag != "a" and _ELSEWHERE.match(value):
            node.finding("xml-external-reference", offset=event.offset, what=tag, target=value)
        elif _STYLE.search(value):
            node.finding("xml-external-reference", offset=event.offset, what=f"{name} of {tag}", target=value)
