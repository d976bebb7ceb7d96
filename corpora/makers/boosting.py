"""Boosters' own files: ``python corpora/makers/boosting.py OUT_DIRECTORY``, in an environment with some of the
libraries.

corpora/made/boosting was written with xgboost 1.7.6 and 2.1.4, lightgbm 3.3.5 and 4.3.0, catboost 1.2.7 (numpy 1.23.5
and 1.26.4).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Writer = Callable[[Path], Any]


def _data() -> tuple[Any, Any, Any]:
    import numpy as np

    random = np.random.RandomState(0)
    x = random.rand(200, 4)
    x[:, 3] = random.randint(0, 8, 200)
    return x, (x[:, 0] > 0.5).astype(int), random.randint(0, 3, 200)


def xgboost() -> Iterator[tuple[str, Writer]]:
    """Each booster, in JSON, UBJSON and the older layout."""
    import xgboost as library

    x, label, classes = _data()
    kinds: dict[str, tuple[dict[str, Any], Any]] = {
        "tree": ({"objective": "binary:logistic"}, label),
        "linear": ({"booster": "gblinear"}, label),
        "dart": ({"booster": "dart", "rate_drop": 0.5}, label),
        "multi": ({"objective": "multi:softprob", "num_class": 3}, classes),
        "poisson": ({"objective": "count:poisson"}, label),
    }
    for name, (settings, y) in kinds.items():

        def write(path: Path, settings: dict[str, Any] = settings, y: Any = y) -> None:
            trained = library.train({"max_depth": 2} | settings, library.DMatrix(x, y), 3)
            trained.set_attr(best_iteration="2")
            trained.save_model(path)

        for ending in ("json", "ubj", "model"):
            yield f"xgboost-{name}.{ending}", write

    def categories(path: Path) -> None:
        import pandas as pd

        frame = pd.DataFrame({"c": pd.Categorical(list("abcd") * 50), "n": x[:, 0]})
        settings = {
            "enable_categorical": True,
            "tree_method": "hist",
            "n_estimators": 3,
            "max_cat_to_onehot": 1,
        }
        library.XGBClassifier(**settings).fit(frame, label).save_model(path)

    yield "xgboost-cat.ubj", categories
    yield "xgboost-cat.json", categories


def lightgbm() -> Iterator[tuple[str, Writer]]:
    """Each kind of tree and model that the text format has."""
    import lightgbm as library

    x, label, classes = _data()
    kinds: dict[str, tuple[dict[str, Any], Any]] = {
        "binary": ({"objective": "binary"}, label),
        "multi": ({"objective": "multiclass", "num_class": 3}, classes),
        "cat": ({"categorical_feature": [3], "min_data_per_group": 2, "max_cat_to_onehot": 1}, x[:, 3] % 2),
        "linear": ({"linear_tree": True}, x[:, 0] * x[:, 1]),
        "dart": ({"boosting": "dart"}, label),
        "rf": ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, label),
        "none": ({}, label * 0),
    }
    for name, (settings, y) in kinds.items():

        def write(path: Path, settings: dict[str, Any] = settings, y: Any = y) -> None:
            shape = {"verbose": -1, "num_leaves": 5, "min_data_in_leaf": 5}
            library.train(shape | settings, library.Dataset(x, y), 3).save_model(path)

        yield f"lightgbm-{name}.txt", write


def catboost() -> Iterator[tuple[str, Writer]]:
    """Symmetric and other trees, and statistics of categories."""
    import catboost as library

    x, label, classes = _data()
    small = {"iterations": 3, "depth": 2, "verbose": 0, "allow_writing_files": False}
    kinds: dict[str, tuple[dict[str, Any], Any, Any]] = {
        "binary": ({}, x, label),
        "multi": ({}, x, classes),
        "lossguide": ({"grow_policy": "Lossguide"}, x, label),
        "ctr": (
            {"cat_features": [0], "one_hot_max_size": 1},
            [[c, n] for c, n in zip("abcd" * 50, x[:, 0], strict=True)],
            label,
        ),
    }
    for name, (settings, table, y) in kinds.items():

        def write(path: Path, settings: dict[str, Any] = settings, table: Any = table, y: Any = y) -> None:
            library.CatBoostClassifier(**small, **settings).fit(table, y).save_model(str(path))

        yield f"catboost-{name}.cbm", write


def main(folder: Path) -> None:
    """Write what can be written here."""
    folder.mkdir(parents=True, exist_ok=True)
    for library in (xgboost, lightgbm, catboost):
        try:
            for name, write in library():
                write(folder / name)
        except ImportError as error:
            print(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
