"""RIFF: WebP images and WAV sounds, chunk by chunk; chunks of no known kind and bytes behind stay unclaimed.

After https://developers.google.com/speed/webp/docs/riff_container and Microsoft's "Multimedia Programming Interface
and Data Specifications 1.0", with EBU Tech 3285 (bext) and 3306 (RF64). Nothing is decoded.
"""

from __future__ import annotations

from quarantine.formats.blobs import Blobs
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource

CHUNKS_LIMIT, OTHER_LIMIT_BYTES = 1 << 16, 1 << 14
_UNKNOWN_SIZE = 0xFFFFFFFF
_KNOWN = {
    b"WEBP": {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP "},
    b"WAVE": {b"fmt ", b"data", b"fact", b"LIST", b"cue ", b"plst", b"smpl", b"inst", b"bext", b"iXML", b"id3 ",
              b"ID3 ", b"JUNK", b"junk", b"PAD ", b"FLLR", b"PEAK", b"ds64", b"cart", b"_PMX", b"aXML", b"acid",
              b"strc",
              b"DISP", b"levl", b"note", b"labl", b"afsp", b"minf", b"elm1", b"regn", b"umid"},
}  # fmt: skip
_NEEDED = {b"WEBP": ({b"VP8 ", b"VP8L", b"VP8X"},), b"WAVE": ({b"fmt "}, {b"data"})}
_LAYOUTS = {b"WEBP": "webp", b"WAVE": "wav"}
_SAID = frozenset({b"JUNK", b"junk", b"PAD ", b"FLLR"})


class Riff:
    """WebP and WAV."""

    name = "riff"

    def recognise(self, head: bytes, source: Source) -> bool:
        """RIFF (or RF64) with the form of one of the two."""
        return head[:4] in (b"RIFF", b"RF64") and head[8:12] in _KNOWN

    def read(self, node: Node) -> None:
        """Check that the chunks fill the form, which fills the file."""
        source, blobs = node.source, Blobs(node)
        head = source.read(0, 12)
        form, size = head[8:12], int.from_bytes(head[4:8], "little")
        if form not in _KNOWN:
            raise Malformed("neither an image nor a sound", offset=8)
        node.known_as(_LAYOUTS[form])
        large = head.startswith(b"RF64")
        end = source.size if large and size == _UNKNOWN_SIZE else 8 + size
        if end > source.size:
            raise Malformed("form ends behind the end of the file", offset=4)
        at, kinds = 12, set[bytes]()
        node.claim(0, 12)
        while at < end and len(kinds) < CHUNKS_LIMIT:
            chunk = source.read(at, 8)
            kind, length = chunk[:4], int.from_bytes(chunk[4:], "little")
            if large and kind == b"data" and length == _UNKNOWN_SIZE:
                length = int.from_bytes(source.read(28, 8), "little")
            if len(chunk) < 8 or at + 8 + length > end or not all(32 <= byte < 127 for byte in kind):
                raise Malformed("chunk is cut off or has no proper type", offset=at)
            odd = length & 1 and at + 8 + length < source.size
            if odd and source.read(at + 8 + length, 1) != b"\0":
                raise Malformed("the padding of a chunk is not zero", offset=at + 8 + length)
            kinds.add(kind)
            if kind not in _KNOWN[form] or kind in _SAID:
                blobs.value(kind.decode(), at + 8, at + 8 + length)
            if kind in _KNOWN[form] or length <= OTHER_LIMIT_BYTES:
                node.claim(at, at + 8 + length + odd)
            at += 8 + length + odd
        if any(not needed & kinds for needed in _NEEDED[form]):
            raise Malformed("what makes it an image or a sound is missing", offset=12)
        if at < source.size:
            node.child("trailing", SliceSource(source, at, source.size - at))
