"""Honest checkpoints: tensors, layers, optimizers and training state as PyTorch pickles them, and dill's files."""

from __future__ import annotations

import functools
import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpora.case import Case, benign, made, one_file

Make = Callable[[Any], object]
_DTYPES = (
    "float16",
    "bfloat16",
    "float64",
    "int8",
    "uint8",
    "int64",
    "bool",
    "complex64",
    "float8_e4m3fn",
    "uint16",
)
_MADE = ("training_args.bin", "training_args_legacy.bin", "seq2seq_args.bin", "bert.pt", "llama.pt",
         "bert_scheduler.pt", "batch.pt", "rng_state.pth", "omegaconf.ckpt", "lightning.ckpt")  # fmt: skip


def _saved(make: Make, **options: Any) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        import torch

        torch.manual_seed(0)
        path = folder / "model.pt"
        torch.save(make(torch), path, **options)
        return path

    return build


def _layers() -> dict[str, Make]:
    return {
        "convolution": lambda t: t.nn.Sequential(t.nn.Conv2d(1, 2, 3), t.nn.BatchNorm2d(2), t.nn.ReLU()),
        "recurrent": lambda t: t.nn.LSTM(3, 4, 2, bidirectional=True),
        "transformer": lambda t: t.nn.Transformer(8, 2, 1, 1, 16),
        "attention": lambda t: t.nn.MultiheadAttention(8, 2),
        "embedding": lambda t: t.nn.EmbeddingBag(10, 3),
        "dictionary": lambda t: t.nn.ModuleDict({"a": t.nn.Linear(2, 2), "b": t.nn.Dropout()}),
        "parameters": lambda t: t.nn.ParameterDict({"a": t.nn.Parameter(t.ones(2))}),
        "lazy": lambda t: t.nn.LazyLinear(3),
        "parallel": lambda t: t.nn.DataParallel(t.nn.Linear(2, 2)),
        "weight-norm": lambda t: t.nn.utils.weight_norm(t.nn.Linear(3, 3)),
        "spectral-norm": lambda t: t.nn.utils.spectral_norm(t.nn.Linear(3, 3)),
        "pruned": _pruned,
        "averaged": lambda t: t.optim.swa_utils.AveragedModel(t.nn.Linear(2, 2)),
        "dynamic-quantised": lambda t: t.ao.quantization.quantize_dynamic(
            t.nn.Sequential(t.nn.Linear(4, 4)), {t.nn.Linear}
        ),
    }


def _pruned(t: Any) -> object:
    from torch.nn.utils import prune

    layer = t.nn.Linear(3, 3)
    prune.l1_unstructured(layer, "weight", 0.5)
    return layer


def _tensors() -> dict[str, Make]:
    return {
        "quantised": lambda t: t.quantize_per_tensor(t.ones(4, 4), 0.1, 0, t.qint8),
        "quantised-by-channel": lambda t: t.quantize_per_channel(t.ones(4, 4), t.ones(4), t.zeros(4), 0, t.quint8),
        "sparse": lambda t: t.eye(4).to_sparse(),
        "sparse-rows": lambda t: t.eye(4).to_sparse_csr(),
        "sparse-blocks": lambda t: t.eye(4).to_sparse_bsr((2, 2)),
        "nested": lambda t: t.nested.nested_tensor([t.ones(2), t.ones(3)]),
        "jagged": lambda t: t.nested.nested_tensor([t.ones(2, 2), t.ones(3, 2)], layout=t.jagged),
        "views": lambda t: {"a": t.ones(4, 4)[1:], "b": t.ones(4, 4).t(), "c": t.ones(4).expand(3, 4)},
        "conjugated": lambda t: t.ones(2, dtype=t.complex64).conj(),
        "empty": lambda t: t.empty(0),
        "meta": lambda t: t.empty(3, device="meta"),
        "untyped-storage": lambda t: t.ones(3).untyped_storage(),
        "with-gradient": lambda t: t.ones(2, requires_grad=True),
        "things": lambda t: {"d": t.device("cpu"), "s": t.Size([1]), "t": t.float16,
                             "g": t.Generator()},
    }  # fmt: skip


def _training(name: str) -> Make:
    def make(t: Any) -> object:
        layer = t.nn.Linear(2, 2)
        optimizer = getattr(t.optim, name)(layer.parameters(), lr=0.1)
        layer(t.ones(1, 2)).sum().backward()
        optimizer.step()
        schedule = t.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, 10) if name == "SGD" else None
        return {"optimizer": optimizer, "state": optimizer.state_dict(), "schedule": schedule}

    return make


def _dill(make: Callable[[], object]) -> Callable[[Path], bytes]:
    def content(_: Path) -> bytes:
        import dill

        data: bytes = dill.dumps(make())
        return data

    return content


def _fitted() -> object:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=300).fit(*load_iris(return_X_y=True))


def _selecting() -> object:
    import numpy as np
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    clip = functools.partial(np.clip, a_min=0, a_max=1)
    return make_pipeline(FunctionTransformer(operator.itemgetter("a")), FunctionTransformer(clip))


def _words() -> object:
    """A vocabulary of code, whose words are names that objects are asked for."""
    return {"__init__": 1, "__array_interface__": 2, "__class__": ["a"], "__setstate__": "b"}


def cases() -> list[Case]:
    """Saved by torch, by dill and by pickle here, and by larger libraries in ``made``."""
    found = []
    for name in _DTYPES:
        build = _saved(lambda t, name=name: {"w": t.zeros(2, 2, dtype=getattr(t, name))})  # type: ignore[misc]
        found.append(benign(f"benign-dtype-{name}", f"tensors of {name}", build))
    for name, make in (_layers() | _tensors()).items():
        found.append(
            benign(f"benign-saved-{name}", f"a whole object: {name.replace('-', ' ')}", _saved(make))
        )
    legacy = {"_use_new_zipfile_serialization": False}
    for name in ("convolution", "lazy", "parallel"):
        found.append(benign(f"benign-legacy-{name}", "a whole layer in the old layout, with its source",
                            _saved(_layers()[name], **legacy)))  # fmt: skip
    for protocol in (1, 3, 4, 5):
        found.append(benign(f"benign-torch-protocol-{protocol}", f"a state of protocol {protocol}",
                            _saved(lambda t: t.nn.Linear(2, 2).state_dict(), pickle_protocol=protocol)))  # fmt: skip
    for name in ("SGD", "AdamW", "Adagrad", "RMSprop", "NAdam"):
        found.append(
            benign(
                f"benign-optimizer-{name.lower()}", f"a whole {name} and its state", _saved(_training(name))
            )
        )
    for name, value in (("model", _fitted), ("functions", _selecting), ("words", _words)):
        found.append(
            benign(f"benign-dill-{name}", f"{name} as dill writes them", one_file("model.dill", _dill(value)))
        )
        content = one_file("model.pkl", lambda _, value=value: pickle.dumps(value(), 2))  # type: ignore[misc]
        found.append(benign(f"benign-protocol-2-{name}", f"{name} in protocol 2", content))
    for name in _MADE:
        identity = name.replace("_", "-").replace(".", "-")
        found.append(
            benign(f"benign-made-{identity}", f"{name} as its library writes it", made(f"checkpoints/{name}"))
        )
    return found
