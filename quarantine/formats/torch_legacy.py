"""PyTorch's layout of before 1.6: five pickles in a row, then the storages. Its analyzer reads and claims them.

After torch/serialization.py, _legacy_save: magic number, protocol, system, object, list of storage keys.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Node, Source

PICKLES = ("magic number", "protocol", "system", "object", "storage keys")
_MAGIC = re.compile(
    rb"\x80[\x02-\x05](?:\x95.{8})?\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19\.|L119547037146038801333356L\n\.",
    re.DOTALL,
)


class TorchLegacy:
    """The layout that ``torch.save`` writes without its zip."""

    name = "torch_legacy"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic number, pickled, and nothing else in that pickle."""
        return _MAGIC.match(head) is not None

    def read(self, node: Node) -> None:
        """Nothing: the analyzer reads and claims."""
