"""HDF5 files that are cut off, grown, or whose structures contradict each other."""

from __future__ import annotations

from corpora.benign.keras import hdf5
from corpora.case import Case, broken


def honest() -> bytes:
    """One dataset of four numbers, in the old layout, whose headers have no checksums."""
    return hdf5(lambda file: file.create_dataset("w", data=[1.5, 2.5, 3.5, 4.5]))


def moved(data: bytes, to: int) -> bytes:
    """The honest file with its dataset's data at another address."""
    size = data.rfind((32).to_bytes(8, "little"))
    return data[: size - 8] + to.to_bytes(8, "little") + data[size:]


def cases() -> list[Case]:
    """One case for each way."""
    whole = honest()
    made = {
        "outside": (lambda: moved(whole, 1 << 40), "data at an address outside the file"),
        "overlap": (lambda: moved(whole, 96), "data that lies over the root group"),
        "wraps": (lambda: moved(whole, (1 << 64) - 16), "an address that wraps around"),
        "cut": (lambda: whole[:-8], "a file that is cut off"),
        "grown": (lambda: whole + b"more", "bytes behind the end that the superblock gives"),
        "inserted": (lambda: whole[:800] + b"more" + whole[800:], "bytes put into the middle"),
        "loop": (lambda: _loop(whole), "a group whose tree leads back to itself"),
    }
    return [
        broken(f"malformed-hdf5-{name}", "weights.h5", lambda _f, c=content: c(), why, ("hdf5-*",))  # type: ignore[misc]
        for name, (content, why) in made.items()
    ]


def _loop(data: bytes) -> bytes:
    tree = data.index(b"TREE")
    child = tree + 8 + 16 + 8
    return (
        data[: tree + 5] + b"\x01" + data[tree + 6 : child] + tree.to_bytes(8, "little") + data[child + 8 :]
    )
