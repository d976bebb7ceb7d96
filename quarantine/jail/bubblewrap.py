"""The embedded jail: bubblewrap, a seccomp filter, Landlock, resource limits, a control group if one can be made.

The parent parses nothing of a submission: it hands descriptors in, reads the line protocol, and ends what runs over.
It never falls back to running a worker outside. (design.md, The jail.)
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from quarantine.errors import JailFailed, JailUnavailable
from quarantine.jail import landlock, spare, worker
from quarantine.jail.cgroup import Cgroup
from quarantine.jail.channel import Channel, Tail
from quarantine.jail.interface import Ending, Jail, JailResult, Protection
from quarantine.jail.layout import Layout, layout
from quarantine.jail.protocol import Progress, Request
from quarantine.jail.seccomp import filter_program
from quarantine.jail.start import Started, bubblewrap
from quarantine.printable import printable
from quarantine.records import JailLimits

ALWAYS = (
    "capabilities",
    "exec",
    "filesystem",
    "memory",
    "namespaces",
    "network",
    "pids",
    "seccomp",
    "syscalls",
)
_GIB = 1 << 30


class BubblewrapJail(Jail):
    """Runs each worker in a bubblewrap jail of its own. Threads may share one instance.

    ``worker_dir`` is a directory whose modules are further tasks, ``<module>:run``. Only the escape suite gives
    one; the product's own calls never do, and a request cannot.

    Raises:
        JailUnavailable: bubblewrap, libseccomp or user namespaces are missing.
    """

    name = "bubblewrap"

    def __init__(self, *, worker_dir: Path | None = None) -> None:
        bubblewrap()
        allowed = Path("/proc/sys/user/max_user_namespaces")
        if allowed.exists() and allowed.read_text().strip() == "0":
            raise JailUnavailable(
                "user namespaces are switched off", remedy="set sysctl user.max_user_namespaces above 0"
            )
        filter_program()
        self._worker_dir = worker_dir

    def run(
        self,
        request: Request,
        limits: JailLimits,
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> JailResult:
        """See :meth:`Jail.run`. Input descriptors share their offset with the caller: workers read by position."""
        for entry in request.inputs:
            if fcntl.fcntl(entry.fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
                raise JailFailed(
                    f"descriptor {entry.fd} is not read-only", remedy="open the input with O_RDONLY"
                )
        with ExitStack() as stack:
            jail = self._start(request, limits)
            stack.callback(jail.close)
            jail.cgroup.limit(limits)
            jail.hand_over(
                self._handed(request, limits, jail),
                [entry.fd for entry in request.inputs],
                patience_s=limits.wall_s,
            )
            started = _Run(jail, Channel(limits), Tail(limits.output_bytes), on_progress)
            ending, detail = started.follow(time.monotonic() + limits.wall_s)
            jail.stop()
            if ending is Ending.CRASHED and jail.cgroup.ran_out_of_memory():
                ending, detail = Ending.MEMORY, f"over {limits.memory_bytes} bytes of memory"
            tail = printable(started.errors.text().strip()[-2000:], 2000)
            if ending is not Ending.DONE and not started.channel.spoke and ending is Ending.CRASHED:
                raise JailFailed(f"the jail did not start: {tail or detail}", remedy="run: quarantine doctor")
            kept = tuple(m for m in started.channel.messages if not isinstance(m, Progress))
            return JailResult(
                ending, kept, f"{detail}; {tail}" if tail else detail, _protections(jail.cgroup)
            )

    def verify(self) -> tuple[Protection, ...]:
        """Try each protection in a jail. Takes about a second."""
        from quarantine.jail.doctor import verify

        return verify(self)

    def _start(self, request: Request, limits: JailLimits) -> Started:
        if self._worker_dir is None and (waiting := spare.take(request.task, limits.scratch_bytes)):
            return waiting
        plan = layout(probes=request.task == "probes", payload=self._worker_dir)
        return Started(plan, scratch_bytes=limits.scratch_bytes)

    def _handed(self, request: Request, limits: JailLimits, jail: Started) -> dict[str, Any]:
        return {
            "request": msgspec.json.encode(request).decode(),
            "payload": self._worker_dir is not None,
            "rlimits": _rlimits(request, limits, jail.plan, has_cgroup=jail.cgroup.mode != "none"),
            "readable": jail.plan.readable,
            "writable": ["/tmp", "/dev/shm", "/dev/null"],  # noqa: S108
            "devices": jail.plan.devices,
        }


class _Run:
    """One running jail, from its start to its ending."""

    def __init__(
        self,
        jail: Started,
        channel: Channel,
        errors: Tail,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.channel = channel
        self.errors = errors
        self._process = jail.process
        self._out = jail.out
        self._on_progress = on_progress

    def follow(self, deadline: float) -> tuple[Ending, str]:
        """Read until everything is closed, a limit is passed or the deadline (monotonic seconds) comes."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        poll = select.poll()
        streams = {self._out, self._process.stdout.fileno(), self._process.stderr.fileno()}
        for fd in streams:
            poll.register(fd, select.POLLIN)
        while streams:
            left = deadline - time.monotonic()
            if left <= 0:
                return Ending.WALL_TIME, "over its wall time"
            for fd, _ in poll.poll(left * 1000):
                data = os.read(fd, 1 << 16)
                if not data:
                    poll.unregister(fd)
                    streams.discard(fd)
                elif fd == self._out:
                    self._take(data)
                elif not self.errors.feed(data):
                    return Ending.OUTPUT, "too much on standard output"
            if self.channel.fault:
                return self.channel.fault, self.channel.why
        self.channel.close()
        try:
            status = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return Ending.WALL_TIME, "over its wall time"
        return self._judge(status)

    def _take(self, data: bytes) -> None:
        spoke = self.channel.spoke
        for message in self.channel.feed(data):
            if spoke and self._on_progress and isinstance(message, Progress):
                self._on_progress(message)
            spoke = True  # the first only says that the jail stands

    def _judge(self, status: int) -> tuple[Ending, str]:
        number = status - 128 if status > 128 else -status
        if number == signal.SIGXCPU:
            return Ending.CPU_TIME, "over its processor time"
        if status == worker.OUT_OF_MEMORY:
            return Ending.MEMORY, "out of memory"
        if status:
            how = (
                f"ended by {_signal_name(number)}" if status < 0 or status > 128 else f"exit status {status}"
            )
            return Ending.CRASHED, how
        if self.channel.fault:
            return self.channel.fault, self.channel.why
        return (Ending.DONE, "finished") if self.channel.done else (Ending.CRASHED, "ended without done")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _protections(cgroup: Cgroup) -> tuple[str, ...]:
    extra = (("landlock",) if landlock.abi() else ()) + (("cgroup",) if cgroup.mode != "none" else ())
    return tuple(sorted((*ALWAYS, *extra)))


def _rlimits(
    request: Request, limits: JailLimits, plan: Layout, *, has_cgroup: bool
) -> dict[str, tuple[int, int]]:
    fixed = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.scratch_bytes,
        "RLIMIT_NOFILE": 256 + len(request.inputs),
        "RLIMIT_NPROC": limits.pids,
        "RLIMIT_MSGQUEUE": 0,
    }
    if not plan.devices:  # CUDA reserves hundreds of gigabytes of address space
        # Inputs may be mapped whole; libraries of probes reserve far more than they touch.
        mapped = sum(entry.size_bytes for entry in request.inputs)
        fixed["RLIMIT_AS"] = limits.memory_bytes + mapped + (16 if request.task == "probes" else 1) * _GIB
        if not has_cgroup:
            fixed["RLIMIT_DATA"] = limits.memory_bytes
    return {name: (value, value) for name, value in fixed.items()} | {
        "RLIMIT_CPU": (limits.cpu_s, limits.cpu_s + 1)
    }
