"""The pickle analyzer: reads every stream of an artifact, judges what it imports and calls, claims its bytes.

Anything that is not known to be good is reported; a break never ends the reading of what came before it.
"""

from __future__ import annotations

import re

from quarantine.analyzers.context import opcodes
from quarantine.analyzers.pickle.names import Judged, Standing, judge, mapped
from quarantine.analyzers.pickle.recorder import Seen
from quarantine.analyzers.pickle.shape import EMBEDDED_LIMIT
from quarantine.analyzers.pickle.streams import Stream, read_streams
from quarantine.analyzers.pickle.symbolic import Walk, walk
from quarantine.formats.interface import Node
from quarantine.formats.opcodes import Reach, reach
from quarantine.formats.source import BytesSource
from quarantine.formats.torch_storages import ELEMENT_BYTES

MAX_CHILDREN = 64
_ZIP = b"PK\3\4"
HIGHEST_PROTOCOL = 5
# The beginnings that a pickle inside a string has: a protocol 4 or 5 frame, or an import in an older one.
_NESTED = re.compile(
    rb"\x80[\x04\x05]\x95.{5}\x00\x00\x00|\x80[\x02\x03](?=c[A-Za-z_][\w.]*\n[\w.]+\n)",
    re.DOTALL,
)


class PickleAnalyzer:
    """Says what loading a pickle would do."""

    name = "pickle"

    def analyze(self, node: Node) -> None:
        """Report on every stream; bytes that belong to none stay unclaimed and are reported."""
        streams = read_streams(node.source)
        for stream in streams:
            report(node, stream)
        end = streams[-1].end
        if end is not None and end < node.source.size:
            node.finding("pickle-trailing", offset=end, length=node.source.size - end)
            node.child(f"trailing-{end}", node.source.read(end, 1 << 26), expect="pickle")
        if len(streams) > 1:
            node.finding("pickle-multiple", count=len(streams))


def report(node: Node, stream: Stream) -> None:
    """Claim one stream that :func:`read_streams` read and report what was seen in it."""
    source, end = node.source, stream.end
    if end is not None:
        node.claim(stream.start, end)
    if stream.broken or stream.differs or any(seen.suspicious for seen in stream.seen):
        found = walk(source.read(stream.start, source.size - stream.start))
        _walked(node, stream, found)
    else:
        found = Walk()
    if stream.broken:
        node.finding("pickle-broken", offset=stream.start + found.reached, why=stream.broken)
    if stream.bomb:
        node.finding("pickle-bomb", offset=stream.start, why=stream.broken)
    if stream.shape.bomb:
        node.finding("pickle-bomb", offset=stream.start, why=stream.shape.bomb)
    if stream.differs:
        node.finding("pickle-machines-differ", offset=stream.start, why=stream.differs)
    head = source.read(stream.start, 2)
    if head[:1] == b"\x80" and head[1:] and head[1] > HIGHEST_PROTOCOL:
        node.finding("pickle-protocol", offset=stream.start, protocol=head[1])
    _globals(node, stream, found)
    models = dict.fromkeys(model for seen in stream.seen for model in seen.models)
    for index, (form, content) in enumerate(models):
        node.child(f"model-{stream.start}-{index}", content, expect=form)
    for seen in stream.seen:
        _recorded(node, stream, seen)
    for name in sorted(stream.shape.asked):
        why = {"global": name, "arguments": "an entry that answers for an object"}
        node.finding("pickle-constraint", offset=stream.start, **why)  # type: ignore[arg-type]
    _nested(node, stream, end if end is not None else source.size)
    _embedded(node, stream)


def _walked(node: Node, stream: Stream, found: Walk) -> None:
    for offset in found.extensions[:10]:
        node.finding("pickle-extension", offset=stream.start + offset)
    for offset, what in found.huge[:10]:
        node.finding("pickle-bomb", offset=stream.start + offset, why=what)
    if len(found.protocols) > 1:
        offset, protocol = found.protocols[1]
        node.finding("pickle-protocol", offset=stream.start + offset, protocol=protocol)


def _globals(node: Node, stream: Stream, found: Walk) -> None:
    names = dict.fromkeys(name for seen in stream.seen for name in seen.globals)
    names.update(dict.fromkeys((i.module, i.name) for i in found.imports))
    places = {(i.module, i.name): i for i in reversed(found.imports)}
    called = {key: effect for seen in stream.seen for key, effect in seen.called.items()}
    for module, name in names:
        judged = judge(module, name)
        if effect := called.get((module, name)):
            judged = Judged(Standing.DANGEROUS, effect)
        place = places.get((module, name))
        offset = stream.start + place.offset if place else None
        opcode, call = (place.opcode, place.call) if place else ("", "")
        shown = opcodes(node.source, offset) if offset is not None else ()
        label = f"{module}.{name}"
        if judged.standing is Standing.DANGEROUS:
            real = ".".join(mapped(module, name))
            node.finding(
                "pickle-global-dangerous",
                offset=offset,
                **{  # type: ignore[arg-type]
                    "global": label,
                    "effect": judged.effect,
                    "loaded_as": real,
                    "opcode": opcode,
                    "opcodes": shown,
                    "call": call or label,
                },
            )
        elif judged.standing is Standing.UNKNOWN:
            node.finding(
                "pickle-global-unknown",
                offset=offset,
                **{"global": label, "opcode": opcode, "opcodes": shown, "call": call or label},  # type: ignore[arg-type]
            )
        # No library has such a name, and letters of other alphabets are there to be mistaken for plain ones.
        odd = not label.isascii() or not all(part.isidentifier() for part in label.split("."))
        if odd or (place is not None and place.computed):
            node.finding("pickle-computed-name", offset=offset, **{"global": label, "opcode": opcode})  # type: ignore[arg-type]


def _recorded(node: Node, stream: Stream, seen: Seen) -> None:
    for label, arguments in dict.fromkeys(seen.broken_constraints):
        node.finding("pickle-constraint", offset=stream.start, **{"global": label, "arguments": arguments})  # type: ignore[arg-type]
    for label, text in dict.fromkeys(seen.payloads):
        node.finding("pickle-unknown-call-payload", offset=stream.start, text=text, **{"global": label})  # type: ignore[arg-type]
    for method in sorted(seen.methods):
        node.finding("pickle-method-kept", offset=stream.start, method=method)
    for label in sorted(seen.touched):
        node.finding("pickle-state-on-global", offset=stream.start, **{"global": label})  # type: ignore[arg-type]
    for pid in dict.fromkeys(seen.persistent):
        node.finding("pickle-persistent-id", offset=stream.start, id=pid)
    for key, kind, count in sorted(seen.storages):
        node.tensor(key, kind, (count,), ELEMENT_BYTES.get(kind.rpartition(".")[2], 0) * count)
    for index, data in enumerate(seen.nested[:MAX_CHILDREN]):
        node.child(f"torch-{stream.start}-{index}", data)
    if len(seen.nested) > MAX_CHILDREN:
        node.finding("pickle-bomb", offset=stream.start, why=f"{len(seen.nested)} nested torch files")


def _nested(node: Node, stream: Stream, end: int) -> None:
    with node.source.view() as data:
        for count, match in enumerate(_NESTED.finditer(data, stream.start + 1, end)):
            at = match.start()
            if any(at in seen.read_in_place for seen in stream.seen):
                continue
            if count >= MAX_CHILDREN:
                node.finding("pickle-bomb", offset=at, why="more nested pickles than are followed")
                return
            inner = _inner(bytes(data[at:end]))
            if inner:
                node.finding("pickle-nested", offset=at)
                node.child(f"nested-{at}", inner, expect="pickle")


def _embedded(node: Node, stream: Stream) -> None:
    """Follow byte strings that are a file of their own which runs something when loaded, or an archive."""
    followed = 0
    for index, data in enumerate(stream.shape.embedded):
        if not (data.startswith(_ZIP) or reach(BytesSource(data)) is Reach.RUNS):
            continue
        followed += 1
        if followed > MAX_CHILDREN:
            break
        node.finding("pickle-nested", offset=stream.start)
        node.child(f"embedded-{stream.start}-{index}", data)
    if followed > MAX_CHILDREN or len(stream.shape.embedded) > EMBEDDED_LIMIT:
        node.finding("pickle-bomb", offset=stream.start, why="more files in byte strings than are followed")


def _inner(data: bytes) -> bytes:
    # Cut at its STOP, because the outer stream goes on; chance bytes in weights import nothing and are dropped.
    found = walk(data)
    return data[: found.stopped] if found.imports else b""
