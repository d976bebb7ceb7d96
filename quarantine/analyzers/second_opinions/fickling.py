"""fickling's opinion on raw pickles (fickling.analysis.check_safety). It reads no other format."""

from __future__ import annotations

from pathlib import Path

_SUFFIXES = frozenset({".pkl", ".pickle", ".p", ".joblib", ".dill"})


class Fickling:
    """Asks fickling."""

    name = "fickling"

    def reads(self, suffix: str, first_byte: bytes) -> bool:
        """Pickles by name, and whatever begins with the PROTO opcode."""
        return suffix.lower() in _SUFFIXES or first_byte == b"\x80"

    def ask(self, path: Path) -> list[str]:
        """One sentence a result that is worse than likely safe; raises what fickling raises."""
        from fickling.analysis import Severity, check_safety
        from fickling.fickle import Pickled

        with path.open("rb") as file:
            found = check_safety(Pickled.load(file))
        return [str(result) for result in found.results if result.severity > Severity.LIKELY_SAFE]
