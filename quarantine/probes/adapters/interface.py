"""The contract of an adapter: recognise a model file by its content and make it predict.

Adapters run model code, so they run only in the probes' jail. They import torch, onnxruntime and the like
inside functions, and say ``NotRunnable`` with a reason whenever the card and the file do not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quarantine.records import ModelSpec

    Array = NDArray[np.float32]
else:
    Array = Any


class NotRunnable(Exception):
    """The model cannot be run as the card says; ``str()`` of it is the reason for a reader."""


@dataclass(frozen=True)
class Runnable:
    """A loaded model.

    ``predict`` maps float32 ``[n, *input_shape]`` to scores ``[n, classes]`` (logits or probabilities;
    only their order matters). ``torch_module`` is set where gradients exist, and gives the same scores.
    ``found_shape`` and ``found_classes`` are what the file itself says, ``None`` where it does not.
    """

    format: str
    device: str
    predict: Callable[[Array], Array]
    torch_module: Any = None
    found_shape: tuple[int | None, ...] | None = None
    found_classes: int | None = None


class Adapter(Protocol):
    """One way of running a model file."""

    name: str

    def recognises(self, file: BinaryIO) -> bool:
        """True if the content is this adapter's.

        ``file`` is seekable and at offset 0; its name is not known.
        """

    def load(self, content: bytes, spec: ModelSpec) -> Runnable:
        """Load the model. Runs the submitter's code for some formats.

        Raises:
            NotRunnable: the file needs something that the card does not give, or that is not allowed here.
        """
