"""NumPy's .npy: a magic, a literal header and one array.

Strict after https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html; an object array's payload
is a pickle and is handed on as one. Array data is claimed, never looked at.
"""

from __future__ import annotations

import ast
import re

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.source import SliceSource

MAGIC = b"\x93NUMPY"
HEADER_LIMIT_BYTES = 10_000
_LONG = re.compile(
    r"(?<![\w'\"])(\d{1,19})L(?=[,)\s])"
)  # Python 2 wrote long integers so; NumPy still reads them
_SIMPLE = re.compile(r"[<>|=]?(?:([biufcSaVU])(\d{1,9})|[mM]8(?:\[\d{0,6}[A-Za-zμ]{1,3}\])?)")


def item_size(descr: object, depth: int = 0) -> int | None:
    """Bytes of one item of a dtype description; None if it holds Python objects.

    Raises:
        Malformed: the description is not one of NumPy's plain ones.
    """
    if isinstance(descr, str):
        if descr.lstrip("<>|=") in ("O", "O8", "O4"):
            return None
        match = _SIMPLE.fullmatch(descr)
        if not match:
            raise Malformed("dtype is not a plain one", offset=10)
        return int(match[2]) * (4 if match[1] == "U" else 1) if match[1] else 8
    if not isinstance(descr, list) or depth > 8:
        raise Malformed("dtype is not a plain one", offset=10)
    total = 0
    for field in descr:
        if not isinstance(field, tuple) or len(field) not in (2, 3):
            raise Malformed("dtype field is not a plain one", offset=10)
        size = item_size(field[1], depth + 1)
        if size is None:
            return None
        shape = field[2] if len(field) == 3 else ()
        total += size * _product(shape if isinstance(shape, tuple) else (shape,))
    return total


def _product(shape: object) -> int:
    if not isinstance(shape, tuple) or len(shape) > 64:
        raise Malformed("shape is not a tuple", offset=10)
    count = 1
    for length in shape:
        if type(length) is not int or not 0 <= length < 2**63:
            raise Malformed("shape holds something that is no length", offset=10)
        count *= length
    return count


class Npy:
    """The .npy format."""

    name = "npy"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic."""
        return head.startswith(MAGIC)

    def read(self, node: Node) -> None:
        """Check the header; claim the array or hand its pickle on."""
        head = node.source.read(0, 12)
        if len(head) < 12 or not head.startswith(MAGIC) or head[6] not in (1, 2, 3) or head[7]:
            raise Malformed("not a .npy of version 1, 2 or 3", offset=0)
        width = 2 if head[6] == 1 else 4
        length = int.from_bytes(head[8 : 8 + width], "little")
        start = 8 + width + length
        if length > HEADER_LIMIT_BYTES or start > node.source.size:
            raise Malformed("header is over the limit or the file", offset=8)
        raw = node.source.read(8 + width, length)
        try:
            text = raw.decode("utf-8" if head[6] == 3 else "latin-1").strip()
            header = ast.literal_eval(_LONG.sub(r"\1", text) if head[6] < 3 else text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            raise Malformed("header is not a literal", offset=10) from None
        if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
            raise Malformed("header has other fields than the specification's", offset=10)
        if type(header["fortran_order"]) is not bool:
            raise Malformed("fortran_order is no bool", offset=10)
        size, count = item_size(header["descr"]), _product(header["shape"])
        node.claim(0, start)
        if size is None:
            node.finding("npy-object-array", offset=start)
            node.child("payload", SliceSource(node.source, start, node.source.size - start), expect="pickle")
            node.claim(start, node.source.size)
            return
        node.claim(start, min(start + size * count, node.source.size))
        node.tensor("", str(header["descr"]), header["shape"], size * count)
        if start + size * count != node.source.size:
            raise Malformed("array data and file size disagree", offset=start)
