"""The allow list of architectures for bare weights: a card names one, and no name from outside is imported.

Building one needs torch; knowing the names does not.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from quarantine.probes.adapters.interface import NotRunnable

Shape = tuple[int, ...]


def build(name: str, input_shape: Shape, classes: int) -> Any:
    """The untrained ``torch.nn.Module`` called ``name``.

    Raises ``NotRunnable`` if the shape does not suit it.
    """
    return ARCHITECTURES[name](input_shape, classes)


def _linear(input_shape: Shape, classes: int) -> Any:
    return _mlp(input_shape, classes, ())


def _mlp_64(input_shape: Shape, classes: int) -> Any:
    return _mlp(input_shape, classes, (64,))


def _mlp_128_64(input_shape: Shape, classes: int) -> Any:
    return _mlp(input_shape, classes, (128, 64))


def _mlp(input_shape: Shape, classes: int, hidden: Shape) -> Any:
    from torch import nn

    layers: OrderedDict[str, Any] = OrderedDict(flatten=nn.Flatten())
    width = math.prod(input_shape)
    for number, units in enumerate(hidden, 1):
        layers[f"fc{number}"] = nn.Linear(width, units)
        layers[f"relu{number}"] = nn.ReLU()
        width = units
    layers["out"] = nn.Linear(width, classes)
    return nn.Sequential(layers)


def _digits_cnn(input_shape: Shape, classes: int) -> Any:
    from torch import nn

    if len(input_shape) != 3 or min(input_shape[1:]) < 4:
        raise NotRunnable("digits-cnn takes images [channels, height, width] of at least 4x4")
    channels, height, width = input_shape
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 16, 3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(16, 32, 3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            out=nn.Linear(32 * (height // 4) * (width // 4), classes),
        )
    )


ARCHITECTURES: dict[str, Callable[[Shape, int], Any]] = {
    "digits-cnn": _digits_cnn,
    "linear": _linear,
    "mlp-64": _mlp_64,
    "mlp-128-64": _mlp_128_64,
}
