"""Walk a submission: identify each artifact, read it, analyze it, follow its children, account for its bytes.

Whatever goes wrong becomes a finding and incomplete coverage; nothing is skipped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from time import monotonic

from quarantine.analyzers.node import Budget, WalkNode, safe
from quarantine.analyzers.table import analyzers_for
from quarantine.formats.expanded import ExpandedSource
from quarantine.formats.identify import identify
from quarantine.formats.interface import Malformed, Source, TooLarge, Unsupported
from quarantine.jail.protocol import AnyMessage, ArtifactSeen, Progress

DEPTH_LIMIT = 16
NODES_LIMIT = 100_000
TELL_S = 0.1
LONG_BYTES = 16 << 20
"""A file of this size may keep a person waiting, who then wants to know which one it is."""
DESCRIBING = (
    ".onnx",
    ".xml",
    ".index",
    ".mlmodel",
    ".pdmodel",
    ".zarray",
    "zarr.json",
    "manifest.ocdbt",
    ".param",
    "model.json",
)
"""How files are called that say what other files hold; they are read before those."""
# Formats whose loaders run code or look for content anywhere in the file, so that bytes beside it are no accident.
RUNNABLE = frozenset(
    {
        "pickle",
        "tar",
        "torch_tar",
        "zip",
        "7z",
        "rar",
        "npz",
        "torch",
        "torchscript",
        "torch_export",
        "torch_legacy",
    }
)


class Walk:
    """One walk over the files of a submission, depth first."""

    def __init__(self, emit: Callable[[AnyMessage], None]) -> None:
        self._emit = emit
        self._seen = 0

    def run(self, files: Sequence[tuple[str, Source]], own: Collection[str] | None = None) -> None:
        """Read every file of ``own`` names, all if that is left out, and everything inside; says one artifact a node.

        What the other files hold that describe files is taken in too, in silence: another worker reports on them.
        """
        everything = tuple(sorted(files, key=lambda entry: not entry[0].lower().endswith(DESCRIBING)))
        budget, lent, told = Budget(), dict[str, list[tuple[int, int]]](), monotonic()
        wanted = [
            (entry, mine)
            for entry in everything
            if (mine := own is None or entry[0] in own) or entry[0].lower().endswith(DESCRIBING)
        ]
        for done, ((name, source), mine) in enumerate(wanted):
            if (now := monotonic()) - told > TELL_S or source.size >= LONG_BYTES:
                self._emit(Progress(done=done, total=len(wanted), note=safe(name, 200), unit="files"))
                told = now
            emit = self._emit if mine else _silent
            stack = [WalkNode(name, source, 0, emit, everything, budget=budget, lent=lent)]
            while stack:
                node = stack.pop()
                self._seen += mine
                if node.depth > DEPTH_LIMIT or self._seen > NODES_LIMIT:
                    self._unvisited(node)
                    continue
                self.visit(node)
                stack.extend(
                    WalkNode(path, held, node.depth + 1, emit, everything, expect, budget=budget)
                    for path, held, expect in reversed(node.children if mine else ())
                )
                if isinstance(node.source, ExpandedSource):
                    node.source.release()
        self._emit(Progress(done=len(wanted), total=len(wanted), unit="files"))

    def _unvisited(self, node: WalkNode) -> None:
        node.failed = True
        # Every file is named, so that none looks read; of what is nested, the first that was left out will do.
        if node.depth == 0 or node.depth > DEPTH_LIMIT or self._seen == NODES_LIMIT + 1:
            node.finding("walk-limit", depth=node.depth, artifacts=self._seen)
            self._close(node, [], [])

    def visit(self, node: WalkNode) -> None:
        """Identify, read and analyze one artifact, and say how much of it was claimed."""
        forms: list[str] = []
        ran: list[str] = []

        def identified() -> None:
            for form in identify(node, node.expect):
                forms.append(form.name)
                self._guard(node, lambda form=form: form.read(node))  # type: ignore[misc]
                forms[-1] = node.layout or form.name
                node.layout = None

        def analyzed() -> None:
            for analyzer in analyzers_for(forms, node.path):
                node.speaker = analyzer.name
                self._guard(node, lambda analyzer=analyzer: analyzer.analyze(node))  # type: ignore[misc]
                ran.append(analyzer.name)

        self._guard(node, identified)
        self._guard(node, analyzed)
        node.speaker = "formats"
        self._close(node, forms, ran)

    def _guard(self, node: WalkNode, step: Callable[[], None]) -> None:
        try:
            step()
        except TooLarge as error:
            node.failed = True
            node.finding("format-too-large", offset=error.offset, why=error.why)
        except Unsupported as error:
            node.failed = True
            node.finding("format-not-followed", offset=error.offset, why=error.why)
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
            rule = "coverage-unclaimed-beside" if RUNNABLE & set(forms) else "coverage-unclaimed"
            for start, end in gaps[:4]:
                node.finding(rule, offset=start, length=end - start)
        node.emit(
            ArtifactSeen(
                path=safe(node.path),
                format="+".join(forms)[:64] or "unknown",
                size_bytes=node.source.size,
                claimed_bytes=node.source.size - lost,
                analyzers=tuple(ran),
                complete=bool(forms) and not gaps and not node.failed,
            )
        )


def _silent(_: AnyMessage) -> None:
    """What another worker says."""
