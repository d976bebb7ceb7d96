"""Whether the jail holds on this machine, found out by trying rather than by asking what is installed.

Every check runs through the same jail that scans do; it must not change the machine. (design.md, The jail.)
"""

from __future__ import annotations

import os

from quarantine.jail.interface import Ending, Jail, Protection
from quarantine.jail.protocol import FactSeen, Input, Request
from quarantine.records import JailLimits

_CHECKS = (
    "network",
    "exec",
    "filesystem",
    "pids",
    "namespaces",
    "capabilities",
    "seccomp",
    "landlock",
    "syscalls",
)
_LIMITS = JailLimits(memory_bytes=256 << 20, cpu_s=20, wall_s=30.0, pids=32, scratch_bytes=16 << 20)


def verify(jail: Jail) -> tuple[Protection, ...]:
    """Try each protection of a jail. A check that does not answer does not hold.

    Raises:
        JailFailed: the jail does not start at all.
    """
    fd = os.open(__file__, os.O_RDONLY | os.O_CLOEXEC)
    try:
        entry = Input("input", fd, os.fstat(fd).st_size)
        tried = jail.run(Request(task="selfcheck", inputs=(entry,), opinions=_CHECKS), _LIMITS)
    finally:
        os.close(fd)
    said = {fact.name: fact.value for fact in tried.messages if isinstance(fact, FactSeen)}
    protections = [
        Protection(name, said.get(name, "").startswith("holds"), said.get(name, f"no answer: {tried.detail}"))
        for name in _CHECKS
    ]
    hungry = jail.run(Request(task="selfcheck", inputs=(), opinions=("memory",)), _LIMITS)
    protections.append(
        Protection("memory", hungry.ending is Ending.MEMORY, f"{hungry.ending}: {hungry.detail}")
    )
    grouped = "cgroup" in tried.protections
    how = (
        "a control group bounds memory and processes"
        if grouped
        else "none can be made; resource limits hold alone"
    )
    protections.append(Protection("cgroup", grouped, how))
    return tuple(protections)
