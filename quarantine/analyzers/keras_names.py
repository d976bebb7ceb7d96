"""Judges what a Keras configuration names: known good, known to do harm, or unknown, which is never good.

The lists are data (``rules/keras/names.json``, by ``corpora/generate_keras.py``), class by class. Up to version 3.8
Keras imports whatever module a configuration names and calls what it finds there (CVE-2025-1550, CVE-2025-9906).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from quarantine.analyzers.pickle.names import Standing, judge
from quarantine.resources import resource_dir

HOMES = ("keras", "tf_keras")
_OWN_PACKAGE = "Custom>"  # under which Keras 2 registers optimizers of its own
# Where Keras and TensorFlow keep the same names under another one.
_OTHER_HOMES = (
    ("tensorflow.python.keras.", "keras."),
    ("tensorflow.keras.", "keras."),
    ("keras._tf_keras.keras.", "keras."),
    ("keras.api._v2.keras.", "keras."),
    ("keras.api.", "keras."),
)
# Parts of Keras that read and write files, fetch, switch off safe mode or load other models.
_HARMFUL = frozenset(
    {
        "api_export", "applications", "backend", "callbacks", "config", "datasets", "distribution", "estimator",
        "export", "legacy", "preprocessing", "saving", "testing", "tree", "trainers", "utils",
        "visualization", "wrappers",
    }
)  # fmt: skip
_HARMFUL_NAMES = frozenset(
    {
        "clone_model", "deserialize", "deserialize_keras_object", "enable_unsafe_deserialization", "func_load",
        "get", "get_file", "load_model", "load_weights", "model_from_config", "model_from_json", "model_from_yaml",
        "save_model", "save_weights", "serialize", "set_backend",
    }
)  # fmt: skip
_SPECS = frozenset({"TensorSpec", "RaggedTensorSpec", "SparseTensorSpec", "BoundedTensorSpec", "TensorShape"})
_TENSORFLOW_HARMFUL = frozenset(
    {
        "io", "raw_ops", "py_function", "numpy_function", "load_library", "load_op_library", "import_graph_def",
        "saved_model", "train", "py_func", "read_file", "write_file", "gfile", "app", "session", "logging", "user_ops",
        "data", "keras", "compat", "summary", "profiler", "print", "function", "lookup",
        "experimental", "debugging", "config", "distribute", "autograph", "sysconfig", "tpu", "test", "feature_column",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Lists:
    """Names by module; ``short`` are those of classes and functions without their modules."""

    classes: dict[str, frozenset[str]]
    functions: dict[str, frozenset[str]]
    short: frozenset[str]
    short_functions: frozenset[str]
    tensorflow: frozenset[str]


@cache
def lists() -> Lists:
    """Load the lists once for this process."""
    held = json.loads((resource_dir("rules") / "keras" / "names.json").read_text())
    classes = {module: frozenset(names) for module, names in held["classes"].items()}
    functions = {module: frozenset(names) for module, names in held["functions"].items()}
    return Lists(
        classes,
        functions,
        frozenset().union(*classes.values()),
        frozenset().union(*functions.values()),
        frozenset(held["tensorflow"]),
    )


def _home(module: str) -> str:
    for other, own in _OTHER_HOMES:
        if f"{module}.".startswith(other):
            return f"{own}{module[len(other) :]}".rstrip(".")
    return module


def _harmful(module: str, name: str) -> bool:
    """Whether a name of Keras that is not known to be good is one of those that do harm."""
    return name in _HARMFUL_NAMES or bool(_HARMFUL & set(module.split(".")))


def of_class(module: str | None, name: str) -> Standing:
    """What the lists say about a class."""
    if not module:
        if name in _HARMFUL_NAMES:
            return Standing.DANGEROUS
        return Standing.GOOD if name.removeprefix(_OWN_PACKAGE) in lists().short else Standing.UNKNOWN
    home = _home(module)
    if home.split(".")[0] in HOMES:
        if name in lists().classes.get(home, ()) or name in lists().functions.get(home, ()):
            return Standing.GOOD
        return Standing.DANGEROUS if _harmful(home, name) else Standing.UNKNOWN
    if home.split(".")[0] == "tensorflow":
        return Standing.GOOD if name in _SPECS else Standing.UNKNOWN
    return Standing.DANGEROUS if _foreign(home, name) else Standing.UNKNOWN


def of_function(module: str | None, name: str) -> Standing:
    """What the lists say about a function, which older versions look up in Python's builtins as well."""
    home = _home(module or "builtins")
    if home in ("builtins", "__builtin__"):
        if name in lists().short_functions:
            return Standing.GOOD
        return (
            Standing.DANGEROUS if name in _HARMFUL_NAMES or _foreign("builtins", name) else Standing.UNKNOWN
        )
    if home.split(".")[0] in HOMES:
        if name in lists().functions.get(home, ()):
            return Standing.GOOD
        return Standing.DANGEROUS if _harmful(home, name) else Standing.UNKNOWN
    return Standing.DANGEROUS if _foreign(home, name) else Standing.UNKNOWN


def _foreign(module: str, name: str) -> bool:
    import builtins

    if module == "builtins" and not hasattr(builtins, name.partition(".")[0]):
        return False  # a function of the model's own, which Keras writes down as one of Python's
    return judge(module, name).standing is not Standing.UNKNOWN


def of_tensorflow(symbol: str) -> Standing:
    """What the lists say about a function of TensorFlow's interface, such as ``math.add``."""
    symbol = symbol.removeprefix("tf.").removeprefix("compat.v1.")
    if symbol in lists().tensorflow:
        return Standing.GOOD
    return Standing.DANGEROUS if _TENSORFLOW_HARMFUL & set(symbol.split(".")) else Standing.UNKNOWN
