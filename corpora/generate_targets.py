"""Write ``rules/targets/*.json``: the classes of frameworks that honest configurations name for instantiation.

Classes are read from the wheels' source, never imported::

    python -m corpora.generate_targets nemo nemo_toolkit-{1.23.0,2.2.1,3.0.0}-py3-none-any.whl
    python -m corpora.generate_targets speechbrain speechbrain-1.1.2-py3-none-any.whl

A class counts if it descends from a network, a loss, or a data set; functions never do, because a configuration's
call of a function is what attacks look like.
"""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from pathlib import Path, PurePosixPath

TARGETS = Path(__file__).parents[1] / "rules" / "targets"
_ROOTS = {"Module", "NeuralModule", "Loss", "_Loss", "ModelPT", "Dataset", "IterableDataset", "ModuleList",
          "Sequential", "Optimizer", "_LRScheduler", "LRScheduler", "Function", "Sampler"}  # fmt: skip
# Their constructors fetch or start things that the configuration names, or run what it holds.
_LEFT_OUT = (
    "hf_",
    "huggingface",
    "pretrained",
    "huggingface_transformers",
    "export",
    "deploy",
    "server",
    "inference",
)


def classes(wheel: Path, package: str) -> dict[str, list[str]]:
    """The classes by module, where they are defined and where packages export them again."""
    trees: dict[str, ast.Module] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(f"{package}/") and name.endswith(".py"):
                module = ".".join(PurePosixPath(name).with_suffix("").parts).removesuffix(".__init__")
                trees[module] = ast.parse(archive.read(name))
    bases: dict[str, set[str]] = {}
    for tree in trees.values():
        for found in ast.walk(tree):
            if isinstance(found, ast.ClassDef):
                bases.setdefault(found.name, set()).update(
                    ast.unparse(b).split("[")[0].split(".")[-1] for b in found.bases
                )
    good = set(_ROOTS)
    while more := {name for name, over in bases.items() if over & good} - good:
        good |= more
    good -= _ROOTS
    listed: dict[str, list[str]] = {}
    for module, tree in trees.items():
        names = {d.name for d in tree.body if isinstance(d, ast.ClassDef)}
        for found in tree.body:
            if isinstance(found, ast.ImportFrom) and (found.module or "").startswith(package):
                names |= {alias.asname or alias.name for alias in found.names if alias.name in bases}
        names = {n for n in names if n in good and not n.startswith("_")}
        if names and not any(part in module.lower() for part in _LEFT_OUT):
            listed[module] = sorted(names)
    return listed


if __name__ == "__main__":
    TARGETS.mkdir(exist_ok=True)
    merged: dict[str, set[str]] = {}
    for wheel in sys.argv[2:]:
        for module, names in classes(Path(wheel), sys.argv[1]).items():
            merged.setdefault(module, set()).update(names)
    text = json.dumps({module: sorted(names) for module, names in sorted(merged.items())}, indent=0)
    (TARGETS / f"{sys.argv[1]}.json").write_text(text + "\n")
