"""HDF5 object headers of versions 1 and 2: the messages of one object, wherever its continuation blocks lie.

After the HDF5 File Format Specification 3.0, section IV.A.1. Every byte of a block belongs to a message or is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

from quarantine.formats.hdf5_file import Cursor, Hdf5File, checked
from quarantine.formats.interface import Malformed

NIL, DATASPACE, LINK_INFO, DATATYPE, FILL_OLD, FILL, LINK, EXTERNAL, LAYOUT = range(9)
GROUP_INFO, FILTERS, ATTRIBUTE, COMMENT, TIME_OLD, SHARED_TABLE, CONTINUATION = range(0x0A, 0x11)
SYMBOL_TABLE, TIME, TREE_K, DRIVER, ATTRIBUTE_INFO, REFERENCES, FILE_SPACE = range(0x11, 0x18)
_SHARED, _UNKNOWN_FLAGS = 2, 0x80
MESSAGES_LIMIT = 1 << 16
BLOCKS_LIMIT = 1 << 12


@dataclass(frozen=True)
class Message:
    """One message; ``body`` is a cursor at its first byte, ``shared`` if it lies elsewhere."""

    kind: int
    body: Cursor
    shared: bool = False


def messages(file: Hdf5File, address: int) -> list[Message]:
    """All messages of the object header at ``address``, in order.

    Raises:
        Malformed: the header breaks the specification.
    """
    head = file.peek(address, 32)
    if head[:4] == b"OHDR":
        return _second(file, address)
    return _first(file, address)


def _first(file: Hdf5File, address: int) -> list[Message]:
    cursor = file.cursor(file.read(address, 16), address)
    if cursor.number(1) != 1:
        raise Malformed("object header of an unknown version", offset=cursor.where)
    cursor.zeros(1)
    count, _, size = cursor.number(2), cursor.number(4), cursor.number(4)
    cursor.zeros(4)
    file.hold(address, 16)
    found: list[Message] = []
    blocks = [(address + 16, size)]
    for index, (at, length) in enumerate(blocks):  # grows while it is walked
        if index > BLOCKS_LIMIT:
            raise file.corrupt("object header has more blocks than any", address)
        if index:
            file.once(at)
        block = file.cursor(file.read(at, length), at)
        file.hold(at, length)
        while block.left >= 8:
            kind, width, flags = block.number(2), block.number(2), block.number(1)
            block.zeros(3)
            _add(file, found, blocks, kind, flags, block, width)
        block.zeros(block.left)
    if len(found) != count:
        raise Malformed("object header does not have as many messages as it says", offset=file.base + address)
    return found


def _second(file: Hdf5File, address: int) -> list[Message]:
    cursor = file.cursor(file.peek(address, 64), address)
    cursor.expect(b"OHDR", 2)
    flags = cursor.number(1)
    if flags & ~0x3F:
        raise Malformed("object header with unknown flags", offset=cursor.where - 1)
    cursor.take(16 if flags & 0x20 else 0)  # times
    cursor.take(4 if flags & 0x10 else 0)  # when attributes change their storage
    size = cursor.number(1 << (flags & 3))
    prefix = cursor.at
    found: list[Message] = []
    blocks = [(address, prefix + size + 4)]
    for index, (at, length) in enumerate(blocks):
        if index > BLOCKS_LIMIT:
            raise file.corrupt("object header has more blocks than any", address)
        if index:
            file.once(at)
        block = file.cursor(checked(file, file.read(at, length), at), at)
        file.hold(at, length)
        if index:
            if block.take(4) != b"OCHK":
                raise Malformed("continuation block without its signature", offset=file.base + at)
        else:
            block.take(prefix)
        width = 6 if flags & 4 else 4
        while block.left >= width:
            kind, size, mask = block.number(1), block.number(2), block.number(1)
            block.take(width - 4)
            _add(file, found, blocks, kind, mask, block, size)
        block.zeros(block.left)
    return found


def _add(file: Hdf5File, found: list[Message], blocks: list[tuple[int, int]], kind: int, flags: int, block: Cursor,
         width: int) -> None:  # fmt: skip
    address = block.where - file.base
    body = file.cursor(block.take(width), address)
    if len(found) > MESSAGES_LIMIT:
        raise file.corrupt("object header has more messages than any", address)
    if kind == NIL:
        body.zeros(width)
    elif kind == CONTINUATION and not flags & _SHARED:
        at, length = body.address(), body.length()
        if at is None:
            raise Malformed("continuation block without an address", offset=block.where)
        blocks.append((at, length))
        body.zeros(body.left)
    found.append(Message(kind, body, bool(flags & _SHARED)))
