"""The CRC of Castagnoli's polynomial as LevelDB and TFRecord mask it (RFC 3720; LevelDB's util/crc32c.h).

In plain Python it is slow: it is meant for headers and indexes, never for tensor data.
"""

from __future__ import annotations


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
        found.append(value)
    return tuple(found)


_TABLE = _table()


def masked(data: bytes | memoryview) -> int:
    """The masked CRC of these bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
