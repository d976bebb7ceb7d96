"""Walk a submission: identify each artifact, read it, analyze it, follow its children, account for its bytes.

Whatever goes wrong becomes a finding and incomplete coverage; nothing is skipped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quarantine.analyzers.interface import Analyzer
from quarantine.analyzers.node import WalkNode, safe
from quarantine.formats.identify import identify
from quarantine.formats.interface import Malformed, Source
from quarantine.formats.source import BytesSource, InflatedSource
from quarantine.jail.protocol import AnyMessage, ArtifactSeen, Progress

DEPTH_LIMIT = 16
NODES_LIMIT = 100_000
EXPANDED_LIMIT_BYTES = 2 << 30


class Walk:
    """One walk over the files of a submission, depth first."""

    def __init__(self, emit: Callable[[AnyMessage], None], analyzers: Sequence[Analyzer]) -> None:
        self._emit = emit
        self._analyzers = analyzers

    def run(self, files: Sequence[tuple[str, Source]]) -> None:
        """Read every file and everything inside; says one artifact per node."""
        everything = tuple(files)
        seen, expanded = 0, 0
        for done, (name, source) in enumerate(everything):
            stack: list[tuple[str, Source, str | None, int]] = [(name, source, None, 0)]
            while stack:
                path, held, expect, depth = stack.pop()
                node = WalkNode(path, held, depth, self._emit, everything, expect)
                seen += 1
                expanded += held.size if isinstance(held, BytesSource | InflatedSource) else 0
                if depth > DEPTH_LIMIT or seen > NODES_LIMIT or expanded > EXPANDED_LIMIT_BYTES:
                    node.failed = True
                    node.finding("walk-limit", depth=depth, artifacts=seen, expanded=expanded)
                    self._close(node, [], [])
                    if seen > NODES_LIMIT:
                        return
                    continue
                self._visit(node)
                stack.extend((*child, depth + 1) for child in reversed(node.children))
                if isinstance(held, InflatedSource):
                    held.release()
            self._emit(Progress(done=done + 1, total=len(everything), note=safe(name, 200)))

    def _visit(self, node: WalkNode) -> None:
        forms: list[str] = []
        ran: list[str] = []

        def identified() -> None:
            for form in identify(node, node.expect):
                forms.append(form.name)
                self._guard(node, lambda form=form: form.read(node))  # type: ignore[misc]

        self._guard(node, identified)
        for analyzer in self._analyzers:
            if analyzer.formats & set(forms):
                node.speaker = analyzer.name
                self._guard(node, lambda analyzer=analyzer: analyzer.analyze(node))  # type: ignore[misc]
                ran.append(analyzer.name)
        node.speaker = "formats"
        self._close(node, forms, ran)

    def _guard(self, node: WalkNode, step: Callable[[], None]) -> None:
        try:
            step()
        except Malformed as error:
            node.failed = True
            node.finding("format-malformed", offset=error.offset, why=error.why)
        except Exception as error:  # a reader that fails on hostile bytes must cost coverage, not the scan
            node.failed = True
            node.finding("analyzer-crashed", error=f"{type(error).__name__}: {safe(error, 500)}")

    def _close(self, node: WalkNode, forms: list[str], ran: list[str]) -> None:
        gaps = node.gaps()
        lost = sum(end - start for start, end in gaps)
        if gaps and not node.failed and forms:
            rule = "coverage-unclaimed-beside" if {"pickle", "zip"} & set(forms) else "coverage-unclaimed"
            for start, end in gaps[:4]:
                node.finding(rule, offset=start, length=end - start)
        self._emit(
            ArtifactSeen(
                path=safe(node.path),
                format="+".join(forms)[:64] or "unknown",
                size_bytes=node.source.size,
                claimed_bytes=node.source.size - lost,
                analyzers=tuple(ran),
                complete=bool(forms) and not gaps and not node.failed,
            )
        )
