"""AppleDouble files, the ``__MACOSX/._name`` companions that macOS puts into archives. (RFC 1740, appendix B.)

They hold a resource fork and Finder attributes, which no model loader reads. Only known entries count, and only
where they fill the file; a resource fork with content is not claimed.
"""

from __future__ import annotations

import struct

from quarantine.formats.interface import Malformed, Node, Source

_MAGIC = b"\x00\x05\x16\x07\x00\x02\x00\x00"
_RESOURCE_FORK, _FINDER_INFO = 2, 9
_ENTRIES_LIMIT = 16
_EMPTY_FORK_BYTES = 286
_ATTRIBUTES_LIMIT_BYTES = 1 << 16


class AppleDouble:
    """The companion of a file that was archived on macOS."""

    name = "appledouble"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic and version 2."""
        return head.startswith(_MAGIC)

    def read(self, node: Node) -> None:
        """Claim the header, small Finder attributes, and a resource fork that is empty."""
        head = node.source.read(0, 26)
        count = int.from_bytes(head[24:26], "big")
        if len(head) < 26 or not 1 <= count <= _ENTRIES_LIMIT:
            raise Malformed("AppleDouble header is cut off or has too many entries", offset=0)
        node.claim(0, 26 + 12 * count)
        for index in range(count):
            row = node.source.read(26 + 12 * index, 12)
            if len(row) != 12:
                raise Malformed("AppleDouble entry is cut off", offset=26 + 12 * index)
            kind, start, size = struct.unpack(">III", row)
            if start + size > node.source.size or kind not in (_RESOURCE_FORK, _FINDER_INFO):
                raise Malformed(
                    "AppleDouble entry is unknown or ends behind the file", offset=26 + 12 * index
                )
            empty = kind == _RESOURCE_FORK and size <= _EMPTY_FORK_BYTES
            if empty or (kind == _FINDER_INFO and size <= _ATTRIBUTES_LIMIT_BYTES):
                node.claim(start, start + size)
