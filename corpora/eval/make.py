"""Make the small evaluation sets of the probes from scikit-learn's data, with a manifest of their SHA-256.

Run it from the repository root: ``python corpora/eval/make.py``. The same libraries give the same bytes.
Every third sample is for evaluation and is written; the others are for whoever trains a model to try the
probes on.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

TARGET = Path(__file__).parents[2] / "quarantine" / "probes" / "sets"
EVERY = 3


def digits(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits as float32 images [n, 1, side, side] in 0..1; 16x16 is a bilinear enlargement of 8x8."""
    flat, labels = load_digits(return_X_y=True)
    images = (flat / 16.0).reshape(-1, 8, 8)
    if side != 8:
        # Half-pixel centres, edges held: what torch's interpolate(mode="bilinear") does.
        at = np.clip((np.arange(side) + 0.5) * 8 / side - 0.5, 0, 7)
        low = np.minimum(at.astype(int), 6)
        weights = np.zeros((side, 8))
        weights[np.arange(side), low] = 1 - (at - low)
        weights[np.arange(side), low + 1] = at - low
        images = weights @ images @ weights.T
    return images[:, None].astype(np.float32), labels.astype(np.int64)


def table(loader: object) -> tuple[np.ndarray, np.ndarray]:
    """A tabular set in the units of its source."""
    features, labels = loader(return_X_y=True)  # type: ignore[operator]
    return features.astype(np.float32), labels.astype(np.int64)


def everything() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """All samples of every set, by name."""
    return {
        "digits-8x8": digits(8),
        "digits-16x16": digits(16),
        "iris": table(load_iris),
        "breast-cancer": table(load_breast_cancer),
        "wine": table(load_wine),
    }


def training(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The samples of a set that are not used for evaluation."""
    x, y = everything()[name]
    kept = np.arange(len(x)) % EVERY != 0
    return x[kept], y[kept]


def main() -> None:
    """Write the evaluation samples and the manifest."""
    TARGET.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for name, (x, y) in everything().items():
        path = TARGET / f"{name}.npz"
        np.savez_compressed(path, allow_pickle=False, x=x[::EVERY], y=y[::EVERY])
        manifest[name] = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "shape": list(x.shape[1:]),
            "classes": int(y.max()) + 1,
            "samples": len(x[::EVERY]),
        }
    (TARGET / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
