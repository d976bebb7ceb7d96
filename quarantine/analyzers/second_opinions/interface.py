"""The contract of a second opinion: another scanner, asked as a library about one file inside the jail."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Opinion(Protocol):
    """One other scanner. It may raise anything; that is reported as a failed opinion."""

    name: str

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        """Whether it knows the format of a file that is so called and begins so."""

    def ask(self, path: Path) -> list[str]:
        """What it complains about in the file, one short sentence each; empty if nothing."""
