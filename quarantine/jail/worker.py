"""The first code in a jail: confines itself for good, then runs the one task that the request names.

Nothing of a submission is touched before the confinement stands. The task's ``run(request, emit)`` returns the
closing ``Done``; whatever it says over the pipe is hostile to the parent. (design.md, The jail.)
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # without the import of typing: each jail would pay for it
    from typing import Any

    from quarantine.jail.protocol import AnyMessage

TASKS = {
    "static": "quarantine.analyzers.static:run",
    "opinions": "quarantine.analyzers.opinions:run",
    "probes": "quarantine.probes.run:run",
    "selfcheck": "quarantine.jail.selfcheck:run",
}
OUT_OF_MEMORY = 70
_PR_SET_NO_NEW_PRIVS = 38


def _close_all_but(kept: list[int]) -> None:
    low = 3
    for fd in sorted(kept):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 1 << 16)


def _limit(limits: dict[str, tuple[int, int]]) -> None:
    for name, (soft, hard) in limits.items():
        resource.setrlimit(getattr(resource, name), (soft, hard))


def main(config_fd: int) -> None:
    """Confine this process as the configuration says, run the task, and send what it returns."""
    with os.fdopen(config_fd, "rb") as stream:
        config: dict[str, Any] = marshal.loads(stream.read())  # noqa: S302 - the parent wrote it
    sys.path += config["path"]
    out: int = config["out"]
    inputs: list[int] = [entry[1] for entry in config["inputs"]]
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
