"""The jailed task that asks other scanners about each file. What they say never softens our own findings.

They want a path with the right suffix, so each file is copied into the jail's scratch directory for as long as
they read it. What is larger than the scratch directory is said to be too large, not skipped in silence.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import FrameType

from quarantine.analyzers.second_opinions.interface import Opinion
from quarantine.analyzers.second_opinions.table import load_opinion
from quarantine.jail.protocol import AnyMessage, Done, FactSeen, FindingSeen, Input, Request
from quarantine.printable import printable

MAX_ISSUES = 50
PATIENCE_S = 120.0
_PIECE_BYTES = 1 << 20


class _Unasked(Exception):
    """Why a scanner was not asked about a file."""


def run(request: Request, emit: Callable[[AnyMessage], None]) -> Done:
    """Ask each scanner that ``request.opinions`` names about each input; KeyError for an unknown name."""
    for opinion in [load_opinion(name) for name in request.opinions]:
        for file in request.inputs:
            _ask(opinion, file, emit)
    return Done()


def _ask(opinion: Opinion, file: Input, emit: Callable[[AnyMessage], None]) -> None:
    artifact, analyzer = printable(file.name), f"opinion-{opinion.name}"

    def say(rule: str, **evidence: str) -> None:
        emit(FindingSeen(rule=rule, artifact=artifact, analyzer=analyzer, evidence=evidence))

    def conclude(value: str) -> None:
        emit(FactSeen(artifact=artifact, name=analyzer, value=value, analyzer=analyzer))

    suffix = _suffix(file.name)
    if not opinion.reads(suffix, os.pread(file.fd, 1, 0)):
        conclude("not asked: it does not read this format")
        return
    try:
        with _copy(file, suffix) as path, _patience(PATIENCE_S):
            issues = opinion.ask(path)
    except _Unasked as error:
        conclude(f"not asked: {error}")
        say("opinion-failed", opinion=opinion.name, why=f"not looked at: {error}")
    except Exception as error:  # other people's code on hostile bytes: its failure is recorded, not ours
        conclude("failed")
        why = printable(f"{type(error).__name__}: {error}", 500)
        say("opinion-failed", opinion=opinion.name, why=why)
    else:
        conclude(f"{len(issues)} issues")
        for issue in issues[:MAX_ISSUES]:
            say(analyzer, what=printable(" ".join(issue.split()), 500))


def _suffix(untrusted_name: str) -> str:
    suffix = PurePosixPath(untrusted_name).suffix
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) < 16 else ""


@contextmanager
def _copy(file: Input, suffix: str) -> Iterator[Path]:
    """A copy of the input under a name that a scanner understands, gone afterwards."""
    room = os.statvfs(tempfile.gettempdir())
    if file.size_bytes > room.f_bavail * room.f_frsize:
        raise _Unasked(f"too large: {file.size_bytes} bytes, and the scratch directory holds less")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, f"model{suffix}")
        with path.open("wb") as copy:
            at = 0
            while piece := os.pread(file.fd, _PIECE_BYTES, at):
                copy.write(piece)
                at += len(piece)
        yield path


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so long, so that one slow file does not cost the opinion on all others."""

    def expire(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no answer within {seconds:g} s")

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
