"""Import paths and file paths that a layout's description holds: which of them a loader may follow without a question.

An import path is known (a class of the framework itself), leads to harm (the standard library, or what the table of
capabilities names), or is somebody's own code.
"""

from __future__ import annotations

import sys

from quarantine.analyzers.code.capabilities import capability_of
from quarantine.formats.interface import Node

_TEXT_LIMIT = 300


def import_path(node: Node, where: str, key: str, value: object, known: frozenset[str]) -> None:
    """Judge a dotted path that the loader imports."""
    path = str(value)[:_TEXT_LIMIT]
    if not isinstance(value, str) or path in known:
        if not isinstance(value, str):
            node.finding("config-remote-code", where=where, key=key, value=path)
        return
    root = path.replace(":", ".").split(".")[0]
    harm = root in sys.stdlib_module_names or root == "builtins" or capability_of(path.replace(":", "."))
    if harm:
        node.finding("config-calls", where=f"{where}.{key}", target=path)
    else:
        node.finding("config-remote-code", where=where, key=key, value=path)


def file_path(node: Node, where: str, key: str, value: object) -> bool:
    """Report a path that leaves the model's folder; returns whether it stays inside."""
    path = str(value)
    parts = path.replace("\\", "/").split("/")
    outside = (
        path.startswith(("/", "\\", "~"))
        or ".." in parts
        or "\0" in path
        or path[1:3] in (":\\", ":/")
        or "://" in path
    )
    if outside:
        node.finding("config-path-escape", where=where, key=key, path=path[:_TEXT_LIMIT])
    return not outside


def beside(node: Node, name: str) -> bool:
    """Whether the submission holds that file, seen from the folder of this one."""
    folder, nested, _ = node.path.rpartition("/")
    wanted = f"{folder}/{name}" if nested else name
    return any(path == wanted for path, _ in node.siblings())
