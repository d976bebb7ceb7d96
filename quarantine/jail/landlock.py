"""Landlock for the worker itself: what it may read, and the little it may write; nothing may be executed.

Three system calls through ctypes, degrading with the kernel's ABI. It runs in the jail and imports the standard
library only. (design.md, The jail.)
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

# The same numbers on every architecture that has Landlock.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_READ = _READ_FILE | _READ_DIR
_FILE_RIGHTS = _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


def abi() -> int:
    """The kernel's Landlock ABI, 0 if it has none."""
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, 0, 1)))


def restrict(
    readable: Iterable[str], writable: Iterable[str], devices: Iterable[str], inputs: Iterable[int]
) -> int:
    """Confine this process for ever to these paths and input descriptors. Returns the ABI used, 0 for none.

    Raises:
        OSError: the kernel has Landlock but refused.
    """
    level = abi()
    if not level:
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    handled = (1 << 13) - 1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        handled |= right if level >= since else 0
    # file rights, TCP bind and connect (ABI 4), abstract sockets and signals (ABI 6)
    attributes = struct.pack("=QQQ", handled, 3, 3)[: 8 if level < 4 else 16 if level < 6 else 24]
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")

    def allow(fd: int, rights: int) -> None:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _FILE_RIGHTS
        refused = libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights & handled, fd), 0)
        # EBADFD: a memfd, which lies in no file tree and needs no rule.
        if refused and ctypes.get_errno() != errno.EBADFD:
            raise OSError(ctypes.get_errno(), "landlock_add_rule")

    write = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
    for paths, rights in ((readable, _READ), (writable, write), (devices, write | _IOCTL_DEV)):
        for path in paths:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            allow(fd, rights)
            os.close(fd)
    for fd in inputs:
        allow(fd, _READ_FILE)
    if libc.syscall(_RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)
    return level
