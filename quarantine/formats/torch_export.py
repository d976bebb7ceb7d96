"""The table that names the raw weights of a torch.export archive, and the least size of each.

After torch/export/pt2_archive (model_weights_config.json, model_constants_config.json) and the enumeration ScalarType
of torch/_export/serde/schema.py.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from quarantine.formats.interface import Malformed, Source

TABLE_LIMIT_BYTES = 64 << 20
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 2, 7: 4, 8: 8, 9: 4, 10: 8, 11: 16, 12: 1, 13: 2, 28: 2, 29: 1, 30: 1,
           31: 1, 32: 1}  # fmt: skip
_Count = Annotated[int, Meta(ge=0, lt=1 << 60)]


class _Number(msgspec.Struct):
    as_int: _Count


class _Meta(msgspec.Struct):
    dtype: int
    sizes: list[_Number]
    strides: list[_Number]
    storage_offset: _Number


class _Entry(msgspec.Struct):
    path_name: str
    use_pickle: bool
    tensor_meta: _Meta


class _Table(msgspec.Struct):
    config: dict[str, _Entry]


def named_at_least(source: Source) -> dict[str, int]:
    """The least size in bytes of each raw weight that the table names, by file name.

    Raises:
        Malformed: it is no such table.
    """
    if source.size > TABLE_LIMIT_BYTES:
        raise Malformed("table of weights is over its limit")
    try:
        table = msgspec.json.decode(source.read(0, source.size), type=_Table)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed("table of weights is not what torch.export writes") from None
    found: dict[str, int] = {}
    for entry in table.config.values():
        width = _WIDTHS.get(entry.tensor_meta.dtype)
        if width is not None and not entry.use_pickle:
            found[entry.path_name] = max(found.get(entry.path_name, 0), width * _extent(entry.tensor_meta))
    return found


def _extent(meta: _Meta) -> int:
    """How many elements of its storage a tensor reaches over."""
    if any(size.as_int == 0 for size in meta.sizes):
        return 0
    steps = zip(meta.sizes, meta.strides, strict=False)
    return meta.storage_offset.as_int + 1 + sum((size.as_int - 1) * stride.as_int for size, stride in steps)
