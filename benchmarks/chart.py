"""A bar chart of ratios as SVG: our time over each other tool's on a logarithmic axis, with the budgets marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

LEFT, RIGHT, ROW, TOP, WIDTH = 300, 70, 20, 56, 860
WITHIN, OVER, NEUTRAL, INK = "#2f7d4f", "#b3372f", "#5b7a99", "#222"


@dataclass(frozen=True)
class Bar:
    """Our time over ``tool``'s on ``subject``; ``budget`` is the most that it may be, where there is one."""

    subject: str
    tool: str
    ratio: float
    budget: float | None

    @property
    def sentence(self) -> str:
        """The bar in words."""
        within = "" if self.budget is None else f", budget {self.budget:g}"
        return f"{self.subject}, {self.tool}: {self.ratio:.2f}{within}"


def chart(bars: Sequence[Bar], title: str) -> str:
    """The SVG. A bar to the left of 1 means that we are faster; the text alternative says every figure."""
    ratios = [bar.ratio for bar in bars] + [bar.budget for bar in bars if bar.budget] + [0.5, 2.0]
    low, high = math.floor(math.log10(min(ratios))), math.ceil(math.log10(max(ratios)))

    def across(ratio: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(ratio) - low) / (high - low)

    height, one = TOP + ROW * len(bars) + 30, across(1.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-labelledby="title desc" font-family="sans-serif" font-size="12">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape("; ".join(bar.sentence for bar in bars))}.</desc>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        _text(12, 20, title, size=14),
        _text(12, 38, "left of 1: we are faster; a black mark is the most that the budget allows", size=11),
    ]
    for power in range(low, high + 1):
        x, ratio = across(10**power), 10.0**power
        parts += [_line(x, TOP, height - 24, INK if power == 0 else "#ccc")]
        parts += [_text(x, height - 8, f"{ratio:g}", anchor="middle", size=11)]
    for number, bar in enumerate(bars):
        y, x = TOP + ROW * number, across(bar.ratio)
        colour = NEUTRAL if bar.budget is None else WITHIN if bar.ratio <= bar.budget else OVER
        parts += [_text(LEFT - 8, y + 14, f"{bar.subject} / {bar.tool}", anchor="end")]
        parts += [
            f'<rect x="{min(x, one):.1f}" y="{y + 3}" width="{max(abs(x - one), 1):.1f}" height="{ROW - 6}"'
            f' fill="{colour}"/>'
        ]
        parts += [_text(max(x, one) + 5, y + 14, f"{bar.ratio:.2f}", size=11)]
        if bar.budget is not None:
            parts += [_line(across(bar.budget), y + 1, y + ROW - 1, "#000", 3)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{INK}">{escape(text)}</text>'


def _line(x: float, top: float, bottom: float, colour: str, width: int = 1) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}" stroke-width="{width}"/>'
    )
