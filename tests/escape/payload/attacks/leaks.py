"""What of the host shines through: its environment, its processes, its descriptors, its interfaces."""

from __future__ import annotations

import os
from pathlib import Path

from .attempt import Attack, absent

SECRET = "canary-of-the-parent"


def _all_of(name: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if SECRET.encode() in (process / name).read_bytes():
                found.append(str(process / name))
        except OSError:
            continue
    return found


def _environment() -> None:
    absent([*(k for k, v in os.environ.items() if SECRET in v), *_all_of("environ")])


def _processes() -> None:
    absent([p.name for p in Path("/proc").glob("[0-9]*") if int(p.name) > 60])


def _descriptors() -> None:
    kinds = ("pipe:", "/dev/null", "/proc/", "anon_inode:")
    absent(
        [t for n in os.listdir("/proc/self/fd") if SECRET in (t := _target(n)) and not t.startswith(kinds)]
    )


def _target(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        return ""


def _mounts() -> None:
    absent([row for row in open("/proc/self/mounts") if " rw" in row and row.split()[1] not in _WRITABLE])


_WRITABLE = {"/tmp", "/dev/shm", "/proc", "/dev/pts", "/dev/mqueue"} | {
    f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")
}

ATTACKS: dict[str, Attack] = {
    "environment": _environment,
    "command lines": lambda: absent(_all_of("cmdline")),
    "processes of the host": _processes,
    "inherited descriptors": _descriptors,
    "writable mounts": _mounts,
    "host name": lambda: absent([name for name in [os.uname().nodename] if name != "quarantine"]),
    "user names": lambda: absent([row for row in open("/etc/passwd") if not row.startswith("nobody:")]),
}
