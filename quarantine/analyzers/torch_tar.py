"""Reads the parts of PyTorch's tars of before 0.1.10 as its loader does: every pickle is judged, raw data is counted.

After torch/serialization.py, legacy_load, which unpickles all three parts.
"""

from __future__ import annotations

import io
from typing import Any

from quarantine.analyzers.pickle.analyzer import report
from quarantine.analyzers.pickle.inert import RecordingMeta
from quarantine.analyzers.pickle.recorder import CMachine
from quarantine.analyzers.pickle.streams import read_stream
from quarantine.formats.interface import Malformed, Node
from quarantine.formats.torch_storages import ELEMENT_BYTES

COUNT_LIMIT = 100_000
DIMENSIONS_LIMIT = 64


class _Reader:
    """Where the loader is in a part."""

    def __init__(self, node: Node) -> None:
        self.node, self.at = node, 0

    def pickle(self) -> Any:
        """The next pickle, judged; its value with inert classes.

        Raises:
            Malformed: there is none, or no machine reaches its end.
        """
        if self.at >= self.node.source.size:
            raise Malformed("a pickle is missing", offset=self.at)
        start, stream = self.at, read_stream(self.node.source, self.at)
        for seen in stream.seen:
            seen.globals = {key: judged for key, judged in seen.globals.items() if not _is_tensor(*key)}
        report(self.node, stream)
        if stream.end is None:
            raise Malformed("a pickle does not end", offset=start)
        self.at = stream.end
        try:
            return CMachine(io.BytesIO(self.node.source.read(start, self.at - start))).load()
        except Exception as error:  # the machine raises whatever a hostile stream makes it raise
            raise Malformed(f"a pickle cannot be read: {error}", offset=start) from None

    def count(self) -> int:
        """The next pickle, which is a number of entries."""
        value = self.pickle()
        if type(value) is not int or not 0 <= value <= COUNT_LIMIT:
            raise Malformed("the number of entries is none", offset=self.at)
        return value

    def entry(self) -> tuple[Any, Any, Any]:
        """The next pickle, which describes an entry by three values."""
        value = self.pickle()
        if not isinstance(value, tuple | list) or len(value) != 3:
            raise Malformed("an entry is not of three values", offset=self.at)
        return value[0], value[1], value[2]

    def data(self, length: int) -> bytes:
        """The first bytes of the next ``length`` raw ones, which are claimed."""
        if not 0 <= length <= self.node.source.size - self.at:
            raise Malformed("raw data ends behind the end of the file", offset=self.at)
        self.node.claim(self.at, self.at + length)
        self.at += length
        return self.node.source.read(self.at - length, min(length, 8))


def _is_tensor(module: str, name: str) -> bool:
    """Whether it is a class of tensors, which the loader only notes."""
    known = name.endswith("Tensor") and f"{name.removesuffix('Tensor')}Storage" in ELEMENT_BYTES
    return known and module in ("torch", "torch.cuda")


class TorchTarAnalyzer:
    """Says what loading such a tar would do, and accounts for its raw data."""

    name = "torch-tar"

    def analyze(self, node: Node) -> None:
        """Read the part that the member's name says.

        Raises:
            Malformed: it is not what the loader takes.
        """
        part = node.path.rpartition("!")[2].rpartition("/")[2]
        {"storages": _storages, "tensors": _tensors}.get(part, _object)(_Reader(node))


def _storages(reader: _Reader) -> None:
    for _ in range(reader.count()):
        _, _, kind = reader.entry()
        width = ELEMENT_BYTES.get(kind.label.rpartition(".")[2], 0) if isinstance(kind, RecordingMeta) else 0
        if not width:
            raise Malformed("a storage's class is none of PyTorch's", offset=reader.at)
        reader.data(width * int.from_bytes(reader.data(8), "little"))
    if not isinstance(reader.pickle(), list):
        raise Malformed("the views of storages are no list", offset=reader.at)


def _tensors(reader: _Reader) -> None:
    for _ in range(reader.count()):
        reader.entry()
        dimensions = int.from_bytes(reader.data(8)[:4], "little")
        if dimensions > DIMENSIONS_LIMIT:
            raise Malformed("a tensor has too many dimensions", offset=reader.at)
        reader.data(16 * dimensions + 8)


def _object(reader: _Reader) -> None:
    stream = read_stream(reader.node.source, 0)
    for seen in stream.seen:
        # Its persistent ids are the keys of tensors and storages, which are numbers.
        seen.persistent = [key for key in seen.persistent if not key.strip("(,)'L").isdigit()]
    report(reader.node, stream)
