"""Tell when a drop in the inbox is complete: a marker beside it, or a quiet period with nothing changed.

Looks at names and stat results only; what may be taken is for custody to decide.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import time
from pathlib import Path

IGNORED_SUFFIXES = (".part", ".tmp", ".crdownload")
READY_SUFFIX = ".ready"
CARD_SUFFIX = ".quarantine.toml"
NOTE_SUFFIXES = (".refused.txt", ".verdict.json")
ENTRIES_LIMIT = 2_000_000

Row = tuple[str, int, int, int, int, int, int]
Snapshot = tuple[Row, ...]


def drops(inbox: Path) -> list[Path]:
    """What lies in the inbox and is a drop, by name: no markers, cards, notes or unfinished uploads."""
    suffixes = (*IGNORED_SUFFIXES, READY_SUFFIX, CARD_SUFFIX, *NOTE_SUFFIXES)
    names = sorted(path.name for path in inbox.iterdir())
    return [inbox / name for name in names if not name.startswith(".") and not name.endswith(suffixes)]


def look(drop: Path) -> Snapshot:
    """(path, mode, inode, size, mtime, ctime, owner) of the drop and all below it, without following links.

    Raises:
        OSError: something vanished or cannot be listed.
    """
    rows = [_row("", os.lstat(drop))]
    if stat.S_ISDIR(rows[0][1]):
        pending = [(str(drop), "")]
        while pending and len(rows) < ENTRIES_LIMIT:
            directory, prefix = pending.pop()
            with os.scandir(directory) as entries:
                for entry in entries:
                    rows.append(_row(prefix + entry.name, entry.stat(follow_symlinks=False)))
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((entry.path, prefix + entry.name + "/"))
    return tuple(sorted(rows))


def look_at_card(drop: Path) -> Snapshot:
    """The same of the card beside the drop; empty if there is none."""
    try:
        return (_row(CARD_SUFFIX, os.lstat(drop.with_name(drop.name + CARD_SUFFIX))),)
    except OSError:
        return ()


def owner(seen: Snapshot) -> str:
    """The account that the drop belonged to when it was looked at: whoever handed it in, or their program."""
    uid = seen[0][6]
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def unchanged(drop: Path, seen: Snapshot) -> bool:
    """True if the drop still looks as it did."""
    try:
        return look(drop) == seen
    except OSError:
        return False


def drop_key(drop: Path, seen: Snapshot) -> str:
    """One name for this drop in this very state: written to again, it has another."""
    return hashlib.sha256(repr((drop.name, seen)).encode("utf-8", "surrogateescape")).hexdigest()


class Readiness:
    """Remembers what drops looked like; one is complete when it looked the same for ``quiet_s`` seconds."""

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._seen: dict[Path, tuple[Snapshot, float]] = {}

    def complete(self, drop: Path) -> Snapshot | None:
        """What the drop looks like if it is complete, or None if one has to wait."""
        try:
            now = look(drop)
        except OSError:
            return None  # It vanished or is being written; the next look tells.
        if drop.with_name(drop.name + READY_SUFFIX).exists():
            return now
        newest = max(row[5] for row in (*now, *look_at_card(drop)))
        if time.time_ns() - newest >= self._quiet_s * 1e9:
            return now
        before, since = self._seen.get(drop, ((), 0.0))
        if before != now:
            self._seen[drop] = (now, time.monotonic())
            return None
        return now if time.monotonic() - since >= self._quiet_s else None


def _row(path: str, status: os.stat_result) -> Row:
    return (
        path,
        status.st_mode,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_uid,
    )
