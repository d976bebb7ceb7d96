"""The one FlexBuffer that model files hold where a name could hide: a vector of strings at the root.

After https://flatbuffers.dev/internals/ (FlexBuffers) and delegates/flex: the options of a Flex operator are its
operator's name and its node. Anything else is left to whoever asked.
"""

from __future__ import annotations

from quarantine.formats.interface import Malformed

STRING, VECTOR, STRINGS = 5, 10, 15
COUNT_LIMIT = 64


def texts(data: memoryview, start: int, end: int) -> list[tuple[int, int]]:
    """Where the strings of the vector in ``data[start:end]`` lie.

    Raises:
        Malformed: it is no vector of strings, or leads out of its range.
    """

    def number(at: int, width: int) -> int:
        if at < start or at + width > end:
            raise Malformed("FlexBuffer leads out of its range", offset=start)
        return int.from_bytes(data[at : at + width], "little")

    def sized(at: int, width: int) -> tuple[int, int]:
        """Follow the offset at ``at``; returns the target and how far it may be."""
        target = at - number(at, width)
        if not start <= target < at:
            raise Malformed("FlexBuffer leads out of its range", offset=start)
        return target, at

    if end - start < 3 or data[end - 1] not in (1, 2, 4, 8):
        raise Malformed("no FlexBuffer", offset=start)
    kind, inner = data[end - 2] >> 2, 1 << (data[end - 2] & 3)
    root = end - 2 - data[end - 1]
    vector, _ = sized(root, data[end - 1])
    count = number(vector - inner, inner)
    if kind not in (VECTOR, STRINGS) or count > COUNT_LIMIT:
        raise Malformed("FlexBuffer is no short vector of strings", offset=start)
    found = []
    for index in range(count):
        packed = number(vector + count * inner + index, 1) if kind == VECTOR else STRING << 2
        width = 1 << (packed & 3)
        if packed >> 2 != STRING:
            raise Malformed("FlexBuffer holds something else than strings", offset=start)
        text, limit = sized(vector + index * inner, inner)
        length = number(text - width, width)
        if text + length + 1 > limit or data[text + length]:
            raise Malformed("string of a FlexBuffer does not end", offset=text)
        found.append((text, text + length))
    return found
