"""The registered evaluation sets: found by name, checked against their manifest, fitted to the card.

Only arrays are read, never pickles. A set that does not fit the card is said to be so.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quarantine.probes.adapters.interface import Array, NotRunnable
from quarantine.records import EvaluationSpec, ModelSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Labels = NDArray[np.int64]
    Right = NDArray[np.bool_]
else:
    Labels = Right = Any

SETS = Path(__file__).parent / "sets"


@dataclass(frozen=True)
class Data:
    """Evaluation samples ``x`` scaled to 0..1 by ``low`` and ``high`` (in the model's units); labels ``y``.

    Scaling makes a perturbation budget a fraction of each input's range, for images and tables alike.
    """

    name: str
    x: Array
    y: Labels
    low: Array
    high: Array

    @property
    def is_image(self) -> bool:
        """True for samples of the form [channels, height, width]."""
        return self.x.ndim == 4

    def in_units(self, x: Any) -> Any:
        """Samples in 0..1 (an array, or a tensor if the bounds are) as the model takes them."""
        return x * (self.high - self.low) + self.low


def load(evaluation: EvaluationSpec, spec: ModelSpec) -> Data:
    """The set that the card names, in the shape that the card declares.

    Raises:
        NotRunnable: no such set, its bytes are not those of the manifest, or it does not fit the card.
    """
    import numpy as np

    manifest = json.loads((SETS / "manifest.json").read_text())
    name = evaluation.set_name
    if name not in manifest:
        known = ", ".join(sorted(manifest))
        raise NotRunnable(f"the card names the evaluation set {name!r}, and there are only: {known}")
    content = (SETS / f"{name}.npz").read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest[name]["sha256"]:
        raise NotRunnable(f"the evaluation set {name!r} is not the one that the manifest lists")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"]
    if math.prod(x.shape[1:]) != math.prod(spec.input_shape):
        raise NotRunnable(f"card: input shape {list(spec.input_shape)}; set {name}: {list(x.shape[1:])}")
    if manifest[name]["classes"] != spec.classes:
        raise NotRunnable(f"card: {spec.classes} classes; set {name}: {manifest[name]['classes']}")
    image = x.ndim == 4
    x = x.reshape(len(x), *spec.input_shape)
    if image:
        # The stored images are in 0..1; the card says which range the model takes.
        low, high = np.float32(spec.clip_min), np.float32(spec.clip_max)
        return Data(name, x, y, np.asarray(low), np.asarray(high))
    low, high = x.min(axis=0), x.max(axis=0)
    high = np.where(high > low, high, low + 1)
    return Data(name, ((x - low) / (high - low)).astype(np.float32), y, low, high)
