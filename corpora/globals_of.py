"""Lists the classes that models are made of, of the libraries that this interpreter has.

Prints JSON: module, class, constraint. A class is listed alone if pickle restores it as an empty object and its
dictionary. One with a way of its own (``__setstate__``, ``__reduce__``, ``__new__``, ``__del__``...) is listed if that
way was read and is named in ``REVIEWED``; otherwise it is said on stderr and left out.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import inspect
import io
import json
import pkgutil
import re
import sys
import warnings
from types import ModuleType

Names = dict[str, dict[str, str]]
KEPT = {
    "statsmodels.tsa.statespace.kalman_smoother.SmootherResults": "restored",
    "statsmodels.tsa.statespace.simulation_smoother.SimulationSmoothResults": "restored",
    "statsmodels.tsa.statespace.kalman_filter.FilterResults": "restored",
    "scipy.interpolate._fitpack2.LSQUnivariateSpline": "restored",
    "scipy.interpolate._fitpack2.InterpolatedUnivariateSpline": "restored",
    "scipy.interpolate._fitpack2.UnivariateSpline": "restored",
} | {
    f"scipy.interpolate._{module}.{name}": "slots"
    for module, names in (
        ("cubic", ("CubicSpline", "PchipInterpolator", "Akima1DInterpolator", "CubicHermiteSpline")),
        ("interpolate", ("interp1d", "PPoly", "BPoly", "NdPPoly")),
    )
    for name in names
}
"""Classes that honest models keep as a value too, or whose attributes pickle sets one by one."""
HOOKS = (
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__getinitargs__",
    "__new__",
    "__del__",
)
PLAIN_HOOKS = frozenset(
    {
        "sklearn.base.BaseEstimator.__setstate__",  # compares versions, updates the dictionary
        "typing.Generic.__new__",
        "typing.Generic.__class_getitem__",
        "sklearn.utils._set_output._SetOutputMixin.__new__",
    }
)
"""Hooks that restore as pickle itself does."""
NATIVE = re.compile(
    r"sklearn\.(tree\._(tree|criterion|splitter)|_loss\._?loss|neighbors\._(kd_tree|ball_tree)|metrics\._dist_metrics"
    r"|linear_model\._sgd_fast|ensemble\._gb_losses|ensemble\._hist_gradient_boosting\.\w+|utils\._random|_isotonic)"
    r"|statsmodels\.tsa\.statespace\._(initialization|kalman_filter|kalman_smoother|representation|simulation_smoother"
    r"|cfa_simulation_smoother)|statsmodels\.tsa\.holtwinters\._exponential_smoothers"
)
"""Modules in Cython whose classes are made from arrays and numbers, and check them."""
SKIPPED = (
    "tests",
    "test",
    "conftest",
    "setup",
    "_build_utils",
    "externals",
    "sandbox",
    "datasets",
    "plotting",
    "examples",
    "distributed",
    "experimental",
    "cli",
    "utils_test",
    "viz",
    "plots",
    "regrtest",
    "testing",
    "app",
    "draw",
    # what runs other programs or speaks to the network with settings from its state
    "weka",
    "megam",
    "tadm",
    "stanford",
    "stanford_segmenter",
    "hunpos",
    "senna",
    "repp",
    "crf",
    "x13",
    "annoy",
    "nmslib",
    "callbacks",
    "lda_dispatcher",
    "lda_worker",
    "lsi_dispatcher",
    "lsi_worker",
    "parallel",
    "web",
    "openfile",
    "textcat",
    "rte_classify",
    "named_entity",
    "keras",
    "distributed_estimation",
    # no part of a model
    "_testing",
    "_test_runner",
    "estimator_checks",
    "deprecation",
    "_mocking",
    "_repr_html",
    "callback",
    "_estimator_html_repr",
    "_pprint",
    "docstring",
    "docstring_helpers",
    "_param_validation",
)
LIBRARIES: dict[str, tuple[str, tuple[str, ...]]] = {
    # library: what classes get that are restored and never called, and its packages
    "imblearn": ("restored", ("imblearn",)),
    "category_encoders": ("restored", ("category_encoders",)),
    "mlxtend": (
        "restored",
        (
            "mlxtend.classifier",
            "mlxtend.regressor",
            "mlxtend.cluster",
            "mlxtend.feature_selection",
            "mlxtend.feature_extraction",
            "mlxtend.preprocessing",
        ),
    ),
    "hmmlearn": ("restored", ("hmmlearn",)),
    "statsmodels": (
        "closed",
        (
            "statsmodels.base",
            "statsmodels.discrete",
            "statsmodels.duration",
            "statsmodels.gam",
            "statsmodels.genmod",
            "statsmodels.iolib",
            "statsmodels.multivariate",
            "statsmodels.nonparametric",
            "statsmodels.regression",
            "statsmodels.robust",
            "statsmodels.tools",
            "statsmodels.tsa",
            "statsmodels.othermod",
            "statsmodels.miscmodels",
        ),
    ),
    "gensim": ("closed", ("gensim.models", "gensim.corpora.dictionary", "gensim.similarities")),
    "nltk": (
        "closed",
        (
            "nltk.classify",
            "nltk.tag",
            "nltk.lm",
            "nltk.probability",
            "nltk.tokenize",
            "nltk.stem",
            "nltk.chunk",
            "nltk.collocations",
        ),
    ),
    "prophet": ("closed", ("prophet.forecaster",)),
    "scipy": (
        "closed",
        (
            "scipy.interpolate",
            "scipy.optimize._optimize",
            "scipy.stats._kde",
            "scipy.stats._distn_infrastructure",
        ),
    ),
    "sklearn": ("restored", ("sklearn",)),
    "xgboost": ("restored", ("xgboost.callback", "xgboost.sklearn")),
    "lightgbm": ("restored", ("lightgbm.sklearn",)),
}
REVIEWED: dict[str, str] = {
    # name of the hook -> the constraint for classes that have it (of classes further down too)
    "scipy.stats._distn_infrastructure.rv_generic.__setstate__": "distribution",  # runs a text of the state
    "scipy.stats._distn_infrastructure.rv_continuous.__setstate__": "distribution",
    "scipy.stats._distn_infrastructure.rv_discrete.__setstate__": "distribution",
    "statsmodels.base.data.ModelData.__setstate__": "formula",  # evaluates the formula
    "statsmodels.tools.tools.Bunch.__setstate__": "restored",
    "statsmodels.base.wrapper.ResultsWrapper.__setstate__": "closed",  # updates the dictionary
    "statsmodels.discrete.discrete_model.NegativeBinomial.__setstate__": "closed",  # and picks its own methods
    "gensim.models.rpmodel.RpModel.__setstate__": "closed",
    "scipy.interpolate._rbfinterp.RBFInterpolator.__setstate__": "closed",  # makes its tree anew
    "nltk.tokenize.punkt.PunktLanguageVars.__setstate__": "closed",  # does nothing
    "nltk.probability.ConditionalFreqDist.__reduce__": "items",
    "nltk.probability.ConditionalProbDistI.__reduce__": "items",
    "nltk.probability.FreqDist.__reduce__": "items",
    "collections.Counter.__reduce__": "items",
}


def modules(package: str) -> list[ModuleType]:
    """The package and all modules in it that can be imported, without tests and the like."""
    found = []
    with contextlib.suppress(Exception):
        found.append(importlib.import_module(package))
    for top in list(found):
        for item in pkgutil.walk_packages(
            getattr(top, "__path__", []), f"{package}.", onerror=lambda _: None
        ):
            if set(item.name.split(".")) & set(SKIPPED) or item.name.endswith("__main__"):
                continue
            with contextlib.suppress(BaseException):
                found.append(importlib.import_module(item.name))
    return found


def hooks(cls: type) -> list[str]:
    """The full names of the hooks that decide how a class is restored, other than pickle's own."""
    found = []
    for name in HOOKS:
        for base in cls.__mro__:
            if name in vars(base):
                full = f"{base.__module__}.{base.__qualname__}.{name}"
                if base.__module__ != "builtins" and full not in PLAIN_HOOKS:
                    found.append(full)
                break
    return found


def constraint(cls: type, default: str) -> str | None:
    """How a class may be used; None if it must not be listed."""
    if issubclass(cls, BaseException) or inspect.isabstract(cls):
        return None
    if issubclass(cls, enum.Enum):
        return "any"
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return (
            "items"
            if hooks(cls)
            == [f"{cls.__module__}.{cls.__qualname__}.{h}" for h in ("__getnewargs__", "__new__")]
            else None
        )
    if f"{cls.__module__}.{cls.__name__}" in KEPT:
        return KEPT[f"{cls.__module__}.{cls.__name__}"]
    own = hooks(cls)
    if NATIVE.fullmatch(cls.__module__):
        return "any" if own or not cls.__flags__ & (1 << 9) else default
    if not own:
        return default if cls.__flags__ & (1 << 9) else None
    known = {REVIEWED.get(hook) for hook in own}
    if len(known) == 1 and None not in known:
        return known.pop()
    print(f"left out: {cls.__module__}.{cls.__qualname__}: {', '.join(own)}", file=sys.stderr)
    return None


def listed(library: str) -> Names:
    """The classes of one library."""
    default, packages = LIBRARIES[library]
    names: Names = {}
    for package in packages:
        for module in modules(package):
            for name, cls in list(vars(module).items()):
                if inspect.isclass(cls) and cls.__module__ == module.__name__ and cls.__name__ == name:
                    if found := constraint(cls, default):
                        names.setdefault(module.__name__, {})[name] = found
                elif name.startswith("__pyx_unpickle_") and NATIVE.fullmatch(module.__name__):
                    names.setdefault(module.__name__, {})[name] = "any"
    return names


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        everything = {library: listed(library) for library in sys.argv[1:]}
    print(json.dumps(everything, sort_keys=True))
