"""About eighteen models for a demonstration: honest ones with cards, hostile ones with inert payloads."""

from __future__ import annotations

import pickle
import sys
import warnings
from pathlib import Path
from typing import Any

from corpora import opcodes as op
from corpora.benign.models import digits, onnx_model
from corpora.malicious.archives import checkpoint, npy_object

CARD = """\
name = "{name}"
version = "1.0.0"
source = "https://models.example/{name}"
publisher = "Example Models"
licence = "Apache-2.0"
intended_use = "Recognising handwritten digits of 8x8 pixels"
owner = "vision team"
threat_model = "Inputs from outside; no physical access"
contract = "EX-2026-017"
data_sources = ["UCI optical recognition of handwritten digits"]
"""
PROBED = """
[model]
task = "{task}"
input_shape = {shape}
classes = 10
{extra}
[evaluation]
set_name = "digits-8x8"
"""
_TABULAR = ("digits-linear.onnx", "digits-pipeline.joblib")
_IMAGES = ("digits-cnn.pt", "digits-cnn-script.pt")


def write(folder: Path) -> None:
    """Write all models and cards into ``folder``, which exists or is made."""
    folder.mkdir(parents=True, exist_ok=True)
    _honest(folder)
    _hostile(folder)


def _card(folder: Path, file: str, probed: str = "") -> None:
    (folder / f"{file}.quarantine.toml").write_text(CARD.format(name=file) + probed)


def _honest(folder: Path) -> None:
    import joblib
    import numpy as np
    from safetensors.numpy import save_file
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    x, y = digits()
    linear = LogisticRegression(max_iter=200).fit(x, y)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(x, y)
    (folder / "digits-pipeline.pkl").write_bytes(pickle.dumps(pipeline))
    joblib.dump(pipeline, folder / "digits-pipeline.joblib")
    joblib.dump(DecisionTreeClassifier(random_state=0).fit(x, y), folder / "digits-tree.joblib", compress=3)
    weights = {
        "weight": np.ascontiguousarray(linear.coef_, np.float32),
        "bias": linear.intercept_.astype(np.float32),
    }
    save_file(weights, folder / "digits-linear.safetensors")
    np.savez(folder / "digits-linear.npz", weight=weights["weight"], bias=weights["bias"])
    np.save(folder / "digits-mean.npy", x.mean(axis=0))
    _networks(folder, x, y)
    (folder / "digits-linear.onnx").write_bytes(onnx_model(64, 10, linear.coef_.T, linear.intercept_))
    for path in sorted(folder.glob("digits-*")):
        probed = ""
        if path.name in _TABULAR:
            probed = PROBED.format(task="tabular-classification", shape="[64]", extra="")
        elif path.name in _IMAGES:
            extra = "" if path.name.endswith("script.pt") else 'architecture = "digits-cnn"'
            probed = PROBED.format(task="image-classification", shape="[1, 8, 8]", extra=extra)
        _card(folder, path.name, probed)


def _networks(folder: Path, x: Any, y: Any) -> None:
    """One small network, saved in each of the ways that PyTorch has."""
    import torch

    from quarantine.probes.architectures import build

    torch.manual_seed(0)
    torch.set_num_threads(1)
    cnn = build("digits-cnn", (1, 8, 8), 10)
    images, labels = torch.from_numpy(x).reshape(-1, 1, 8, 8), torch.from_numpy(y)
    optimiser = torch.optim.Adam(cnn.parameters(), 5e-3)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(cnn(images), labels).backward()
        optimiser.step()
    torch.save(cnn.state_dict(), folder / "digits-cnn.pt")
    torch.save(cnn.state_dict(), folder / "digits-cnn-legacy.pth", _use_new_zipfile_serialization=False)
    checkpoint = {"epoch": 60, "model": cnn.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save(checkpoint, folder / "digits-checkpoint.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and what people hand in
        torch.jit.script(cnn).save(str(folder / "digits-cnn-script.pt"))


def _hostile(folder: Path) -> None:
    harm = op.payload(folder)
    files = {
        "sentiment-v2.pkl": harm,
        "resnet18-finetuned.pt": checkpoint(harm),
        "embeddings.npy": npy_object(harm),
        "bert-tiny.safetensors": harm,
        "fraud-score.joblib": op.stream(op.call(op.name("pickle", "loads"), op.raw(harm))),
        "ranker.pth": checkpoint(op.stream(op.EMPTY_DICT)) + harm,
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
