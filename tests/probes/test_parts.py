"""The small parts of the probes that need no model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from quarantine.probes import data
from quarantine.probes.adapters.interface import NotRunnable
from quarantine.probes.runnable import is_runnable, runnable_formats
from quarantine.probes.statistics import wilson
from quarantine.records import Artifact, EvaluationSpec, IntakeCard, ModelSpec

SPEC = ModelSpec(task="image-classification", input_shape=(1, 16, 16), classes=10)


def artifact(path: str, format_name: str) -> Artifact:
    return Artifact(path=path, format=format_name, size_bytes=1, claimed_bytes=1, analyzers=(), complete=True)


def test_wilson_interval_is_that_of_the_literature() -> None:
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(10, 10)[1] == 1.0
    assert wilson(10, 10)[0] < 0.8
    with pytest.raises(ValueError, match="no samples"):
        wilson(0, 0)


def test_runnable_needs_a_card_and_bare_weights_need_a_known_architecture() -> None:
    assert runnable_formats(None) == frozenset()
    assert runnable_formats(IntakeCard()) == frozenset()
    plain = IntakeCard(model=SPEC)
    assert {"onnx", "torchscript", "torch_export", "pickle"} <= runnable_formats(plain)
    assert not is_runnable([artifact("w.safetensors", "safetensors")], plain)
    named = IntakeCard(
        model=ModelSpec(
            task="image-classification", input_shape=(1, 16, 16), classes=10, architecture="digits-cnn"
        )
    )
    assert is_runnable([artifact("w.safetensors", "safetensors")], named)
    assert not is_runnable([artifact("a.zip!m.onnx", "onnx")], plain)


@pytest.mark.parametrize(
    ("form", "runs"),
    [("torchscript", True), ("torch_export", True), ("skops", True), ("torch", False), ("zip", False)],
)
def test_an_archive_is_told_by_its_format(form: str, runs: bool) -> None:
    assert is_runnable([artifact("m.pt", form)], IntakeCard(model=SPEC)) is runs


def test_importing_the_worker_brings_in_no_giant() -> None:
    code = (
        "import sys, quarantine.probes.run, quarantine.probes.runnable;"
        "print([m for m in ('torch', 'art', 'numpy', 'onnx', 'onnxruntime', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sets_are_those_that_the_generator_makes(sets: ModuleType) -> None:
    import numpy as np

    for name, (x, y) in sets.everything().items():
        with np.load(data.SETS / f"{name}.npz", allow_pickle=False) as arrays:
            np.testing.assert_allclose(arrays["x"], x[:: sets.EVERY], atol=1e-6)
            np.testing.assert_array_equal(arrays["y"], y[:: sets.EVERY])


def test_set_that_was_changed_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = json.loads((data.SETS / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "digits-16x16.npz").write_bytes(b"other")
    monkeypatch.setattr(data, "SETS", tmp_path)
    with pytest.raises(NotRunnable, match="not the one"):
        data.load(EvaluationSpec(set_name="digits-16x16"), SPEC)


def test_images_are_given_in_the_range_of_the_card() -> None:
    spec = ModelSpec(
        task="image-classification", input_shape=(1, 16, 16), classes=10, clip_min=-1.0, clip_max=1.0
    )
    loaded = data.load(EvaluationSpec(set_name="digits-16x16"), spec)
    units = loaded.in_units(loaded.x)
    assert (float(units.min()), float(units.max())) == (-1.0, 1.0)
