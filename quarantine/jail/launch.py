"""The step between the parent and bubblewrap: a stand-alone script that gives up what it has, then becomes bwrap.

It runs before any hostile byte is read. Every jail pays for its start, so it imports little: ``marshal`` instead
of ``json`` for what the parent wrote, numbers instead of ``signal``. It must not parse anything of a
submission and must not do anything after ``execve``. (design.md, The jail.)
"""

from __future__ import annotations

import ctypes
import marshal
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STAGE = "/tmp"  # noqa: S108 - covered by a private tmpfs in a mount namespace of its own
LAUNCH_FAILED = 97
_SIGKILL = 9
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CLONE_NEWNS = 0x00020000
_MS_REC_PRIVATE, _MS_BIND_REC = 0x4000 | (1 << 18), 0x1000 | 0x4000
_MS_NOSUID_NODEV = 2 | 4


def stage_path(index: int) -> str:
    """Where the bind number ``index`` is staged when the launcher is root."""
    return f"{STAGE}/{index}"


def _check(status: int, what: str) -> None:
    if status:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _stage(libc: ctypes.CDLL, sources: list[str]) -> None:
    """Bind the read-only parts where an unprivileged uid reaches them, even if they lie under /root."""
    _check(libc.unshare(_CLONE_NEWNS), "unshare")
    _check(libc.mount(b"none", b"/", None, _MS_REC_PRIVATE, None), "mount private")
    # Opened first: a source may lie beneath the directory that the stage covers.
    opened = [os.open(source, os.O_PATH | os.O_CLOEXEC) for source in sources]
    _check(
        libc.mount(b"tmpfs", STAGE.encode(), b"tmpfs", _MS_NOSUID_NODEV, b"mode=755,size=1m"), "mount stage"
    )
    for index, (source, fd) in enumerate(zip(sources, opened, strict=True)):
        target = stage_path(index)
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
        _check(libc.mount(f"/proc/self/fd/{fd}".encode(), target.encode(), None, _MS_BIND_REC, None), source)
        os.close(fd)


def _drop_to(libc: ctypes.CDLL, uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # bwrap writes its own uid map, which a process that is not dumpable may not.
    libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def main(spec_fd: int) -> None:
    """Read the spec from its descriptor and become bwrap."""
    with os.fdopen(spec_fd, "rb") as stream:
        spec: dict[str, Any] = marshal.loads(stream.read())  # noqa: S302 - the parent wrote it
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    for directory in spec["cgroup"]:
        with open(f"{directory}/cgroup.procs", "w") as procs:
            procs.write(str(os.getpid()))
    if spec["uid"] is not None:
        _stage(libc, spec["sources"])
        _drop_to(libc, spec["uid"])
        libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)  # the change of uid cleared it
    if os.getppid() != spec["parent"]:
        raise OSError("the parent is gone")
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.execve(spec["argv"][0], spec["argv"], {})  # noqa: S606


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except OSError as error:
        sys.stderr.write(f"launch: {error}\n")
        sys.exit(LAUNCH_FAILED)
