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
_OLD_SKLEARN = {
    "sklearn.tree._classes": "tree",
    "sklearn.ensemble._gb": "gradient_boosting",
    "sklearn.ensemble._voting": "voting_classifier",
    "sklearn.cluster._kmeans": "k_means_",
    "sklearn.cluster._dbscan": "dbscan_",
    "sklearn.cluster._mean_shift": "mean_shift_",
    "sklearn.cluster._agglomerative": "hierarchical",
    "sklearn.decomposition._lda": "online_lda",
    "sklearn.decomposition._fastica": "fastica_",
    "sklearn.feature_extraction._hash": "hashing",
    "sklearn.covariance._empirical_covariance": "empirical_covariance_",
    "sklearn.manifold._t_sne": "t_sne",
}
"""Where scikit-learn before 0.22 kept what it keeps elsewhere now, other than by the underscore."""
_ACTIVATIONS = ["celu", "elu", "gelu", "glu", "hardsigmoid", "hardswish", "leaky_relu", "log_softmax", "mish", "relu",
                "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "tanh"]  # fmt: skip
_COMPUTE = [
    "ceil",
    "cos",
    "exp",
    "fabs",
    "floor",
    "log",
    "log10",
    "log1p",
    "log2",
    "pow",
    "sin",
    "sqrt",
    "tan",
    "tanh",
]
_PATHS = ["Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"]
_HINTS = ["Any", "AnyStr", "Callable", "Dict", "FrozenSet", "Iterable", "List", "Literal", "Mapping", "Optional",
          "Sequence", "Set", "Tuple", "Type", "Union"]  # fmt: skip
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: written in Python, not in C


def python() -> Names:
    """What models hold of the standard library."""
    plain = [
        "object",
        "slice",
        "Ellipsis",
        "NotImplemented",
    ]
    return {
        "builtins": dict.fromkeys(plain, "any")
        | dict.fromkeys(["bytearray", "bytes"], "buffer")
        | dict.fromkeys(["complex", "int", "float", "str", "bool"], "text")
        | {"range": "range", "getattr": "bound"}
        | dict.fromkeys(["set", "frozenset", "list", "dict", "tuple"], "items"),
        "random": {"Random": "empty"},
        "collections": dict.fromkeys(["UserDict", "ChainMap"], "restored")
        | dict.fromkeys(["OrderedDict", "Counter", "deque", "defaultdict"], "items"),
        "copyreg": {"_reconstructor": "reconstructor", "__newobj__": "newobj"},
        "datetime": dict.fromkeys(["date", "datetime", "time", "timedelta", "timezone"], "any"),
        "decimal": {"Decimal": "any"},
        "fractions": {"Fraction": "fraction"},
        "uuid": {"UUID": "restored", "SafeUUID": "any"},
        "functools": {"partial": "partial"},
        "operator": dict.fromkeys(
            ["add", "sub", "mul", "truediv", "neg", "eq", "ne", "lt", "le", "gt", "ge"], "kept"
        )
        | {"itemgetter": "getter", "attrgetter": "getter", "getitem": "typing"},
        "_operator": {"getitem": "typing"},
        "array": {"_array_reconstructor": "any", "array": "items"},
        "zoneinfo": {"ZoneInfo": "zone"},
        "logging": {"getLogger": "word"},
        "math": dict.fromkeys(_COMPUTE, "kept"),
        "re": {"_compile": "pattern", "compile": "pattern"},
        "typing": dict.fromkeys(_HINTS, "no-call"),
        "types": {"SimpleNamespace": "empty"},
        "argparse": {"Namespace": "restored"},
        "pathlib": dict.fromkeys(_PATHS, "any"),
        "pathlib._local": dict.fromkeys(_PATHS, "any"),  # Python 3.13
        "_codecs": {"encode": "codec"},
        "joblib.numpy_pickle": {"NumpyArrayWrapper": "restored"},
    }


def numpy() -> Names:
    """Arrays, scalars, dtypes and random state, under the names of NumPy 1 and 2."""
    import numpy as np

    names: Names = {"numpy": {"ndarray": "no-call", "dtype": "dtype", "matrix": "no-call"}}
    names["numpy"] |= {
        n: "no-call"
        for n in dir(np)
        if inspect.isclass(getattr(np, n)) and issubclass(getattr(np, n), np.generic)
    }
    names["numpy"] |= {n: "kept" for n in dir(np) if isinstance(getattr(np, n), np.ufunc)}
    names["numpy"] |= dict.fromkeys(
        [
            "mean",
            "median",
            "min",
            "max",
            "amin",
            "amax",
            "sum",
            "std",
            "var",
            "clip",
            "round",
            "around",
            "nan_to_num",
            "argmax",
            "argmin",
            "argsort",
            "sort",
            "unique",
            "squeeze",
            "ravel",
            "reshape",
            "concatenate",
            "stack",
            "hstack",
            "vstack",
            "nanmean",
            "nanmedian",
            "nanmax",
            "nanmin",
            "nanstd",
            "quantile",
            "percentile",
            "prod",
            "cumsum",
            "diff",
            "asarray",
            "array",
            "expand_dims",
            "transpose",
            "isin",
            "where",
            "real",
            "imag",
            "sinc",
            "interp",
        ],
        "kept",
    )
    names["numpy.matrixlib.defmatrix"] = {"matrix": "no-call"}
    names["numpy.rec"] = names["numpy.core.records"] = {"recarray": "no-call"}
    names["numpy.ma"] = {"MaskedArray": "no-call"}
    names["numpy.ma.core"] = {"_mareconstruct": "masked", "MaskedArray": "no-call"}
    for core in ("numpy.core", "numpy._core"):
        names[f"{core}.multiarray"] = {"_reconstruct": "empty-array", "scalar": "scalar"}
        names[core] = {"_ufunc_reconstruct": "ufunc"}
        names[f"{core}._internal"] = {"_reconstruct": "empty-array"}
        names[f"{core}.numeric"] = {"_frombuffer": "frombuffer"}
    constructors = ["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"]
    names["numpy.random._pickle"] = dict.fromkeys(constructors, "bit-generator")
    names["numpy.random"] = names["numpy.random.mtrand"] = {"__RandomState_ctor": "bit-generator"}
    for name, cls in (
        ("_mt19937", "MT19937"),
        ("_pcg64", "PCG64"),
        ("_pcg64", "PCG64DXSM"),
        ("_philox", "Philox"),
        ("_sfc64", "SFC64"),
    ):
        names.setdefault(f"numpy.random.{name}", {})[cls] = "no-call"
    names["numpy.random.bit_generator"] = {"__pyx_unpickle_SeedSequence": "any", "SeedSequence": "no-call"}
    names["numpy.dtypes"] = {n: "no-call" for n in dir(np.dtypes) if n.endswith("DType")}
    return names


def torch() -> Names:
    import torch as t
    import torch.jit._pickle as jit

    values = (t.dtype, t.qscheme, t.layout, t.memory_format)
    names: Names = {"torch": {n: "any" for n in dir(t) if isinstance(getattr(t, n), values)}}
    names["torch"] |= {n: "no-call" for n in dir(t) if n.endswith("Storage")} | {"Tensor": "no-call"}
    names["torch"] |= {"Size": "items", "device": "any", "Generator": "any"}
    names["torch.jit._pickle"] = {n: "any" for n in dir(jit) if n.startswith(("build_", "restore_"))}
    rebuilds = [
        "parameter",
        "qtensor",
        "sparse_tensor",
        "tensor",
        "tensor_v2",
        "tensor_v3",
        "meta_tensor_no_storage",
    ]
    names["torch._utils"] = {f"_rebuild_{n}": "any" for n in rebuilds}
    names["torch._utils"] |= dict.fromkeys(
        ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor"], "tensor"
    )
    names["torch._utils"]["_rebuild_parameter"] = "of-tensor"
    names["torch._utils"]["_rebuild_parameter_with_state"] = "parameter"
    names["torch.nn.functional"] = dict.fromkeys(_ACTIVATIONS, "kept")
    names["torch"] |= dict.fromkeys(["relu", "sigmoid", "tanh", "softmax"], "kept")
    names["torch._C"] = {"Generator": "any"}
    names["torch._C._nn"] = {"gelu": "kept"}
    names["torch._tensor"] = {"Tensor": "no-call", "_rebuild_from_type_v2": "from-type"}
    names["torch.storage"] = {
        "_load_from_bytes": "nested-torch",
        "TypedStorage": "no-call",
        "UntypedStorage": "no-call",
    }
    names["torch.serialization"] = {"_get_layout": "any"}
    names["torch.nn.parameter"] = dict.fromkeys(["Parameter", "Buffer"], "of-tensor")
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
            names.setdefault(module, {})[name] = _constraint(value)


def _functions(names: Names, module: str) -> None:
    """The public functions of a module that only computes: models keep a score function or metric."""
    loaded = importlib.import_module(module)
    for name, value in vars(loaded).items():
        if inspect.isfunction(value) and value.__module__ == module and not name.startswith("_"):
            names.setdefault(module, {})[name] = "kept"


def _constraint(cls: type) -> str:
    """``restored`` for a class whose instances are pickled as an empty object and its state, and never called."""
    own = any(
        hasattr(cls, name) and getattr(cls, name) is not getattr(object, name, None)
        for name in ("__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__", "__getinitargs__")
    )
    if own or cls.__flags__ & _HEAP_TYPE == 0:
        return "any"
    return "container" if issubclass(cls, (dict, list, set)) else "restored"


def sklearn() -> Names:
    from sklearn.utils import all_estimators

    names: Names = {}
    for module in sorted({cls.__module__ for _, cls in all_estimators()}):
        _classes(names, module)
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
            names.setdefault(module, {}).update({n: "newobj" if n == "newObj" else "any" for n in extra})
    names.setdefault("sklearn.model_selection._split", {}).update(
        dict.fromkeys(
            ["KFold", "StratifiedKFold", "GroupKFold", "ShuffleSplit", "StratifiedShuffleSplit"], "any"
        )
    )
    names["sklearn.tree._tree"]["Tree"] = "tree"
    for module in ("_classification", "_regression", "_ranking"):
        _functions(names, f"sklearn.metrics.{module}")
    _functions(names, "sklearn.feature_selection._univariate_selection")
    _functions(names, "sklearn.feature_selection._mutual_info")
    names["sklearn.cluster._kmeans"] |= dict.fromkeys(
        ["_kmeans_single_lloyd", "_kmeans_single_elkan"], "kept"
    )
    for module in list(names):
        parent, _, leaf = module.rpartition(".")
        old = f"{parent}.{_OLD_SKLEARN.get(module, leaf.lstrip('_'))}"
        if old not in names:
            names[old] = names[module]
    names["scipy.interpolate._bsplines"] = {"BSpline": "restored"}
    names["scipy._lib.array_api_compat.numpy._aliases"] = {"asarray": "kept"}
    for kind in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil"):
        for module in (f"scipy.sparse._{kind}", f"scipy.sparse.{kind}"):
            names[module] = {f"{kind}_{form}": "restored" for form in ("matrix", "array")}
    return names


def pandas() -> Names:
    """Tables, series and indexes of pandas 1 to 3; pandas is not needed here."""
    index = "pandas.core.indexes"
    return {
        "pandas.core.frame": {"DataFrame": "restored"},
        "pandas.core.series": {"Series": "restored"},
        "pandas.core.internals.managers": dict.fromkeys(["BlockManager", "SingleBlockManager"], "any"),
        "pandas._libs.internals": {"_unpickle_block": "any"},
        "pandas.core.internals.blocks": {"new_block": "any"},
        "pandas._libs.arrays": {"__pyx_unpickle_NDArrayBacked": "any"},
        "pandas._libs.tslibs.timestamps": {"_unpickle_timestamp": "any"},
        "pandas._libs.tslibs.timedeltas": {"_timedelta_unpickle": "any"},
        "pandas._libs.missing": {"NAType": "any"},
        f"{index}.base": {"Index": "any", "_new_Index": "index"},
        f"{index}.range": {"RangeIndex": "any"},
        f"{index}.multi": {"MultiIndex": "any"},
        f"{index}.category": {"CategoricalIndex": "any"},
        f"{index}.datetimes": {"DatetimeIndex": "any", "_new_DatetimeIndex": "index"},
        f"{index}.timedeltas": {"TimedeltaIndex": "any"},
        f"{index}.numeric": dict.fromkeys(["Int64Index", "Float64Index", "UInt64Index"], "any"),
        "pandas.core.dtypes.dtypes": dict.fromkeys(
            ["CategoricalDtype", "DatetimeTZDtype", "PeriodDtype"], "any"
        ),
        "pandas.core.arrays.categorical": {"Categorical": "any"},
        "pandas.core.arrays.datetimes": {"DatetimeArray": "any"},
        "pandas.core.arrays.numpy_": {"PandasArray": "any"},
        "pandas.core.arrays.string_": dict.fromkeys(["StringArray", "StringDtype"], "any"),
    }


def boosting() -> Names:
    """Wrappers that are not installed here; their own pickles are an empty object and its state."""
    return {
        "xgboost.sklearn": dict.fromkeys(
            ["XGBClassifier", "XGBRegressor", "XGBRanker", "XGBModel", "XGBRFClassifier", "XGBRFRegressor"],
            "restored",
        ),
        "xgboost.core": {"Booster": "closed"},
        "lightgbm.sklearn": dict.fromkeys(
            ["LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel"], "restored"
        ),
        "lightgbm.basic": {"Booster": "closed"},
    }


def main() -> None:
    for make in (python, numpy, pandas, torch, sklearn, boosting):
        text = json.dumps(make(), indent=1, sort_keys=True)
        (OUT / f"{make.__name__}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
