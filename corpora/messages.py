"""Protocol Buffers messages written by hand, for samples that no library would write."""

from __future__ import annotations

Value = int | str | bytes


def number(value: int) -> bytes:
    """A base-128 number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(*fields: tuple[int, Value]) -> bytes:
    """The fields in order: whole numbers, texts, and bytes or messages."""
    out = b""
    for key, value in fields:
        if isinstance(value, int):
            out += number(key << 3) + number(value)
        else:
            raw = value.encode() if isinstance(value, str) else value
            out += number(key << 3 | 2) + number(len(raw)) + raw
    return out
