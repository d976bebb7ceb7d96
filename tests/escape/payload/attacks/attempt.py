"""What the attacks are made of. An attack that is refused raises; one that returns has succeeded."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

Attack = Callable[[], object]
LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {  # name: (x86_64, aarch64)
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clone": (56, 220),
    "clone3": (435, 435),
    "execveat": (322, 281),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "syslog": (103, 116),
    "userfaultfd": (323, 282),
}


class NothingThere(Exception):
    """The attack looked for something and did not find it."""


def call(name: str, *arguments: Any) -> Attack:
    """The C library's function of that name; a negative result is the refusal."""

    def attempt() -> object:
        result = LIBC[name](*arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), name)
        return result

    return attempt


def raw(name: str, *arguments: Any) -> Attack:
    """The system call of that name."""
    return call("syscall", _NUMBERS[name][os.uname().machine == "aarch64"], *arguments)


def absent(what: list[str]) -> None:
    """Refused if there is nothing in the list; otherwise the list is what was got hold of."""
    if not what:
        raise NothingThere("nothing found")
