"""TensorFlow's graphs written as text (``.pbtxt``, ``saved_model.pbtxt``), judged as those in the wire format are.

Text is taken for a graph where it has the fields of one; label maps and servers' settings have the same suffix.
After tensorflow/python/saved_model/loader_impl.py and protobuf's text format.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quarantine.formats.interface import Malformed, Node
from quarantine.formats.text import lenient

if TYPE_CHECKING:
    from quarantine.formats.protobuf_schema import Message

_NAMES = (".pbtxt", ".pbtext", ".textproto", ".textpb")
_BEGINS = re.compile(
    r"^\s*(?:node|library|versions|meta_graphs|meta_info_def|graph_def|saved_model_schema_version)\s*:?\s*[\[{<\d]",
    re.MULTILINE,
)
_OPERATOR = re.compile(r"\bop\s*:")
_FIELDS = {
    "SavedModel": {"saved_model_schema_version", "meta_graphs"},
    "MetaGraphDef": {"meta_info_def", "graph_def", "saver_def", "collection_def", "signature_def", "asset_file_def",
                     "object_graph_def"},
    "GraphDef": {"node", "library", "versions", "version", "debug_info"},
}  # fmt: skip


class TensorFlowTextAnalyzer:
    """Reads graphs that are text."""

    name = "tensorflow-text"

    def analyze(self, node: Node) -> None:
        """Parse, and judge what was parsed.

        Raises:
            Malformed: a file that is named as protobuf's text, and names operators, is none.
        """
        text = lenient(node.source.read(0, node.source.size))
        named = node.path.lower().endswith(_NAMES)
        if not _BEGINS.search(text):
            return
        from quarantine.formats.protobuf_schema import schema
        from quarantine.formats.tensorflow_graph import Reducer
        from quarantine.formats.tensorflow_model import judge
        from quarantine.formats.textproto import TextReader

        for kind, fields in _FIELDS.items():
            reader = TextReader(text, schema("tensorflow"), {"NodeDef": Reducer(memoryview(b"")).operation})
            try:
                found = reader.document(kind)
            except Malformed:
                if named and _OPERATOR.search(text):
                    raise
                return  # text that only begins like a graph: no loader takes it either
            if set(found) & fields and self._holds(found, kind):
                for message, name in reader.unknown[:16]:
                    node.finding("tensorflow-unusual-field", message=message, field=name, why="is not known")
                judge(node, memoryview(b""), kind, found)
                return

    def _holds(self, found: Message, kind: str) -> bool:
        """Whether the fields are those of the message, and not of another that shares a name with it."""
        if kind == "GraphDef":
            nodes = [held for held in found.all("node") if getattr(held, "operator", "")]
            return bool(nodes) or bool(found.inner("library").all("function"))
        from quarantine.formats.protobuf_schema import Message

        return any(isinstance(held, Message) for held in [*found.all("meta_graphs"), *found.all("graph_def")])
