"""The contract of a report: verdicts in, text out. A report reads the records and nothing else."""

from __future__ import annotations

from typing import Protocol

from quarantine.records import Verdict


class Report(Protocol):
    """One output format."""

    name: str

    def render(self, verdicts: tuple[Verdict, ...]) -> str:
        """The report on one or more submissions. Everything from a submission is escaped for the format."""
