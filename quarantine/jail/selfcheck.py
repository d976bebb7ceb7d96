"""The doctor's worker: tries, from inside a jail, what the jail promises to refuse, and reports what happened.

Every attempt is harmless if it succeeds. ``Request.opinions`` names the checks to run. (design.md, The jail.)
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from quarantine.jail import landlock
from quarantine.jail.protocol import AnyMessage, Done, FactSeen, Request

_MEMORY_STEP = 16 << 20


def run(request: Request, emit: Callable[[AnyMessage], None]) -> Done:
    """Run the named checks; each becomes a fact whose value begins with ``holds`` or ``fails``."""
    for name in request.opinions:
        try:
            value = _CHECKS[name](request)
        except _Fails as failure:
            value = f"fails: {failure}"
        else:
            value = f"holds: {value}"
        emit(FactSeen(artifact="jail", name=name, value=value[:1000], analyzer="selfcheck"))
    return Done()


class _Fails(Exception):
    """Something that should have been refused was not."""


def _refused(what: str, attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return f"{what}: {os.strerror(error.errno or 0)}"
    raise _Fails(what)


def _all(attempts: Iterable[tuple[str, Callable[[], object]]]) -> str:
    return "; ".join(_refused(what, attempt) for what, attempt in attempts)


def _call(name: str, *arguments: object) -> Callable[[], None]:
    def attempt() -> None:
        if ctypes.CDLL(None, use_errno=True)[name](*arguments) < 0:
            raise OSError(ctypes.get_errno(), name)

    return attempt


def _status(field: str) -> str:
    found = re.search(rf"^{field}:\s*(\S+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    return found.group(1) if found else ""


def _expect(what: str, seen: object, wanted: object) -> str:
    if seen != wanted:
        raise _Fails(f"{what} is {seen}, not {wanted}")
    return f"{what} {seen}"


def _network(_: Request) -> str:
    interfaces = [row.split(":")[0].strip() for row in Path("/proc/net/dev").read_text().splitlines()[2:]]
    outside = [name for name in interfaces if name != "lo" and not name.endswith("0")]
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK)
    refused = _all((f"{family.name} socket", lambda f=family: socket.socket(f)) for family in families)  # type: ignore[misc]
    return f"{refused}; {_expect('other interfaces', outside, [])}"


def _exec(_: Request) -> str:
    def execute(path: str) -> Callable[[], object]:
        def attempt() -> None:
            child = os.fork()
            if not child:
                try:
                    os.execv(path, [path, "-c", "pass"])  # noqa: S606
                except OSError as error:
                    os._exit(error.errno or 1)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if code:
                raise OSError(code, path)

        return attempt

    loader = next(iter(Path("/lib64").glob("ld-linux*")), Path("/lib64/ld.so"))
    return _all([("python", execute(os.readlink("/proc/self/exe"))), ("loader", execute(str(loader)))])


def _filesystem(request: Request) -> str:
    hidden = ("/etc/shadow", "/root/.ssh", "/home", "/var", "/work")
    seen = [path for path in hidden if Path(path).exists()]
    writes = [
        (path, lambda p=path: os.open(p, os.O_WRONLY | os.O_CREAT))
        for path in ("/x", "/dev/x", "/etc/passwd", "/code/x", "/proc/self/oom_score_adj")
    ]
    inputs = [
        (f"input {e.fd}", lambda fd=e.fd: os.open(f"/proc/self/fd/{fd}", os.O_RDWR)) for e in request.inputs
    ]
    return f"{_expect('host paths seen', seen, [])}; {_all([*writes, *inputs])}"


def _pids(_: Request) -> str:
    children: list[int] = []
    reading, writing = os.pipe()
    try:
        for _attempt in range(1000):
            child = os.fork()
            if not child:
                os.close(writing)
                os.read(reading, 1)
                os._exit(0)
            children.append(child)
    except OSError:
        return f"fork refused after {len(children)}"
    finally:
        os.close(writing)
        for child in children:
            os.waitpid(child, 0)
    raise _Fails("1000 processes")


def _memory(_: Request) -> str:
    held: list[bytes] = []
    while len(held) * _MEMORY_STEP < 4 << 30:
        held.append(b"\x01" * _MEMORY_STEP)
    raise _Fails("4 GiB of memory")


def _namespaces(_: Request) -> str:
    visible = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    if max(visible) > 50:
        raise _Fails("processes of the host are visible")
    environment = sorted(set(os.environ) - {"HOME", "TMPDIR", "LANG", "OMP_NUM_THREADS", "PWD", "LC_CTYPE"})
    return f"processes {visible}; {_expect('further environment', environment, [])}"


def _capabilities(_: Request) -> str:
    sets = [_expect(field, int(_status(field), 16), 0) for field in ("CapEff", "CapPrm", "CapInh", "CapBnd")]
    return "; ".join(
        [*sets, _expect("NoNewPrivs", _status("NoNewPrivs"), "1"), _refused("setuid", lambda: os.setuid(0))]
    )


def _seccomp(_: Request) -> str:
    return _expect("Seccomp mode", _status("Seccomp"), "2")


def _landlock(_: Request) -> str:
    level = landlock.abi()
    if not level:
        raise _Fails("the kernel has no Landlock")
    # The file system would let every user list /; only Landlock does not.
    return f"ABI {level}; {_refused('list /', lambda: os.listdir('/'))}"


def _syscalls(_: Request) -> str:
    return _all(
        [
            ("ptrace", _call("ptrace", 0, 0, 0, 0)),
            ("mount", _call("mount", b"none", b"/tmp", b"tmpfs", 0, None)),
            ("user namespace", _call("unshare", 0x10000000)),
            ("memfd", lambda: os.memfd_create("x")),
            ("chmod", lambda: os.chmod("/tmp", 0o777)),  # noqa: S103, S108
        ]
    )


_CHECKS: dict[str, Callable[[Request], str]] = {
    "network": _network,
    "exec": _exec,
    "filesystem": _filesystem,
    "pids": _pids,
    "memory": _memory,
    "namespaces": _namespaces,
    "capabilities": _capabilities,
    "seccomp": _seccomp,
    "landlock": _landlock,
    "syscalls": _syscalls,
}
