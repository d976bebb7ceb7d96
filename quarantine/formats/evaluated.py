"""Metadata that a loader hands to ``eval``: the names of classes and the image size of detection models.

After ``DetectMultiBackend`` of YOLOv5 and ``AutoBackend`` of Ultralytics, which evaluate what exporters wrote with
``str``. Honest values are literals; a value is parsed here, never evaluated.
"""

from __future__ import annotations

import ast

from quarantine.formats.interface import Node

KEYS = frozenset({"names", "imgsz", "kpt_shape", "kpt_names", "args", "channels"})
SIZE_LIMIT = 1 << 20
_LITERAL = (ast.Expression, ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.UnaryOp, ast.UAdd, ast.USub,
            ast.Load)  # fmt: skip


def check(node: Node, key: str, value: object) -> None:
    """Report a value that is an expression and no literal; plain words are neither."""
    if key not in KEYS or not isinstance(value, str):
        return
    if len(value) > SIZE_LIMIT:
        node.finding("metadata-evaluated", key=key, value=value[:300])
        return
    try:
        tree = ast.parse(value.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return  # no loader evaluates it either
    except (RecursionError, MemoryError):
        node.finding("metadata-evaluated", key=key, value=value[:300])
        return
    parts = list(ast.walk(tree))
    if any(not isinstance(part, _LITERAL) for part in parts) and any(isinstance(p, ast.Call) for p in parts):
        node.finding("metadata-evaluated", key=key, value=value[:300])
