"""7z archives, read strictly: both headers and their CRCs, every folder, every file; members are followed as artifacts.

After 7-Zip's DOC/7zFormat.txt and DOC/Methods.txt. Where an archive is broken, what its folders hold is followed as far
as they expand, because a loader that is handed a broken archive does so too.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress

from quarantine.formats import sevenzip_header as header
from quarantine.formats.expanded import ExpandedSource, Expander, Reader, Stream
from quarantine.formats.interface import Malformed, Node, Source, TooLarge
from quarantine.formats.member_names import same_to_someone, way_out
from quarantine.formats.parts import Part
from quarantine.formats.raw_parts import Copied, Filtered, OnePart, Sized, lzma1, lzma2, raw
from quarantine.formats.source import SliceSource

MAGIC = b"7z\xbc\xaf\x27\x1c"
SIGNATURE_BYTES = 32
HEADER_LIMIT_BYTES = 64 << 20
_SALVAGE_BYTES = 16 << 20
_NESTED_HEADERS = 4
_FILTERS = {
    b"\x03": lzma.FILTER_DELTA, b"\x04": lzma.FILTER_X86, b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x05": lzma.FILTER_POWERPC, b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x06": lzma.FILTER_IA64, b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x07": lzma.FILTER_ARM, b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x08": lzma.FILTER_ARMTHUMB, b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x09": lzma.FILTER_SPARC, b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
}  # fmt: skip
_COPY, _LZMA1, _LZMA2, _AES = b"\0", b"\x03\x01\x01", b"\x21", b"\x06\xf1\x07\x01"
_KINDS = {b"\x04\x01\x08": "deflate", b"\x04\x02\x02": "bz2", b"\x04\xf7\x11\x01": "zstd"}
_DELTA = b"\x03"


class SevenZip:
    """A 7z archive of anything."""

    name = "7z"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Check the headers; expand every folder once; queue every file."""
        head = node.source.read(0, SIGNATURE_BYTES)
        if len(head) < SIGNATURE_BYTES or zlib.crc32(head[12:]) != int.from_bytes(head[8:12], "little"):
            _salvage(node)
            raise Malformed("7z signature header is cut off, or its CRC is wrong", offset=0)
        start, size, crc = struct.unpack_from("<QQI", head, 12)
        node.claim(0, SIGNATURE_BYTES)
        at = SIGNATURE_BYTES + start
        if size > HEADER_LIMIT_BYTES or at + size > node.source.size:
            _salvage(node)
            raise Malformed("7z header lies behind the end of the file", offset=12)
        raw_header = node.source.read(at, size)
        if zlib.crc32(raw_header) != crc:
            _salvage(node)
            raise Malformed("7z header's CRC is wrong", offset=at)
        node.claim(at, at + size)
        if at + size < node.source.size:
            node.child("trailing", SliceSource(node.source, at + size, node.source.size - at - size))
        if raw_header:
            _main(node, raw_header)


def _main(node: Node, data: bytes) -> None:
    cursor = header.Cursor(data)
    for _ in range(_NESTED_HEADERS):
        if cursor.expect(header.HEADER, header.ENCODED) == header.HEADER:
            break
        found = header.streams(cursor)
        if cursor.at != len(cursor.data) or len(found.folders) != 1:
            raise Malformed("7z header is packed in an unusual way")
        packed = _packed(node, found)[0]
        unpacked = _folder(node, found.folders[0], packed)
        if unpacked is None:
            return
        if found.folders[0].size > HEADER_LIMIT_BYTES:
            raise Malformed("7z header is over its limit")
        cursor = header.Cursor(unpacked.read(0, found.folders[0].size))
    else:
        raise Malformed("7z header is packed too often")
    kind = cursor.expect(header.MAIN_STREAMS, header.FILES, header.END)
    found = header.Streams()
    if kind == header.MAIN_STREAMS:
        found = header.streams(cursor)
        kind = cursor.expect(header.FILES, header.END)
    listing = header.files(cursor) if kind == header.FILES else []
    if kind == header.FILES:
        cursor.expect(header.END)
    if cursor.at != len(cursor.data):
        raise Malformed("7z header has bytes behind its end")
    _members(node, found, listing)


def _packed(node: Node, found: header.Streams) -> list[list[Source]]:
    """The packed streams of each folder; they are claimed and their CRCs checked."""
    at, sources = SIGNATURE_BYTES + found.start, []
    for size, crc in found.packed:
        source = SliceSource(node.source, at, size)
        if crc is not None and crc != _crc(source):
            node.finding("zip-ambiguous", offset=at, member="a packed stream", why="the CRC is wrong")
        sources.append(source)
        at += size
    rest = iter(sources)
    return [[next(rest) for _ in folder.packed] for folder in found.folders]


def _crc(source: Source) -> int:
    crc = 0
    for at in range(0, source.size, 1 << 20):
        crc = zlib.crc32(source.read(at, 1 << 20), crc)
    return crc


def _members(node: Node, found: header.Streams, listing: list[header.File]) -> None:
    names: set[str] = set()
    with_data = []
    for file in listing:
        how = "a link" if file.link else way_out(file.name)
        if how:
            node.finding("zip-path-escape", member=file.name, how=how)
        same = same_to_someone(file.name)
        if (same in names and not file.folder) or file.anti:
            why = "a member deletes files" if file.anti else "two members have this name"
            node.finding("zip-ambiguous", member=file.name, why=why)
        names.add(same)
        if file.has_data:
            with_data.append(file)
    parts = [(folder, size, crc) for folder in found.folders for size, crc in folder.parts]
    if len(parts) != len(with_data):
        node.finding("zip-ambiguous", member="-", why="there are not as many files as contents")
        node.unread()
    rest = iter(with_data)
    for folder, packed in zip(found.folders, _packed(node, found), strict=True):
        stream = _folder(node, folder, packed)
        start = 0
        for size, _ in folder.parts:
            owner = next(rest, None)
            if stream is not None:
                name = owner.name if owner else f"unnamed-{start}"
                node.child(name, ExpandedSource(stream, start, max(0, min(size, stream.size - start))))
            start += size


def _folder(node: Node, folder: header.Folder, packed: list[Source]) -> Stream | None:
    """What a folder expands to: all of it was read once and its CRCs checked; None (and a finding) if it cannot be."""
    if any(coder.method == _AES for coder in folder.coders):
        node.finding("zip-unreadable-member", member="a folder", method="AES")
        node.unread()
        return None
    chain = _chain(folder)
    if chain is None or len(packed) != 1:
        methods = ", ".join(coder.method.hex() for coder in folder.coders)
        node.finding("format-not-read", kind=f"7z with the methods {methods}")
        node.unread()
        return None
    make, checked = _maker(packed[0], chain), _Checked(folder.parts)
    out = 0
    try:
        reader = make()
        while block := reader.block():
            node.expanded(len(block))
            checked.feed(block)
            out = reader.out
        if out != folder.size:
            raise Malformed("7z folder is not as long as declared")
        _claim(node, packed[0], reader)
    except TooLarge:
        raise
    except Malformed as error:  # what came out before still counts
        node.finding("format-malformed", why=error.why)
        node.unread()
    if checked.wrong:
        node.finding("zip-ambiguous", member="a folder", why="the CRC is wrong")
    return Stream(make, out)


class _Checked:
    """Compares the CRC of each substream as the folder's bytes come by. ``wrong`` says that one differs."""

    def __init__(self, parts: list[tuple[int, int | None]]) -> None:
        self._parts, self._crc = iter(parts), 0
        self._left, self._wanted = next(self._parts, (1 << 63, None))
        self.wrong = False

    def feed(self, block: bytes) -> None:
        """The next bytes of the folder."""
        view = memoryview(block)
        while view:
            piece, view = view[: self._left], view[self._left :]
            self._crc, self._left = zlib.crc32(piece, self._crc), self._left - len(piece)
            if not self._left:
                self.wrong = self.wrong or self._wanted not in (None, self._crc)
                self._crc, (self._left, self._wanted) = 0, next(self._parts, (1 << 63, None))


def _claim(node: Node, packed: Source, reader: Reader) -> None:
    """Claim the packed bytes that were needed."""
    end = reader.part.end if isinstance(reader, OnePart) else getattr(reader, "ended", None)
    assert isinstance(packed, SliceSource)
    for first, last in getattr(reader, "skips", []):
        if last - first > 12:  # more than the size of a frame, which 7-Zip's zstd notes there
            node.child(f"skipped-{first}", SliceSource(packed, first + 8, last - first - 8))
    node.claim(packed.start, packed.start + (end or 0))


def _chain(folder: header.Folder) -> list[tuple[header.Coder, int]] | None:
    """The coders from the packed stream on, each with its output's size; None if they are no chain."""
    if any(coder.inputs != 1 or coder.outputs != 1 for coder in folder.coders) or len(folder.packed) != 1:
        return None
    # A bind says that the input of one coder is the output of another.
    after = {output: first for first, output in folder.binds}
    found: list[tuple[header.Coder, int]] = []
    index = folder.packed[0]
    while index < len(folder.coders) and len(found) < len(folder.coders):
        found.append((folder.coders[index], folder.sizes[index]))
        if index not in after:
            break
        index = after[index]
    known = {_COPY, _LZMA1, _LZMA2, *_KINDS}
    sound = len(found) == len(folder.coders) and found[0][0].method in known
    return found if sound and all(coder.method in _FILTERS for coder, _ in found[1:]) else None


def _maker(packed: Source, chain: list[tuple[header.Coder, int]]) -> Callable[[], Reader]:
    """What makes readers of a chain."""
    first, size = chain[0]
    if first.method in _KINDS and len(chain) == 1:
        return lambda: Expander(packed, _KINDS[first.method], several=first.method != b"\x04\x01\x08")

    def make() -> Reader:
        part: Part
        if first.method in _KINDS:
            part = _Whole(Expander(packed, _KINDS[first.method]))
        elif first.method == _COPY:
            part = Copied(packed, 0)
        else:
            options = (lzma1 if first.method == _LZMA1 else lzma2)(first.properties, size)
            part = Sized(raw(options), packed, 0, size)
        for coder, _ in chain[1:]:
            options = {"id": _FILTERS[coder.method]}
            if coder.method == _DELTA:
                options["dist"] = int.from_bytes(coder.properties[:1], "little") + 1
            part = Filtered(part, options)
        return OnePart(part, chain[-1][1])

    return make


class _Whole:
    """All parts of a stream of several as one."""

    def __init__(self, reader: Expander) -> None:
        self._reader = reader
        self.end: int | None = None

    def block(self, limit: int) -> bytes:
        """The next bytes, at most ``limit``."""
        block = self._reader.block(limit)
        self.end = self._reader.ended
        return block

    def copy(self) -> None:
        """It is not needed."""


def _salvage(node: Node) -> None:
    """Follow what a broken archive still gives to who ignores its headers: its first stream as the usual methods."""
    node.unread()
    rest = SliceSource(node.source, SIGNATURE_BYTES, max(0, node.source.size - SIGNATURE_BYTES))
    node.child("packed", rest)
    for options in (lzma2(b"\x18", _SALVAGE_BYTES), lzma1(b"\x5d\0\0\0\1", _SALVAGE_BYTES)):
        found = bytearray()
        with suppress(Malformed):  # it is broken, that is why it is salvaged
            reader = OnePart(Sized(raw(options), rest, 0, _SALVAGE_BYTES), _SALVAGE_BYTES)
            while block := reader.block():
                found += block
        if found:
            node.expanded(len(found))
            node.child("salvaged", bytes(found))
