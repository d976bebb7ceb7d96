"""Write small ncnn models: pnnx 20261020 and torch 2.14.1, Linux.

Run from the repository root: ``python corpora/makers/ncnn_models.py``. It writes ``corpora/made/ncnn``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path

import pnnx
import torch
from torch import nn

TARGET = Path(__file__).parents[1] / "made" / "ncnn"


class Recurrent(nn.Module):
    """An embedding, a recurrent layer and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 8, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(16, 8, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.gru(self.lstm(x)[0])[0])
        return self.attention(x, x, x, need_weights=False)[0]


def main() -> None:
    """Convert each with pnnx, in halves and in floats."""
    torch.manual_seed(0)
    layers = (
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.PReLU(4), nn.Conv2d(4, 4, 3, groups=4), nn.ReLU(), nn.GroupNorm(2, 4),
        nn.ConvTranspose2d(4, 2, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3), nn.Softmax(1),
    )  # fmt: skip
    images = nn.Sequential(OrderedDict((f"layer{number}", layer) for number, layer in enumerate(layers)))
    models = {"images": (images, torch.rand(1, 3, 16, 16)), "recurrent": (Recurrent(), torch.rand(1, 5, 8))}
    for name, (model, x) in models.items():
        for half in (True, False):
            folder = TARGET / f"{name}{'' if half else '-float'}"
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as work:
                os.chdir(work)
                pnnx.export(model.eval(), "model.pt", x, fp16=half, check_trace=False)
                for end in ("param", "bin"):
                    shutil.copyfile(f"model.ncnn.{end}", folder / f"model.ncnn.{end}")


if __name__ == "__main__":
    main()
