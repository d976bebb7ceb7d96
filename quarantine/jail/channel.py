"""The parent's end of the line protocol: turns hostile bytes into validated messages, incrementally and bounded.

The first thing that is not exactly right ends the run; messages before it are kept. It must not trust a line, a
length or a count from the other side. (jail/protocol.py; design.md, The jail.)
"""

from __future__ import annotations

import msgspec

from quarantine.jail.interface import Ending
from quarantine.jail.protocol import LINE_LIMIT_BYTES, AnyMessage, Done, decoder
from quarantine.records import JailLimits

WHY_LIMIT = 1000
"""Characters of what is wrong with a line: it may quote the line."""


class Channel:
    """Feed it bytes; read ``messages``. ``fault`` is set once, with ``why``, when the run must end."""

    def __init__(self, limits: JailLimits) -> None:
        self.messages: list[AnyMessage] = []
        self.done = False
        self.fault: Ending | None = None
        self.why = ""
        self._limits = limits
        self._partial = bytearray()
        self._bytes = 0
        self._lines = 0

    @property
    def spoke(self) -> bool:
        """Whether at least one whole valid message came."""
        return self._lines > 0

    def feed(self, data: bytes) -> list[AnyMessage]:
        """Take the next bytes; returns the messages that they complete. Ignored after a fault."""
        if self.fault:
            return []
        self._bytes += len(data)
        if self._bytes > self._limits.output_bytes:
            self._fail(Ending.OUTPUT, f"more than {self._limits.output_bytes} bytes of messages")
            return []
        new: list[AnyMessage] = []
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._partial += line
            whole, self._partial = bytes(self._partial), bytearray()
            message = self._decode(whole)
            if message is None:
                break
            new.append(message)
        else:
            self._partial += rest
            if len(self._partial) > LINE_LIMIT_BYTES:
                self._fail(Ending.PROTOCOL, f"a line over {LINE_LIMIT_BYTES} bytes")
        self.messages += new
        return new

    def close(self) -> None:
        """The other side closed: half a line is a fault."""
        if self._partial and not self.fault:
            self._fail(Ending.PROTOCOL, "the last line is incomplete")

    def _decode(self, line: bytes) -> AnyMessage | None:
        if self.done:
            self._fail(Ending.PROTOCOL, "a line after done")
        elif len(line) > LINE_LIMIT_BYTES:
            self._fail(Ending.PROTOCOL, f"a line over {LINE_LIMIT_BYTES} bytes")
        elif self._lines >= self._limits.messages:
            self._fail(Ending.OUTPUT, f"more than {self._limits.messages} messages")
        else:
            try:
                message = decoder.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError, MemoryError) as error:
                self._fail(Ending.PROTOCOL, f"a line that is no message: {str(error)[:WHY_LIMIT]}")
                return None
            self._lines += 1
            self.done = isinstance(message, Done)
            return message
        return None

    def _fail(self, ending: Ending, why: str) -> None:
        self.fault, self.why = ending, why
        self._partial.clear()


class Tail:
    """The last bytes of a stream, and whether the stream went over its limit."""

    KEPT_BYTES = 64 * 1024

    def __init__(self, limit_bytes: int) -> None:
        self._kept = bytearray()
        self._left = limit_bytes

    def feed(self, data: bytes) -> bool:
        """Take bytes; False once the limit is passed."""
        self._left -= len(data)
        self._kept += data
        del self._kept[: -self.KEPT_BYTES]
        return self._left >= 0

    def text(self) -> str:
        """What is kept, undecodable bytes escaped."""
        return self._kept.decode("utf-8", "backslashreplace")
