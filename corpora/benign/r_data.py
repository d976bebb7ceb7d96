"""Honest R models, as R wrote them."""

from __future__ import annotations

from corpora.case import MADE, Case, benign, made


def cases() -> list[Case]:
    """Models without functions in them; those with one go to a person."""
    return [
        benign(f"r-{path.name}", f"{path.name}, by R 4.2.2", made(f"r/{path.name}"))
        for path in sorted((MADE / "r").iterdir())
    ]
