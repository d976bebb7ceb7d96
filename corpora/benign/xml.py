"""Honest PMML, and a drawing as matplotlib writes it."""

from __future__ import annotations

from corpora.case import MADE, Case, benign, made, one_file

DRAWING = (
    b'<?xml version="1.0" encoding="utf-8" standalone="no"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n'
    b'  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    b'<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg" version="1.1">\n'
    b'<defs><style type="text/css">*{stroke-linejoin: round}</style></defs>\n<path d="M 0 0"/></svg>\n'
)


def cases() -> list[Case]:
    """All of them."""
    found = [
        benign(f"pmml-{path.stem}", f"{path.name}", made(f"pmml/{path.name}"))
        for path in sorted((MADE / "pmml").iterdir())
    ]
    return [
        *found,
        benign("svg-drawing", "a drawing with W3C's document type", one_file("a.svg", lambda _: DRAWING)),
    ]
