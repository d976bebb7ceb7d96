"""What a jail can see: which parts of this machine are bound read-only, where, and how bubblewrap is called.

Nothing of a submission is ever bound; it comes as open descriptors. (design.md, The jail.)
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from quarantine.jail import launch
from quarantine.resources import resource_dir

CODE, SITES, PAYLOAD = "/code", "/site", "/payload"
_SIGNATURES = Path("/var/lib/clamav")  # what ClamAV as a second opinion reads
_NAMESPACES = ("user", "pid", "net", "ipc", "uts")
_PASSWD = b"nobody:x:65534:65534::/tmp:/nonexistent\n"
_GPU_DEVICES = ("nvidiactl", "nvidia-uvm", "nvidia0")


@dataclass(frozen=True)
class Layout:
    """Read-only binds as (source, target), symlinks, devices, and the import path inside."""

    binds: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    devices: tuple[str, ...]
    import_path: tuple[str, ...]
    python: str

    @property
    def readable(self) -> tuple[str, ...]:
        """The paths that Landlock lets the worker read."""
        fixed = ("/etc", "/proc", "/sys", "/dev/urandom", "/dev/random", "/dev/zero")
        return (*(target for _, target in self.binds), *fixed)


def gpu_binds() -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The NVIDIA device nodes of this machine and the read-only trees their driver reads; empty without one.

    The driver's libraries lie among the system libraries, which are bound anyway.
    """
    devices = tuple(f"/dev/{name}" for name in _GPU_DEVICES if Path("/dev", name).exists())
    return devices, ((("/sys", "/sys"),) if devices else ())


@functools.cache
def layout(*, probes: bool, payload: Path | None) -> Layout:
    """The layout for one kind of worker. ``payload`` is a directory of further tasks, used by the escape suite."""
    package = Path(__file__).resolve().parents[1]
    python = os.path.realpath(sys.executable)
    found = find_spec("msgspec")
    assert found is not None
    assert found.origin is not None
    sites = {str(Path(found.origin).resolve().parents[1]), sysconfig.get_path("platlib")}
    binds = [(python, python)]
    binds += [(str(path), str(path)) for path in _libraries()]
    binds += [(str(package), f"{CODE}/quarantine")]
    binds += [
        (str(directory), f"{CODE}/{name}")
        for name in ("rules", "policies")
        if (directory := resource_dir(name)).is_dir() and package not in directory.parents
    ]
    binds += [(site, f"{SITES}/{index}") for index, site in enumerate(sorted(sites))]
    if _SIGNATURES.is_dir():
        binds.append((str(_SIGNATURES), str(_SIGNATURES)))
    import_path = [CODE, *(f"{SITES}/{index}" for index in range(len(sites)))]
    devices: tuple[str, ...] = ()
    if probes:
        evaluation = package.parent / "corpora" / "eval"
        binds += [(str(evaluation), f"{CODE}/corpora/eval")] if evaluation.is_dir() else []
        devices, trees = gpu_binds()
        binds += trees
    if payload:
        binds.append((str(payload.resolve()), PAYLOAD))
        import_path.insert(0, PAYLOAD)
    links = tuple((str(Path(top).readlink()), top) for top in ("/lib", "/lib64") if Path(top).is_symlink())
    return Layout(tuple(binds), links, devices, tuple(import_path), python)


def _libraries() -> list[Path]:
    base = Path(os.path.realpath(sys.base_prefix)) / "lib"
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    candidates = [
        base,
        Path("/usr/lib") / triplet,
        Path("/usr/lib64"),
        Path("/lib64"),
        Path("/lib") / triplet,
    ]
    found: list[Path] = []
    for path in candidates:
        inside = any(parent in found for parent in (path, *path.parents))
        linked = any(part.is_symlink() for part in (path, *path.parents)) and path != base
        if path.is_dir() and not inside and not linked:
            found.append(path)
    return found


def bwrap_argv(
    bwrap: str, plan: Layout, *, staged: bool, scratch_bytes: int, seccomp_fd: int, etc_fds: tuple[int, int]
) -> list[str]:
    """bubblewrap's arguments up to the command. ``staged`` takes the binds from the launcher's stage."""
    argv = [bwrap, *(f"--unshare-{name}" for name in _NAMESPACES), "--unshare-cgroup-try"]
    argv += ["--disable-userns", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    argv += ["--uid", "65534", "--gid", "65534", "--hostname", "quarantine"]
    for index, (source, target) in enumerate(plan.binds):
        argv += ["--ro-bind", launch.stage_path(index) if staged else source, target]
    for source, target in plan.links:
        argv += ["--symlink", source, target]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    for index, device in enumerate(plan.devices, start=len(plan.binds)):
        argv += ["--dev-bind", launch.stage_path(index) if staged else device, device]
    for scratch in ("/tmp", "/dev/shm"):  # noqa: S108 - inside the jail, a tmpfs of its own
        argv += ["--size", str(scratch_bytes), "--tmpfs", scratch]
    argv += [
        "--ro-bind-data",
        str(etc_fds[0]),
        "/etc/passwd",
        "--ro-bind-data",
        str(etc_fds[1]),
        "/etc/group",
    ]
    argv += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]  # noqa: S108
    threads = str(max(1, min(4, os.cpu_count() or 1)))
    environment = {"HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "OMP_NUM_THREADS": threads}  # noqa: S108
    for name, value in environment.items():
        argv += ["--setenv", name, value]
    return [*argv, "--seccomp", str(seccomp_fd), "--"]


def etc_files() -> tuple[bytes, bytes]:
    """The jail's ``/etc/passwd`` and ``/etc/group``: nobody, and nothing of this machine."""
    return _PASSWD, b"nogroup:x:65534:\n"
