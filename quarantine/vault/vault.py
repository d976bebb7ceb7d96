"""The vault: where bytes in custody rest, each submission in a read-only directory named by its digest.

Layout: ``incoming/`` for what is being copied, ``sealed/<hex>/`` for what is complete. Publishing is one
rename; nothing in ``sealed`` is ever written again.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quarantine.durable import sync_directory
from quarantine.errors import IntegrityError, NotFound, StateError
from quarantine.records import Manifest

RESERVE_BYTES = 64 << 20
_DIGEST_LENGTH = 64


class Vault:
    """Sealed storage under one directory, made with mode 0700 if it is not there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sealed = root / "sealed"
        self._incoming = root / "incoming"
        with storage_errors(root):
            for directory in (root, self._sealed, self._incoming):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open(self, digest: str) -> Path:
        """The directory that holds the submission's files.

        Raises:
            NotFound: nothing with that digest is in custody.
        """
        directory = self._directory(digest)
        if not directory.is_dir():
            raise NotFound(f"{digest} is not in the vault", remedy="check the digest with `quarantine list`")
        return directory

    def has(self, digest: str) -> bool:
        """True if the submission is in custody."""
        return self._directory(digest).is_dir()

    def verify(self, digest: str) -> Manifest:
        """Hash the sealed files again.

        Raises:
            NotFound: nothing with that digest is in custody.
            IntegrityError: the bytes are not what the digest says.
        """
        from quarantine.intake.opened import open_path

        with open_path(self.open(digest)) as opened:
            manifest = opened.manifest()
        if manifest.digest != digest:
            raise IntegrityError(
                f"the vault's bytes of {digest} hash to {manifest.digest}",
                remedy="do not use this submission; restore the vault or have the model handed in again",
            )
        return manifest

    def need(self, size_bytes: int) -> None:
        """Raise ``StateError`` unless ``size_bytes`` more fit, with a reserve."""
        with storage_errors(self.root):
            free = shutil.disk_usage(self.root).free
        if free < size_bytes + RESERVE_BYTES:
            raise StateError(
                f"{self.root}: {free:,} bytes are free and {size_bytes:,} with a reserve are needed",
                remedy="free some space; the drop stays where it is",
            )

    @contextmanager
    def receive(self) -> Iterator[Path]:
        """An empty directory to copy into. Whatever is still in it at the end is discarded."""
        with storage_errors(self.root):
            directory = Path(tempfile.mkdtemp(dir=self._incoming))
            fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            content = directory / "content"
            with storage_errors(self.root):
                content.mkdir(mode=0o700)
                yield content
        finally:
            discard(directory)
            os.close(fd)

    def seal(self, content: Path, digest: str) -> Path:
        """Make ``content`` read-only and durable, and publish it under its digest in one step.

        Raises:
            StateError: the storage is full or read-only.
        """
        target = self._directory(digest)
        with storage_errors(self.root):
            for parent, _, _ in os.walk(content, topdown=False):
                sync_directory(Path(parent))
                # The top stays writable until it is moved: a rename has to rewrite its "..".
                if parent != str(content):
                    Path(parent).chmod(0o500)
            if not target.is_dir():
                try:
                    content.rename(target)
                except OSError as error:
                    if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                        raise
            target.chmod(0o500)
            sync_directory(target)
            sync_directory(self._sealed)
        return target

    def sweep(self) -> int:
        """Discard what processes that are no more left in ``incoming``; how many there were."""
        removed = 0
        with storage_errors(self.root):
            for directory in self._incoming.iterdir():
                fd = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    discard(directory)
                    removed += 1
                except BlockingIOError:
                    continue
                finally:
                    os.close(fd)
        return removed

    def _directory(self, digest: str) -> Path:
        hexadecimal = digest.removeprefix("sha256:")
        if len(hexadecimal) != _DIGEST_LENGTH or not set(hexadecimal) <= set("0123456789abcdef"):
            raise NotFound(f"{digest!r} is no digest", remedy="give sha256: and 64 hexadecimal digits")
        return self._sealed / hexadecimal


@contextmanager
def storage_errors(where: Path) -> Iterator[None]:
    """Turn what the operating system says about our own storage into ``StateError``."""
    try:
        yield
    except OSError as error:
        raise StateError(
            f"{where}: {error.strerror or error}",
            remedy="free space or make the directory writable, then run again; nothing was lost",
        ) from error


def discard(directory: Path) -> None:
    """Remove a directory of ours, read-only parts included."""
    for parent, _, _ in os.walk(directory):
        Path(parent).chmod(0o700)
    shutil.rmtree(directory, ignore_errors=True)
