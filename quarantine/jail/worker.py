"""The first code in a jail: waits for a request, confines itself for good, then runs the one task that it names.

Nothing of a submission is touched before the confinement stands. The task's ``run(request, emit)`` returns the
closing ``Done``; whatever it says over the pipe is hostile to the parent. (design.md, The jail.)
"""

from __future__ import annotations

import _socket
import ctypes
import marshal
import os
import resource
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # without the import of typing: each jail would pay for it
    from typing import Any

    from quarantine.jail.protocol import AnyMessage

TASKS = {
    "static": "quarantine.analyzers.static:run",
    "inspect": "quarantine.analyzers.inspect:run",
    "opinions": "quarantine.analyzers.opinions:run",
    "probes": "quarantine.probes.run:run",
    "selfcheck": "quarantine.jail.selfcheck:run",
}
OUT_OF_MEMORY = 70
_PR_SET_NO_NEW_PRIVS = 38
FDS_PER_MESSAGE = 200  # descriptors that the parent sends at once; the kernel takes 253 (SCM_MAX_FD)


def _close_all_but(kept: list[int]) -> None:
    low = 3
    for fd in sorted(kept):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 1 << 16)


def _limit(limits: dict[str, tuple[int, int]]) -> None:
    for name, (soft, hard) in limits.items():
        resource.setrlimit(getattr(resource, name), (soft, hard))


def _exactly(control: _socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = control.recv(min(length - len(data), 1 << 20))
        if not part:
            os._exit(0)  # the parent needs no worker after all
        data += part
    return bytes(data)


def _received(control: _socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Wait for the request and the descriptors of the inputs. (jail/start.py)"""
    length, count = struct.unpack("<QI", _exactly(control, 12))
    fds: list[int] = []
    while len(fds) < count:
        data, ancillary, _, _ = control.recvmsg(1, _socket.CMSG_SPACE(4 * FDS_PER_MESSAGE))
        if not data:
            os._exit(0)
        for _, _, raw in ancillary:
            fds += struct.unpack(f"={len(raw) // 4}i", raw)
    handed: dict[str, Any] = marshal.loads(_exactly(control, length))  # noqa: S302 - the parent wrote it
    return handed, fds


def main(setup_fd: int) -> None:
    """Wait for the request, confine this process as it says, run the task, and send what it returns."""
    with os.fdopen(setup_fd, "rb") as stream:
        setup: dict[str, Any] = marshal.loads(stream.read())  # noqa: S302 - the parent wrote it
    sys.path += setup["path"]
    out: int = setup["out"]
    for name in setup["preload"]:
        __import__(name)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config, inputs = _received(_socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, setup["control"]))
    _close_all_but([out, *inputs])
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _limit(config["rlimits"])
    from quarantine.jail import landlock

    landlock.restrict(config["readable"], config["writable"], config["devices"], inputs)

    import msgspec

    from quarantine.jail.protocol import Progress, Request, encoder

    def emit(message: AnyMessage) -> None:
        line = memoryview(encoder.encode(message) + b"\n")
        while line:
            line = line[os.write(out, line) :]

    emit(Progress(done=0, total=0))  # tells the parent that the jail stands
    request = msgspec.json.decode(config["request"], type=Request)
    files = (msgspec.structs.replace(entry, fd=fd) for entry, fd in zip(request.inputs, inputs, strict=True))
    request = msgspec.structs.replace(request, inputs=tuple(files))
    module, _, function = TASKS.get(request.task, f"{request.task}:run").partition(":")
    if request.task not in TASKS and not config["payload"]:
        raise ValueError(f"no such task: {request.task}")
    import importlib

    emit(getattr(importlib.import_module(module), function)(request, emit))
    sys.stderr.flush()
    os._exit(0)  # nothing is left to tidy up in here, and the parent waits


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
