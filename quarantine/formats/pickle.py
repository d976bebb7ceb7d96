"""Pickle streams (Lib/pickletools.py), told from text by their first opcodes; the analyzer claims the bytes.

PyTorch's legacy layout (torch/serialization.py, _legacy_save) is told apart by its magic number.
"""

from __future__ import annotations

import pickletools

from quarantine.formats.interface import Node, Source


class Pickle:
    """A pickle stream of any protocol."""

    name = "pickle"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Protocol mark and an opcode, or opcodes that reach a plausible global or STOP."""
        if head[:1] == b"\x80" and len(head) > 2 and head[1] <= 5:
            return True
        if not head or not source.size:
            return False
        try:
            for index, (opcode, arg, _) in enumerate(pickletools.genops(head)):
                if opcode.name in ("GLOBAL", "INST"):
                    return all(part.isidentifier() for part in str(arg).replace(" ", ".").split("."))
                if opcode.name in ("REDUCE", "STOP", "STACK_GLOBAL") and index:
                    return True
        except Exception:  # genops raises whatever its decoders raise; a broken start is no pickle
            return False
        return False

    def read(self, node: Node) -> None:
        """Nothing: the pickle analyzer reads and claims."""
