"""Run a command of the test environment as an ordinary user, even where its interpreter lies under /root.

As root it opens a mount namespace of its own, shows there what the command needs beneath directories that only
root may enter, and gives up its rights. As an ordinary user it just runs the command.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

UID = 65_534
_ROOT = Path(__file__).parents[1]


def run_as_ordinary_user(
    arguments: list[str], *, home: Path, timeout_s: float = 240
) -> subprocess.CompletedProcess[str]:
    """``python arguments`` in ``home``, which becomes the user's own."""
    if not os.geteuid():
        os.chown(home, UID, UID)
        for parent in home.parents:
            if parent.stat().st_mode & 0o005 != 0o005:
                parent.chmod(0o755)
        arguments = [__file__, *arguments]
    return subprocess.run(
        [sys.executable, *arguments],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), "TMPDIR": str(home)},
        cwd=home,
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
    )


def _hidden_under(path: Path) -> Path | None:
    """The topmost directory on the way to ``path`` that others may not enter."""
    return next((p for p in reversed([path, *path.parents]) if not p.stat().st_mode & 0o001), None)


def _show(paths: list[Path]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str, target: Path, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
        if libc.mount(source.encode(), str(target).encode(), kind, flags, data):
            raise OSError(ctypes.get_errno(), f"mount {target}")

    if libc.unshare(0x20000):
        raise OSError(ctypes.get_errno(), "unshare")
    mount("none", Path("/"), None, 0x44000)
    wanted = {path: os.open(path, os.O_PATH) for path in paths}
    for cover in {hidden for path in paths if (hidden := _hidden_under(path))}:
        mount("none", cover, b"tmpfs", 0, b"mode=755,size=1m")
    for path, fd in wanted.items():
        if not path.exists():
            path.mkdir(parents=True)
            mount(f"/proc/self/fd/{fd}", path, None, 0x1000 | 0x4000)
        os.close(fd)


if __name__ == "__main__":
    _show(sorted({Path(sys.base_prefix).resolve(), Path(sys.prefix), _ROOT}))
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
