"""What was found in a submission, kept by digest: the same bytes, rules, code and demands need not be analysed again.

Whoever can write to the folder can make a hostile model pass, so it must be the user's own and nobody else's to write.
Only whole results are kept: a stage that did not finish, and probes, which measure anew each time, are not.
"""

from __future__ import annotations

import os
import stat
import weakref
from hashlib import sha256
from pathlib import Path

import msgspec

from quarantine.durable import replace_file
from quarantine.errors import BadInput
from quarantine.records import Evidence, Outcome, StageName, canonical, digest_of

_PACKAGE = Path(__file__).resolve().parent


class Cache:
    """Evidence by key, one file each, in a folder that is held open: whoever moves another to its name changes nothing.

    Raises:
        BadInput: the folder cannot be made, or is somebody else's to write.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise BadInput(
                f"cannot use the cache {folder}: {error.strerror}", remedy="name another folder"
            ) from None
        weakref.finalize(self, os.close, self._fd)
        if not _is_ours_alone(self._fd):
            raise BadInput(
                f"others may write to the cache {folder}",
                remedy="name a new folder; what others put into this one cannot be trusted later either",
            )

    def find(self, key: str) -> Evidence | None:
        """What is kept under ``key``; anything that is not exactly a record counts as nothing."""
        try:
            fd = os.open(key, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._fd)
            with open(fd, "rb") as file:
                return msgspec.json.decode(file.read(), type=Evidence) if _is_ours_alone(fd) else None
        except (OSError, msgspec.MsgspecError, ValueError):
            return None

    def keep(self, key: str, evidence: Evidence) -> None:
        """Keep a whole result; another is passed over. A folder that cannot be written to keeps nothing."""
        outcomes = {report.stage: report.outcome for report in evidence.coverage.stages}
        ran = outcomes.get(StageName.PROBES) is not Outcome.NOT_RUN
        if ran or Outcome.FAILED in outcomes.values():
            return
        try:
            replace_file(Path(f"/proc/self/fd/{self._fd}") / key, canonical(evidence))
        except OSError:
            return


def _is_ours_alone(fd: int) -> bool:
    status = os.fstat(fd)
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def key_of(*parts: object) -> str:
    """The key of a result: everything that it depends on, each a record or plain values, and this very code."""
    return digest_of([*parts, _code()]).removeprefix("sha256:")


def _code() -> str:
    whole = sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()
