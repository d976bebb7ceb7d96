"""Which storages a PyTorch pickle names, and how large each must be. (torch/serialization.py, persistent_id.)"""

from __future__ import annotations

from collections.abc import Iterable

from quarantine.analyzers.pickle.streams import read_stream
from quarantine.formats.interface import Source

ELEMENT_BYTES = {
    "ByteStorage": 1, "CharStorage": 1, "BoolStorage": 1, "QInt8Storage": 1, "QUInt8Storage": 1,
    "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1, "ShortStorage": 2, "HalfStorage": 2,
    "BFloat16Storage": 2, "IntStorage": 4, "FloatStorage": 4, "QInt32Storage": 4, "LongStorage": 8,
    "DoubleStorage": 8, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16,
}  # fmt: skip


def named(source: Source) -> dict[str, int]:
    """Size in bytes by key of the storages that the pickle names; what is named in two sizes is left out."""
    return sizes(entry for seen in read_stream(source, 0).seen for entry in seen.storages)


def sizes(storages: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    """Size in bytes by key of storages given as (key, label of the class, number of elements)."""
    found: dict[str, set[int | None]] = {}
    for key, label, count in storages:
        width = ELEMENT_BYTES.get(label.rpartition(".")[2])
        found.setdefault(key, set()).add(None if width is None else width * count)
    return {
        key: size
        for key, options in found.items()
        if len(options) == 1 and (size := options.pop()) is not None
    }
