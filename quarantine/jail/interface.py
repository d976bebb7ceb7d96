"""The contract of a jail backend: run one worker on some descriptors, return what it said and how it ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from quarantine.jail.protocol import AnyMessage, Progress, Request
from quarantine.records import JailLimits


class Ending(StrEnum):
    """Why the worker ended. Only ``done`` gives coverage."""

    DONE = "done"
    CRASHED = "crashed"
    WALL_TIME = "wall-time"
    CPU_TIME = "cpu-time"
    MEMORY = "memory"
    OUTPUT = "output"
    PROTOCOL = "protocol"


@dataclass(frozen=True)
class JailResult:
    """What the worker said before it ended. ``messages`` are validated but still hostile in content.

    ``detail`` is one sentence about the ending, with the tail of stderr escaped to printable ASCII and bounded.
    """

    ending: Ending
    messages: tuple[AnyMessage, ...]
    detail: str
    protections: tuple[str, ...]


@dataclass(frozen=True)
class Protection:
    """One protection and how it was verified by trying it."""

    name: str
    holds: bool
    how: str


class Jail(ABC):
    """A backend. It never falls back to running the worker outside."""

    name: str

    @abstractmethod
    def run(
        self,
        request: Request,
        limits: JailLimits,
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> JailResult:
        """Run the worker that ``request`` names. The descriptors in it are inherited read-only.

        Raises:
            JailUnavailable: the backend's parts are missing on this machine.
            JailFailed: the jail itself did not start.
        """

    @abstractmethod
    def verify(self) -> tuple[Protection, ...]:
        """Try each protection for real and say what happened."""
