"""Reads pickle streams one after another and says where each ends and what was seen in it.

For formats that hold pickles in a row before other bytes (torch's legacy files): they claim the rest themselves.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from quarantine.analyzers.pickle.python_machine import PythonMachine
from quarantine.analyzers.pickle.recorder import CMachine, Seen
from quarantine.analyzers.pickle.shape import Shape, shape_of
from quarantine.formats.interface import Source


@dataclass
class Stream:
    """One stream: ``end`` is None where no machine reached its STOP. ``seen`` is one entry a machine."""

    start: int
    end: int | None = None
    broken: str | None = None
    bomb: bool = False
    differs: bool = False
    seen: list[Seen] = field(default_factory=list)
    shape: Shape = field(default_factory=Shape)


def read_stream(source: Source, start: int) -> Stream:
    """Read one stream at ``start``; never raises for what the stream holds."""
    stream = Stream(start)
    with source.open() as file:
        file.seek(start)
        machine = CMachine(file)
        try:
            stream.shape = shape_of(machine.read())
            stream.end = file.tell()
        except Exception as error:
            stream.broken = f"{type(error).__name__}: {str(error)[:200]}"
            stream.bomb = isinstance(error, MemoryError | RecursionError)
        stream.seen.append(machine.seen)
    if (stream.broken or machine.seen.joblib) and not stream.bomb:
        _read_on(source, stream, joblib=machine.seen.joblib)
    return stream


def _read_on(source: Source, stream: Stream, *, joblib: bool) -> None:
    with source.open() as file:
        file.seek(stream.start)
        machine = PythonMachine(file, source.size)
        try:
            stream.shape = shape_of(machine.read())
            stream.end = file.tell()
            # The C machine cannot read joblib's arrays and joblib does not use it.
            stream.differs = not joblib
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
