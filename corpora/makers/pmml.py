"""PMML by nyoka 5.5.0 with scikit-learn: ``python corpora/makers/pmml.py OUT_DIRECTORY``."""

from __future__ import annotations

import sys
from pathlib import Path


def main(folder: Path) -> None:
    """A regression, a tree and a forest for the irises."""
    from nyoka import skl_to_pmml
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.tree import DecisionTreeClassifier

    folder.mkdir(parents=True, exist_ok=True)
    data = load_iris(as_frame=True)
    models = {
        "logistic": LogisticRegression(),
        "tree": DecisionTreeClassifier(max_depth=3),
        "forest": RandomForestClassifier(2, max_depth=2),
    }
    for name, model in models.items():
        fitted = Pipeline([("m", model)]).fit(data.data, data.target)
        skl_to_pmml(fitted, list(data.data.columns), "y", str(folder / f"nyoka-{name}.pmml"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
