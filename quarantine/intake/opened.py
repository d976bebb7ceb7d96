"""Hold a file or directory open so that what is hashed is what is analysed, without copying it.

Serves `quarantine scan` and sealed submissions in the vault alike (design, promise 5). It parses nothing and
follows no link but one that is itself the path that was named; one inside the tree stands for a file of the tree, which
is opened by that file's own path.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from msgspec.structs import replace

from quarantine.intake.hashing import Counter, OnBytes, hash_descriptor
from quarantine.intake.walk import (
    OPEN_FLAGS,
    Identity,
    changed,
    check_file,
    check_name,
    open_as,
    refuse,
    settle,
    snapshot,
    unreadable,
)
from quarantine.printable import printable
from quarantine.records import FileEntry, Manifest

HELD_FILES = 1_024
HASH_BATCH = 512
HASH_THREADS_LIMIT = 8
SPREAD_FROM_BYTES = 16 << 20


@dataclass(frozen=True)
class _File:
    """A file by the name it is known by, and ``at`` which path of the tree its bytes are."""

    path: str
    identity: Identity
    at: str


class OpenedSubmission:
    """The files of one submission, with the identity each had when it was opened.

    Up to ``HELD_FILES`` are held open throughout; of more, each batch is opened when it is wanted and must
    have the remembered identity. Safe to hash in one thread while another walks the batches.
    """

    def __init__(self, path: Path, *, untrusted_name: str | None = None) -> None:
        self._path = path
        self.untrusted_name = printable(untrusted_name or path.absolute().name or "/", 1024)
        self._held: dict[str, int] = {}
        self._root_fd = _open_root(path)
        try:
            self._read_tree()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> OpenedSubmission:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all descriptors."""
        for fd in {*self._held.values(), self._root_fd}:
            os.close(fd)
        self._held, self._root_fd = {}, -1

    def manifest(self, on_bytes: OnBytes | None = None) -> Manifest:
        """Hash every file, as many at a time as there are cores, then check that the tree is still what it was.

        ``on_bytes`` is told of the progress, from several threads.

        Raises:
            Changed: a file or the listing is not what it was when opened.
            Unreadable: a file cannot be read.
        """
        entries: list[FileEntry] = []
        total = sum(file.identity.size for file in self._files if file.at == file.path)
        sink = Counter(total, on_bytes).add if on_bytes else None

        def hash_one(file: _File, fd: int) -> FileEntry:
            return hash_descriptor(file.path, fd, file.identity, sink=sink)

        with ThreadPoolExecutor(
            max_workers=min(os.cpu_count() or 1, HASH_THREADS_LIMIT), thread_name_prefix="sha256"
        ) as pool:
            for files, fds in self._open_batches(HASH_BATCH, [f for f in self._files if f.at == f.path]):
                # Handing a small file to another thread takes longer than hashing it.
                spread = pool.map if total > SPREAD_FROM_BYTES else map
                entries.extend(spread(hash_one, files, fds))
        self.check()
        hashed = {entry.path: entry for entry in entries}
        entries += [replace(hashed[f.at], path=f.path) for f in self._files if f.at != f.path]
        return Manifest(files=tuple(sorted(entries, key=lambda entry: entry.path)))

    def batches(self, size: int) -> Iterator[list[tuple[str, int, int]]]:
        """Lists of (path, descriptor, size in bytes); the descriptors are valid until the next list.

        What lies in a folder ``blobs`` and has another name too is listed by that other name only.

        Raises:
            Changed: a file is not the one it was when opened.
        """
        named = {file.identity for file in self._files if not _is_blob(file)}
        wanted = [file for file in self._files if not (_is_blob(file) and file.identity in named)]
        for files, fds in self._open_batches(size, wanted):
            yield [(file.path, fd, file.identity.size) for file, fd in zip(files, fds, strict=True)]
            for file, fd in zip(files, fds, strict=True):
                if Identity.of(os.fstat(fd)) != file.identity:
                    raise changed(file.path)

    def check(self) -> None:
        """Raise ``Changed`` if any file, directory or name is not what it was when opened."""
        for file in self._files:
            if file.path in self._held and Identity.of(os.fstat(self._held[file.path])) != file.identity:
                raise changed(file.path)
        if self._is_directory:
            now = snapshot(self._root_fd, allow_hard_links=True)
            if now != self._tree:
                different = {path for path, _ in now.items() ^ self._tree.items()}
                raise changed(min(different))

    def _read_tree(self) -> None:
        status = os.fstat(self._root_fd)
        self._is_directory = stat.S_ISDIR(status.st_mode)
        if self._is_directory:
            self._tree = snapshot(self._root_fd, allow_hard_links=True)
        else:
            name = Path(os.path.realpath(self._path)).name if self._path.is_symlink() else self._path.name
            check_name(name, name)
            check_file(name, status, allow_hard_links=True)
            self._tree = {name: Identity.of(status)}
        settle(max(identity.ctime_ns for identity in self._tree.values()))
        self._files = [
            _File(path, self._tree[found.target or path], found.target or path)
            for path, found in self._tree.items()
            if not path.endswith("/")
        ]
        if not self._is_directory:
            self._held = {self._files[0].path: self._root_fd}
        elif len(self._files) <= HELD_FILES:
            _raise_descriptor_limit()
            for file in self._files:
                self._held[file.path] = self._open(file)
        else:
            _raise_descriptor_limit()

    def _open_batches(self, size: int, wanted: list[_File]) -> Iterator[tuple[list[_File], list[int]]]:
        for start in range(0, len(wanted), size):
            files = wanted[start : start + size]
            if self._held:
                yield files, [self._held[file.path] for file in files]
                continue
            fds: list[int] = []
            try:
                for file in files:
                    fds.append(self._open(file))
                yield files, fds
            finally:
                for fd in fds:
                    os.close(fd)

    def _open(self, file: _File) -> int:
        """Open by one component at a time, each of which must be what the walk saw."""
        *parents, name = file.at.split("/")
        parent, prefix = os.dup(self._root_fd), ""
        try:
            for part in parents:
                prefix += part + "/"
                deeper = open_as(prefix, part, parent, self._tree[prefix], directory=True)
                os.close(parent)
                parent = deeper
            return open_as(file.path, name, parent, file.identity)
        finally:
            os.close(parent)


def _is_blob(file: _File) -> bool:
    """Whether it lies where Hugging Face's cache keeps content that is known by the links to it."""
    return "blobs" in file.path.split("/")[-2:-1]


def open_path(path: Path, *, untrusted_name: str | None = None) -> OpenedSubmission:
    """Open a file, a directory, or a link to one, for hashing and analysis; use it in a ``with``.

    Raises:
        Unreadable: it is not there or may not be read.
        NotAcceptable: it holds links, devices or other things that are never taken.
        Changed: it was written to meanwhile.
    """
    return OpenedSubmission(path, untrusted_name=untrusted_name)


def _open_root(path: Path) -> int:
    target = os.path.realpath(path) if path.is_symlink() else path
    try:
        fd = os.open(target, OPEN_FLAGS)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise refuse(str(path), "is a socket, not a file") from error
        raise unreadable(str(path), error) from error
    mode = os.fstat(fd).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        os.close(fd)
        raise refuse(str(path), "is neither a file nor a directory")
    return fd


def _raise_descriptor_limit() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
