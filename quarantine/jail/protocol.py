"""The line protocol between a jailed worker and the parent: one JSON object a line, worker to parent only.

Everything that comes over it is hostile. The parent decodes each line strictly, bounds their number and
total size, and takes nothing from a line that it can know itself: severities, titles and the stage are the
parent's. Without the closing ``done`` line there is no coverage.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from quarantine.records import EvaluationSpec, ModelSpec, Size, Text

LINE_LIMIT_BYTES = 256 * 1024
Evidence = Annotated[dict[Annotated[str, Meta(max_length=64)], Text], Meta(max_length=16)]
Names = Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=32)]


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """One file handed to the worker as an open, read-only descriptor. ``name`` is untrusted.

    What is not ``own`` is another worker's to report on; it is there because own files may speak of it.
    """

    name: str
    fd: int
    size_bytes: int
    own: bool = True


class View(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a reviewer wants to see of one artifact, and around which byte offset; all artifacts if none is named."""

    table: Literal["artifacts", "opcodes", "bytes", "tensors"]
    artifact: Text = ""
    offset: Size = 0
    rows: Annotated[int, Meta(ge=1, le=100_000)] = 200


class Request(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the parent asks of the worker; ``task`` names one of the workers in ``quarantine.jail.worker``."""

    task: str
    inputs: tuple[Input, ...]
    opinions: tuple[str, ...] = ()
    model: ModelSpec | None = None
    evaluation: EvaluationSpec | None = None
    budget_s: float | None = None
    view: View | None = None


class Message(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """Base of what a worker may say."""


class ArtifactSeen(Message, frozen=True, kw_only=True, tag="artifact"):
    """A node of the tree was read; ``complete`` says every analyzer that wanted it finished."""

    path: Text
    format: Annotated[str, Meta(max_length=64)]
    size_bytes: Size
    claimed_bytes: Size
    analyzers: Names
    complete: bool


class FindingSeen(Message, frozen=True, kw_only=True, tag="finding"):
    """A rule matched. The parent knows what the rule says; an unknown rule id is itself a finding."""

    rule: Annotated[str, Meta(max_length=64)]
    artifact: Text
    analyzer: Annotated[str, Meta(max_length=64)]
    offset: Size | None = None
    length: Size | None = None
    evidence: Evidence = {}


class FactSeen(Message, frozen=True, kw_only=True, tag="fact"):
    """Something true of an artifact."""

    artifact: Text
    name: Annotated[str, Meta(max_length=64)]
    value: Text
    analyzer: Annotated[str, Meta(max_length=64)]


class Measured(Message, frozen=True, kw_only=True, tag="measurement"):
    """A number that a probe measured."""

    probe: Annotated[str, Meta(max_length=64)]
    name: Annotated[str, Meta(max_length=64)]
    value: float
    unit: Annotated[str, Meta(max_length=32)]
    low: float | None = None
    high: float | None = None
    samples: Size | None = None
    context: Evidence = {}


class Row(Message, frozen=True, kw_only=True, tag="row"):
    """One line of what a reviewer asked to see."""

    artifact: Text
    cells: Annotated[tuple[Annotated[str, Meta(max_length=512)], ...], Meta(max_length=8)]


class Progress(Message, frozen=True, kw_only=True, tag="progress"):
    """How far the worker is, for a person who waits; ``unit`` is what is counted, where that is not plain steps."""

    done: Size
    total: Size
    note: Annotated[str, Meta(max_length=256)] = ""
    unit: Literal["", "files", "bytes"] = ""


class Done(Message, frozen=True, kw_only=True, tag="done"):
    """The worker finished all it was asked; ``device`` is where probes ran."""

    device: Annotated[str, Meta(max_length=64)] | None = None


AnyMessage = ArtifactSeen | FindingSeen | FactSeen | Measured | Row | Progress | Done

encoder = msgspec.json.Encoder()
decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)
