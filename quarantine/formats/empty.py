"""Files of no bytes: there is nothing in them to read, and honest directories and archives hold some."""

from __future__ import annotations

from quarantine.formats.interface import Node, Source


class Empty:
    """A file of no bytes."""

    name = "empty"

    def recognise(self, head: bytes, source: Source) -> bool:
        """No bytes."""
        return not source.size

    def read(self, node: Node) -> None:
        """Report it where it is all that was handed in."""
        if not node.depth and next(node.siblings(), None) is None:
            node.finding("format-empty")
            node.unread()
