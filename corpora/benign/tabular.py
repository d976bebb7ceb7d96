"""Honest pickles of tabular libraries, by other versions and by the ones here; see ``corpora.makers.tabular``."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

from corpora.case import MADE, Case, benign, made, one_file

HERE = (
    "pipeline", "function-log1p", "tfidf", "knn-kd_tree", "knn-ball_tree", "random-state", "grid-search",
    "random-search-loguniform", "calibrated-isotonic", "voting", "stacking", "mutual-information", "chain",
    "gaussian-process", "hist-quantile", "sgd-log_loss", "boosting-absolute_error", "transformed-target",
    "column-transformer", "column-selector", "pandas-frame", "pandas-multi", "pandas-intervals", "pandas-scalars",
    "pandas-zoned-berlin", "xgboost-XGBClassifier", "xgboost-dart", "xgboost-linear", "xgboost-Booster",
    "lightgbm-LGBMClassifier", "lightgbm-Booster", "pipeline-lightgbm", "sparse-array-lil", "ufuncs",
    "generator-PCG64DXSM", "interpolate-CubicSpline", "scipy-frozen",
)  # fmt: skip


def _made_here(name: str) -> Callable[[Path], bytes]:
    def content(_: Path) -> bytes:
        from corpora.makers import tabular

        groups = (tabular.arrays, tabular.composed, tabular.tables, tabular.boosters)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pickle.dumps(next(make for group in groups for found, make in group() if found == name)())

    return content


def cases() -> list[Case]:
    """All of them."""
    found = [
        benign(f"tabular-{path.stem}", f"{path.name}, by another version", made(f"tabular/{path.name}"))
        for path in sorted((MADE / "tabular").iterdir())
    ]
    return found + [
        benign(
            f"tabular-here-{name}",
            f"{name} by the installed library",
            one_file("model.pkl", _made_here(name)),
        )
        for name in HERE
    ]
