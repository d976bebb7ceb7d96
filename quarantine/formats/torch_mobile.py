"""PyTorch's mobile models as a flatbuffer (``.ff``, ``.ptl``): bytecode, values, weights, and files beside them.

Each operator is judged as TorchScript's are, each index leads to something, and the extra files and the source code
that travel along are handed on. After torch/csrc/jit/serialization/mobile_bytecode.fbs and flatbuffer_loader.cpp.
"""

from __future__ import annotations

from quarantine.formats.flatbuffer import Flatbuffer, Range, Table, verified
from quarantine.formats.interface import Node, Source
from quarantine.formats.torch_operators import report

MAGIC = b"PTMF"
_LISTS = {"List": ("items",), "Tuple": ("items",), "Dict": ("keys", "values"), "Object": ("attrs",)}


class TorchMobile:
    """A mobile module."""

    name = "torch_mobile"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The identifier."""
        return head[4:8] == MAGIC

    def read(self, node: Node) -> None:
        """Verify, claim, judge the operators, hand on the files."""
        with node.source.view() as data:
            buffer, module = verified(node, data, len(data), "torch_mobile")
            values, types = module.rows("ivalues"), module.rows("object_types")
            _indexes(node, buffer, module, ("methods", "jit_constants"), len(values))
            for entry in values:
                held = entry.get("val")
                if isinstance(held, Table):
                    _check_value(
                        node, buffer, held, len(values), len(types), len(module.rows("storage_data"))
                    )
        for file in module.rows("extra_files"):
            node.child(f"extra/{file.text('name')}", file.text("content").encode())
        for file in module.rows("jit_sources"):
            code = file.text("content").encode()
            node.child(f"code/{file.text('name')}", code, expect="torchscript_code" if code else None)


def _indexes(node: Node, buffer: Flatbuffer, table: Table, names: tuple[str, ...], count: int) -> None:
    for name in names:
        held = table.get(name)
        if isinstance(held, Range) and not all(0 <= at < count for at in buffer.numbers(held, signed=False)):
            node.finding(
                "flatbuffer-index", offset=table.at, what=f"a value among the {name} of {table.kind}"
            )


def _check_value(node: Node, buffer: Flatbuffer, held: Table, values: int, types: int, storages: int) -> None:
    _indexes(node, buffer, held, _LISTS.get(held.kind, ()), values)
    if held.kind == "TensorMetadata" and held.number("storage_location_index") >= storages:
        node.finding("flatbuffer-index", offset=held.at, what="the storage of a tensor")
    if held.kind == "Object" and held.number("type_index") >= types:
        node.finding("flatbuffer-index", offset=held.at, what="the type of an object")
    if held.kind != "Function":
        return
    _indexes(node, buffer, held, ("constants",), values)
    for operator in held.rows("operators"):
        namespace, _, name = operator.text("name").rpartition("::")
        report(node, namespace, name, f"function {held.text('qn')}")
