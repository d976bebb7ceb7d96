"""Running other programs, reaching other processes, and gaining rights."""

from __future__ import annotations

import fcntl
import os
import resource
import signal

from .attempt import Attack, call, raw


def _execute(path: str, *, drop: bytes | None = None) -> Attack:
    def attempt() -> None:
        if drop:
            with open(path, "wb") as stream:
                stream.write(drop)
        os.execv(path, [path, "--version"])

    return attempt


def _interpreter() -> None:
    os.execv(os.readlink("/proc/self/exe"), ["python", "-c", "pass"])


def _execute_descriptor() -> None:
    fd = os.open(os.readlink("/proc/self/exe"), os.O_RDONLY)
    os.execve(fd, ["python", "-c", "pass"], {})


def _loader() -> None:
    os.execv("/lib64/ld-linux-x86-64.so.2", ["ld.so", os.readlink("/proc/self/exe"), "-c", "pass"])


def _inject(request: int) -> Attack:
    return lambda: fcntl.ioctl(0, request, b"x")


ATTACKS: dict[str, Attack] = {
    "shell": _execute("/bin/sh"),
    "interpreter": _interpreter,
    "interpreter by descriptor": _execute_descriptor,
    "loader": _loader,
    "bubblewrap again": _execute("/usr/bin/bwrap"),
    "dropped file": _execute("/tmp/dropped", drop=b"#!/bin/sh\n"),
    "dropped in shared memory": _execute("/dev/shm/dropped", drop=b"#!/bin/sh\n"),
    "memfd": lambda: os.memfd_create("x"),
    "execveat": raw("execveat", -100, b"/bin/sh", 0, 0, 0),
    "ptrace": call("ptrace", 16, 1, 0, 0),
    "process_vm_readv": call("process_vm_readv", 1, 0, 0, 0, 0, 0),
    "process_vm_writev": call("process_vm_writev", 1, 0, 0, 0, 0, 0),
    "process_madvise": raw("process_madvise", 0, 0, 0, 0, 0),
    "pidfd_getfd": raw("pidfd_getfd", 0, 0, 0),
    "kcmp": raw("kcmp", 1, 1, 0, 0, 0),
    "kill parent": lambda: os.kill(os.getppid(), signal.SIGTERM),
    "kill init": lambda: os.kill(1, signal.SIGKILL),
    "kill a process of the host": lambda: os.kill(4_000_000, 0),
    "kill a group of the host": lambda: os.killpg(4_000_000, 0),
    "lower niceness": lambda: os.nice(-5),
    "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "setuid": lambda: os.setuid(0),
    "setgid": lambda: os.setgid(0),
    "setgroups": lambda: os.setgroups([0]),
    "raise limit": lambda: resource.setrlimit(resource.RLIMIT_CPU, (1 << 30, 1 << 30)),
    "TIOCSTI": _inject(0x5412),
    "TIOCLINUX": _inject(0x541C),
    "TIOCSETD": _inject(0x5423),
}
