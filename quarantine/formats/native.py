"""Native executables (ELF, PE, Mach-O), told by their magic: never part of a model that is only loaded."""

from __future__ import annotations

from quarantine.formats.interface import Node, Source


class Native:
    """A native executable (ELF, PE, Mach-O): never part of a model that is only loaded."""

    name = "native"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head[:4] in (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe") or (
            head[:2] == b"MZ" and b"PE\0\0" in head
        )

    def read(self, node: Node) -> None:
        """Report it."""
        node.finding("format-executable")
