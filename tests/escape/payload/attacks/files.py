"""Ways to see or change files that are not the worker's."""

from __future__ import annotations

import os
from pathlib import Path

from .attempt import Attack


def _write(path: str) -> Attack:
    return lambda: os.open(path, os.O_WRONLY | os.O_CREAT)


def _read(path: str) -> Attack:
    return lambda: open(path, "rb").read(4)


def _through_link() -> object:
    os.symlink("/etc/shadow", "/tmp/s")
    return open("/tmp/s").read()


def _swap_scratch_for_link() -> object:
    os.mkdir("/tmp/dir")
    os.rename("/tmp/dir", "/tmp/moved")
    os.symlink("/code/quarantine", "/tmp/dir")
    return os.open("/tmp/dir/records.py", os.O_WRONLY)


def _climb() -> object:
    up = os.open("/tmp", os.O_PATH)
    return os.listdir(os.open("../../../..", os.O_RDONLY, dir_fd=up))


ATTACKS: dict[str, Attack] = {
    "read shadow": _read("/etc/shadow"),
    "list root": lambda: os.listdir("/"),
    "list host home": lambda: os.listdir("/root"),
    "climb by descriptor": _climb,
    "root of init": _read("/proc/1/root/etc/hostname"),
    "working directory of init": lambda: os.listdir("/proc/1/cwd/"),
    "kcore": _read("/proc/kcore"),
    "memory of init": _read("/proc/1/mem"),
    "sysrq": _write("/proc/sysrq-trigger"),
    "core pattern": _write("/proc/sys/kernel/core_pattern"),
    "oom score": _write("/proc/self/oom_score_adj"),
    "uid map": _write("/proc/self/uid_map"),
    "own memory file": _write("/proc/self/mem"),
    "write code": _write("/code/quarantine/records.py"),
    "write root": _write("/x"),
    "write etc": _write("/etc/passwd"),
    "write dev": _write("/dev/x"),
    "control group": _write("/sys/fs/cgroup/memory/x"),
    "tty": _write("/dev/tty"),
    "pseudo terminal": _write("/dev/ptmx"),
    "console": _write("/dev/console"),
    "block device": lambda: os.mknod("/tmp/m", 0o60666, os.makedev(254, 0)),
    "fifo": lambda: os.mkfifo("/tmp/f"),
    "hard link": lambda: os.link("/code/quarantine/records.py", "/tmp/x"),
    "symlink out": _through_link,
    "link in place of scratch": _swap_scratch_for_link,
    "rename over code": lambda: os.rename("/tmp", "/code/quarantine"),
    "remove code": lambda: Path("/code/quarantine/records.py").unlink(),
    "chmod": lambda: os.chmod("/tmp", 0o777),
    "chown": lambda: os.chown("/tmp", 0, 0),
    "utime": lambda: os.utime("/tmp"),
    "xattr": lambda: os.setxattr("/tmp", "user.x", b"1"),
}
