"""PyTorch's layout inside a ZIP (torch.save, TorchScript, torch.export): which member is what.

After torch/serialization.py and caffe2/serialize/inline_container.cc. Storages are raw tensor data and are
never identified or searched.
"""

from __future__ import annotations


def roles(names: list[str]) -> dict[str, str]:
    """What the loader takes each member for; empty if this is no PyTorch archive."""
    prefixes = {name.split("/", 1)[0] for name in names}
    pickles = [
        name for name in names if name.count("/") == 1 and name.endswith(("/data.pkl", "/constants.pkl"))
    ]
    if len(prefixes) != 1 or not pickles:
        return {}
    found: dict[str, str] = {}
    for name in names:
        inner = name.split("/", 1)[-1]
        folder, _, leaf = inner.rpartition("/")
        if inner.endswith((".pkl", ".debug_pkl")):
            found[name] = "pickle"
        elif folder in ("data", "constants", "xl_model_weights") and leaf.isdigit():
            found[name] = "storage"
        elif inner in ("version", "byteorder", ".format_version", ".storage_alignment", ".data/version",
                       ".data/serialization_id") or inner.startswith("code/"):  # fmt: skip
            found[name] = "text"
    return found
