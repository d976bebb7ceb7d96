"""Reads PyTorch's layout of before 1.6: each of its five pickles is judged, each storage must be as large as named.

After torch/serialization.py, _legacy_load: the storages follow in the order of the key list, each an int64 number
of elements and the raw elements.
"""

from __future__ import annotations

import io

from quarantine.analyzers.pickle.analyzer import report
from quarantine.analyzers.pickle.recorder import CMachine
from quarantine.analyzers.pickle.streams import Stream, read_stream
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.torch_legacy import PICKLES
from quarantine.formats.torch_storages import elements

_COUNT_BYTES = 8


class TorchLegacyAnalyzer:
    """Says what loading such a file would do, and accounts for its storages."""

    name = "torch-legacy"

    def analyze(self, node: Node) -> None:
        """Report on every pickle, then claim the storages.

        Raises:
            Malformed: a pickle is missing, or the storages are not what the pickles say.
        """
        streams: list[Stream] = []
        for name in PICKLES:
            start = streams[-1].end if streams else 0
            if start is None or start >= node.source.size:
                raise Malformed(f"the {name} pickle is missing", offset=start)
            streams.append(read_stream(node.source, start))
            report(node, streams[-1])
        if streams[-1].end is None:
            raise Malformed("the list of storage keys does not end", offset=streams[-1].start)
        keys = _keys(node.source, streams[-1].start, streams[-1].end)
        named = elements(entry for seen in streams[-2].seen for entry in seen.storages)
        if len(set(keys)) != len(keys) or set(keys) != set(named):
            raise Malformed("the storage keys are not those that the object names", offset=streams[-1].start)
        at = streams[-1].end
        for key in keys:
            width, count = named[key]
            if int.from_bytes(node.source.read(at, _COUNT_BYTES), "little") != count:
                raise Malformed("a storage is not as long as the object says", offset=at)
            end = at + _COUNT_BYTES + width * count
            if end > node.source.size:
                raise Malformed("a storage ends behind the end of the file", offset=at)
            node.claim(at, end)
            at = end


def _keys(source: Source, start: int, end: int) -> list[str]:
    try:
        found = CMachine(io.BytesIO(source.read(start, end - start))).load()
    except Exception as error:  # the machine raises whatever a hostile stream makes it raise
        raise Malformed(f"the storage keys cannot be read: {error}", offset=start) from None
    if not isinstance(found, list) or not all(isinstance(key, str) for key in found):
        raise Malformed("the storage keys are no list of names", offset=start)
    return found
