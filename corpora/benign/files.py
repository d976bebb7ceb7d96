"""Honest arrays, checkpoints, tensors, graphs and plain pickles, as their libraries write them."""

from __future__ import annotations

import collections
import datetime
import decimal
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpora.benign.models import onnx_model
from corpora.case import Case, benign

Writer = Callable[[Path], object]


def _case(name: str, file: str, write: Writer) -> Case:
    def build(folder: Path) -> Path:
        path = folder / file
        write(path)
        return path

    return benign(f"benign-{name}", name.replace("-", " "), build)


def _npy(dtype: str, shape: tuple[int, ...]) -> Writer:
    def write(path: Path) -> None:
        import numpy as np

        np.save(path, np.zeros(shape, dtype))

    return write


def _npz(compressed: bool) -> Writer:
    def write(path: Path) -> None:
        import numpy as np

        (np.savez_compressed if compressed else np.savez)(path, w=np.ones((8, 8)), b=np.zeros(8))

    return write


def _torch(make: Callable[[Any], object], **options: Any) -> Writer:
    def write(path: Path) -> None:
        import torch

        torch.manual_seed(0)
        torch.save(make(torch), path, **options)

    return write


def _safetensors(dtype: str, metadata: dict[str, str] | None = None) -> Writer:
    def write(path: Path) -> None:
        import torch
        from safetensors.torch import save_file

        save_file({"w": torch.zeros((4, 4), dtype=getattr(torch, dtype))}, path, metadata=metadata)

    return write


def _pickled(value: object, protocol: int) -> Writer:
    return lambda path: path.write_bytes(pickle.dumps(value, protocol))


def _sklearn(name: str, dump: str, compress: Any = 0) -> Writer:
    def write(path: Path) -> None:
        import joblib
        from sklearn import ensemble, linear_model, preprocessing, tree
        from sklearn.datasets import load_iris
        from sklearn.pipeline import make_pipeline

        models: dict[str, Any] = {
            "logistic": linear_model.LogisticRegression(max_iter=300),
            "pipeline": make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
            "tree": tree.DecisionTreeClassifier(random_state=0),
            "forest": ensemble.RandomForestClassifier(5, random_state=0),
            "ridge": linear_model.Ridge(),
        }
        model = models[name].fit(*load_iris(return_X_y=True))
        if dump == "joblib":
            joblib.dump(model, path, compress=compress)
        else:
            path.write_bytes(pickle.dumps(model))

    return write


def cases() -> list[Case]:
    """About seventy files, written by numpy, torch, safetensors, onnx, scikit-learn, joblib and pickle."""
    found = [
        _case(f"npy-{d}-{len(s)}d", "weights.npy", _npy(d, s))
        for d in ("float16", "float32", "float64", "int8", "int64", "bool", "complex64")
        for s in ((), (3, 4))
    ]
    found += [_case(f"npz-compressed-{c}".lower(), "weights.npz", _npz(c)) for c in (False, True)]
    torches: dict[str, Callable[[Any], object]] = {
        "tensor": lambda t: t.ones(4),
        "state-dict": lambda t: t.nn.Linear(4, 2).state_dict(),
        "conv-state-dict": lambda t: t.nn.Sequential(t.nn.Conv2d(1, 2, 3), t.nn.BatchNorm2d(2)).state_dict(),
        "half": lambda t: {"w": t.ones(3, dtype=t.float16)},
        "bfloat16": lambda t: {"w": t.ones(3, dtype=t.bfloat16)},
        "training": lambda t: {"epoch": 3, "model": t.nn.Linear(2, 2).state_dict(), "loss": 0.5},
        "parameter": lambda t: {"p": t.nn.Parameter(t.ones(2))},
    }
    found += [_case(f"torch-{n}", "model.pt", _torch(m)) for n, m in torches.items()]
    legacy = {"_use_new_zipfile_serialization": False}
    found += [
        _case(f"torch-legacy-{n}", "model.pth", _torch(torches[n], **legacy))
        for n in ("tensor", "state-dict")
    ]
    for dtype in ("float32", "float16", "bfloat16", "int64", "uint8", "bool"):
        found.append(_case(f"safetensors-{dtype}", "model.safetensors", _safetensors(dtype)))
    found.append(
        _case("safetensors-metadata", "model.safetensors", _safetensors("float32", {"format": "pt"}))
    )
    for size in ((4, 2), (64, 10), (16, 3)):
        found.append(
            _case(f"onnx-{size[0]}-{size[1]}", "model.onnx", lambda p, s=size: p.write_bytes(onnx_model(*s)))  # type: ignore[misc]
        )
    for name in ("logistic", "pipeline", "tree", "forest", "ridge"):
        found.append(_case(f"sklearn-{name}-pickle", "model.pkl", _sklearn(name, "pickle")))
        found.append(_case(f"sklearn-{name}-joblib", "model.joblib", _sklearn(name, "joblib")))
    for method in ("zlib", "gzip", "bz2", "xz"):
        found.append(_case(f"joblib-{method}", "model.joblib", _sklearn("ridge", "joblib", (method, 3))))
    values: dict[str, object] = {
        "dict": {"weights": [0.5, 1.5], "names": ["a", "b"]},
        "nested": [({1, 2}, frozenset({3}), b"bytes", None, True, 1 << 80, 2j)],
        "ordered": collections.OrderedDict(a=1, b=2),
        "dates": [datetime.datetime(2020, 1, 1), decimal.Decimal("1.5")],
    }
    found += [
        _case(f"pickle-{n}-protocol-{p}", "model.pkl", _pickled(v, p))
        for n, v in values.items()
        for p in (0, 2, 4, 5)
    ]
    found += [
        benign(f"benign-repository-{n}", f"a {n} repository", _repository(n)) for n in ("torch", "onnx")
    ]
    return found


def _repository(kind: str) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        root = folder / "repository"
        root.mkdir()
        (root / "config.json").write_text(json.dumps({"model_type": "tiny", "hidden_size": 4}))
        (root / "README.md").write_text("# Tiny\n\nA tiny model.\n")
        if kind == "torch":
            _safetensors("float32")(root / "model.safetensors")
        else:
            (root / "model.onnx").write_bytes(onnx_model(4, 2))
        return root

    return build
