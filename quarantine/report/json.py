"""The record itself, as JSON: one object for one submission, an array for several."""

from __future__ import annotations

from quarantine.records import Verdict, canonical


class JsonReport:
    """Canonical JSON; the schema is in ``docs/schema/verdict.json``."""

    name = "json"

    def render(self, verdicts: tuple[Verdict, ...]) -> str:
        """One object, or an array of them."""
        return canonical(verdicts[0] if len(verdicts) == 1 else verdicts).decode() + "\n"
