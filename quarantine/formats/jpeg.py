"""JPEG: every segment, and coded data only between them; several images in a row as cameras write them.

After ITU-T T.81 and, for the further images of a file, CIPA DC-007. Nothing is decoded. Bytes behind the end of the
last image stay unclaimed.
"""

from __future__ import annotations

import re

from quarantine.formats.blobs import Blobs
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource

MAGIC = b"\xff\xd8\xff"
IMAGES_LIMIT, SEGMENTS_LIMIT, PADDING_LIMIT_BYTES = 16, 10_000, 1 << 16
_END, _SCAN = 0xD9, 0xDA
# Frames, tables, restart interval, line count, hierarchy, applications, JPEG-LS and comments.
_SEGMENTS = frozenset({*range(0xC0, 0xD0), *range(0xDB, 0xE0), *range(0xE0, 0xF0), 0xFE})
_APPLICATION, _COMMENT = range(0xE0, 0xF0), 0xFE
# In coded data 0xFF is followed by 0, by a restart mark, or by a fill byte.
_MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class Jpeg:
    """JPEG."""

    name = "jpeg"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The start of an image, and the mark that follows."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Check every segment of every image."""
        source, at, blobs = node.source, 0, Blobs(node)
        with source.view() as data:
            for _ in range(IMAGES_LIMIT):
                end = _image(data, at, blobs)
                node.claim(at, end)
                # Zeros fill the file up to the next image, or to a camera's block.
                at = end
                while at < len(data) and at - end < PADDING_LIMIT_BYTES and not data[at]:
                    at += 1
                if bytes(data[at : at + 3]) == MAGIC or at == len(data):
                    node.claim(end, at)
                if bytes(data[at : at + 3]) != MAGIC:
                    break
        if at < source.size:
            node.child("trailing", SliceSource(source, end, source.size - end))


def _image(data: memoryview, at: int, blobs: Blobs) -> int:
    """Where the image ends that begins at ``at``."""
    framed = scanned = False
    at += 2
    for _ in range(SEGMENTS_LIMIT):
        while bytes(data[at : at + 2]) == b"\xff\xff":
            at += 1
        if at + 2 > len(data) or data[at] != 0xFF:
            raise Malformed("segment is missing", offset=at)
        kind = data[at + 1]
        if kind == _END:
            if not scanned:
                raise Malformed("image ends without a scan", offset=at)
            return at + 2
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if kind != _SCAN and kind not in _SEGMENTS:
            raise Malformed(f"segment of kind {kind:#x} is not the specification's", offset=at)
        if length < 2 or end > len(data):
            raise Malformed("segment ends behind the file", offset=at)
        if kind == _COMMENT or kind in _APPLICATION:
            blobs.value(f"segment-{kind:x}", at + 4, end)
        framed |= kind in range(0xC0, 0xD0) and kind not in (0xC4, 0xC8, 0xCC)
        if kind == _SCAN:
            if not framed:
                raise Malformed("scan without a frame", offset=at)
            scanned = True
            found = _MARK.search(data, end)
            if found is None:
                raise Malformed("image does not end", offset=len(data))
            end = found.start()
        at = end
    raise Malformed("image has too many segments", offset=at)
