"""The metadata of TensorFlow Lite models: a flatbuffer of descriptions, and the ZIP of associated files that the
metadata writer appends to the model.

After tensorflow_lite_support/metadata/metadata_schema.fbs. The ZIP may hold only what the metadata names: a model with
another archive behind it is two files in one, and each loader would take its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from quarantine.formats import zip_records
from quarantine.formats.flatbuffer import Flatbuffer, Table, schema, verified
from quarantine.formats.interface import Node, Source

MAGIC = b"M001"
METADATA = "TFLITE_METADATA"


def _files(table: object) -> Iterator[str]:
    """The names of all associated files, however deep."""
    todo = [table]
    while todo:
        held = todo.pop()
        if isinstance(held, Table):
            if held.kind == "AssociatedFile":
                yield held.text("name")
            todo += held.values()
        elif isinstance(held, list):
            todo += held


class TfLiteMetadata:
    """The metadata of a model, in one of its buffers."""

    name = "tflite_metadata"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The identifier."""
        return head[4:8] == MAGIC

    def read(self, node: Node) -> None:
        """Verify and claim."""
        with node.source.view() as data:
            _, root = verified(node, data, len(data), "tflite_metadata")
            for name in ("name", "description", "version", "author", "license"):
                if root.text(name):
                    node.said(name, root.text(name))


def check_files(node: Node, metadata: Source | None) -> None:
    """Report an archive at the end of a model that holds anything but the files that its metadata names.

    Raises:
        Malformed: the metadata or the archive is broken.
    """
    ends = [at for at in zip_records.end_records(node.source) if zip_records.plausible(node.source, at)]
    if not ends:
        return
    named: set[str] = set()
    if metadata is not None:
        with metadata.view() as data:
            named = set(_files(Flatbuffer(data, len(data), schema("tflite_metadata")).root()))
    held = {
        entry.name for entry in zip_records.entries(node.source, zip_records.directory(node.source, ends[0]))
    }
    if not held <= named:
        node.finding("format-polyglot", formats="tflite, zip", unnamed=", ".join(sorted(held - named))[:200])
