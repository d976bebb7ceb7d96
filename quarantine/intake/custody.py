"""Take a drop into custody: copy it by descriptor into the vault and hash it in the same pass.

What is hashed is what rests in the vault (design, promise 5). The drop itself is neither changed nor removed,
and nothing of it is parsed.
"""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from quarantine.intake.hashing import Counter, OnBytes, hash_descriptor
from quarantine.intake.walk import (
    OPEN_FLAGS,
    Identity,
    changed,
    check_file,
    check_name,
    open_entry,
    settle,
    snapshot,
    unreadable,
    walk,
)
from quarantine.printable import printable
from quarantine.records import FileEntry, Manifest, Submission
from quarantine.vault.vault import Vault, storage_errors

FICLONE = 0x40049409


def take(drop: Path, vault: Vault, *, untrusted_name: str, on_bytes: OnBytes | None = None) -> Submission:
    """Copy ``drop`` (a file or directory, never a link) into the vault and seal it.

    ``on_bytes`` is told how far the copy is. Taking the same again is harmless.

    Raises:
        NotAcceptable: the drop holds links, devices, hidden names or too much.
        Changed: it was written to while it was copied.
        Unreadable: a file cannot be read.
        StateError: the vault is full or read-only; nothing is left behind in it.
    """
    check_name(drop.name, drop.name)
    try:
        is_file = drop.is_file() and not drop.is_symlink()
        directory, flags = (drop.parent, OPEN_FLAGS & ~os.O_NOFOLLOW) if is_file else (drop, OPEN_FLAGS)
        parent_fd = os.open(directory, flags | os.O_DIRECTORY)
    except OSError as error:
        if drop.is_symlink() or drop.exists():
            check_file(drop.name, os.lstat(drop))
        raise unreadable(drop.name, error) from error
    try:
        with vault.receive() as content:
            copy = _Copy(content, vault, on_bytes)
            entries = copy.file(drop.name, parent_fd) if is_file else copy.tree(parent_fd)
            manifest = Manifest(files=tuple(sorted(entries, key=lambda entry: entry.path)))
            vault.seal(content, manifest.digest)
    finally:
        os.close(parent_fd)
    return Submission(
        digest=manifest.digest,
        untrusted_name=printable(untrusted_name, 1024),
        taken_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        manifest=manifest,
    )


class _Copy:
    def __init__(self, content: Path, vault: Vault, on_bytes: OnBytes | None) -> None:
        self._content = content
        self._vault = vault
        self._on_bytes = on_bytes
        self._count: Counter | None = None

    def file(self, name: str, parent_fd: int) -> list[FileEntry]:
        try:
            fd = os.open(name, OPEN_FLAGS, dir_fd=parent_fd)
        except OSError as error:
            raise unreadable(name, error) from error
        try:
            status = os.fstat(fd)
            check_file(name, status)
            self._expect([Identity.of(status)])
            entry = self._copy(name, fd, Identity.of(status))
            check_file(name, os.fstat(fd))
            return [entry]
        finally:
            os.close(fd)

    def tree(self, root_fd: int) -> list[FileEntry]:
        before = snapshot(root_fd)
        plain = [found for path, found in before.items() if not path.endswith("/") and found.target is None]
        self._expect(plain)
        settle(before["/"].ctime_ns)
        entries, links = [], {}
        for found in walk(root_fd):
            if not found.is_file:
                with storage_errors(self._content):
                    (self._content / found.path).mkdir(mode=0o700)
                continue
            if before.get(found.path) != found.identity:
                raise changed(found.path)
            if found.identity.target is not None:
                links[found.path] = found.identity.target
                continue
            fd = open_entry(found)
            try:
                entries.append(self._copy(found.path, fd, found.identity))
            finally:
                os.close(fd)
        after = snapshot(root_fd)
        if after != before:
            raise changed(min(path for path, _ in after.items() ^ before.items()))
        return entries + self._link(links, {entry.path: entry for entry in entries})

    def _link(self, links: dict[str, str], copied: dict[str, FileEntry]) -> list[FileEntry]:
        """A link inside the drop becomes a second name of the copy of what it stands for."""
        with storage_errors(self._content):
            for path, target in links.items():
                os.link(self._content / target, self._content / path, follow_symlinks=False)
        return [replace(copied[target], path=path) for path, target in links.items()]

    def _expect(self, identities: list[Identity]) -> None:
        total = sum(identity.size for identity in identities)
        self._vault.need(total)
        if self._on_bytes:
            self._count = Counter(total, self._on_bytes)
        settle(max((identity.ctime_ns for identity in identities), default=0))

    def _copy(self, path: str, source: int, identity: Identity) -> FileEntry:
        with storage_errors(self._content):
            target = os.open(
                self._content / path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            try:
                entry = self._fill(path, source, target, identity)
                os.fchmod(target, 0o400)
                os.fsync(target)
            finally:
                os.close(target)
        return entry

    def _fill(self, path: str, source: int, target: int, identity: Identity) -> FileEntry:
        if _reflink(source, target):
            count = self._count.add if self._count else None
            entry = hash_descriptor(path, target, Identity.of(os.fstat(target)), sink=count)
            if entry.size_bytes != identity.size or Identity.of(os.fstat(source)) != identity:
                raise changed(path)
            return entry

        def write(chunk: memoryview) -> None:
            if self._count:
                self._count.add(chunk)
            while chunk:
                chunk = chunk[os.write(target, chunk) :]

        return hash_descriptor(path, source, identity, sink=write)


def _reflink(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False  # Most file systems cannot; the bytes are then copied.
    return True
