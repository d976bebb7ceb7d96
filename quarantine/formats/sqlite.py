"""SQLite databases (MLflow's store, ``shelve``): every page is reached, and values that are pickles are followed.

After https://www.sqlite.org/fileformat2.html. Nothing is queried: SQL in a database can call what the process that
opens it offers. Pages that no table, index or list reaches stay unclaimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from quarantine.formats.blobs import Blobs, begins_like_a_file
from quarantine.formats.interface import Malformed, Node, Source, TooLarge
from quarantine.formats.source import BytesSource

MAGIC = b"SQLite format 3\0"
PAGES_LIMIT, PAYLOAD_LIMIT_BYTES, VALUES_LIMIT = 1 << 22, 256 << 20, 20_000_000
_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_LOCK_OFFSET = 1 << 30
_TEXT_BYTES = 24
# Functions that load code, write files, or take a pointer. A table may have a column of such a name, a view may not.
_CALLS = re.compile(r"\b(load_extension|fts3_tokenizer|writefile)\b", re.IGNORECASE)
_CALLED = re.compile(_CALLS.pattern + r"[\"'`\]]?\s*(?:\(|/\*|--)", re.IGNORECASE)


class Sqlite:
    """A SQLite database."""

    name = "sqlite"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Walk from the schema to every page."""
        _Database(node).run()


class _Database:
    def __init__(self, node: Node) -> None:
        head = node.source.read(0, 100)
        size = int.from_bytes(head[16:18], "big")
        self.page = 65536 if size == 1 else size
        reserved = head[20] if len(head) == 100 else 255
        if not 512 <= self.page <= 65536 or self.page & (self.page - 1) or head[21:24] != b"\x40\x20\x20":
            raise Malformed("header is not the specification's", offset=16)
        self.usable = self.page - reserved
        if self.usable < 480 or node.source.size % self.page or node.source.size // self.page > PAGES_LIMIT:
            raise Malformed("file is no whole number of pages", offset=16)
        self.pages = node.source.size // self.page
        self._node, self._head = node, head
        self._blobs = Blobs(node)
        self._seen: set[int] = set()
        self._values = 0
        self._codec = {2: "utf-16-le", 3: "utf-16-be"}.get(int.from_bytes(head[56:60], "big"), "utf-8")

    def run(self) -> None:
        """Read the schema, what it names, and the lists of pages that are in no tree."""
        self._free_pages()
        if int.from_bytes(self._head[52:56], "big"):
            for number in range(2, self.pages + 1, self.usable // 5 + 1):
                self._take(number)
        lock = _LOCK_OFFSET // self.page + 1
        if lock <= self.pages:
            self._take(lock)
        for row in self._tree(1):
            texts = [
                value.decode(self._codec, "replace") if isinstance(value, bytes) else "" for value in row
            ]
            if len(row) < 5:
                raise Malformed("a row of the schema is too short", offset=100)
            if match := (_CALLED if texts[0] == "table" else _CALLS).search(texts[4]):
                self._node.finding("sqlite-calls", name=texts[1], function=match[1].lower())
            root = row[3]
            if isinstance(root, int) and root > 0:
                for values in self._tree(root):
                    self._row(values)

    def _take(self, number: int) -> bytes:
        """A page that nothing else has reached; it is claimed."""
        if not 1 <= number <= self.pages or number in self._seen:
            raise Malformed(f"page {number} is reached twice or lies outside the file", offset=0)
        self._seen.add(number)
        self._node.claim((number - 1) * self.page, number * self.page)
        return self._node.source.read((number - 1) * self.page, self.page)

    def _free_pages(self) -> None:
        trunk = int.from_bytes(self._head[32:36], "big")
        while trunk:
            page = self._take(trunk)
            count = int.from_bytes(page[4:8], "big")
            if count > self.usable // 4 - 2:
                raise Malformed("list of free pages is longer than its page", offset=(trunk - 1) * self.page)
            for index in range(count):
                self._take(int.from_bytes(page[8 + 4 * index : 12 + 4 * index], "big"))
            trunk = int.from_bytes(page[:4], "big")

    def _tree(self, root: int) -> Iterator[list[int | bytes | None]]:
        """The rows of a tree."""
        todo = [root]
        while todo:
            number = todo.pop()
            page = self._take(number)
            start, at = (number - 1) * self.page, 100 if number == 1 else 0
            kind, cells = page[at], int.from_bytes(page[at + 3 : at + 5], "big")
            if kind not in (_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE):
                raise Malformed("page is of no kind that exists", offset=start + at)
            inner = kind in (_INTERIOR_INDEX, _INTERIOR_TABLE)
            pointers = at + (12 if inner else 8)
            if pointers + 2 * cells > self.usable:
                raise Malformed("page has more cells than room", offset=start + at)
            if inner:
                todo.append(int.from_bytes(page[at + 8 : at + 12], "big"))
            for index in range(cells):
                cell = int.from_bytes(page[pointers + 2 * index : pointers + 2 * index + 2], "big")
                if not pointers + 2 * cells <= cell < self.usable:
                    raise Malformed("cell lies outside its page", offset=start + pointers + 2 * index)
                if inner:
                    todo.append(int.from_bytes(page[cell : cell + 4], "big"))
                    cell += 4
                if kind != _INTERIOR_TABLE:
                    yield self._record(self._payload(page, cell, kind == _LEAF_TABLE, start))

    def _payload(self, page: bytes, cell: int, table: bool, start: int) -> bytes:
        size, at = _varint(page, cell)
        if table:
            _, at = _varint(page, at)
        if size > min(PAYLOAD_LIMIT_BYTES, self._node.source.size):
            raise TooLarge("a row is longer than is read", offset=start + cell)
        most = self.usable - 35 if table else (self.usable - 12) * 64 // 255 - 23
        local = size
        if size > most:
            least = (self.usable - 12) * 32 // 255 - 23
            local = least + (size - least) % (self.usable - 4)
            local = local if local <= most else least
        data = page[at : at + local]
        if at + local + (4 if local < size else 0) > self.usable:
            raise Malformed("row ends behind its page", offset=start + cell)
        if local == size:
            return data
        parts, left = [data], size - local
        following = int.from_bytes(page[at + local : at + local + 4], "big")
        while left:
            more = self._take(following)
            parts.append(more[4 : 4 + min(left, self.usable - 4)])
            left -= len(parts[-1])
            following = int.from_bytes(more[:4], "big")
        if following:
            raise Malformed("a row's pages go on behind it", offset=start + cell)
        return b"".join(parts)

    def _record(self, payload: bytes) -> list[int | bytes | None]:
        """The values: numbers below 2**63 as such, texts and blobs as bytes, all others as None."""
        end, at = _varint(payload, 0)
        found: list[int | bytes | None] = []
        data = end
        while at < end:
            kind, at = _varint(payload, at)
            self._values += 1
            if self._values > VALUES_LIMIT or kind in (10, 11):
                raise Malformed("a row has a value of no kind that exists, or there are too many")
            width = _WIDTHS[kind] if kind < 10 else (kind - 12) // 2
            value = payload[data : data + width]
            if len(value) != width:
                raise Malformed("a row's values are longer than the row")
            data += width
            number = int.from_bytes(value, "big", signed=True) if kind < 7 else kind - 8
            found.append(value if kind >= 12 else number if 0 < kind < 7 or kind in (8, 9) else None)
        if at != end or data != len(payload):
            raise Malformed("a row is longer than its values")
        return found

    def _row(self, values: list[int | bytes | None]) -> None:
        for value in values:
            if isinstance(value, bytes) and len(value) > 1:
                if begins_like_a_file(BytesSource(value)):
                    self._blobs.follow(f"value-{self._values}", BytesSource(value))
                elif len(value) > _TEXT_BYTES:
                    self._blobs.text(f"text-{self._values}", value)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """SQLite's number of up to nine bytes, the last of which has eight bits."""
    value = 0
    for index in range(9):
        if at + index >= len(data):
            raise Malformed("number does not end")
        byte = data[at + index]
        if index == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    raise Malformed("number does not end")
