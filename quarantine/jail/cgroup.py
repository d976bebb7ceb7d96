"""A control group for one run: memory and number of processes. Version 2, version 1, or none where none can be made.

Where there is none, resource limits and namespaces hold alone; the parent says so and never pretends.
(design.md, The jail.)
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:  # the records take long to import, and a jail may be started before
    from quarantine.records import JailLimits

_ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS_V1 = ("memory", "pids")
_OVERHEAD_PIDS = 4  # the launcher, bubblewrap's monitor and init, and one to spare
_serial = itertools.count()


class Cgroup:
    """The group of one run. ``mode`` is ``v1``, ``v2`` or ``none``; ``directories`` are what to join."""

    def __init__(self, root: Path = _ROOT) -> None:
        self.directories: list[Path] = []
        self.mode = "none"
        name = f"quarantine-{os.getpid()}-{next(_serial)}"
        try:
            if _has_memory_v2(root):
                self._make(root / name)
                self.mode = "v2"
            elif (root / "memory").is_dir() and (root / "pids").is_dir():
                own = _own_groups()
                for controller in _CONTROLLERS_V1:
                    base = root / controller
                    nested = base / own.get(controller, "")
                    self._make((nested if nested.is_dir() else base) / name)
                self.mode = "v1"
        except OSError:
            self.close()
            self.mode = "none"

    def _make(self, directory: Path) -> None:
        directory.mkdir()
        self.directories.append(directory)

    def limit(self, limits: JailLimits) -> None:
        """Set the limits, before the worker is handed anything. Where they cannot be set there is no group."""
        settings = [_settings_v2(limits)] if self.mode == "v2" else _settings_v1(limits)
        try:
            for directory, values in zip(self.directories, settings, strict=False):
                for file, value in values.items():
                    if (directory / file).exists():
                        (directory / file).write_text(str(value))
        except OSError:
            self.mode = "none"

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended a process of the group for its memory."""
        for directory in self.directories:
            for file in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    rows = dict(row.split(" ", 1) for row in (directory / file).read_text().splitlines())
                    if int(rows.get("oom_kill", "0")):
                        return True
        return False

    def kill(self) -> None:
        """End every process that is still in the group."""
        for directory in self.directories:
            with contextlib.suppress(OSError):
                for pid in (directory / "cgroup.procs").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)

    def close(self) -> None:
        """Remove the group, waiting up to a second for its last processes to be gone."""
        deadline = time.monotonic() + 1.0
        while self.directories and time.monotonic() < deadline:
            self.kill()
            self.directories = [directory for directory in self.directories if not _removed(directory)]
            if self.directories:
                time.sleep(0.005)


def _removed(directory: Path) -> bool:
    try:
        directory.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _has_memory_v2(root: Path) -> bool:
    enabled = root / "cgroup.subtree_control"
    return enabled.exists() and {"memory", "pids"} <= set(enabled.read_text().split())


def _own_groups() -> dict[str, str]:
    """The version 1 group of this process for each controller, relative, to nest under its own limits."""
    groups: dict[str, str] = {}
    for row in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = row.split(":", 2)
        groups.update((controller, path.lstrip("/")) for controller in controllers.split(","))
    return groups


def _settings_v2(limits: JailLimits) -> dict[str, int]:
    return {
        "memory.max": limits.memory_bytes,
        "memory.swap.max": 0,
        "memory.oom.group": 1,
        "pids.max": limits.pids + _OVERHEAD_PIDS,
    }


def _settings_v1(limits: JailLimits) -> list[dict[str, int]]:
    memory = {
        "memory.limit_in_bytes": limits.memory_bytes,
        "memory.memsw.limit_in_bytes": limits.memory_bytes,
    }
    return [memory, {"pids.max": limits.pids + _OVERHEAD_PIDS}]
