"""What is fuzzed: one target for each parser, and what counts as its crash.

A target takes bytes and must return, whatever they are. The parsers of a submission are reached as the static worker
reaches them, through the walk, but with the artifact's place fixed, so that a reader is reached past its magic too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module

from quarantine.analyzers.node import WalkNode
from quarantine.analyzers.walk import DEPTH_LIMIT, Walk
from quarantine.errors import BadInput
from quarantine.formats.expanded import ExpandedSource
from quarantine.formats.interface import Source
from quarantine.formats.source import BytesSource
from quarantine.formats.table import FORMATS, PLACED, load
from quarantine.intake.card import parse_card
from quarantine.jail.channel import Channel
from quarantine.jail.protocol import AnyMessage, Done, FindingSeen, encoder
from quarantine.policy.document import parse_policy
from quarantine.records import JailLimits

NODES_LIMIT = 300
_EXPECTED = frozenset({"pickle", "text", "zip", *(line.name for line in PLACED)})
_NAMES = {
    "json": "config.json",
    "yaml": "config.yaml",
    "index": "model.safetensors.index.json",
    "symbol": "model-symbol.json",
    "zarray": ".zarray",
    "zarr": "zarr.json",
    "template": "chat_template.jinja",
    "prototxt": "deploy.prototxt",
}
"""Targets of the analyzers of text: which one reads is told by content and by name."""


class Crash(BaseException):
    """A reader failed; its cause is what it failed with. No ``except Exception`` of a reader's takes it."""


@dataclass
class Said:
    """What a walk said; raises where a reader crashed."""

    messages: list[AnyMessage] = field(default_factory=list)

    def __call__(self, message: AnyMessage) -> None:
        if isinstance(message, FindingSeen) and message.rule == "analyzer-crashed":
            raise Crash(message.evidence["error"])  # inside the handler, so that the cause is kept
        self.messages.append(message)


@dataclass(frozen=True)
class Target:
    """One parser. ``takes`` says whether an artifact of that name and those formats is a seed for it."""

    name: str
    run: Callable[[bytes], None]
    takes: Callable[[str, frozenset[str]], bool]


def visited(
    name: str, data: bytes, expect: str | None = None, said: Said | None = None
) -> Iterator[WalkNode]:
    """Walk one artifact of that name and everything inside, as the static worker does; each node after its visit.

    ``said`` takes what is said on the way.

    Raises:
        Crash: a reader failed.
    """
    said = Said() if said is None else said
    walk = Walk(said)
    source: Source = BytesSource(data)
    stack = [WalkNode(name, source, 0, said, ((name, source),), expect)]
    for _ in range(NODES_LIMIT):
        if not stack:
            return
        node = stack.pop()
        if node.depth > DEPTH_LIMIT:
            continue
        node.tensors = []
        walk.visit(node)
        yield node
        for path, held, wanted in reversed(node.children):
            stack.append(WalkNode(path, held, node.depth + 1, said, node.files, wanted, budget=node.budget))
        if isinstance(node.source, ExpandedSource):
            node.source.release()


def read(name: str, expect: str | None = None) -> Callable[[bytes], None]:
    """A target's body: walk the bytes under that name, in the place of that format."""

    def run(data: bytes) -> None:
        for _ in visited(name, data, expect):
            pass

    return run


def channel(data: bytes) -> None:
    """The parent's end of the line protocol: no bytes raise, and nothing comes after a fault or ``done``."""
    held = Channel(JailLimits(memory_bytes=1 << 20, cpu_s=1, wall_s=1, messages=50, output_bytes=1 << 20))
    step = max(1, len(data) // 7)
    for at in range(0, len(data), step):
        held.feed(data[at : at + step])
    held.close()
    assert len(held.messages) <= 50
    assert not any(isinstance(message, Done) for message in held.messages[:-1])
    for message in held.messages:
        encoder.encode(message)


def policy(data: bytes) -> None:
    """A policy is read, or refused with words for the user."""
    with suppress(BadInput):
        parse_policy(data, "policy.yaml")


def card(data: bytes) -> None:
    """An intake card is read, or refused with words for the user."""
    with suppress(BadInput):
        parse_card(data, "card.toml")


def _of(form: str) -> Callable[[str, frozenset[str]], bool]:
    return lambda _, forms: form in forms


def _named(suffix: str) -> Callable[[str, frozenset[str]], bool]:
    return lambda name, _: name.lower().endswith(suffix)


def all_targets() -> tuple[Target, ...]:
    """Every target, in a fixed order."""
    found = [
        Target(
            line.name,
            read(f"model.{line.name}", line.name if line.name in _EXPECTED else None),
            _of(line.name),
        )
        for line in (*FORMATS, *PLACED)
    ]
    found += [
        Target(f"text-{name}", read(path, "text"), _named("." + path.rpartition(".")[2]))
        for name, path in _NAMES.items()
    ]
    found += [
        Target("channel", channel, _of("channel")),
        Target("policy", policy, _of("policy")),
        Target("card", card, _of("card")),
    ]
    return tuple(found)


def load_all() -> None:
    """Import every reader and analyzer, so that none is imported for the first time while it is fuzzed."""
    from quarantine.analyzers.table import ANALYZERS

    for line in (*FORMATS, *PLACED):
        load(line)
    for home in ANALYZERS:
        import_module("quarantine.analyzers." + home.partition(":")[0])
