"""Regenerates rules/globals/*.json, the globals that honest model files import, from the installed libraries.

The criterion, for every name: construction and state restore have no side effect beyond memory, whatever the
arguments (or whatever arguments the named constraint lets through). Names are enumerated one by one.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "rules" / "globals"
Names = dict[str, dict[str, str]]


def python() -> Names:
    plain = [
        "set",
        "frozenset",
        "complex",
        "list",
        "dict",
        "tuple",
        "int",
        "float",
        "str",
        "bool",
        "object",
        "slice",
        "Ellipsis",
        "NotImplemented",
    ]
    return {
        "builtins": {**dict.fromkeys(plain, "any"), "bytearray": "buffer", "bytes": "buffer", "range": "any"},
        "collections": dict.fromkeys(["OrderedDict", "Counter", "deque"], "any") | {"defaultdict": "any"},
        "copyreg": {"_reconstructor": "any", "__newobj__": "any"},
        "datetime": dict.fromkeys(["date", "datetime", "time", "timedelta", "timezone"], "any"),
        "decimal": {"Decimal": "any"},
        "fractions": {"Fraction": "any"},
        "uuid": {"UUID": "any", "SafeUUID": "any"},
        "functools": {"partial": "partial"},
        "types": {"SimpleNamespace": "any"},
        "_codecs": {"encode": "codec"},
        "joblib.numpy_pickle": {"NumpyArrayWrapper": "any"},
    }


def numpy() -> Names:
    import numpy as np

    names: Names = {"numpy": dict.fromkeys(["ndarray", "dtype"], "any")}
    names["numpy"] |= {
        n: "any"
        for n in dir(np)
        if inspect.isclass(getattr(np, n)) and issubclass(getattr(np, n), np.generic)
    }
    names["numpy.ma.core"] = dict.fromkeys(["_mareconstruct", "MaskedArray"], "any")
    for core in ("numpy.core", "numpy._core"):
        names[f"{core}.multiarray"] = dict.fromkeys(["_reconstruct", "scalar"], "any")
        names[f"{core}.numeric"] = {"_frombuffer": "any"}
    names["numpy.random._pickle"] = dict.fromkeys(
        ["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"], "any"
    )
    for name, cls in (
        ("_mt19937", "MT19937"),
        ("_pcg64", "PCG64"),
        ("_pcg64", "PCG64DXSM"),
        ("_philox", "Philox"),
        ("_sfc64", "SFC64"),
    ):
        names.setdefault(f"numpy.random.{name}", {})[cls] = "any"
    names["numpy.random.bit_generator"] = dict.fromkeys(
        ["__pyx_unpickle_SeedSequence", "SeedSequence"], "any"
    )
    names["numpy.dtypes"] = {n: "any" for n in dir(np.dtypes) if n.endswith("DType")}
    return names


def torch() -> Names:
    import torch as t

    names: Names = {
        "torch": {n: "any" for n in dir(t) if isinstance(getattr(t, n), t.dtype) or n.endswith("Storage")}
    }
    names["torch"] |= dict.fromkeys(
        ["Size", "device", "Tensor", "Generator", "strided", "contiguous_format"], "any"
    )
    names["torch._utils"] = {
        n: "any" for n in dir(t._utils) if n.startswith("_rebuild_") and n != "_rebuild_wrapper_subclass"
    }
    names["torch._tensor"] = {"_rebuild_from_type_v2": "no-call", "Tensor": "any"}
    names["torch.storage"] = {
        "_load_from_bytes": "nested-torch",
        "TypedStorage": "any",
        "UntypedStorage": "any",
    }
    names["torch.serialization"] = {"_get_layout": "any"}
    names["torch.nn.parameter"] = dict.fromkeys(["Parameter", "Buffer"], "any")
    for package in (t.nn.modules, t.optim):
        for item in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            if "lr_scheduler" in item.name or "swa" in item.name:
                continue
            _classes(names, item.name)
    return names


def _classes(names: Names, module: str) -> None:
    loaded = importlib.import_module(module)
    for name, value in vars(loaded).items():
        if inspect.isclass(value) and value.__module__ == module:
            names.setdefault(module, {})[name] = "any"


def sklearn() -> Names:
    from sklearn.utils import all_estimators

    names: Names = {}
    for _, cls in all_estimators():
        names.setdefault(cls.__module__, {})[cls.__name__] = "any"
    internal = [
        "sklearn.tree._tree",
        "sklearn.tree._criterion",
        "sklearn.tree._splitter",
        "sklearn._loss.loss",
        "sklearn._loss.link",
        "sklearn._loss._loss",
        "sklearn.neighbors._kd_tree",
        "sklearn.neighbors._ball_tree",
        "sklearn.metrics._dist_metrics",
        "sklearn.ensemble._hist_gradient_boosting.predictor",
        "sklearn.ensemble._hist_gradient_boosting.binning",
        "sklearn.gaussian_process.kernels",
        "sklearn.linear_model._sgd_fast",
        "sklearn.neural_network._stochastic_optimizers",
        "sklearn.compose._column_transformer",
        "sklearn.utils._bunch",
        "sklearn.metrics._scorer",
        "sklearn.calibration",
        "sklearn.utils._metadata_requests",
        "sklearn.utils.metadata_routing",
        "sklearn.isotonic",
    ]
    for module in internal:
        try:
            _classes(names, module)
        except ImportError:
            continue
        loaded = importlib.import_module(module)
        extra = [n for n in vars(loaded) if n.startswith("__pyx_unpickle_") or n == "newObj"]
        if extra:
            names.setdefault(module, {}).update(dict.fromkeys(extra, "any"))
    names.setdefault("sklearn.model_selection._split", {}).update(
        dict.fromkeys(
            ["KFold", "StratifiedKFold", "GroupKFold", "ShuffleSplit", "StratifiedShuffleSplit"], "any"
        )
    )
    for kind in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil"):
        names[f"scipy.sparse._{kind}"] = {f"{kind}_{form}": "any" for form in ("matrix", "array")}
    return names


def boosting() -> Names:
    return {
        "xgboost.sklearn": dict.fromkeys(["XGBClassifier", "XGBRegressor", "XGBRanker", "XGBModel"], "any"),
        "xgboost.core": {"Booster": "any"},
        "lightgbm.sklearn": dict.fromkeys(
            ["LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel"], "any"
        ),
        "lightgbm.basic": {"Booster": "any"},
    }


def main() -> None:
    for make in (python, numpy, torch, sklearn, boosting):
        text = json.dumps(make(), indent=1, sort_keys=True)
        (OUT / f"{make.__name__}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
