"""scikit-learn estimators in pickle, joblib or skops files. Loading one runs whatever the pickle says.

It is reached only after a static stage that found nothing, and only in the jail.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, BinaryIO

from quarantine.probes.adapters.interface import Array, NotRunnable, Runnable
from quarantine.records import ModelSpec

# Of legacy torch.save, whose streams are pickles as well.
_TORCH_LEGACY = bytes.fromhex("8a0a6cfc9c46f9206aa85019")
_COMPRESSED = (b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x04\x22\x4d\x18")


class Sklearn:
    """The scikit-learn adapter; no gradients."""

    name = "sklearn"

    def recognises(self, file: BinaryIO) -> bool:
        """True for a pickle of protocol 2 or later, a compressed joblib file, or a skops archive."""
        head = file.read(32)
        file.seek(0)
        if head[:2] == b"PK":
            return _is_skops(file)
        return (head[:1] == b"\x80" and _TORCH_LEGACY not in head) or head.startswith(_COMPRESSED)

    def load(self, content: bytes, spec: ModelSpec) -> Runnable:
        """Load the estimator; its inputs are flattened, its columns put in the order of the class numbers."""
        estimator = _estimator(content)
        if not hasattr(estimator, "predict"):
            raise NotRunnable(f"the pickle holds a {type(estimator).__name__}, which cannot predict")
        features = getattr(estimator, "n_features_in_", None)
        labels = getattr(estimator, "classes_", None)
        return Runnable(
            format=self.name,
            device="cpu",
            predict=_predict(estimator, spec.classes),
            found_shape=None if features is None else (int(features),),
            found_classes=None if labels is None else len(labels),
        )


def _is_skops(file: BinaryIO) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return "schema.json" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _estimator(content: bytes) -> Any:
    if content[:2] == b"PK":
        from skops import io as skops

        # Default deny: skops refuses types that it does not know.
        return skops.loads(content, trusted=[])
    import joblib

    # joblib reads plain pickles too.
    return joblib.load(io.BytesIO(content))


def _predict(estimator: Any, classes: int) -> Any:
    import numpy as np

    def scores(flat: Array) -> Any:
        if hasattr(estimator, "predict_proba"):
            return np.asarray(estimator.predict_proba(flat))
        if hasattr(estimator, "decision_function"):
            margin = np.asarray(estimator.decision_function(flat))
            return np.stack([-margin, margin], axis=1) if margin.ndim == 1 else margin
        return None

    def predict(x: Array) -> Array:
        flat = x.reshape(len(x), -1)
        found = scores(flat)
        if found is None:
            votes: Array = np.eye(classes, dtype=np.float32)[np.asarray(estimator.predict(flat)).astype(int)]
            return votes
        labels = np.asarray(getattr(estimator, "classes_", np.arange(found.shape[1])))
        numbered = labels.dtype.kind in "iu" and labels.min() >= 0 and labels.max() < classes
        if not numbered or np.array_equal(labels, np.arange(classes)):
            return np.asarray(found, dtype=np.float32)
        placed = np.full((len(x), classes), found.min() - 1, dtype=np.float32)
        placed[:, labels] = found
        return placed

    return predict
