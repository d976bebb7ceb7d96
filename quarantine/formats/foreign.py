"""Containers that are known by their magic and that nothing here opens: their content is said to be unread."""

from __future__ import annotations

from quarantine.formats.interface import Node, Source

_MAGICS = {
    b"\x02\x21\x4c\x18": "lz4, legacy",
    b"MSCF\0\0\0\0": "cab",
    b"!<arch>\n": "ar",
    b"!<thin>\n": "ar, thin",
    b"070701": "cpio",
    b"070702": "cpio",
    b"070707": "cpio",
    b"xar!": "xar",
    b"\xed\xab\xee\xdb": "rpm",
    b"hsqs": "squashfs",
    b"sqsh": "squashfs",
    b"MSWIM\0\0\0": "wim",
    b"\x1f\x9d": "compress",
    b"\x89LZO\0\r\n\x1a\n": "lzop",
    b"\xff\x06\0\0sNaPpY": "snappy",
}
"""The beginnings; `table.py` names them too."""


def kind_of(head: bytes) -> str | None:
    """The name of the container that begins so; None if it is none of these."""
    return next((name for magic, name in _MAGICS.items() if head.startswith(magic)), None)


class Foreign:
    """A container that is recognised and not opened."""

    name = "foreign"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return kind_of(head) is not None

    def read(self, node: Node) -> None:
        """Report it; nothing is claimed, so that it never passes."""
        node.finding("format-not-read", kind=kind_of(node.source.read(0, 16)))
        node.unread()
