"""What fuzzing starts from: every small artifact of the labelled corpus, nested ones too, by the formats it has."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from corpora import catalogue
from corpora.case import MADE, Case
from quarantine.formats.source import BytesSource
from quarantine.formats.table import FORMATS, PLACED, load
from quarantine.jail.protocol import ArtifactSeen, Done, Progress, encoder
from quarantine.resources import resource_dir
from quarantine.ruleset import load_rules
from tests.formats.test_strict_readers import HONEST
from tests.fuzz.targets import Crash, Target, visited

SIZE_LIMIT_BYTES = 64 << 10
_PLACED = frozenset(line.name for line in PLACED)
_CARD = b'name = "m"\nversion = "1"\nsource = "https://example.org/m"\n'


@dataclass(frozen=True)
class Seed:
    """One artifact: its name, the names of the formats that recognise it, and its bytes."""

    name: str
    forms: frozenset[str]
    data: bytes


def quick() -> list[Seed]:
    """Seeds that take a second or two to collect: the rules' examples and the files that large libraries wrote."""
    files = [(example.file, example.content) for rule in load_rules().all() for example in rule.examples
             if example.observed is None]  # fmt: skip
    small = [(f"model.{form.name}", data) for form, data in HONEST]
    return _collected([*files, *small, *_files(MADE)])


def full() -> list[Seed]:
    """All of the corpus, which is built for it in a temporary folder, and what ``quick`` has."""
    return [*_built(catalogue.all_cases()), *quick()]


def honest() -> list[Seed]:
    """The honest part of the corpus."""
    return _built([case for case in catalogue.all_cases() if case.group == "benign"])


def _built(cases: Iterable[Case]) -> list[Seed]:
    with tempfile.TemporaryDirectory(prefix="quarantine-seeds-") as folder:
        catalogue.build(cases, Path(folder))
        return _collected(_files(Path(folder)))


def chosen(target: Target, seeds: Iterable[Seed], limit: int) -> list[bytes]:
    """The smallest seeds for a target, at most ``limit``; anything at all where it has none of its own."""
    own = sorted(
        {seed.data for seed in seeds if target.takes(seed.name, seed.forms)}, key=lambda d: (len(d), d)
    )
    return list(islice(own, limit)) or [b"\0", target.name.encode()]


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= SIZE_LIMIT_BYTES:
            yield path.name, path.read_bytes()


def _collected(files: Iterable[tuple[str, bytes]]) -> list[Seed]:
    found: dict[bytes, Seed] = {}
    for name, content in files:
        if len(content) > SIZE_LIMIT_BYTES:
            continue
        for seed in _nested(name, content):
            found.setdefault(hashlib.sha256(seed.data + seed.name.encode()).digest(), seed)
    said = [
        Progress(done=0, total=0),
        ArtifactSeen(path="a", format="zip", size_bytes=1, claimed_bytes=1, analyzers=("x",), complete=True),
        Done(),
    ]
    policy = (resource_dir("policies") / "default.yaml").read_bytes()
    lines = b"".join(encoder.encode(message) + b"\n" for message in said)
    own = {"channel": lines, "policy": policy, "card": _CARD}
    return [*found.values(), *(Seed(name, frozenset({name}), data) for name, data in own.items())]


def _nested(name: str, content: bytes) -> Iterator[Seed]:
    try:
        for node in visited(name, content):
            if 0 < node.source.size <= SIZE_LIMIT_BYTES:
                data = node.source.read(0, node.source.size)
                yield Seed(node.path.rpartition("!")[2], _forms(data, node.expect), data)
    except Crash:
        yield Seed(name, _forms(content, None), content)


def _forms(data: bytes, expect: str | None) -> frozenset[str]:
    if expect in _PLACED:
        return frozenset({expect})
    head, source = data[:4096], BytesSource(data)
    found = {line.name for line in FORMATS if line.possible(head) and load(line).recognise(head, source)}
    return frozenset(found | ({expect} if expect else set()))
