"""skops archives whose loaders make or call something other than what they show, after holes published in 2024 and
2025.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from corpora import opcodes as op
from corpora.case import Case, hostile

Tree = dict[str, Any]


def node(kind: str, module: str, loader: str, **more: object) -> Tree:
    """One node of a schema."""
    return {"__class__": kind, "__module__": module, "__loader__": loader, **more}


def text(value: object) -> Tree:
    """A node of plain JSON."""
    return node("str", "builtins", "JsonNode", content=json.dumps(value), is_json=True)


def listed(*values: Tree, kind: str = "list") -> Tree:
    """A list or tuple."""
    return node(kind, "builtins", f"{kind.capitalize()}Node", content=list(values))


def mapped(**values: Tree) -> Tree:
    """A dictionary."""
    keys = listed(*(node("str", "builtins", "TypeNode") for _ in values))
    return node("dict", "builtins", "DictNode", content=values, key_types=keys)


def archive(root: Tree, protocol: object = 2, **members: bytes) -> bytes:
    """The schema, and other members, as a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in members.items():
            made.writestr(name.replace("_", "."), content)
        made.writestr("schema.json", json.dumps({**root, "protocol": protocol, "_skops_version": "0.11.0"}))
    return out.getvalue()


def _trees() -> dict[str, tuple[str, Callable[[str], Tree]]]:
    estimator = ("FunctionTransformer", "sklearn.preprocessing._function_transformer", "ObjectNode")
    return {
        "function": (
            "a function of the system as an estimator's function",
            lambda _: node(*estimator, content=mapped(func=node("system", "os", "FunctionNode"))),
        ),
        "function-old": (
            "the same in the form of protocol 0, behind a harmless class",
            lambda _: node("ufunc", "numpy", "FunctionNode", content={"module_path": "os", "function": "system"}),
        ),
        "operator-mismatch": (
            "CVE-2025-54412: a methodcaller whose module says that it is a string",
            lambda _: node("methodcaller", "builtins", "OperatorFuncNode", attrs=listed(text("a"), kind="tuple")),
        ),
        "operator-call": (
            "CVE-2025-54412: operator.call of a function",
            lambda command: node(
                "call", "operator", "OperatorFuncNode",
                attrs=listed(node("system", "posix", "FunctionNode"), text(command), kind="tuple"),
            ),
        ),
        "method-mismatch": (
            "CVE-2025-54413: a method of another object than the one that is shown",
            lambda _: node("str", "builtins", "MethodNode", content={"func": "split", "obj": listed(text("a"))}),
        ),
        "method-interpreter": (
            "a method that reaches the interpreter",
            lambda _: node(
                "list", "builtins", "MethodNode", content={"func": "__reduce_ex__", "obj": listed(text("a"))}
            ),
        ),
        "partial": (
            "a partial of eval",
            lambda _: node(
                "partial", "functools", "PartialNode",
                content={"func": node("eval", "builtins", "TypeNode"), "args": listed(text("1"), kind="tuple"),
                         "kwds": mapped(), "namespace": text(None)},
            ),
        ),
        "list-class": (
            "a list whose class is Popen",
            lambda c: node("Popen", "subprocess", "ListNode", content=[text(c)]),
        ),
        "constructor": (
            "a constructor that reads the file that it is given",
            lambda _: node(
                "Booster", "lightgbm.basic", "ConstructorFromReduceNode",
                content=listed(text(None), text(None), text("/etc/hostname"), kind="tuple"),
            ),
        ),
        "distribution": (
            "a distribution with a text that SciPy executes",
            lambda command: node(
                "uniform_gen", "scipy.stats._continuous_distns", "ObjectNode",
                content=mapped(_parse_arg_template=text(f"__import__('os').system({command!r})")),
            ),
        ),
        "generator": (
            "a random generator whose kind is another function of NumPy",
            lambda _: node(
                "Generator", "numpy.random._generator", "RandomGeneratorNode",
                content={"bit_generator": mapped(bit_generator=text("seed")), "seed_seq": mapped()},
            ),
        ),
        "file-elsewhere": (
            "an array in a file outside of the archive",
            lambda _: node("ndarray", "numpy", "NdArrayNode", type="numpy", file="../../model.npy"),
        ),
        "cached-unknown": ("a node that refers to nothing", lambda _: node("str", "builtins", "CachedNode", __id__=7)),
    }  # fmt: skip


def cases() -> list[Case]:
    """All of them, and a pickle in place of an archive."""
    rules = ("skops-*",)
    found = [
        hostile(f"skops-{name}", "model.skops", lambda f, t=tree: archive(t(op.touch(f))), words, rules)  # type: ignore[misc]
        for name, (words, tree) in _trees().items()
    ]
    return [
        *found,
        hostile(
            "skops-protocol",
            "model.skops",
            lambda _: archive(listed(), True),
            "a protocol that is no number",
            rules,
        ),
        hostile(
            "skops-pickle",
            "model.skops",
            op.payload,
            "CVE-2025-54886: a pickle, which the model card's loader falls back to",
        ),
        hostile(
            "skops-member",
            "model.skops",
            lambda f: archive(listed(text("a")), data_pkl=op.payload(f)),
            "a pickle beside the schema",
        ),
    ]
