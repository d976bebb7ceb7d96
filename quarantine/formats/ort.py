"""ONNX Runtime's own format (``.ort``): an optimized ONNX model as a flatbuffer.

Operators of other domains are reported as those of an ONNX model are, and so are weights in files outside.
After onnxruntime/core/flatbuffers/schema/ort.fbs.
"""

from __future__ import annotations

from collections.abc import Iterator

from quarantine.formats.flatbuffer import Table, verified
from quarantine.formats.interface import Node, Source
from quarantine.formats.onnx_graph import Graphs

MAGIC = b"ORTM"
_INSIDE = frozenset({"com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc", "ai.onnx.internal"})


def _tables(root: Table) -> Iterator[Table]:
    """The root and every table below it, each once."""
    todo: list[object] = [root]
    seen: set[int] = set()
    while todo:
        held = todo.pop()
        if isinstance(held, Table):
            if id(held) not in seen:
                seen.add(id(held))
                yield held
                todo += held.values()
        elif isinstance(held, list):
            todo += held


class Ort:
    """The ORT format."""

    name = "ort"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The identifier."""
        return head[4:8] == MAGIC

    def read(self, node: Node) -> None:
        """Verify, claim and judge."""
        with node.source.view() as data:
            _, root = verified(node, data, len(data), "ort")
            graphs = Graphs(node, data)
        for table in _tables(root):
            if table.kind == "Tensor" and table.number("external_data_offset", -1) >= 0:
                node.finding(
                    "onnx-external-path", offset=table.at, location=f"the data of {table.text('name')}"
                )
            domain = table.text("domain")
            if table.kind == "Node" and domain not in _INSIDE:
                graphs.named(domain, table.text("op_type"), table.at)
        graphs.report()
        model = root.get("model")
        for name in ("producer_name", "producer_version", "domain", "doc_string"):
            if isinstance(model, Table) and model.text(name):
                node.said(name, model.text(name))
