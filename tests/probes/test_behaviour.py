"""Models whose measurements would mean nothing are told; the honest one is not."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.probes.test_run import findings


class Wrapped(torch.nn.Module):
    """A model with something done to its input or scores."""

    def __init__(self, inner: torch.nn.Module, kind: str) -> None:
        super().__init__()
        self.inner = inner
        self.kind = kind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.kind == "rounded inputs":
            return self.inner((x * 8).round() / 8)
        scores = self.inner(x)
        if self.kind == "nan":
            return scores * float("nan")
        if self.kind == "constant":
            return scores * 0.0
        if self.kind == "one-hot":
            return torch.nn.functional.one_hot(scores.argmax(1), 10).float()
        if self.kind == "rounded scores":
            return scores.round()
        if self.kind == "random":
            return scores + 20 * torch.randn_like(scores)
        if self.kind == "other in large batches" and x.shape[0] > 32:
            return -scores
        if self.kind == "fewer scores" and x.shape[0] > 2:
            return scores[:, :3]
        return scores


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("honest", None),
        ("nan", "not numbers"),
        ("constant", "the same scores"),
        ("one-hot", "gradients"),
        ("rounded scores", "gradients are zero"),
        ("rounded inputs", "gradients are zero"),
        ("random", "asked again"),
        ("other in large batches", "smaller batch"),
        ("fewer scores", "number of scores"),
    ],
)
def test_a_model_whose_measurements_mean_nothing_is_told(
    cnn: Any, probe: Any, tmp_path: Path, kind: str, reason: str | None
) -> None:
    path = tmp_path / "m.pt"
    torch.jit.script(Wrapped(cnn, kind).eval()).save(str(path))
    messages, _ = probe(path, budget_s=2.0)
    said = [text for rule, text in findings(messages) if rule == "probe-unreliable"]
    assert bool(said) == (reason is not None), said
    assert reason is None or reason in said[0]
