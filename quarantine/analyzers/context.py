"""What a reviewer sees around a finding's place: the bytes as a hex dump, and a pickle's opcodes from there on."""

from __future__ import annotations

import io

from quarantine.formats.interface import Source

_ROW, _BEFORE, _ROWS = 16, 1, 5
_OPCODES, _WINDOW_BYTES, _ARGUMENT = 8, 2048, 60


def hexdump(source: Source, offset: int) -> tuple[str, ...]:
    """Five rows of sixteen bytes, one of them before the row of ``offset``."""
    start = max(0, offset // _ROW - _BEFORE) * _ROW
    return tuple(f"{at}  {row:<47}  {text}" for at, row, text in dump(source, start, _ROWS))


def dump(source: Source, offset: int, rows: int) -> list[tuple[str, str, str]]:
    """(offset, sixteen bytes in hex, the same as text) of ``rows`` rows from the one of ``offset`` on."""
    start = offset // _ROW * _ROW
    data = source.read(start, rows * _ROW)
    found = []
    for at in range(0, len(data), _ROW):
        row = data[at : at + _ROW]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        found.append((f"{start + at:08x}", row.hex(" "), text))
    return found


def opcodes(source: Source, offset: int) -> tuple[str, ...]:
    """The next few opcodes with their arguments, one a line; it ends where the stream breaks."""
    import pickletools

    lines: list[str] = []
    try:
        for opcode, argument, at in pickletools.genops(io.BytesIO(source.read(offset, _WINDOW_BYTES))):
            shown = "" if argument is None else repr(argument)
            lines.append(f"{offset + (at or 0)}: {opcode.name} {shown[:_ARGUMENT]}".rstrip())
            if len(lines) == _OPCODES:
                break
    except Exception as error:  # genops raises whatever its decoders raise
        lines.append(f"here reading ends: {type(error).__name__}")
    return tuple(lines)
