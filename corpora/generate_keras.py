"""Regenerates rules/keras/names.json, the classes and functions that honest Keras models name, from Keras' own wheels.

    python -m corpora.generate_keras FOLDER

``FOLDER`` holds unpacked wheels, one folder each (made with Keras 2.2.5, 2.6.0, 2.10.0, 2.12.0 to 2.15.0, 3.0.5,
3.3.3, 3.6.0, 3.8.0, 3.10.0, 3.12.0 and 3.15.1, tf-keras 2.16.0, 2.18.0, 2.20.1 and 2.21.0; TensorFlow 2.18).
Keras is read as source and not imported. The criterion, for every class: making one from a configuration computes, and
reads, writes and fetches nothing. What does is listed in ``UNSAFE`` and judged by its own rules.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "rules" / "keras" / "names.json"
PACKAGES = ("keras", "tf_keras")
CLASS_FOLDERS = frozenset(
    {
        "activations", "layers", "models",
        "engine", "optimizers", "optimizer_v2", "losses", "metrics", "initializers", "regularizers",
        "constraints", "dtype_policies", "quantizers", "random", "ops", "mixed_precision", "premade", "premade_models",
        "legacy_tf_layers", "feature_column",
    }
)  # fmt: skip
FUNCTION_FOLDERS = frozenset(
    {"activations", "losses", "metrics", "initializers", "regularizers", "constraints", "ops"}
)
UNSAFE = frozenset(
    {
        "Lambda", "TFSMLayer", "TorchModuleWrapper", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer",
        "ClassMethod",
        "InstanceMethod", "InstanceProperty", "JaxLayer", "FlaxLayer", "KerasFileEditor", "Map", "VectorizedMap",
        "Cond", "WhileLoop", "Scan", "AssociativeScan", "ForiLoop", "Switch", "CustomGradient",
    }
)  # fmt: skip
"""Classes that run, load or call what a configuration names."""
_NOT_COMPUTING = frozenset({"serialize", "deserialize", "get", "get_file", "custom_gradient", "map", "vectorized_map",
                            "cond", "while_loop", "scan", "associative_scan", "fori_loop", "switch"})  # fmt: skip
_TF_MODULES = ("bitwise", "dtypes", "image", "linalg", "math", "nn", "quantization", "ragged", "random", "sets",
               "signal", "sparse", "strings")  # fmt: skip
_TF_UNSAFE = frozenset(
    {
        "case", "cond", "control_dependencies", "custom_gradient",
        "device", "foldl", "foldr", "function", "get_logger",
        "gradients", "grad_pass_through", "import_graph_def", "init_scope", "load_library", "load_op_library", "map_fn",
        "map_flat_values", "no_gradient", "numpy_function", "py_function", "print", "recompute_grad", "scan",
        "register_tensor_conversion_function", "switch_case", "variable_creator_scope", "vectorized_map", "while_loop",
        "nondifferentiable_batch_function", "executing_eagerly", "inside_function", "hessians", "group", "Assert",
    }
)  # fmt: skip
"""Functions of TensorFlow that call others, load libraries, print, or change how everything after them runs."""
Names = dict[str, set[str]]


def _exports(node: ast.ClassDef | ast.FunctionDef) -> list[str]:
    """The public names that decorators give."""
    found: list[str] = []
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and "export" in ast.unparse(decorator.func):
            values = [*decorator.args, *(k.value for k in decorator.keywords)]
            found += [str(c.value) for v in values for c in ast.walk(v) if isinstance(c, ast.Constant)]
    return [name for name in found if name.startswith("keras.")]


def _read(root: Path, package: str, classes: Names, functions: Names) -> None:
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if any(part.endswith("_test") or part.startswith("test") for part in parts):
            continue
        module = ".".join((package, *(part for part in parts if part != "__init__")))
        folders = frozenset(parts)
        for node in ast.parse(path.read_text(), str(path)).body:
            if isinstance(node, ast.ClassDef) and folders & CLASS_FOLDERS and node.name not in UNSAFE:
                _add(classes, module, node.name, _exports(node))
            elif isinstance(node, ast.FunctionDef) and folders & FUNCTION_FOLDERS:
                public = not node.name.startswith("_") and node.name not in _NOT_COMPUTING
                if public and ("ops" not in folders or _exports(node)):
                    _add(functions, module, node.name, _exports(node))


def _add(names: Names, module: str, name: str, exported: list[str]) -> None:
    names.setdefault(module, set()).add(name)
    for public in exported:
        home, _, leaf = public.rpartition(".")
        names.setdefault(home, set()).add(leaf)


def tensorflow() -> list[str] | None:
    """Functions of TensorFlow that a TFOpLambda layer may honestly hold; None where TensorFlow is not installed."""
    try:
        import tensorflow as tf
    except ImportError:
        return None
    found = {f"__operators__.{name}" for name in dir(tf.__operators__) if not name.startswith("_")}
    for home in ("", *_TF_MODULES):
        module = getattr(tf, home) if home else tf
        found |= {
            f"{home}.{name}".lstrip(".")
            for name in dir(module)
            if callable(getattr(module, name))
            and not isinstance(getattr(module, name), type)
            and name[0] != "_"
        }
    return sorted(name for name in found if name.rpartition(".")[2] not in _TF_UNSAFE)


def main() -> None:
    classes: Names = {}
    functions: Names = {}
    roots = [folder / package for folder in sorted(Path(sys.argv[1]).iterdir()) for package in PACKAGES]
    for root in roots:
        if root.is_dir():
            _read(root, root.name, classes, functions)
    known = tensorflow() or (json.loads(OUT.read_text())["tensorflow"] if OUT.exists() else [])
    text = json.dumps(
        {
            "tensorflow": known,
            "classes": {module: sorted(names) for module, names in sorted(classes.items())},
            "functions": {module: sorted(names) for module, names in sorted(functions.items())},
        },
        separators=(",", ":"),
    )
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text.replace('],"', '],\n"') + "\n")


if __name__ == "__main__":
    main()
