"""Constraints for what tables and statistics hold, and what would do harm with another state or other arguments.

Each was read from its library: scipy/stats/_distn_infrastructure.py, statsmodels/base/data.py, numpy/_core/__init__.py,
pytz/__init__.py, zoneinfo/_zoneinfo.py. Recorded values are looked at; nothing is called.
"""

from __future__ import annotations

import re

from quarantine.analyzers.pickle.named import Arguments, Named, is_global

_UFUNC_MODULES = frozenset(
    {
        "numpy",
        "numpy.core.umath",
        "numpy.core._multiarray_umath",
        "numpy._core.umath",
        "numpy._core._multiarray_umath",
        "scipy.special",
        "scipy.special._ufuncs",
    }
)
_DISTRIBUTIONS = re.compile(r"scipy\.stats\._(?:continuous|discrete)_distns\.[a-z_0-9A-Z]+_gen")
# What scipy makes vectorised functions of, to keep them on the distribution.
_METHODS = frozenset(
    {"_entropy", "_ppf_single", "_cdf_single", "_mom0_sc", "_mom1_sc", "_mom_integ0", "_mom_integ1"}
)
_SHAPES = r"(?:[A-Za-z_][A-Za-z0-9_]{0,40}, ?)*"
# scipy's parse_arg_template, filled in; it is executed whenever a distribution is restored.
_PARSER = re.compile(
    rf"\ndef _parse_args\(self, (?P<s>{_SHAPES}) (?P<i>loc=0(?:, scale=1)?)\):\n"
    r"    return \((?P=s)\), (?P<o>loc, (?:scale|1))\n\n"
    r"def _parse_args_rvs\(self, (?P=s) (?P=i), size=None\):\n"
    r"    return self\._argcheck_rvs\((?P=s) (?P=o), size=size\)\n\n"
    r"def _parse_args_stats\(self, (?P=s) (?P=i), moments='mv'\):\n"
    r"    return \((?P=s)\), (?P=o), moments\n"
)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}")
SLOTS = frozenset(
    {
        "c",
        "x",
        "extrapolate",
        "axis",
        "_c",
        "_x",
        "_asarray",
        "_y_axis",
        "_y_extra_shape",
        "dtype",
        "_y",
        "xi",
    }
)
"""What SciPy's interpolators hold in ``__slots__``."""
_FORMULA_LIMIT = 10_000
_TOKEN = re.compile(
    r"\s+|(?P<name>(?:np\.)?[A-Za-z][A-Za-z0-9_]*)(?P<call>\s*\()?|\d{1,6}(?:\.\d{1,9})?"
    r"|'[\w .-]{0,80}'|\"[\w .-]{0,80}\""
    r"|\*\*\s?[1-9](?![\d.])|[-+:/~(),=]|\*(?!\*)"
)
_FORMULA_CALLS = frozenset(
    {"C", "I", "Q", "np.log", "np.log1p", "np.log2", "np.log10", "np.exp", "np.expm1", "np.sqrt", "np.square", "np.abs",
     "np.sin", "np.cos", "log", "exp", "sqrt", "center", "scale", "standardize", "bs", "cr", "cc", "te", "Treatment",
     "Sum", "Helmert", "Diff", "Poly"}
)  # fmt: skip


def ufunc(args: Arguments) -> bool:
    """``_ufunc_reconstruct(module, name)`` imports the one and takes the other from it."""
    return len(args) == 2 and args[0] in _UFUNC_MODULES and type(args[1]) is str and args[1].isidentifier() \
        and not args[1].startswith("_") and args[1] in _ufuncs()  # fmt: skip


def _ufuncs() -> frozenset[str]:
    from quarantine.analyzers.pickle.names import lists

    good = lists().good
    return frozenset(name for module in _UFUNC_MODULES for name in good.get(module, ()))


def method(args: Arguments) -> bool:
    """``getattr``, as picklers write a distribution's own method."""
    if len(args) != 2 or type(args[1]) is not str or not isinstance(args[0], Named) or is_global(args[0]):
        return False
    return _DISTRIBUTIONS.fullmatch(args[0].label) is not None and args[1] in _METHODS


def zone(args: Arguments) -> bool:
    """``pytz._p(name, offsets and abbreviation)`` reads the time zone's own file."""
    return bool(args) and _zone_name(args[0]) and all(type(arg) in (int, str) for arg in args)


def _zone_name(value: object) -> bool:
    return type(value) is str and _ZONE.fullmatch(value) is not None


def distribution(_: Arguments, state: object) -> bool:
    """A distribution's state; the text in it is executed."""
    if type(state) is not dict:
        return False
    text = state.get("_parse_arg_template")
    return type(text) is str and len(text) < 4096 and _PARSER.fullmatch(text) is not None


def vectorized(_: Arguments, state: object) -> bool:
    """The state of ``numpy.vectorize``: the function that it calls is a distribution's method."""
    if type(state) is not dict:
        return False
    function = state.get("pyfunc")
    made = isinstance(function, Named) and not is_global(function) and function.label == "builtins.getattr"
    ready = state.get("_ufunc")
    return made and ready in (None, {}) and type(state.get("signature")) is type(None)


def model_data(_: Arguments, state: object) -> bool:
    """The state of statsmodels' data; its formula is evaluated as Python when there is one to restore."""
    if type(state) is not dict:
        return False
    return "restore_design_info" not in state or _plain_formula(state.get("formula"))


def _plain_formula(value: object) -> bool:
    """Whether a formula holds only names, small numbers, operators and the functions that formulas are known for."""
    if type(value) is not str or len(value) > _FORMULA_LIMIT:
        return False
    at = 0
    while at < len(value):
        match = _TOKEN.match(value, at)
        if match is None:
            return False
        name = match["name"]
        if name and (match["call"] or "." in name) and name not in _FORMULA_CALLS:
            return False
        at = match.end()
    return True
