"""Honest boosters' files: of other versions, and of those here by ``corpora.makers.boosting``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corpora.case import MADE, Case, benign, made

HERE = (
    "xgboost-tree.json", "xgboost-tree.ubj", "xgboost-linear.json", "xgboost-linear.ubj", "xgboost-dart.json",
    "xgboost-dart.ubj", "xgboost-multi.ubj", "xgboost-cat.json", "xgboost-cat.ubj", "lightgbm-binary.txt",
    "lightgbm-multi.txt", "lightgbm-cat.txt", "lightgbm-linear.txt", "lightgbm-dart.txt", "lightgbm-rf.txt",
    "lightgbm-none.txt",
)  # fmt: skip


def _here(name: str) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        from corpora.makers import boosting

        library = boosting.xgboost if name.startswith("xgboost") else boosting.lightgbm
        path = folder / name
        dict(library())[name](path)
        return path

    return build


def cases() -> list[Case]:
    """All of them."""
    others = sorted((MADE / "boosting").iterdir())
    return [
        benign(f"boosting-{p.name}", f"{p.name}, by another version", made(f"boosting/{p.name}"))
        for p in others
    ] + [benign(f"boosting-here-{name}", f"{name}, by the installed library", _here(name)) for name in HERE]
