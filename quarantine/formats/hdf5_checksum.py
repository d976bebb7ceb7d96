"""HDF5's checksum of metadata: Bob Jenkins' lookup3 hash, "hashlittle", with the initial value 0.

After the HDF5 File Format Specification 3.0, section "Checksums", and http://burtleburtle.net/bob/hash/doobs.html.
"""

from __future__ import annotations

import struct

_MASK = 0xFFFFFFFF
_FINAL = ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24))


def _turn(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _MASK


def lookup3(data: bytes) -> int:
    """The hash of ``data``, of 32 bits."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    whole = (len(data) - 1) // 12 * 12
    for x, y, z in struct.iter_unpack("<III", data[:whole]):
        a, b, c = (a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK
        a = (a - c) & _MASK ^ _turn(c, 4)
        c = (c + b) & _MASK
        b = (b - a) & _MASK ^ _turn(a, 6)
        a = (a + c) & _MASK
        c = (c - b) & _MASK ^ _turn(b, 8)
        b = (b + a) & _MASK
        a = (a - c) & _MASK ^ _turn(c, 16)
        c = (c + b) & _MASK
        b = (b - a) & _MASK ^ _turn(a, 19)
        a = (a + c) & _MASK
        c = (c - b) & _MASK ^ _turn(b, 4)
        b = (b + a) & _MASK
    x, y, z = struct.unpack("<III", data[whole:].ljust(12, b"\0"))
    rest = [(a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK]
    for into, other, by in _FINAL:
        rest[into] = ((rest[into] ^ rest[other]) - _turn(rest[other], by)) & _MASK
    return int(rest[2])
