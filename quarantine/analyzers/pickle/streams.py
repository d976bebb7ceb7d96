"""Reads pickle streams one after another and says where each ends and what was seen in it.

For formats that hold pickles in a row before other bytes (torch's legacy files): they claim the rest themselves.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from quarantine.analyzers.pickle.frames import Unbuffered, may_have_frames
from quarantine.analyzers.pickle.python_machine import PythonMachine
from quarantine.analyzers.pickle.recorder import CMachine, Seen
from quarantine.analyzers.pickle.shape import Shape, shape_of
from quarantine.formats.interface import Source

_HEAD = 11
"""PROTO and the header of a frame, where a pickler puts it."""


@dataclass
class Stream:
    """One stream: ``end`` is None where no machine reached its STOP. ``seen`` is one entry a machine.

    ``differs`` says why loaders read it differently.
    """

    start: int
    end: int | None = None
    broken: str | None = None
    bomb: bool = False
    differs: str | None = None
    seen: list[Seen] = field(default_factory=list)
    shape: Shape = field(default_factory=Shape)


def read_stream(source: Source, start: int) -> Stream:
    """Read one stream at ``start``; never raises for what the stream holds."""
    with _uncollected():
        return _read_stream(source, start)


@contextmanager
def _uncollected() -> Iterator[None]:
    # Millions of new objects make Python look for garbage again and again, and here is none.
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _read_stream(source: Source, start: int) -> Stream:
    stream = Stream(start)
    framed = may_have_frames(source, start, min(start + _HEAD, source.size))
    joblib = _read(source, stream, framed=framed)
    end = source.size if stream.end is None else stream.end
    if not framed and may_have_frames(source, start, end):
        _read(source, stream, framed=True)
    if (stream.broken or joblib) and not stream.bomb:
        _read_on(source, stream, joblib=joblib)
    return stream


def _read(source: Source, stream: Stream, *, framed: bool) -> bool:
    """Read by the C machine; whether the stream is joblib's."""
    with source.open() as file:
        file.seek(stream.start)
        unbuffered = Unbuffered(file)
        machine = CMachine(unbuffered if framed else file)
        try:
            stream.shape = shape_of(machine.read())
            stream.end = file.tell()
            unbuffered.finish(source, stream.end)
        except Exception as error:
            stream.end = None
            stream.broken = f"{type(error).__name__}: {str(error)[:200]}"
            stream.bomb = stream.bomb or isinstance(error, MemoryError | RecursionError)
        stream.differs = stream.differs or unbuffered.split
        stream.seen.append(machine.seen)
        return machine.seen.joblib


def _read_on(source: Source, stream: Stream, *, joblib: bool) -> None:
    with source.open() as file:
        file.seek(stream.start)
        machine = PythonMachine(file, source.size)
        try:
            stream.shape = shape_of(machine.read())
            stream.end = file.tell()
            # The C machine cannot read joblib's arrays and joblib does not use it.
            if not joblib:
                stream.differs = f"the C machine stops: {stream.broken}"
            stream.broken = None if joblib else stream.broken
        except Exception as error:
            stream.end = None
            stream.broken = stream.broken or f"{type(error).__name__}: {str(error)[:200]}"
            stream.bomb = isinstance(error, MemoryError | RecursionError)
        if joblib and stream.end is not None:
            # Other loaders run over array bytes as if they were opcodes. What they reach there counts as well.
            others = [*stream.seen, _without_arrays(source, stream)]
            stream.seen = [
                machine.seen,
                *(seen.strays(confused=bool(machine.seen.read_in_place)) for seen in others),
            ]
        else:
            stream.seen.append(machine.seen)


def _without_arrays(source: Source, stream: Stream) -> Seen:
    with source.open() as file:
        file.seek(stream.start)
        machine = PythonMachine(file, source.size, joblib=False)
        with suppress(Exception):  # array bytes break it at once in honest files
            machine.read()
    return machine.seen


def read_streams(source: Source, start: int = 0, limit: int = 1000) -> list[Stream]:
    """At most ``limit`` streams in a row from ``start``; the next must begin with a PROTO opcode (0x80)."""
    streams = [read_stream(source, start)]
    while len(streams) < limit:
        end = streams[-1].end
        if end is None or source.read(end, 1) != b"\x80":
            break
        streams.append(read_stream(source, end))
    return streams
