"""Walk a drop by directory descriptors, so that no link, rename or device can lead the walk elsewhere.

Says what is in the tree and what each entry's identity is; refuses what is never taken (design, promise 5).
It reads no content.
"""

from __future__ import annotations

import os
import stat
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from quarantine.errors import Changed, NotAcceptable, Unreadable
from quarantine.printable import printable

OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
DEPTH_LIMIT = 64
FILES_LIMIT = 1_000_000
NAME_LIMIT_BYTES = 255
PATH_LIMIT_BYTES = 1024
# A kernel stamps times in ticks of up to 10 ms; a write within the tick of the last one leaves no trace.
TICK_NS = 20_000_000


@dataclass(frozen=True)
class Identity:
    """What a file or directory is and when it last changed; equal only if nothing was written in between.

    ``target`` is the path of the file in the same tree that a link stands for; None for all else.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    target: str | None = None

    @classmethod
    def of(cls, status: os.stat_result, target: str | None = None) -> Identity:
        """The identity in a stat result."""
        return cls(
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, target
        )


@dataclass(frozen=True)
class Entry:
    """One file or directory of the tree. ``path`` is relative; ``parent_fd`` is open while it is yielded."""

    path: str
    name: str
    parent_fd: int
    identity: Identity
    is_file: bool


def walk(root_fd: int, *, allow_hard_links: bool = False) -> Iterator[Entry]:
    """All directories and files below ``root_fd``, in order of their names, and links to files of the same tree.

    No link is followed: what it stands for is worked out from its text, and must be a file that the walk met on its
    own, which is so at the end of the walk. (Hugging Face's cache keeps files in ``blobs`` and links in ``snapshots``.)

    Raises:
        NotAcceptable: an entry is of a kind, name, depth or number that is never taken.
        Unreadable: a directory cannot be listed.
        Changed: an entry was replaced while it was looked at.
    """
    device = os.fstat(root_fd).st_dev
    count = 0
    plain: set[str] = set()
    links: dict[str, str] = {}
    for entry in _walk(root_fd, "", 0, device, allow_hard_links):
        count += entry.is_file
        if count > FILES_LIMIT:
            raise refuse(entry.path, f"is beyond the limit of {FILES_LIMIT:,} files in one submission")
        if entry.identity.target is not None:
            links[entry.path] = entry.identity.target
        elif entry.is_file:
            plain.add(entry.path)
        yield entry
    for path, target in links.items():
        if target not in plain:
            raise _leads_nowhere(path)


def snapshot(root_fd: int, *, allow_hard_links: bool = False) -> dict[str, Identity]:
    """Identity of every entry by path, directories with a trailing slash and the root as ``/``."""
    found = {"/": Identity.of(os.fstat(root_fd))}
    for entry in walk(root_fd, allow_hard_links=allow_hard_links):
        found[entry.path if entry.is_file else entry.path + "/"] = entry.identity
    return found


def check_file(path: str, status: os.stat_result, *, allow_hard_links: bool = False) -> None:
    """Refuse whatever is not a plain file with one name.

    Raises:
        NotAcceptable: it is something else.
    """
    if not stat.S_ISREG(status.st_mode):
        raise refuse(path, f"is {_kind(status.st_mode)}, not a file")
    if status.st_mode & (stat.S_ISUID | stat.S_ISGID):
        raise refuse(path, "is marked set-user-id or set-group-id")
    if status.st_nlink > 1 and not allow_hard_links:
        raise refuse(path, f"is a hard link ({status.st_nlink} names for the same file)")


def check_name(path: str, name: str) -> None:
    """Refuse names that hide something or cannot be written down.

    Raises:
        NotAcceptable: such a name.
    """
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise refuse(path, "has a name that is not UTF-8") from None
    if printable(name, 2 * PATH_LIMIT_BYTES) != name:
        raise refuse(path, "has control or hidden characters in its name")
    if length > NAME_LIMIT_BYTES:
        raise refuse(path, f"has a name of over {NAME_LIMIT_BYTES} bytes")
    if len(path.encode("utf-8")) > PATH_LIMIT_BYTES:
        raise refuse(path, f"has a path of over {PATH_LIMIT_BYTES} bytes")


def open_entry(entry: Entry) -> int:
    """A read-only descriptor of the very file that the walk saw; the caller closes it.

    Raises:
        Unreadable: it cannot be opened.
        Changed: something else has its name now.
    """
    return open_as(entry.path, entry.name, entry.parent_fd, entry.identity)


def open_as(path: str, name: str, parent_fd: int, identity: Identity, *, directory: bool = False) -> int:
    """Open ``name`` under ``parent_fd`` if it still has that identity; ``path`` is for messages."""
    flags = OPEN_FLAGS | (os.O_DIRECTORY if directory else 0)
    try:
        fd = os.open(name, flags, dir_fd=parent_fd)
    except OSError as error:
        raise unreadable(path, error) from error
    if Identity.of(os.fstat(fd)) != identity:
        os.close(fd)
        raise changed(path)
    return fd


def settle(newest_ctime_ns: int) -> None:
    """Wait until a further write would be stamped with another time than the newest one seen."""
    age = time.time_ns() - newest_ctime_ns
    if 0 <= age < TICK_NS:
        time.sleep((TICK_NS - age) / 1e9)


def refuse(path: str, why: str) -> NotAcceptable:
    """The error for an entry that is never taken."""
    return NotAcceptable(
        f"{printable(path, 1024)}: {why}", remedy="hand in plain files and directories with plain names only"
    )


def changed(path: str) -> Changed:
    """The error for an entry that did not stay what it was."""
    return Changed(
        f"{printable(path, 1024)}: changed while it was read",
        remedy="wait until nothing writes to it, then hand it in again",
    )


def unreadable(path: str, error: OSError) -> Unreadable:
    """The error for an entry that cannot be opened or read."""
    return Unreadable(
        f"{printable(path, 1024)}: {error.strerror or error}", remedy="make it readable and hand it in again"
    )


def _walk(fd: int, prefix: str, depth: int, device: int, allow_hard_links: bool) -> Iterator[Entry]:
    try:
        names = sorted(os.listdir(fd))
    except OSError as error:
        raise unreadable(prefix or ".", error) from error
    _check_collisions(prefix, names)
    for name in names:
        path = prefix + name
        check_name(path, name)
        try:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError as error:
            raise changed(path) from error
        except OSError as error:
            raise unreadable(path, error) from error
        if status.st_dev != device:
            raise refuse(path, "is on another file system (a mount point)")
        if stat.S_ISLNK(status.st_mode):
            yield Entry(path, name, fd, Identity.of(status, _target(fd, prefix, name)), is_file=True)
            continue
        identity = Identity.of(status)
        if not stat.S_ISDIR(status.st_mode):
            check_file(path, status, allow_hard_links=allow_hard_links)
            yield Entry(path, name, fd, identity, is_file=True)
            continue
        if depth >= DEPTH_LIMIT:
            raise refuse(path, f"is nested deeper than {DEPTH_LIMIT} directories")
        yield Entry(path, name, fd, identity, is_file=False)
        child = open_as(path, name, fd, identity, directory=True)
        try:
            yield from _walk(child, path + "/", depth + 1, device, allow_hard_links)
        finally:
            os.close(child)


def _target(fd: int, prefix: str, name: str) -> str:
    """The path in the tree that a link's text leads to; each part of it must be a real directory, as the walk sees."""
    try:
        text = os.readlink(name, dir_fd=fd)
    except OSError as error:
        raise changed(prefix + name) from error
    parts = prefix.split("/")[:-1]
    if text.startswith("/"):
        raise _leads_nowhere(prefix + name)
    for part in text.split("/"):
        if part == "..":
            if not parts:
                raise _leads_nowhere(prefix + name)
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _leads_nowhere(path: str) -> NotAcceptable:
    return NotAcceptable(
        f"{printable(path, 1024)}: is a symbolic link that leads to no file of this submission",
        remedy="hand in the folder that holds what it links to as well (of a Hugging Face cache, models--NAME)",
    )


def _check_collisions(prefix: str, names: list[str]) -> None:
    """Names that are one and the same to some file system, or to a reader's eye."""
    seen: dict[str, str] = {}
    for name in names:
        key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        if key in seen:
            first = printable(prefix + seen[key], 512)
            raise refuse(prefix + name, f"differs only in case or Unicode form from {first}")
        seen[key] = name


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((text for matches, text in kinds if matches(mode)), "a special file")
