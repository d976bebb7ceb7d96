"""Serialised data and companions that are cut off, lie about their sizes, or have something in between."""

from __future__ import annotations

from collections.abc import Callable

from corpora.case import MADE, Case, broken
from corpora.malicious.data import packed


def _cut(name: str, part: float) -> Callable[[], bytes]:
    return lambda: (MADE / name).read_bytes()[: int((MADE / name).stat().st_size * part)]


def _more(name: str, more: bytes) -> Callable[[], bytes]:
    return lambda: (MADE / name).read_bytes() + more


def cases() -> list[Case]:
    """File name, bytes, what is wrong, acceptable rules."""
    files = ("flax/flax_model.msgpack", "companions/picture.png", "companions/picture.jpg", "companions/sound.wav",
             "companions/plot.pdf", "tables/snappy.parquet", "tables/table.feather",
             "sentencepiece/bpe.model")  # fmt: skip
    make: dict[str, tuple[str, Callable[[], bytes]]] = {}
    for name in files:
        file = name.rpartition("/")[2]
        make[f"cut-{file}"] = (file, _cut(name, 0.7))
        make[f"more-{file}"] = (file, _more(name, b"\x00\x01more"))
    make["msgpack-deep"] = ("a.msgpack", lambda: b"\x81\xa2ab" + b"\x91" * 100_000 + b"\x01")
    make["msgpack-count"] = ("a.msgpack", lambda: b"\x81\xa2ab\xdf\xff\xff\xff\xff")
    make["msgpack-duplicate"] = ("a.msgpack", lambda: b"\x82\xa1a\x01\xa1a\x02")
    make["msgpack-shape"] = (
        "a.msgpack", lambda: b"\x81\xa1w\xc7\x0f\x01" + packed(((9,), "float32", b"")).ljust(15, b"\xc0"))  # fmt: skip
    return [
        broken(f"malformed-data-{name}".replace(".", "-").replace("_", "-"), file, lambda _f, c=content: c(),  # type: ignore[misc]
               name.replace("-", " "), ("pickle-*",))
        for name, (file, content) in make.items()
    ]  # fmt: skip
