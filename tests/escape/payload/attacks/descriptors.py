"""Tricks with the descriptor of an input, which is read-only and has to stay so."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
from collections.abc import Callable

from .attempt import call


def _map(fd: int) -> object:
    return mmap.mmap(fd, 5, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)


def _protect(fd: int) -> object:
    mapped = mmap.mmap(fd, 5, mmap.MAP_SHARED, mmap.PROT_READ)
    address = int(next(r for r in open("/proc/self/maps") if " r--s " in r).split("-")[0], 16)
    try:
        return call("mprotect", ctypes.c_void_p(address), ctypes.c_size_t(4096), 3)()
    finally:
        mapped.close()


ATTACKS: dict[str, Callable[[int], object]] = {
    "write input": lambda fd: os.write(fd, b"x"),
    "pwrite input": lambda fd: os.pwrite(fd, b"x", 0),
    "truncate input": lambda fd: os.truncate(f"/proc/self/fd/{fd}", 0),
    "ftruncate input": lambda fd: os.ftruncate(fd, 0),
    "allocate input": lambda fd: os.posix_fallocate(fd, 0, 100),
    "reopen input for writing": lambda fd: os.open(f"/proc/self/fd/{fd}", os.O_RDWR),
    "reopen input for appending": lambda fd: os.open(f"/dev/fd/{fd}", os.O_WRONLY | os.O_APPEND),
    "map input shared": _map,
    "unprotect mapped input": _protect,
    "lease input": lambda fd: fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK),
    "copy into input": lambda fd: os.copy_file_range(fd, fd, 2, 0, 3),
    "chmod input": lambda fd: os.fchmod(fd, 0o777),
    "chown input": lambda fd: os.fchown(fd, 65534, 65534),
    "touch input": os.utime,
    "xattr input": lambda fd: os.setxattr(fd, "user.x", b"1"),
    "link input": lambda fd: os.link(f"/proc/self/fd/{fd}", "/tmp/linked", follow_symlinks=True),
}
