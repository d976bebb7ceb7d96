"""The contract of an analyzer: code that reads an artifact in a jail and says what it would do when loaded.

The table says which formats an analyzer takes; the walk decides when it runs. An analyzer that does not finish leaves
the artifact incomplete.
"""

from __future__ import annotations

from typing import Protocol

from quarantine.formats.interface import Node


class Analyzer(Protocol):
    """One way of looking at artifacts of some formats."""

    name: str

    def analyze(self, node: Node) -> None:
        """Look at the artifact; report through the node.

        Raises:
            Malformed: the content cannot be read further; a finding is made of it, and coverage is lost.
        """
