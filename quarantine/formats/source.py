"""Where the bytes of an artifact are: a descriptor, a range of another source, or memory.

A source never reads outside its range, and copies only what it is asked for. (design.md, Artifact.)
"""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from quarantine.formats.interface import Malformed, Source


class RawReader(io.RawIOBase):
    """A seekable, unbuffered file object over a source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._source.size)[whence])
        return self._at

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self._source.read(self._at, len(target))
        target[: len(data)] = data
        self._at += len(data)
        return len(data)


class FdSource:
    """A whole regular file behind an open descriptor; ``size`` in bytes is as the parent measured it."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset``."""
        return os.pread(self._fd, max(0, min(length, self.size - offset)), offset)

    def open(self) -> BinaryIO:
        """A fresh file object at offset 0."""
        return io.BufferedReader(RawReader(self), 1 << 16)

    @contextmanager
    def view(self) -> Iterator[memoryview]:
        """All bytes, mapped."""
        if not self.size:
            yield memoryview(b"")
            return
        mapped = mmap.mmap(self._fd, self.size, access=mmap.ACCESS_READ)
        with memoryview(mapped) as view:
            yield view


class BytesSource:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset``."""
        return self._data[offset : offset + max(0, length)]

    def open(self) -> BinaryIO:
        """A fresh file object at offset 0."""
        return io.BytesIO(self._data)

    @contextmanager
    def view(self) -> Iterator[memoryview]:
        """All bytes."""
        with memoryview(self._data) as view:
            yield view


class SliceSource:
    """The bytes ``[start, start+size)`` of another source, not copied."""

    def __init__(self, parent: Source, start: int, size: int) -> None:
        if start < 0 or size < 0 or start + size > parent.size:
            raise Malformed("range lies outside its container", offset=max(0, start))
        self._parent = parent
        self.start = start
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset``."""
        return self._parent.read(self.start + offset, max(0, min(length, self.size - offset)))

    def open(self) -> BinaryIO:
        """A fresh file object at offset 0."""
        return io.BufferedReader(RawReader(self), 1 << 16)

    @contextmanager
    def view(self) -> Iterator[memoryview]:
        """All bytes, as a part of the parent's view."""
        with self._parent.view() as whole, whole[self.start : self.start + self.size] as part:
            yield part
