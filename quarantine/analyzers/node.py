"""One artifact on its way through the worker: collects claims and children, sends findings and facts.

Everything sent is escaped and bounded, because names and evidence come from the submission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from quarantine.analyzers.context import hexdump
from quarantine.formats.interface import Source, TooLarge
from quarantine.formats.source import BytesSource
from quarantine.jail.protocol import AnyMessage, FactSeen, FindingSeen
from quarantine.records import SAID

TEXT_LIMIT = 4096
WORDS_LIMIT = 32
EXPANDED_LIMIT_BYTES = 8 << 30
BOMB_RATIO = 500
"""Times its size that a submission may expand to before it is a bomb rather than large; weights pack no better."""


@dataclass
class Budget:
    """How many bytes may still come out of compressed content, for one whole submission."""

    left_bytes: int = EXPANDED_LIMIT_BYTES


def safe(value: object, limit: int = TEXT_LIMIT) -> str:
    """Printable text: control, format and surrogate characters escaped, cut to ``limit`` characters."""
    out = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value)[:limit])
    return out if len(out) <= limit else out[: limit - 3] + "..."


def _lines(value: object) -> str:
    return "\n".join(map(safe, value))[:TEXT_LIMIT] if isinstance(value, tuple) else safe(value)


@dataclass
class WalkNode:
    """The node that formats and analyzers talk to.

    ``failed`` is set when a reader could not finish; ``layout`` names the format more closely than its reader does.
    """

    path: str
    source: Source
    depth: int
    emit: Callable[[AnyMessage], None]
    files: tuple[tuple[str, Source], ...] = ()
    expect: str | None = None
    speaker: str = "formats"
    failed: bool = False
    words: int = 0
    layout: str | None = None
    tensors: list[tuple[str, ...]] | None = None
    budget: Budget = field(default_factory=Budget)
    lent: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    claims: list[tuple[int, int]] = field(default_factory=list)
    children: list[tuple[str, Source, str | None]] = field(default_factory=list)

    def claim(self, start: int, end: int) -> None:
        """Say that ``[start, end)`` was understood."""
        start, end = max(0, start), min(end, self.source.size)
        if start < end:
            self.claims.append((start, end))

    def finding(
        self, rule: str, *, offset: int | None = None, length: int | None = None, **evidence: object
    ) -> None:
        """Send a finding, with the bytes around its place."""
        shown = {key: _lines(value) for key, value in evidence.items()}
        if offset is not None:
            shown["bytes"] = "\n".join(hexdump(self.source, offset))
        self.emit(
            FindingSeen(
                rule=rule,
                artifact=safe(self.path),
                analyzer=self.speaker,
                offset=offset,
                length=length,
                evidence=shown,
            )
        )

    def unread(self) -> None:
        """A part could not be read."""
        self.failed = True

    def known_as(self, layout: str) -> None:
        """Name the format more closely."""
        self.layout = layout

    def expanded(self, size_bytes: int) -> None:
        """Count bytes against the submission's budget."""
        self.budget.left_bytes -= size_bytes
        if self.budget.left_bytes < 0:
            packed = sum(source.size for _, source in self.files)
            if packed * BOMB_RATIO < EXPANDED_LIMIT_BYTES:
                self.finding("archive-bomb", packed_bytes=packed, limit_bytes=EXPANDED_LIMIT_BYTES)
            raise TooLarge(f"the submission expands to more than {EXPANDED_LIMIT_BYTES} bytes")

    def said(self, name: str, value: object) -> None:
        """Send what the supplier says."""
        if self.words < WORDS_LIMIT:
            self.words += 1
            self.fact(f"{SAID}{safe(name, 40)}", value)

    def fact(self, name: str, value: object) -> None:
        """Send a fact."""
        self.emit(FactSeen(artifact=safe(self.path), name=name, value=safe(value), analyzer=self.speaker))

    def tensor(self, name: str, dtype: str, shape: Sequence[int], size_bytes: int) -> None:
        """Keep a row of the table of tensors where somebody asked for one."""
        if self.tensors is not None:
            cells = (safe(name, 400), safe(dtype, 40), " x ".join(map(str, shape))[:200], str(size_bytes))
            self.tensors.append(cells)

    def child(self, name: str, source: Source | bytes, *, expect: str | None = None) -> None:
        """Queue a nested artifact."""
        held = BytesSource(source) if isinstance(source, bytes) else source
        self.children.append((f"{self.path}!{name}", held, expect))

    def claim_sibling(self, path: str, start: int, end: int) -> None:
        """Explain bytes of another file."""
        self.lent.setdefault(path, []).append((start, end))

    def described(self) -> list[tuple[int, int]]:
        """What other files said about this one."""
        return self.lent.get(self.path, [])

    def siblings(self) -> Iterator[tuple[str, Source]]:
        """The other files of the submission."""
        return (entry for entry in self.files if entry[0] != self.path)

    def gaps(self) -> list[tuple[int, int]]:
        """Ranges that nobody claimed."""
        found, at = [], 0
        for start, end in sorted(self.claims):
            if start > at:
                found.append((at, start))
            at = max(at, end)
        return [*found, (at, self.source.size)] if at < self.source.size else found
