"""PyTorch's, NumPy's, Keras' and skops' layouts inside a ZIP: what the loader takes each member for.

After torch/serialization.py, caffe2/serialize/inline_container.cc, torch/csrc/jit/serialization and numpy/lib/npyio.
Storages are raw tensor data: they are never identified or searched, so only those that a pickle names count as read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from quarantine.formats.interface import Source
from quarantine.formats.torch_export import named_at_least
from quarantine.formats.torch_storages import named

_NOTES = frozenset({"version", "byteorder", ".format_version", ".storage_alignment", ".data/version",
                    ".data/serialization_id", "archive_format", "archive_version"})  # fmt: skip
# The folder of raw storages, and what names them.
_STORAGES = {"data": "data.pkl", "constants": "constants.pkl"} | {
    f"data/{kind}": f"data/{kind}/model_{kind}_config.json" for kind in ("weights", "constants")
}
_GRAPHS = frozenset({"serialized_exported_program.json"})
# keras/src/saving/saving_lib.py; the loader looks for exactly these names.
_KERAS = {
    "model.weights.h5": "hdf5",
    "model.weights.npz": "zip",
    "metadata.json": "text",
    "config.json": "text",
}
_WEIGHTS = ("model.weights.h5", "model.weights.npz")
_RAW = re.compile(r"\d+|(?:weight|tensor|constant)_\d+")


@dataclass(frozen=True)
class Layout:
    """``roles`` is the format of a member; ``storages`` maps each raw storage to the pickle or table that names it."""

    name: str
    roles: dict[str, str] = field(default_factory=dict)
    storages: dict[str, str] = field(default_factory=dict)

    def expected(self, member: str) -> str | None:
        """What the loader takes the member for; None if it goes by the content."""
        return self.roles.get(member)


def layout_of(names: list[str]) -> Layout:
    """The layout of an archive with these members; PyTorch looks them up without regard to case."""
    prefixes = {name.split("/", 1)[0] for name in names}
    inner = {name: name.partition("/")[2].lower() for name in names}
    known = set(inner.values())
    if names and all(name.endswith(".npy") for name in names):
        return Layout("npz", dict.fromkeys(names, "npy"))
    if "schema.json" in names:
        return Layout("skops", {"schema.json": "skops_schema"})
    if "config.json" in names:  # Keras makes the model before it looks for weights
        kind = "keras" if {"metadata.json", *_WEIGHTS} & set(names) else "zip"
        return Layout(kind, {name: role for name, role in _KERAS.items() if name in names})
    if len(prefixes) != 1 or not known & {"data.pkl", "constants.pkl", "archive_format"}:
        return Layout("zip")
    kind = (
        "torch_export"
        if "archive_format" in known
        else "torchscript"
        if "constants.pkl" in known
        else "torch"
    )
    layout = Layout(kind)
    by_inner = {leaf: name for name, leaf in inner.items()}
    for name, leaf in inner.items():
        folder, _, last = leaf.rpartition("/")
        if leaf.endswith((".pkl", ".debug_pkl")):
            layout.roles[name] = "pickle"
        elif leaf.startswith("code/") and leaf.endswith(".py"):
            layout.roles[name] = "torchscript_code"
        elif kind == "torch_export" and (leaf in _GRAPHS or (folder == "models" and leaf.endswith(".json"))):
            layout.roles[name] = "torch_export_graph"
        elif leaf in _NOTES:
            layout.roles[name] = "torch_note"
        elif leaf.startswith("code/"):
            layout.roles[name] = "text"
        elif folder in _STORAGES and _RAW.fullmatch(last) and _STORAGES[folder] in by_inner:
            layout.storages[name] = by_inner[_STORAGES[folder]]
    return layout


def storage_sizes(layout: Layout, members: Mapping[str, Source]) -> dict[str, int]:
    """Size in bytes of each storage that is named; what is named in two sizes, or too small, is left out.

    A pickle names the exact size, a table of torch.export the least.
    """
    named_by = {table: members[table] for table in set(layout.storages.values()) if table in members}
    exact = {table: named(source) for table, source in named_by.items() if table.endswith(".pkl")}
    least = {table: named_at_least(source) for table, source in named_by.items() if table.endswith(".json")}
    sizes: dict[str, int] = {}
    for name, table in layout.storages.items():
        key = name.rpartition("/")[2]
        if key in exact.get(table, {}):
            sizes[name] = exact[table][key]
        elif name in members and members[name].size >= least.get(table, {}).get(key, 1 << 63):
            sizes[name] = members[name].size
    return sizes
