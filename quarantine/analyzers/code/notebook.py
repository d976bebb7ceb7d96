"""Jupyter notebooks (nbformat 4): each cell's code as Python, and what stored outputs would run in a browser."""

from __future__ import annotations

import json
import re
from typing import Any

from quarantine.formats.interface import Malformed, Node

_CELLS_LIMIT = 2000
_ACTIVE = re.compile(
    r"<\s*(?:script|iframe|object|embed)\b|\bon(?:error|load|click|mouseover)\s*=|javascript:", re.IGNORECASE
)
_MAGIC = re.compile(r"^\s*[!%?]|^\s*[\w.,\s]+=\s*[!%]|\?\s*$")
_SHELL = re.compile(r"^\s*(?:[\w.,\s]+=\s*)?(?:!|%%?(?:bash|sh|script|system|sx|perl|ruby)\b)\s*(.*)")


def notebook(node: Node, raw: bytes) -> None:
    """Judge every code cell; name commands and active output.

    Raises:
        Malformed: it is no notebook of nbformat 4.
    """
    try:
        document = json.loads(raw)
        cells = document["cells"]
        if not isinstance(cells, list) or len(cells) > _CELLS_LIMIT:
            raise ValueError("no list of cells, or too many")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed(f"not a notebook: {type(error).__name__}") from None
    node.finding("text-source-code")
    for number, cell in enumerate(cells):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            _cell(node, number, _joined(cell.get("source")))
        if isinstance(cell, dict):
            _outputs(node, number, cell.get("outputs"))


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _cell(node: Node, number: int, text: str) -> None:
    from quarantine.analyzers.code.shell import commands
    from quarantine.analyzers.code.sources import judge

    lines = text.splitlines()
    whole = bool(lines) and lines[0].lstrip().startswith("%%") and _SHELL.match(lines[0]) is not None
    shell = "\n".join(lines[1:] if whole else [m[1] for line in lines if (m := _SHELL.match(line))])
    commands(node, shell, f"cell {number}: ")
    if not whole:
        kept = [
            "pass"
            if _MAGIC.search(line) and line[: len(line) - len(line.lstrip())] == ""
            else f"{line[: len(line) - len(line.lstrip())]}pass"
            if _MAGIC.search(line)
            else line
            for line in lines
        ]
        if "".join(kept).strip():
            judge(node, "\n".join(kept), place=f"cell {number}, ", script=True)


def _outputs(node: Node, number: int, outputs: Any) -> None:
    for output in outputs if isinstance(outputs, list) else ():
        data = output.get("data") if isinstance(output, dict) else None
        for kind, value in data.items() if isinstance(data, dict) else ():
            text = _joined(value)
            if kind == "application/javascript" or (
                kind in ("text/html", "image/svg+xml") and _ACTIVE.search(text)
            ):
                node.finding("notebook-active-output", kind=kind, place=f"cell {number}")
                return
