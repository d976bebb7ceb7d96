"""The three parts of PyTorch's tars of before 0.1.10, told by their place in the archive. Their analyzer reads them.

After torch/serialization.py, legacy_load: ``storages`` and ``tensors`` are pickles with raw data between, ``pickle`` is
the object.
"""

from __future__ import annotations

from quarantine.formats.interface import Node, Source


class _Part:
    def recognise(self, head: bytes, source: Source) -> bool:
        """Never: the archive says what its members are."""
        return False

    def read(self, node: Node) -> None:
        """Nothing: the analyzer reads and claims."""


class TorchTarStorages(_Part):
    """How many, then each storage: its key, place and class, the number of elements, the elements; then views."""

    name = "torch_tar_storages"


class TorchTarTensors(_Part):
    """How many, then each tensor: its key, storage and class, the number of dimensions, sizes, strides, offset."""

    name = "torch_tar_tensors"


class TorchTarPickle(_Part):
    """The object, which names tensors and storages by their keys."""

    name = "torch_tar_pickle"
