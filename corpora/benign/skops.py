"""Honest skops archives, of old versions and of the one installed here."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from corpora.case import MADE, Case, benign, made, one_file

HERE = ("pipeline", "function-log1p", "tfidf", "knn-kd_tree", "random-search", "grid-search-kfold",
        "gaussian-process", "hist-quantile", "boosting-huber", "sgd-log_loss", "calibrated-isotonic",
        "column-transformer", "random-state", "own-scorer", "bunch")  # fmt: skip


def _here(name: str) -> Callable[[Path], bytes]:
    def content(_: Path) -> bytes:
        import skops.io

        from corpora.makers import tabular

        groups = (tabular.composed, tabular.tables)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return skops.io.dumps(
                next(make for group in groups for found, make in group() if found == name)()
            )

    return content


def cases() -> list[Case]:
    """All of them."""
    others = sorted((MADE / "skops").iterdir())
    return [
        benign(f"skops-{path.stem}", f"{path.name}, by another version", made(f"skops/{path.name}"))
        for path in others
    ] + [
        benign(f"skops-here-{name}", f"{name}, by the installed skops", one_file("model.skops", _here(name)))
        for name in HERE
    ]
