"""Rows as text in columns, escaped: what they hold comes from a submission."""

from __future__ import annotations

from collections.abc import Sequence

from quarantine.printable import printable

_WIDEST = 60
"""Characters to which a column is padded; a longer cell stands out of it and is whole."""


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    """One line a row, each column as wide as its widest cell, within bounds."""
    shown = [[printable(cell, 512) for cell in row] for row in rows]
    count = max(map(len, shown), default=0)
    widths = [
        min(_WIDEST, max((len(row[index]) for row in shown if index < len(row)), default=0))
        for index in range(count)
    ]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in shown
    )
