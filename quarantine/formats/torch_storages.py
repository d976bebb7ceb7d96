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
    """Size in bytes by key of the storages that the pickle names; what is named in two ways is left out."""
    found = elements(entry for seen in read_stream(source, 0).seen for entry in seen.storages)
    return {key: width * count for key, (width, count) in found.items()}


def elements(storages: Iterable[tuple[str, str, int]]) -> dict[str, tuple[int, int]]:
    """(bytes of an element, number of elements) by key, of storages as (key, label of the class, number).

    What is named in two ways, or with a class that PyTorch does not have, is left out.
    """
    found: dict[str, set[tuple[int, int]]] = {}
    for key, label, count in storages:
        found.setdefault(key, set()).add((ELEMENT_BYTES.get(label.rpartition(".")[2], 0), count))
    return {key: ways.copy().pop() for key, ways in found.items() if len(ways) == 1 and min(ways)[0]}
