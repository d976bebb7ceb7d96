"""HDF5, which holds Keras' weights and old models, PyTables' and pandas' tables and MATLAB's files.

After the HDF5 File Format Specification 3.0, with the superblocks 0 to 3. The signature lies at 0 or at a power of two
from 512 on; what lies before it is a user block, which readers of other formats may take for the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quarantine.formats.interface import Malformed, Node, Source, Unsupported
from quarantine.formats.source import SliceSource

if TYPE_CHECKING:
    from quarantine.formats.hdf5_file import Cursor, Hdf5File

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MATLAB = b"MATLAB 7.3 MAT-file"
_STAB = 1


def signature_at(source: Source, head: bytes) -> int | None:
    """Where the signature is, as libhdf5 looks for it."""
    if head.startswith(SIGNATURE):
        return 0
    at = 512
    while at + len(SIGNATURE) <= source.size:
        if source.read(at, len(SIGNATURE)) == SIGNATURE:
            return at
        at *= 2
    return None


class Hdf5:
    """The HDF5 format."""

    name = "hdf5"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The signature."""
        return signature_at(source, head) is not None

    def read(self, node: Node) -> None:
        """Check all structures; claim them and the data, hand on what a loader would parse or unpickle."""
        from quarantine.formats.hdf5_contents import Contents

        start = signature_at(node.source, node.source.read(0, 8))
        if start is None:
            raise Malformed("no HDF5 signature", offset=0)
        file, root, extension = _superblock(node, start)
        _user_block(node, start)
        contents = Contents(file)
        try:
            if extension is not None:
                contents.extension(extension)
            contents.walk(root)
            contents.slack()
        finally:
            file.finish()


def _superblock(node: Node, start: int) -> tuple[Hdf5File, int, int | None]:
    """Read the superblock: the file, the address of the root group's header, and that of its extension."""
    from quarantine.formats.hdf5_file import Cursor

    raw = node.source.read(start, 128)
    if len(raw) < 16:
        raise Malformed("superblock is cut off", offset=start)
    version = raw[8]
    at = (13, 14) if version < 2 else (9, 10)
    sizes = raw[at[0]], raw[at[1]]
    if version > 3:
        raise Unsupported("superblock of an unknown version", offset=start + 8)
    if any(size not in (4, 8) for size in sizes):
        raise Malformed("superblock of unknown sizes", offset=start + 8)
    cursor = Cursor(raw, start, sizes)
    cursor.take(9)
    if version < 2:
        return _old(node, start, cursor, version, sizes)
    return _new(node, start, cursor, sizes)


def _old(node: Node, start: int, cursor: Cursor, version: int,
         sizes: tuple[int, int]) -> tuple[Hdf5File, int, int | None]:  # fmt: skip
    cursor.zeros(4)
    cursor.take(2)
    cursor.zeros(1)
    leaf, group = cursor.number(2), cursor.number(2)
    flags = cursor.number(4)  # whether it is open for writing, which old libraries left behind
    chunk = 32
    if version:
        chunk = cursor.number(2)
        cursor.zeros(2)
    base, free, end, driver = cursor.address(), cursor.address(), cursor.address(), cursor.address()
    file = _file(node, start, base, end, sizes)
    file.leaf_k, file.group_k, file.chunk_k = leaf, group, chunk
    if not (leaf and group and chunk):
        raise file.corrupt("B-trees have nodes without entries", 0)
    cursor.take(sizes[0])
    root, kind = cursor.address(), cursor.number(4)
    cursor.zeros(4)
    file.root_table = (cursor.address(), cursor.address()) if kind == _STAB else None
    cursor.take(16 - 2 * sizes[0])
    if flags & ~0x07 or free is not None or root is None or kind > _STAB:
        raise Malformed("superblock's root is none of the specification's", offset=start)
    _driver(node, start, driver)
    file.hold(0, cursor.at)
    return file, root, None


def _new(node: Node, start: int, cursor: Cursor, sizes: tuple[int, int]) -> tuple[Hdf5File, int, int | None]:
    from quarantine.formats.hdf5_file import checked

    cursor.take(2)
    flags = cursor.number(1)
    base, extension, end, root = cursor.address(), cursor.address(), cursor.address(), cursor.address()
    cursor.take(4)
    file = _file(node, start, base, end, sizes)
    if flags & ~0x07 or root is None:
        raise Malformed("superblock's root or flags are none of the specification's", offset=start)
    checked(file, file.read(0, cursor.at), 0)
    file.hold(0, cursor.at)
    return file, root, extension


def _file(node: Node, start: int, base: int | None, end: int | None, sizes: tuple[int, int]) -> Hdf5File:
    from quarantine.formats.hdf5_file import CORRUPT, Hdf5File

    if base != start or end is None:
        node.finding(
            CORRUPT, offset=start, why="the superblock gives addresses another base than its own place"
        )
        raise Malformed("superblock gives addresses another base than its own place", offset=start)
    if end > node.source.size:
        raise Malformed("the file is shorter than its superblock says", offset=node.source.size)
    if end <= start:
        raise Malformed("the file ends before it begins", offset=start)
    return Hdf5File(node, start, end - start, sizes)


def _driver(node: Node, start: int, driver: int | None) -> None:
    if driver is not None:
        node.finding(
            "hdf5-external", offset=start, what="a file driver", target="the members of a family of files"
        )
        raise Malformed("the file is a part of several", offset=start)


def _user_block(node: Node, length: int) -> None:
    """MATLAB writes 128 bytes of header and zeros; what else may lie there is for a person to look at."""
    if not length:
        return
    block = node.source.read(0, min(length, 1 << 16))
    matlab = (
        block.startswith(_MATLAB)
        and block[124:128] in (b"\x00\x02IM", b"\x02\x00MI")
        and not any(block[128:])
    )
    if matlab and length == len(block) and block[:116].isascii():
        node.known_as("matlab")
        node.claim(0, length)
        return
    if length == len(block) and not any(block):
        node.claim(0, length)
        return
    node.finding("hdf5-user-block", offset=0, length=length)
    node.child("user-block", SliceSource(node.source, 0, length))
    node.claim(0, length)
