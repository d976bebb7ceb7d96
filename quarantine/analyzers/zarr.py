"""Zarr arrays (Orbax without OCDBT, xarray): codecs that run code, and the chunk files that an array explains.

After https://zarr-specs.readthedocs.io (versions 2 and 3) and numcodecs' registry. A chunk is explained only if its
file is as long as the array says, or begins and ends as its compression does.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from quarantine.formats.blobs import begins_like_a_file
from quarantine.formats.expanded import Expander
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.npy import item_size
from quarantine.formats.safetensors import unique_object
from quarantine.formats.source import BytesSource
from quarantine.formats.zstd_frames import frame

EXPANDED_LIMIT_BYTES = 4 << 30
_NAMES = (".zarray", "zarr.json")
_RUNS = frozenset({"pickle", "numcodecs.pickle"})
_KNOWN = frozenset(
    {"blosc", "zstd", "gzip", "zlib", "lz4", "bz2", "lzma", "delta", "fixedscaleoffset", "shuffle", "crc32", "crc32c",
     "adler32", "fletcher32", "astype", "bitround", "packbits", "quantize", "categorize", "base64", "json2", "msgpack2",
     "vlen-utf8", "vlen-bytes", "vlen-array", "bytes", "endian", "transpose", "sharding_indexed", "string", "zfpy",
     "pcodec", "jenkins_lookup3"}
)  # fmt: skip
_PACKINGS = ("blosc", "zstd", "gzip", "zlib", "bz2", "lzma", "lz4")
_TYPES = {"bool": 1, "bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1, "int4": 1, "uint4": 1}
_NUMBERS = re.compile(r"(?:u?int|float|complex|r)(\d{1,3})")


class ZarrAnalyzer:
    """Reads ``.zarray`` and ``zarr.json``."""

    name = "zarr"

    def analyze(self, node: Node) -> None:
        """Judge the codecs and claim the chunks.

        Raises:
            Malformed: the metadata is not an array's, or a key is there twice.
        """
        base = node.path.rpartition("/")[2].rpartition("!")[2]
        if base not in _NAMES:
            return
        try:
            meta = json.loads(node.source.read(0, node.source.size), object_pairs_hook=unique_object)
        except (ValueError, RecursionError):
            raise Malformed("metadata is not JSON") from None
        if not isinstance(meta, dict) or meta.get("zarr_format") != (2 if base == ".zarray" else 3):
            raise Malformed("metadata is not of its version")
        codecs = _codecs(meta)
        for name in dict.fromkeys(codecs):
            if name in _RUNS:
                node.finding("zarr-pickle-codec", codec=name)
            elif name.removeprefix("numcodecs.") not in _KNOWN:
                node.finding("zarr-codec-unknown", codec=name)
        if base == ".zarray" or meta.get("node_type") == "array":
            _chunks(node, meta, [name.removeprefix("numcodecs.") for name in codecs])


def _codecs(meta: dict[str, Any]) -> list[str]:
    """The names of all codecs, those inside of shards too."""
    found: list[str] = []
    todo: list[Any] = [meta.get("compressor"), meta.get("filters"), meta.get("codecs")]
    while todo:
        value = todo.pop(0)
        if isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, dict):
            found.append(str(value.get("id", value.get("name"))))
            inner = value.get("configuration")
            if isinstance(inner, dict):
                todo += [inner.get("codecs"), inner.get("index_codecs")]
    return found


def _lengths(value: object) -> list[int]:
    if (
        not isinstance(value, list)
        or len(value) > 64
        or not all(type(n) is int and 0 <= n < 2**63 for n in value)
    ):
        raise Malformed("shape is not a list of lengths")
    return value


def _item_bytes(kind: object) -> int | None:
    """Bytes of an item; None if it has no fixed size, or none that is known."""
    if not isinstance(kind, str):
        return None
    if kind in _TYPES:
        return _TYPES[kind]
    if match := _NUMBERS.fullmatch(kind):
        return int(match[1]) // 8
    try:
        return item_size(kind)
    except Malformed:
        return None


def _layout(meta: dict[str, Any]) -> tuple[list[int], object, str, str]:
    """Chunk shape, item type, separator and prefix of the chunks' keys."""
    if meta["zarr_format"] == 2:
        return _lengths(meta.get("chunks")), meta.get("dtype"), str(meta.get("dimension_separator", ".")), ""
    grid, keys = meta.get("chunk_grid"), meta.get("chunk_key_encoding", {})
    if not isinstance(grid, dict) or grid.get("name") != "regular" or not isinstance(keys, dict):
        raise Malformed("array has no regular chunks")
    shape = _lengths((grid.get("configuration") or {}).get("chunk_shape"))
    plain = keys.get("name", "default") == "default"
    separator = str((keys.get("configuration") or {}).get("separator", "/" if plain else "."))
    return shape, meta.get("data_type"), separator, f"c{separator}" if plain else ""


def _chunks(node: Node, meta: dict[str, Any], codecs: list[str]) -> None:
    shape = _lengths(meta.get("shape"))
    chunk, kind, separator, prefix = _layout(meta)
    if separator not in (".", "/") or len(shape) != len(chunk) or not all(chunk):
        raise Malformed("chunks do not fit the array")
    width = _item_bytes(kind)
    size = None if width is None else math.prod(chunk) * width
    counts = [-(-length // step) for length, step in zip(shape, chunk, strict=True)]
    folder = node.path.rpartition("/")[0]
    folder = f"{folder}/" if folder else ""
    for path, held in node.siblings():
        key = path[len(folder) :] if path.startswith(folder) else ""
        if _is_key(key, prefix, separator, counts) and _explained(held, codecs, size):
            node.claim_sibling(path, 0, held.size)


def _is_key(key: str, prefix: str, separator: str, counts: list[int]) -> bool:
    if not counts:
        return key in ("0", "c")
    if not key.startswith(prefix):
        return False
    parts = key[len(prefix) :].split(separator)
    if len(parts) != len(counts):
        return False
    numbers = [int(part) if part.isascii() and part.isdigit() and len(part) < 19 else -1 for part in parts]
    return all(0 <= number < count for number, count in zip(numbers, counts, strict=True))


def _explained(held: Source, codecs: list[str], size: int | None) -> bool:
    """Whether the file is a chunk of ``size`` bytes, packed by the last of the codecs."""
    plain = [name for name in codecs if name not in ("bytes", "endian", "transpose")]
    if not plain:
        return held.size == size and not begins_like_a_file(held)
    packing = next((name for name in plain if name in _PACKINGS), "")
    if packing == "zstd":
        found = frame(held, 0)
        return (
            found is not None
            and found[0] == held.size
            and (found[1] is None or len(plain) > 1 or found[1] == size)
        )
    if packing == "blosc":
        head = held.read(0, 16)
        nbytes, packed = int.from_bytes(head[4:8], "little"), int.from_bytes(head[12:16], "little")
        return len(head) == 16 and head[0] == 2 and packed == held.size and (len(plain) > 1 or nbytes == size)
    if packing == "lz4":
        return len(plain) > 1 or int.from_bytes(held.read(0, 4), "little") == size
    if packing in ("gzip", "zlib", "bz2", "lzma"):
        return _expands(held, "xz" if packing == "lzma" else packing, size if len(plain) == 1 else None)
    return False


def _expands(held: Source, kind: str, size: int | None) -> bool:
    """Whether the stream takes all of the file and becomes ``size`` bytes that are no file of their own."""
    try:
        reader = Expander(held, kind)
        first = reader.block(1 << 12)
        if begins_like_a_file(BytesSource(first)):
            return False
        while reader.block():
            if reader.out > EXPANDED_LIMIT_BYTES:
                return False
    except Malformed:
        return False
    return (reader.ended is None or reader.ended == held.size) and (size is None or reader.out == size)
