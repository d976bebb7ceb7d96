"""The short texts in a PyTorch archive: its versions, byte order, alignment and serial number.

After caffe2/serialize/inline_container.cc. They are read as numbers and words, never as a configuration.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Malformed, Node, Source

_NOTE = re.compile(rb"[A-Za-z0-9._-]{1,128}\n?")


class TorchNote:
    """One of those texts."""

    name = "torch_note"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Never: only its place in an archive tells it."""
        return False

    def read(self, node: Node) -> None:
        """Claim a number or a word."""
        if not _NOTE.fullmatch(node.source.read(0, 130)):
            raise Malformed("a version, byte order or serial number is no word", offset=0)
        node.claim(0, node.source.size)
