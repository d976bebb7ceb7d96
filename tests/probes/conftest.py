"""Small models of our own, trained here on the samples that are not used for evaluation."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from quarantine.jail.protocol import AnyMessage, Done, Input, Request, decoder, encoder
from quarantine.probes.run import run
from quarantine.records import EvaluationSpec, ModelSpec

Probed = tuple[list[AnyMessage], Done]
Probe = Callable[..., Probed]


@pytest.fixture(scope="session")
def sets() -> ModuleType:
    """The generator of the evaluation sets."""
    path = Path(__file__).parents[2] / "corpora" / "eval" / "make.py"
    spec = importlib.util.spec_from_file_location("make_eval", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def cnn(sets: ModuleType) -> Any:
    """A digits-cnn for 1x16x16 images."""
    import torch

    from quarantine.probes.architectures import build

    torch.manual_seed(1)
    torch.set_num_threads(2)
    x, y = (torch.from_numpy(a) for a in sets.training("digits-16x16"))
    model = build("digits-cnn", (1, 16, 16), 10)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(12):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return model.eval()


@pytest.fixture
def probe() -> Probe:
    """Run the worker in this process on files of our own making."""

    def probe_files(
        *paths: Path,
        shape: tuple[int, ...] = (1, 16, 16),
        classes: int = 10,
        on: str | None = "digits-16x16",
        architecture: str | None = None,
        budget_s: float = 600.0,
    ) -> Probed:
        task = "image-classification" if len(shape) == 3 else "tabular-classification"
        fds = [os.open(path, os.O_RDONLY) for path in paths]
        messages: list[AnyMessage] = []
        try:
            done = run(
                Request(
                    task="probes",
                    inputs=tuple(
                        Input(p.name, fd, p.stat().st_size) for p, fd in zip(paths, fds, strict=True)
                    ),
                    model=ModelSpec(task=task, input_shape=shape, classes=classes, architecture=architecture),
                    evaluation=EvaluationSpec(set_name=on) if on else None,
                    budget_s=budget_s,
                ),
                messages.append,
            )
        finally:
            for fd in fds:
                os.close(fd)
        # Everything has to survive the parent's strict decoder.
        return [decoder.decode(encoder.encode(message)) for message in messages], done

    return probe_files
