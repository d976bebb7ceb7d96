"""PyTorch's operators by namespace: those that only compute, and those that reach files, processes or Python."""

from __future__ import annotations

from quarantine.formats.interface import Node

REACHING = {
    "aten": {"save": "writes a file", "from_file": "maps a file into memory"},
    "prim": {
        "PythonOp": "calls Python",
        "IgnoredPythonOp": "calls Python",
        "rpc_async": "calls another machine",
        "rpc_sync": "calls another machine",
        "rpc_remote": "calls another machine",
    },
}
COMPUTING = frozenset(
    {"aten", "prim", "prims", "quantized", "_quantized", "quantized_decomposed", "sparse", "mkldnn",
     "mkldnn_prepacked", "onednn", "mkl", "higher_order"}
)  # fmt: skip


def report(node: Node, namespace: str, operator: str, place: str) -> None:
    """Report an operator that does more than compute, or that PyTorch does not have; ``place`` is for the reader."""
    what = f"{namespace}::{operator}"
    if effect := REACHING.get(namespace, {}).get(operator):
        node.finding("torch-operator-reach", operator=what, effect=effect, place=place)
    elif namespace not in COMPUTING:
        node.finding("torch-operator-custom", operator=what, place=place)
