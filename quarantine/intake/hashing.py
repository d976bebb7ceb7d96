"""Hash a descriptor by position, without moving the offset that jailed readers of the same descriptor share.

Knows nothing of formats; the bytes are only counted and hashed.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable

from quarantine.intake.walk import Identity, changed, unreadable
from quarantine.records import FileEntry

CHUNK_BYTES = 1 << 20

OnBytes = Callable[[int, int], None]
"""Told (bytes done, bytes in all) as they are read."""


class Counter:
    """Adds up the bytes that several threads read, and tells ``on_bytes``."""

    def __init__(self, total: int, on_bytes: OnBytes) -> None:
        self._done, self._total, self._on_bytes = 0, total, on_bytes
        self._lock = threading.Lock()

    def add(self, chunk: memoryview) -> None:
        """Count a chunk."""
        with self._lock:
            self._done += len(chunk)
            done = self._done
        self._on_bytes(done, self._total)


def hash_descriptor(
    path: str, fd: int, identity: Identity, *, sink: Callable[[memoryview], None] | None = None
) -> FileEntry:
    """Hash all bytes of ``fd`` in one pass, handing each chunk to ``sink`` as well.

    Raises:
        Changed: the size, times or identity are not ``identity``'s, before or after.
        Unreadable: the bytes cannot be read.
    """
    if Identity.of(os.fstat(fd)) != identity:
        raise changed(path)
    digest = hashlib.sha256()
    buffer = bytearray(min(CHUNK_BYTES, identity.size + 1))
    view = memoryview(buffer)
    offset = 0
    while True:
        try:
            count = os.preadv(fd, [buffer], offset)
        except OSError as error:
            raise unreadable(path, error) from error
        if not count:
            break
        offset += count
        if offset > identity.size:
            raise changed(path)
        digest.update(view[:count])
        if sink:
            sink(view[:count])
    if offset != identity.size or Identity.of(os.fstat(fd)) != identity:
        raise changed(path)
    return FileEntry(path=path, size_bytes=offset, sha256=digest.hexdigest())
