"""One labelled sample and the helpers that write it. Building a case writes bytes; it never loads them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Group = Literal["benign", "malicious", "malformed"]
CANARY = "CANARY"
MADE = Path(__file__).with_name("made")
Content = Callable[[Path], bytes]


@dataclass(frozen=True)
class Case:
    """A sample and its label.

    ``verdict`` is the tier-low verdict: exact for benign cases, the mildest acceptable for the others.
    At least one of ``rules`` must be reported for a case that is not benign; a final ``*`` is a prefix.
    ``build`` writes the sample into a directory and returns the path of the submission.
    """

    id: str
    group: Group
    verdict: Literal["pass", "review", "reject"]
    rules: tuple[str, ...]
    description: str
    build: Callable[[Path], Path]

    def matches(self, rule: str) -> bool:
        """Whether ``rule`` is one of those expected."""
        return any(rule.startswith(r[:-1]) if r.endswith("*") else rule == r for r in self.rules)


def benign(name: str, description: str, build: Callable[[Path], Path]) -> Case:
    """An honest case, which has to pass."""
    return Case(name, "benign", "pass", (), description, build)


def hostile(
    name: str,
    filename: str,
    content: Content,
    description: str,
    rules: tuple[str, ...] = ("pickle-*",),
    verdict: Literal["review", "reject"] = "reject",
) -> Case:
    """A malicious case of one file, whose bytes may depend on the directory (for the canary's path)."""
    return Case(name, "malicious", verdict, rules, description, one_file(filename, content))


def broken(name: str, filename: str, content: Content, description: str, rules: tuple[str, ...]) -> Case:
    """A malformed case, which must not pass."""
    return Case(
        name,
        "malformed",
        "review",
        (*rules, "format-*", "coverage-*"),
        description,
        one_file(filename, content),
    )


def one_file(filename: str, content: Content) -> Callable[[Path], Path]:
    """A builder that writes ``content(directory)`` to ``filename``."""

    def build(folder: Path) -> Path:
        path = folder / filename
        path.write_bytes(content(folder))
        return path

    return build


def made(name: str) -> Callable[[Path], Path]:
    """A builder that copies ``corpora/made/<name>``, a file or directory that a large library wrote."""

    def build(folder: Path) -> Path:
        source = MADE / name
        target = folder / source.name
        return Path(shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target))

    return build
