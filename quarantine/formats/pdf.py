"""PDF papers beside a model: every object from the header to the last end mark, and actions that a viewer would take.

After ISO 32000-1, 7. Objects must follow one another with nothing but white space and comments between; streams must be
as long as they say. Compressed object streams are expanded and searched for actions by name.
"""

from __future__ import annotations

import re
import zlib

from quarantine.formats.blobs import Blobs
from quarantine.formats.interface import Malformed, Node, Source, TooLarge

SIZE_LIMIT_BYTES, OBJECTS_LIMIT, EXPANDED_LIMIT_BYTES = 256 << 20, 1_000_000, 64 << 20
_HEADER = re.compile(rb"%PDF-[12]\.\d")
_SPACE = re.compile(rb"(?:[\x00\t\n\x0c\r ]|%(?!%EOF)[^\r\n]{0,4096}(?:\r|\n|$))*")
_OBJECT = re.compile(rb"\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj")
_XREF = re.compile(
    rb"xref[\t\r\n ]+(?:\d+ \d+[\t ]*[\r\n]+(?:\d{10} \d{5} [fn][\t \r\n]{1,3})*)+[\t\r\n ]*trailer"
)
_END = re.compile(rb"startxref[\x00\t\n\x0c\r ]+\d{1,12}[\x00\t\n\x0c\r ]+%%EOF")
# Strings, names, and the words that end or begin something.
_TOKEN = re.compile(rb"[()<>\[\]/%]|\bstream\r?\n|\bendobj\b")
_NAME = re.compile(rb"/[^\x00\t\n\x0c\r ()<>\[\]{}/%]{0,127}")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STRING = re.compile(rb"[()\\]")
_LENGTH = re.compile(rb"/Length[\x00\t\n\x0c\r ]+(\d{1,12})(?![\d\s]*\sR)")
_STREAM_END = re.compile(rb"[\x00\t\n\x0c\r ]*endstream")
_ACTS = {
    b"/JavaScript": "runs JavaScript",
    b"/JS": "runs JavaScript",
    b"/Launch": "starts a program",
    b"/ImportData": "reads a file",
    b"/SubmitForm": "sends a form",
}
_CARRIES = {
    b"/EmbeddedFile": "a file",
    b"/EmbeddedFiles": "files",
    b"/RichMedia": "media that are played",
    b"/XFA": "a form program",
    b"/Encrypt": "content that is encrypted",
}


class Pdf:
    """A PDF document."""

    name = "pdf"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The header in front."""
        return _HEADER.match(head) is not None

    def read(self, node: Node) -> None:
        """Walk the objects; what is none stays unclaimed."""
        if node.source.size > SIZE_LIMIT_BYTES:
            raise TooLarge("document is over the limit", offset=SIZE_LIMIT_BYTES)
        with node.source.view() as data:
            walk = _Walk(node, data)
            walk.run()
        for name in sorted(walk.names & set(_ACTS)):
            node.finding("pdf-action", name=name.decode(), what=_ACTS[name])
        for name in sorted(walk.names & set(_CARRIES)):
            node.finding("pdf-attachment", name=name.decode(), what=_CARRIES[name])


class _Walk:
    def __init__(self, node: Node, data: memoryview) -> None:
        self._node, self._data = node, data
        self._blobs = Blobs(node)
        self._expanded = 0
        self.names: set[bytes] = set()

    def run(self) -> None:
        """Claim part after part from the header on."""
        at = self._past(_SPACE, 0)
        end = 0
        for _ in range(OBJECTS_LIMIT):
            if (found := _OBJECT.match(self._data, at)) is not None:
                at = self._object(found.end())
            elif (found := _XREF.match(self._data, at)) is not None:
                at = self._dictionary(found.end())
            elif (found := _END.match(self._data, at)) is not None:
                at = end = found.end()
            else:
                break
            at = self._past(_SPACE, at)
        if not end:
            raise Malformed("document does not end", offset=at)
        self._node.claim(0, at)

    def _past(self, pattern: re.Pattern[bytes], at: int) -> int:
        found = pattern.match(self._data, at)
        return found.end() if found else at

    def _object(self, at: int) -> int:
        begin, streams = at, 0
        while True:
            found = _TOKEN.search(self._data, at)
            if found is None or streams > 1:
                raise Malformed("object does not end, or has two streams", offset=begin)
            word = found[0]
            if word == b"endobj":
                return found.end()
            streams += word.startswith(b"stream")
            at = self._stream(begin, found.end()) if word.startswith(b"stream") else self._token(found)

    def _dictionary(self, at: int) -> int:
        """A trailer: to the end of its dictionary."""
        depth, begin = 0, at
        while True:
            found = _TOKEN.search(self._data, at)
            if found is None:
                raise Malformed("trailer does not end", offset=begin)
            pair = bytes(self._data[found.start() : found.start() + 2])
            if pair in (b"<<", b">>"):
                depth += 1 if pair == b"<<" else -1
                at = found.end() + 1
                if not depth:
                    return at
            else:
                at = self._token(found)

    def _token(self, found: re.Match[bytes]) -> int:
        word, at = found[0], found.start()
        if word == b"(":
            return self._string(found.end())
        if word == b"/":
            return self._name(at)
        if word == b"%":
            return max(found.end(), self._past(_SPACE, at))
        if word == b"<" and bytes(self._data[at + 1 : at + 2]) == b"<":
            return at + 2
        return found.end()

    def _name(self, at: int) -> int:
        name = _NAME.match(self._data, at)
        if name is None:
            return at + 1
        self.names.add(_plain(name[0]))
        return name.end()

    def _string(self, at: int) -> int:
        depth, begin = 1, at
        while depth:
            found = _STRING.search(self._data, at)
            if found is None:
                raise Malformed("string does not end", offset=begin)
            at = found.end() + (found[0] == b"\\")
            depth += {b"(": 1, b")": -1}.get(found[0], 0)
        return at

    def _stream(self, begin: int, at: int) -> int:
        head = bytes(self._data[begin:at])
        length = _LENGTH.search(head)
        end = at + int(length[1]) if length else -1
        found = _STREAM_END.match(self._data, end) if 0 <= end <= len(self._data) else None
        if found is None:  # the length is an object of its own, or wrong
            mark = _STREAM_END.search(self._data, at)
            if mark is None or length:
                raise Malformed("stream is not as long as it says", offset=at)
            end, found = mark.start(), mark
        # Every object stream says where its first object is, whatever else it says about itself.
        if b"/First" in _plain(head):
            self._inner(bytes(self._data[at:end]))
        elif b"/Filter" not in head:
            self._blobs.value("stream", at, end)
        # A table of offsets may point into a stream, where a viewer then finds an object.
        if _OBJECT.search(self._data, at, end):
            self.names.update(_plain(name[0]) for name in _NAME.finditer(self._data, at, end))
        return found.end()

    def _inner(self, packed: bytes) -> None:
        """Names in an object stream."""
        machine = zlib.decompressobj()
        try:
            text = machine.decompress(packed, EXPANDED_LIMIT_BYTES - self._expanded)
        except zlib.error:
            text = packed
        if not machine.eof and (len(text) != len(packed) or b"\0" in packed):
            self._node.finding("format-not-read", kind="object stream of a PDF")
            self._node.unread()
        self._expanded += len(text)
        self._node.expanded(len(text))
        if self._expanded >= EXPANDED_LIMIT_BYTES:
            raise TooLarge("object streams expand to more than is followed")
        for name in set(_NAME.findall(text)):
            self.names.add(_plain(name))


def _plain(name: bytes) -> bytes:
    """A name without its escapes."""
    return _ESCAPE.sub(lambda code: bytes([int(code[1], 16)]), name)
