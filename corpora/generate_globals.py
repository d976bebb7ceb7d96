"""Regenerates rules/globals/*.json, the globals that honest model files import, from the installed libraries.

The criterion, for every name: construction and state restore have no side effect beyond memory, whatever the arguments
(or whatever arguments the named constraint lets through). Names are enumerated one by one.

Libraries that are not installed here, and older versions of those that are, come from the environments whose
interpreters are named: ``python -m corpora.generate_globals /tmp/venv/bin/python ...``; see ``LIBRARIES``. The lists
were made with scikit-learn 1.1.3, 1.2.2, 1.4.2 and 1.9.1, imbalanced-learn 0.9.1 and 0.12.4 and newer, statsmodels
0.13.5, 0.14.2 and 0.15.0, gensim 4.3 and 4.4, nltk 3.10, hmmlearn 0.3, category_encoders 2.5 and newer, mlxtend 0.21
and newer, xgboost 1.7.6 and 2.1.4, lightgbm 3.3.5 to 4.3.0. What an environment lacks keeps the names that it has.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
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
LIBRARIES = {
    "statistics": ("statsmodels", "scipy"),
    "text_models": ("gensim", "nltk"),
    "estimators": ("imblearn", "category_encoders", "mlxtend", "hmmlearn", "prophet"),
    "sklearn": ("sklearn",),
    "boosting": ("xgboost", "lightgbm"),
}
"""Which list holds what other environments know of which libraries."""
_COMPUTING = [
    "abs",
    "all",
    "allclose",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "around",
    "average",
    "bincount",
    "ceil",
    "clip",
    "concatenate",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "diff",
    "digitize",
    "dot",
    "fix",
    "histogram",
    "hstack",
    "interp",
    "isclose",
    "log",
    "max",
    "mean",
    "median",
    "min",
    "nan_to_num",
    "nanargmax",
    "nanargmin",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "percentile",
    "prod",
    "product",
    "ptp",
    "quantile",
    "ravel",
    "real",
    "reshape",
    "round",
    "round_",
    "searchsorted",
    "sort",
    "squeeze",
    "std",
    "sum",
    "trapezoid",
    "transpose",
    "unique",
    "var",
    "vstack",
    "where",
    "array",
    "asarray",
    "copy",
    "nonzero",
    "isnan",
    "zeros_like",
    "ones_like",
    "stack",
]
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


_ADDRESSES = ["IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface", "IPv6Interface"]
_EXCEPTIONS = ["Exception", "ValueError", "TypeError", "KeyError", "IndexError", "AttributeError", "RuntimeError",
               "NotImplementedError", "ArithmeticError", "ZeroDivisionError", "OverflowError"]  # fmt: skip
"""Those that only keep their arguments; logs of searches hold the errors of fits that failed."""


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
        | dict.fromkeys(_EXCEPTIONS, "any")
        | {"hash": "kept", "len": "kept"}
        | dict.fromkeys(["bytearray", "bytes"], "buffer")
        | dict.fromkeys(["complex", "int", "float", "str", "bool"], "text")
        | {"range": "range", "getattr": "bound", "type": "single"}
        | dict.fromkeys(["set", "frozenset", "list", "dict", "tuple"], "items"),
        "random": {"Random": "empty"},
        "collections": dict.fromkeys(["UserDict", "ChainMap"], "restored")
        | dict.fromkeys(["OrderedDict", "Counter", "deque", "defaultdict"], "items"),
        "copyreg": {"_reconstructor": "reconstructor", "__newobj__": "newobj"},
        "datetime": dict.fromkeys(["date", "datetime", "time", "timedelta", "timezone"], "any"),
        "decimal": {"Decimal": "any"},
        "fractions": {"Fraction": "fraction"},
        "_io": dict.fromkeys(["BytesIO", "StringIO"], "closed"),
        "ipaddress": dict.fromkeys(_ADDRESSES, "text"),
        "time": {"struct_time": "any"},
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
        "re": {"_compile": "pattern", "compile": "pattern", "RegexFlag": "enum"},
        "typing": dict.fromkeys(_HINTS, "no-call"),
        "types": {"SimpleNamespace": "empty"},
        "argparse": {"Namespace": "restored"},
        "pathlib": dict.fromkeys(_PATHS, "any"),
        "pathlib._local": dict.fromkeys(_PATHS, "any"),  # Python 3.13
        "_codecs": {"encode": "codec"},
        "joblib.numpy_pickle": {"NumpyArrayWrapper": "restored"},
        # scikit-learn before 0.23 brought a joblib of its own
        "sklearn.externals.joblib.numpy_pickle": {"NumpyArrayWrapper": "restored"},
        "dateutil.relativedelta": {"relativedelta": "restored"},
        "dateutil.tz.tz": {"tzutc": "restored"},
        "pytz": {"_p": "zone", "_UTC": "any", "UTC": "no-call"},
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
    names["numpy"] |= {name: "kept" for name in _COMPUTING if name not in names["numpy"]}
    names["numpy"] |= {"vectorize": "vectorized", "poly1d": "restored"}
    names["numpy.linalg"] = dict.fromkeys(["norm", "det", "inv", "pinv"], "kept")
    for kind in ("polynomial", "chebyshev", "legendre", "laguerre", "hermite", "hermite_e"):
        cls = {"polynomial": "Polynomial", "hermite_e": "HermiteE"}.get(kind, kind.capitalize())
        names[f"numpy.polynomial.{kind}"] = {cls: "restored"}
    names["numpy.lib.polynomial"] = names["numpy.lib._polynomial_impl"] = {"poly1d": "restored"}
    ufuncs = {n: "kept" for n in dir(np) if isinstance(getattr(np, n), np.ufunc)}
    for module in (
        "numpy.core.umath",
        "numpy.core._multiarray_umath",
        "numpy._core.umath",
        "numpy._core._multiarray_umath",
    ):
        names[module] = dict(ufuncs)
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
    # Only their initialisers ask what they are given; a pickled one is made without.
    names["torch.utils.data.dataset"] = dict.fromkeys(["TensorDataset", "Subset", "ConcatDataset"], "closed")
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
    names["scipy.interpolate._bsplines"] = {"BSpline": "closed"}
    names["scipy._lib.array_api_compat.numpy._aliases"] = {"asarray": "kept"}
    names["sklearn.metrics._scorer"] |= dict.fromkeys(["_passthrough_scorer"], "kept")
    names["sklearn.metrics._scorer"] |= dict.fromkeys(
        ["_PredictScorer", "_ProbaScorer", "_ThresholdScorer"], "restored"
    )
    for kind in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil"):
        for module in (f"scipy.sparse._{kind}", f"scipy.sparse.{kind}", "scipy.sparse._arrays"):
            forms = ("array",) if module.endswith("_arrays") else ("matrix", "array")
            names.setdefault(module, {}).update({f"{kind}_{form}": "restored" for form in forms})
    return names


def statistics() -> Names:
    """SciPy's distributions, whose state is looked at, and functions that estimators keep; see ``LIBRARIES``."""
    from scipy import special, stats
    from scipy.stats import _continuous_distns, _discrete_distns

    names: Names = {}
    for module in (_continuous_distns, _discrete_distns):
        for name, cls in vars(module).items():
            if (
                inspect.isclass(cls)
                and issubclass(cls, stats.rv_continuous | stats.rv_discrete)
                and name.endswith("_gen")
            ):
                names.setdefault(cls.__module__, {})[name] = "distribution"
    # The names of older versions.
    names["scipy.stats._continuous_distns"] |= dict.fromkeys(
        ["reciprocal_gen", "loguniform_gen"], "distribution"
    )
    ufuncs = {n: "kept" for n in dir(special) if isinstance(getattr(special, n), type(special.expit))}
    names["scipy.special._ufuncs"] = names["scipy.special"] = ufuncs
    calls = ["linear_np", "linear", "nearest", "previousnext", "spline", "nan_spline"]
    names["scipy.interpolate._interpolate"] = {f"interp1d._call_{call}": "no-call" for call in calls}
    names["scipy.interpolate.interpolate"] = names["scipy.interpolate._interpolate"] | dict.fromkeys(
        ("interp1d", "interp2d", "PPoly", "BPoly", "NdPPoly"), "slots"
    )
    names["scipy.interpolate.fitpack2"] = dict.fromkeys(
        ("UnivariateSpline", "InterpolatedUnivariateSpline", "LSQUnivariateSpline", "RectBivariateSpline"),
        "restored",
    )
    names["scipy.optimize.optimize"] = {"OptimizeResult": "container"}
    names["scipy.optimize._lbfgsb_py"] = {"LbfgsInvHessProduct": "closed"}
    # Dictionaries that are their own attributes: their entries come twice, as such and as their state.
    names["statsmodels.tools.tools"] = {"Bunch": "container"}
    names["statsmodels.tools.decorators"] = {"ResettableCache": "container"}
    names["statsmodels.tools._decorators"] = {"ResettableCache": "container"}
    names["scipy.spatial.transform._rotation"] = {"Rotation": "any"}
    for name in ("euclidean", "cosine", "cityblock", "correlation"):
        names.setdefault("scipy.spatial.distance", {})[name] = "any"
    return names


def text_models() -> Names:
    """Functions that gensim's models keep; see ``LIBRARIES``."""
    return {
        "gensim.models.phrases": dict.fromkeys(["original_scorer", "npmi_scorer"], "no-call")
        | {"Phraser": "closed"},
        # Names of gensim 3, which gensim 4 keeps for its own classes.
        "gensim.models.keyedvectors": dict.fromkeys(
            ["Word2VecKeyedVectors", "Doc2VecKeyedVectors", "EuclideanKeyedVectors", "Vocab"], "closed"
        ),
        "gensim.models.tfidfmodel": dict.fromkeys(
            ["df2idf", "smartirs_normalize", "smartirs_wglobal", "smartirs_wlocal"], "kept"
        ),
        "gensim.utils": dict.fromkeys(["identity", "call_on_class_only"], "no-call"),
        "gensim.matutils": dict.fromkeys(["unitvec"], "no-call"),
    }


def estimators() -> Names:
    """Estimators beside scikit-learn's; all of them come from other environments, see ``LIBRARIES``."""
    return {}


def polars() -> Names:
    """Tables of polars, whose state is Arrow's IPC; no lazy frame or expression, which hold pickled functions."""
    kinds = [
        "Boolean",
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "Int128",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "Float32",
        "Float64",
        "String",
        "Binary",
        "Date",
        "Time",
        "Datetime",
        "Duration",
        "Categorical",
        "Enum",
        "Decimal",
        "List",
        "Array",
        "Struct",
        "Field",
        "Null",
        "Unknown",
    ]
    return {
        "polars.dataframe.frame": {"DataFrame": "closed"},
        "polars.series.series": {"Series": "closed"},
        "polars.datatypes.classes": dict.fromkeys(kinds, "restored"),
        "polars.schema": {"Schema": "items"},
    }


def pandas() -> Names:
    """Tables, series and indexes of pandas 1 to 3, which names its classes ``pandas.X``. pandas is not needed here."""
    index, offsets = "pandas.core.indexes", "pandas._libs.tslibs.offsets"
    indexes = {
        "base": ["Index"],
        "range": ["RangeIndex"],
        "multi": ["MultiIndex"],
        "category": ["CategoricalIndex"],
        "datetimes": ["DatetimeIndex"],
        "timedeltas": ["TimedeltaIndex"],
        "period": ["PeriodIndex"],
        "interval": ["IntervalIndex"],
        "numeric": ["Int64Index", "Float64Index", "UInt64Index"],
        "frozen": ["FrozenList"],
    }
    sized = [
        f"{sign}{kind}{size}Dtype"
        for sign, kind, sizes in (
            ("", "Int", (8, 16, 32, 64)),
            ("U", "Int", (8, 16, 32, 64)),
            ("", "Float", (32, 64)),
        )
        for size in sizes
    ]
    dtypes = ["CategoricalDtype", "DatetimeTZDtype", "PeriodDtype", "IntervalDtype", "SparseDtype"]
    arrays = {
        "categorical": ["Categorical"],
        "datetimes": ["DatetimeArray"],
        "timedeltas": ["TimedeltaArray"],
        "period": ["PeriodArray"],
        "interval": ["IntervalArray"],
        "numpy_": ["PandasArray", "NumpyExtensionArray"],
        "string_": ["StringArray", "StringDtype"],
        "string_arrow": ["ArrowStringArray", "ArrowStringArrayNumpySemantics"],
        "boolean": ["BooleanArray", "BooleanDtype"],
        "integer": ["IntegerArray", *sized],
        "floating": ["FloatingArray", *sized],
        "sparse.array": ["SparseArray"],
        "sparse.dtype": ["SparseDtype"],
    }
    ticks = ["Day", "Hour", "Minute", "Second", "Milli", "Micro", "Nano"]
    calendar = [
        *(
            "MonthEnd",
            "MonthBegin",
            "BusinessMonthEnd",
            "BusinessMonthBegin",
            "SemiMonthEnd",
            "SemiMonthBegin",
            "Week",
        ),
        *(
            "WeekOfMonth",
            "LastWeekOfMonth",
            "QuarterEnd",
            "QuarterBegin",
            "BQuarterEnd",
            "BQuarterBegin",
            "YearEnd",
        ),
        *(
            "YearBegin",
            "BYearEnd",
            "BYearBegin",
            "BusinessDay",
            "BusinessHour",
            "DateOffset",
            "RelativeDeltaOffset",
            "Easter",
        ),
    ]
    names: Names = {
        "pandas.core.frame": {"DataFrame": "restored"},
        "pandas.core.series": {"Series": "restored"},
        "pandas.core.internals.managers": dict.fromkeys(["BlockManager", "SingleBlockManager"], "any"),
        "pandas._libs.internals": dict.fromkeys(["_unpickle_block", "BlockManager"], "any")
        | {"__pyx_unpickle_BlockPlacement": "any", "BlockPlacement": "any"},
        "pandas.core.internals.blocks": {"new_block": "any"},
        "pandas._libs.arrays": {"__pyx_unpickle_NDArrayBacked": "any"},
        "pandas._libs.tslibs.timestamps": {"_unpickle_timestamp": "any", "Timestamp": "any"},
        "pandas._libs.tslibs.timedeltas": {"_timedelta_unpickle": "any", "Timedelta": "any"},
        "pandas._libs.tslibs.nattype": dict.fromkeys(["__nat_unpickle", "_nat_unpickle"], "any"),
        "pandas._libs.tslibs.period": {"Period": "any"},
        "pandas._libs.interval": {"Interval": "any"},
        "pandas._libs.missing": {"NAType": "any", "NA": "any"},
        "pandas._libs.sparse": dict.fromkeys(["IntIndex", "BlockIndex"], "any"),
        "pandas.core.dtypes.dtypes": dict.fromkeys(dtypes, "any"),
        offsets: dict.fromkeys([*ticks, *calendar], "any"),
    }
    for module, classes in indexes.items():
        names[f"{index}.{module}"] = dict.fromkeys(classes, "any")
    names[f"{index}.base"]["_new_Index"] = "index"
    names[f"{index}.datetimes"]["_new_DatetimeIndex"] = "index"
    names[f"{index}.period"]["_new_PeriodIndex"] = "index"
    names[f"{index}.interval"]["_new_IntervalIndex"] = "index"
    for module, classes in arrays.items():
        names[f"pandas.core.arrays.{module}"] = dict.fromkeys(classes, "any")
    short = (
        [name for classes in indexes.values() for name in classes if name != "FrozenList"] + sized + dtypes
    )
    short += [
        "Categorical",
        "BooleanDtype",
        "StringDtype",
        "Period",
        "Interval",
        "Timestamp",
        "Timedelta",
        "NA",
        "DateOffset",
    ]
    names["pandas"] = {"DataFrame": "restored", "Series": "restored"} | dict.fromkeys(short, "any")
    names["pandas.arrays"] = dict.fromkeys(
        [n for classes in arrays.values() for n in classes if n.endswith("Array")], "any"
    )
    return names


def boosting() -> Names:
    """Wrappers that are not installed here; their own pickles are an empty object and its state."""
    return {
        "xgboost.sklearn": dict.fromkeys(
            ["XGBClassifier", "XGBRegressor", "XGBRanker", "XGBModel", "XGBRFClassifier", "XGBRFRegressor"],
            "restored",
        ),
        "xgboost.core": {"Booster": "closed"},
        "catboost.core": dict.fromkeys(
            ["CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker"], "closed"
        ),
        "lightgbm.sklearn": dict.fromkeys(
            ["LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel"], "restored"
        ),
        "lightgbm.basic": {"Booster": "closed"},
    }


def other_environments(interpreters: list[str]) -> dict[str, Names]:
    """What the libraries of other environments add to each list."""
    script = Path(__file__).with_name("globals_of.py")
    found: dict[str, Names] = {}
    for interpreter in interpreters:
        libraries = [library for held in LIBRARIES.values() for library in held]
        said = subprocess.run(
            [interpreter, str(script), *libraries], stdout=subprocess.PIPE, check=True, text=True
        )
        for library, names in json.loads(said.stdout).items():
            home = next(name for name, held in LIBRARIES.items() if library in held)
            for module, held in names.items():
                found.setdefault(home, {}).setdefault(module, {}).update(held)
    return found


def main() -> None:
    others = other_environments(sys.argv[1:])
    for make in (
        python,
        numpy,
        pandas,
        polars,
        torch,
        sklearn,
        boosting,
        statistics,
        text_models,
        estimators,
    ):
        path, names = OUT / f"{make.__name__}.json", make()
        earlier = json.loads(path.read_text()) if path.exists() and make.__name__ in LIBRARIES else {}
        for source in (others.get(make.__name__, {}), earlier):
            for module, held in source.items():
                for name, constraint in held.items():
                    names.setdefault(module, {}).setdefault(name, constraint)
        path.write_text(json.dumps(names, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
