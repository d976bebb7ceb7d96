"""Where drops go once they are in custody: ``.taken`` in the inbox, out of everybody else's reach, then gone.

Its lock also keeps a second service from the same inbox. The inbox may be writable by attackers, so nothing
here follows a link or a name that could have been swapped.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from pathlib import Path

from quarantine.errors import BadInput, StateError
from quarantine.vault.vault import storage_errors

AWAY_NAME = ".taken"


class Away:
    """The directory ``.taken`` of one inbox, locked for as long as this object is open.

    Raises:
        BadInput: somebody else made it.
        StateError: another process serves this inbox, or it cannot be written.
    """

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        path = inbox / AWAY_NAME
        with storage_errors(inbox):
            if not path.is_symlink():
                path.mkdir(mode=0o700, exist_ok=True)
            try:
                self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except NotADirectoryError as error:
                raise _not_ours(path) from error
        status = os.fstat(self._fd)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            os.close(self._fd)
            raise _not_ours(path)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise StateError(
                f"another process serves the inbox {inbox}", remedy="end it, or name another inbox"
            ) from None

    def close(self) -> None:
        """Let another process serve this inbox."""
        os.close(self._fd)

    def put(self, drop: str, name: str, inode: int) -> bool:
        """Move the drop here as ``name`` in one step; if it has another inode, put it back and return False."""
        with storage_errors(self._inbox):
            try:
                os.rename(self._inbox / drop, name, dst_dir_fd=self._fd)
            except FileNotFoundError:
                return False  # Whoever handed it in took it away; the bytes are in custody.
            if os.stat(name, dir_fd=self._fd, follow_symlinks=False).st_ino != inode:
                os.rename(name, self._inbox / drop, src_dir_fd=self._fd)
                return False
        return True

    def clear(self) -> None:
        """Delete what lies here."""
        with storage_errors(self._inbox):
            for name in os.listdir(self._fd):
                status = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    shutil.rmtree(name, ignore_errors=True, dir_fd=self._fd)
                else:
                    os.unlink(name, dir_fd=self._fd)


def _not_ours(path: Path) -> BadInput:
    return BadInput(
        f"{path} was not made by this service", remedy="remove it; nobody but the service makes it"
    )
