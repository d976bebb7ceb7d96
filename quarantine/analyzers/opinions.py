"""The jailed task that asks other scanners about each file. What they say never softens our own findings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from quarantine.analyzers.second_opinions.fickling import Fickling
from quarantine.analyzers.second_opinions.interface import Opinion
from quarantine.analyzers.second_opinions.modelscan import ModelScanner
from quarantine.jail.protocol import AnyMessage, Done, FactSeen, FindingSeen, Input, Request
from quarantine.printable import printable

_PICKLES = frozenset({".pkl", ".pickle", ".p", ".joblib", ".dill"})
MAX_ISSUES = 50


def run(request: Request, emit: Callable[[AnyMessage], None]) -> Done:
    """Ask each scanner that ``request.opinions`` names about each input; KeyError for an unknown name."""
    known: dict[str, Opinion] = {"fickling": Fickling(), "modelscan": ModelScanner()}
    asked = [known[name] for name in request.opinions]
    with tempfile.TemporaryDirectory() as scratch:
        for index, file in enumerate(request.inputs):
            # The scanners go by the suffix; a link gives them the name without copying the bytes.
            path = Path(scratch, f"{index}{_suffix(file.name)}")
            path.symlink_to(f"/proc/self/fd/{file.fd}")
            for opinion in asked:
                _ask(opinion, file, path, emit)
    return Done()


def _suffix(untrusted_name: str) -> str:
    suffix = PurePosixPath(untrusted_name).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) < 16 else ""


def _ask(opinion: Opinion, file: Input, path: Path, emit: Callable[[AnyMessage], None]) -> None:
    name = printable(file.name)[:4000]
    if opinion.name == "fickling" and not _is_pickle(file, path):
        return
    analyzer = f"opinion-{opinion.name}"
    try:
        issues = opinion.ask(path)
    except Exception as error:
        why = printable(f"{type(error).__name__}: {error}")[:500]
        emit(FactSeen(artifact=name, name=analyzer, value="failed", analyzer=analyzer))
        emit(
            FindingSeen(
                rule="opinion-failed",
                artifact=name,
                analyzer=analyzer,
                evidence={"opinion": opinion.name, "why": why},
            )
        )
        return
    emit(FactSeen(artifact=name, name=analyzer, value=f"{len(issues)} issues", analyzer=analyzer))
    for issue in issues[:MAX_ISSUES]:
        emit(
            FindingSeen(
                rule=analyzer, artifact=name, analyzer=analyzer, evidence={"what": printable(issue)[:500]}
            )
        )


def _is_pickle(file: Input, path: Path) -> bool:
    return path.suffix.lower() in _PICKLES or os.pread(file.fd, 1, 0) == b"\x80"
