"""Arrow IPC, as files (Feather 2) and as streams (Hugging Face's data sets): every message with its body.

After https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc. Bodies are
claimed by their length, never decoded; schemas are judged.
"""

from __future__ import annotations

from quarantine.formats.arrow_schema import check_fields
from quarantine.formats.flatbuffer import Table, root
from quarantine.formats.interface import Malformed, Node, Source

MAGIC = b"ARROW1"
_CONTINUES = b"\xff\xff\xff\xff"
_METADATA_LIMIT_BYTES, MESSAGES_LIMIT = 64 << 20, 1 << 20
_SCHEMA, _DICTIONARY, _BATCH, _TENSOR, _SPARSE = 1, 2, 3, 4, 5


class Arrow:
    """An Arrow file or stream."""

    name = "arrow"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The file's magic, or a first message that is a schema."""
        if head.startswith(MAGIC + b"\0\0"):
            return True
        if not head.startswith(_CONTINUES) or int.from_bytes(head[4:8], "little") > source.size:
            return False
        try:
            length = int.from_bytes(head[4:8], "little")
            return length <= 1 << 20 and root(source.read(8, length)).number(1, 1) == _SCHEMA
        except Malformed:
            return False

    def read(self, node: Node) -> None:
        """Walk the messages; in a file they end where the footer begins."""
        source = node.source
        if not source.read(0, 8).startswith(MAGIC):
            node.claim(0, _messages(node, 0, source.size))
            return
        tail = source.read(max(8, source.size - 10), 10)
        length = int.from_bytes(tail[:4], "little", signed=True)
        start = source.size - 10 - length
        if tail[4:] != MAGIC or length <= 0 or start < 8:
            raise Malformed("footer is missing or longer than the file", offset=max(0, source.size - 10))
        end = _messages(node, 8, start)
        node.claim(0, end)
        schema = root(source.read(start, length)).table(1)
        if schema is None:
            raise Malformed("footer holds no schema", offset=start)
        check_fields(node, schema)
        node.claim(start, source.size)


def _messages(node: Node, at: int, end: int) -> int:
    """Walk the messages from ``at``; returns where they end."""
    for _ in range(MESSAGES_LIMIT):
        head = node.source.read(at, 8)
        prefix = 8 if head[:4] == _CONTINUES else 4
        length = int.from_bytes(head[prefix - 4 : prefix], "little")
        if at + prefix > end:
            return at
        if not length:
            return at + prefix
        if length > _METADATA_LIMIT_BYTES or at + prefix + length > end:
            raise Malformed("message is longer than the file", offset=at)
        message = root(node.source.read(at + prefix, length))
        body = message.number(3, 8)
        if body < 0 or at + prefix + length + body > end:
            raise Malformed("message's body is longer than the file", offset=at)
        _message(node, message, at)
        at += prefix + length + body
    raise Malformed("more messages than are followed", offset=at)


def _message(node: Node, message: Table, at: int) -> None:
    kind, header = message.number(1, 1), message.table(2)
    if header is None or kind not in (_SCHEMA, _DICTIONARY, _BATCH, _TENSOR, _SPARSE):
        raise Malformed("message is of no kind that exists", offset=at)
    if kind == _SCHEMA:
        check_fields(node, header)
