"""Starts a jail's processes and hands a request over to them, in two steps so that the first can come early.

A started jail holds a worker that has imported what it needs and waits: it has seen nothing of a submission. What it is
asked, its limits and its inputs come over a socket, and it confines itself before it looks at them. This module imports
the standard library only, because the command line starts a jail before it imports the rest. (design.md, The jail.)
"""

from __future__ import annotations

import itertools
import marshal
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from quarantine.errors import JailFailed, JailUnavailable
from quarantine.jail import launch
from quarantine.jail.cgroup import Cgroup
from quarantine.jail.layout import Layout, bwrap_argv, etc_files
from quarantine.jail.seccomp import filter_program
from quarantine.jail.worker import FDS_PER_MESSAGE

if TYPE_CHECKING:
    from typing import Any

_FIRST_UID, _UIDS = 2_000_000_000, 100_000_000
_serial = itertools.count()


def bubblewrap() -> str:
    """The path of bubblewrap.

    Raises:
        JailUnavailable: it is not installed.
    """
    found = shutil.which("bwrap")
    if not found:
        raise JailUnavailable(
            "bubblewrap is not installed", remedy="install it (Debian: apt install bubblewrap)"
        )
    return found


class Started:
    """A jail whose worker waits for its request. ``out`` is where its messages come from; close it when done."""

    def __init__(self, plan: Layout, *, scratch_bytes: int, preload: Iterable[str] = ()) -> None:
        """Start the processes.

        ``preload`` names modules that the worker imports while it waits.

        Raises:
            JailUnavailable: bubblewrap or the seccomp filter is missing.
            JailFailed: the processes could not be started.
        """
        self.plan, self.scratch_bytes = plan, scratch_bytes
        bwrap, program = bubblewrap(), filter_program()
        self.cgroup = Cgroup()
        self.out, write_end = os.pipe()
        self._control, far_end = socket.socketpair()
        with ExitStack() as stack:
            stack.callback(os.close, write_end)
            stack.callback(far_end.close)

            def memfd(data: bytes) -> int:
                fd = os.memfd_create("quarantine")
                stack.callback(os.close, fd)
                os.write(fd, data)
                os.lseek(fd, 0, os.SEEK_SET)
                return fd

            try:
                self.process = self._spawn(bwrap, memfd, program, write_end, far_end.fileno(), tuple(preload))
            except OSError as error:
                self.close()
                raise JailFailed(
                    f"the jail did not start: {error}", remedy="run: quarantine doctor"
                ) from error

    def _spawn(
        self,
        bwrap: str,
        memfd: Callable[[bytes], int],
        program: bytes,
        out: int,
        control: int,
        preload: tuple[str, ...],
    ) -> subprocess.Popen[bytes]:
        setup = memfd(
            marshal.dumps({"path": self.plan.import_path, "preload": preload, "out": out, "control": control})
        )
        seccomp = memfd(program)
        passwd, group = (memfd(data) for data in etc_files())
        staged = os.geteuid() == 0
        argv = bwrap_argv(
            bwrap,
            self.plan,
            staged=staged,
            scratch_bytes=self.scratch_bytes,
            seccomp_fd=seccomp,
            etc_fds=(passwd, group),
        )
        argv += [self.plan.python, "-I", "-S", "-B", "/code/quarantine/jail/worker.py", str(setup)]
        spec = memfd(
            marshal.dumps(
                {
                    "argv": argv,
                    "cgroup": [str(directory) for directory in self.cgroup.directories],
                    "uid": _FIRST_UID + (os.getpid() * 1000 + next(_serial)) % _UIDS if staged else None,
                    "sources": [source for source, _ in self.plan.binds] + list(self.plan.devices),
                    "parent": os.getpid(),
                }
            )
        )
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", launch.__file__, str(spec)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[spec, setup, seccomp, passwd, group, out, control],
            env={},
            cwd="/",
            start_new_session=True,
        )

    def hand_over(self, request: dict[str, Any], inputs: list[int], *, patience_s: float) -> None:
        """Send what the worker is to do and the descriptors of its inputs; may be called once.

        A worker that is gone is no error here: how it ended says more than that it does not listen.
        """
        content = marshal.dumps(request)
        try:
            self._control.settimeout(patience_s)
            self._control.sendall(struct.pack("<QI", len(content), len(inputs)))
            for at in range(0, len(inputs), FDS_PER_MESSAGE):
                socket.send_fds(self._control, [b"."], inputs[at : at + FDS_PER_MESSAGE])
            self._control.sendall(content)
        except OSError:
            return
        finally:
            self._control.close()

    def stop(self) -> None:
        """End bubblewrap, and with it every process of its PID namespace."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def close(self) -> None:
        """Stop what runs and release what is held."""
        if hasattr(self, "process"):
            self.stop()
        self._control.close()
        os.close(self.out)
        self.cgroup.close()
