"""The bytes of one HDF5 file: bounded reads at file addresses, and who holds which range.

After the HDF5 File Format Specification 3.0 (https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html).
It reads metadata only; the content of datasets is never copied. A structure that lies outside the file, overlaps
another or leads back to itself is no accident: libhdf5 is attacked with those, so each is a finding of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from quarantine.formats.interface import Malformed, Node, TooLarge

SIGNATURE = b"\x89HDF\r\n\x1a\n"
BLOCK_LIMIT_BYTES = 64 << 20
METADATA_LIMIT_BYTES = 256 << 20
RANGES_LIMIT = 4 << 20
CORRUPT = "hdf5-corrupt"


class Cursor:
    """Reads little-endian fields one after the other; every step is checked against the end of the structure."""

    def __init__(self, data: bytes, offset: int, sizes: tuple[int, int]) -> None:
        self._data = data
        self._offset = offset
        self._sizes = sizes
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self._data) - self.at

    @property
    def where(self) -> int:
        """The offset in the artifact of what is read next."""
        return self._offset + self.at

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        if length < 0 or length > self.left:
            raise Malformed("HDF5 structure ends inside a field", offset=self.where)
        self.at += length
        return self._data[self.at - length : self.at]

    def number(self, width: int) -> int:
        """The next unsigned number of ``width`` bytes."""
        return int.from_bytes(self.take(width), "little")

    def address(self) -> int | None:
        """The next file address; None for the undefined one."""
        value = self.number(self._sizes[0])
        return None if value == (1 << (8 * self._sizes[0])) - 1 else value

    def length(self) -> int:
        """The next number that is as wide as lengths are in this file."""
        return self.number(self._sizes[1])

    def zeros(self, length: int) -> None:
        """Reserved bytes."""
        if any(self.take(length)):
            raise Malformed("reserved bytes are not zero", offset=self.where - length)

    def expect(self, magic: bytes, *versions: int) -> int:
        """The signature and version of a structure; returns the version."""
        if self.take(len(magic)) != magic:
            raise Malformed(f"HDF5 signature {magic.decode()} is missing", offset=self.where - len(magic))
        version = self.number(1)
        if version not in versions:
            raise Malformed(f"version {version} of an HDF5 structure is unknown", offset=self.where - 1)
        return version

    def text(self, limit: int = 1 << 16) -> bytes:
        """The next text that ends with a zero byte, which is taken as well."""
        end = self._data.find(b"\0", self.at, self.at + limit)
        if end < 0:
            raise Malformed("text does not end", offset=self.where)
        found = self.take(end - self.at)
        self.at += 1
        return found


@dataclass
class Hdf5File:
    """One HDF5 file inside an artifact.

    ``base`` is the artifact's offset of address 0, ``end`` the end-of-file address, ``sizes`` the widths of addresses
    and lengths in bytes. ``leaf_k``, ``group_k`` and ``chunk_k`` are half of what B-tree nodes of version 1 hold.
    """

    node: Node
    base: int
    end: int
    sizes: tuple[int, int]
    leaf_k: int = 4
    group_k: int = 16
    chunk_k: int = 32
    root_table: tuple[int | None, int | None] | None = None
    ranges: list[tuple[int, int]] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    copied: int = 0

    def corrupt(self, why: str, address: int) -> Malformed:
        """Report a structure that attacks a reader; returns what to raise."""
        self.node.finding(CORRUPT, offset=min(self.base + address, self.node.source.size), why=why)
        return Malformed(why, offset=self.base + address)

    def cursor(self, data: bytes, address: int) -> Cursor:
        """A cursor over bytes that were read at ``address``."""
        return Cursor(data, self.base + address, self.sizes)

    def read(self, address: int | None, length: int) -> bytes:
        """Exactly ``length`` bytes of metadata at ``address``.

        Raises:
            Malformed: they are not all inside the file; that is reported too.
            TooLarge: more metadata than any model has.
        """
        if address is None:
            raise Malformed("an address is undefined where one is needed")
        if address + length > self.end:
            raise self.corrupt("an address lies outside the file", address)
        self.copied += length
        if length > BLOCK_LIMIT_BYTES or self.copied > METADATA_LIMIT_BYTES:
            raise TooLarge("more HDF5 metadata than is read", offset=self.base + address)
        return self.node.source.read(self.base + address, length)

    def peek(self, address: int | None, length: int) -> bytes:
        """As many of the bytes as there are."""
        return self.read(address, max(0, min(length, self.end - (address or 0))))

    def hold(self, address: int | None, length: int, used: int | None = None) -> None:
        """Say that a structure or raw data has ``[address, address + length)`` to itself.

        Only the first ``used`` bytes are claimed, where what is behind them means nothing.
        """
        if address is None or not length:
            return
        if address + length > self.end:
            raise self.corrupt("data lies outside the file", address)
        if len(self.ranges) > RANGES_LIMIT:
            raise TooLarge("more HDF5 structures than are read", offset=self.base + address)
        self.ranges.append((address, address + length))
        self.claimed.append((address, address + (length if used is None else used)))

    def enter(self, address: int) -> bool:
        """Whether this structure is met for the first time; it is remembered."""
        if address in self.seen:
            return False
        self.seen.add(address)
        return True

    def once(self, address: int | None) -> int:
        """The address of a structure that only one other may refer to."""
        if address is None:
            raise Malformed("an address is undefined where one is needed")
        if not self.enter(address):
            raise self.corrupt("an HDF5 structure is referred to twice", address)
        return address

    def gaps(self) -> list[tuple[int, int]]:
        """Address ranges that nothing holds, in order; overlapping structures are reported."""
        found, at = [], 0
        for start, end in sorted(self.ranges):
            if start < at:
                raise self.corrupt("HDF5 structures overlap", start)
            if start > at:
                found.append((at, start))
            at = end
        return [*found, (at, self.end)] if at < self.end else found

    def finish(self) -> None:
        """Claim in the artifact what was understood, neighbours together."""
        start = end = 0
        for first, last in sorted(self.claimed):
            if first > end:
                self.node.claim(self.base + start, self.base + end)
                start = first
            end = max(end, last)
        self.node.claim(self.base + start, self.base + end)


def padded(cursor: Cursor, width: int) -> None:
    """Take the zero bytes to the next multiple of ``width``, counted from where the cursor began."""
    cursor.zeros(-cursor.at % width)


def checked(file: Hdf5File, data: bytes, address: int) -> bytes:
    """Metadata without the checksum that ends it, which must be right."""
    from quarantine.formats.hdf5_checksum import lookup3

    if len(data) < 4 or lookup3(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise Malformed("an HDF5 checksum is wrong", offset=file.base + address)
    return data[:-4]
