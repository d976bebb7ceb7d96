"""The schema of Arrow data: metadata of every field, and extension types, one of which is a pickle.

After format/Schema.fbs and Message.fbs of Apache Arrow. pyarrow before 14.0.1 unpickled the type
``arrow.py_extension_type`` when it opened a file (CVE-2023-47248), and so do later ones that are told to.
"""

from __future__ import annotations

from quarantine.formats.blobs import Blobs
from quarantine.formats.flatbuffer import Table, root
from quarantine.formats.interface import Malformed, Node
from quarantine.formats.source import BytesSource

FIELDS_LIMIT, DEPTH_LIMIT = 100_000, 64
_MESSAGE_SCHEMA = 1
_NAME, _DATA = b"ARROW:extension:name", b"ARROW:extension:metadata"
_PICKLED = (b"arrow.py_extension_type", b"ray.data.arrow_pickled_object")


def check_schema(node: Node, message: bytes) -> None:
    """Judge the schema of an encapsulated message (as Parquet holds it) or of a bare one."""
    if message[:4] == b"\xff\xff\xff\xff":
        length = int.from_bytes(message[4:8], "little")
        message = message[8 : 8 + length]
    table = root(message)
    if table.number(1, 1) != _MESSAGE_SCHEMA:
        raise Malformed("message is no schema")
    schema = table.table(2)
    if schema is None:
        raise Malformed("message holds no schema")
    check_fields(node, schema)


def check_fields(node: Node, schema: Table) -> None:
    """Judge all fields of a schema, and what is said beside them."""
    blobs, seen = Blobs(node), 0
    _pairs(node, blobs, schema, 2)
    todo = [(field, 0) for field in schema.tables(1)]
    while todo:
        field, depth = todo.pop()
        seen += 1
        if seen > FIELDS_LIMIT or depth > DEPTH_LIMIT:
            raise Malformed("schema has more fields than are followed")
        _pairs(node, blobs, field, 6)
        todo.extend((inner, depth + 1) for inner in field.tables(5))


def _pairs(node: Node, blobs: Blobs, table: Table, slot: int) -> None:
    pairs = [(pair.text(0), pair.text(1)) for pair in table.tables(slot)]
    # Two entries of one name would let two readers see two types.
    pickled = any(key == _NAME and value in _PICKLED for key, value in pairs)
    for key, value in pairs:
        if key == _DATA and pickled:
            node.finding("arrow-python-type", name=table.text(0).decode("utf-8", "replace"))
            blobs.follow("extension-type", BytesSource(value), expect="pickle")
        elif len(value) > 1:
            blobs.text(f"metadata-{key[:20].decode('ascii', 'replace')}", value)
