"""What a real loader reads out of a changed file, our reader has read too, or the file does not pass.

Honest files are changed, checksums put right. In a jail the real loader reads each and says what it found: members
and their digests, tensors, names that it imports, documents. A file that would pass has to hold just that for us, and
none that kills the loader may pass.
A number names a change for good; ``QUARANTINE_LOADER_CHANGES`` asks for more of them than the suite has time for.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from quarantine.analyzers.node import WalkNode
from quarantine.analyzers.pickle.names import Standing, judge
from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.jail.interface import Ending
from quarantine.jail.protocol import ArtifactSeen, FindingSeen, Input, Request, Row
from quarantine.records import JailLimits, Severity
from quarantine.ruleset import load_rules
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import Seed, honest
from tests.fuzz.targets import Said, visited

LOADERS = Path(__file__).parent / "loaders"
CHANGES = int(os.environ.get("QUARANTINE_LOADER_CHANGES", "200"))
LIMITS = JailLimits(memory_bytes=2 << 30, cpu_s=120, wall_s=300.0, pids=64, scratch_bytes=16 << 20)
Thing = tuple[str, ...]


@dataclass(frozen=True)
class Walked:
    """What our walk made of a file: whether it would pass, and the artifacts in it."""

    silent: bool
    nodes: tuple[WalkNode, ...]


@dataclass(frozen=True)
class Loader:
    """A loader, the honest files that are changed for it, and what of its finds our walk did not see."""

    task: str
    name: str
    takes: Callable[[Seed], bool]
    missed: Callable[[Walked, Thing], bool]


def walk(name: str, data: bytes) -> Walked:
    said, rules = Said(), load_rules()
    nodes = tuple(visited(name, data, said=said))
    worst = max(
        (rules.get(m.rule).severity.rank for m in said.messages if isinstance(m, FindingSeen)), default=0
    )
    complete = all(m.complete for m in said.messages if isinstance(m, ArtifactSeen))
    return Walked(complete and worst <= Severity.LOW.rank, nodes)


def _member(found: Walked, thing: Thing) -> bool:
    """Another name or other bytes than any member has for us.

    The storages of PyTorch's archives are claimed, not followed; a record's name is without the archive's folder.
    """
    storage = any(part in ("data", ".data") for part in thing[0].split("/")[:-1])
    return not storage and not any(
        node.path.endswith(("!" + thing[0], "/" + thing[0]))
        and hashlib.sha256(node.source.read(0, node.source.size)).hexdigest() == thing[3]
        for node in found.nodes
    )


def _tensor(found: Walked, thing: Thing) -> bool:
    """Another name, type or shape than any tensor has for us."""
    shape = " x ".join(map(str, json.loads(thing[2])))
    return not any(
        row[:3] == (thing[0], thing[1], shape) for node in found.nodes for row in node.tensors or ()
    )


def _shape(found: Walked, thing: Thing) -> bool:
    shape = " x ".join(map(str, json.loads(thing[2])))
    return not any(row[2] == shape for node in found.nodes for row in node.tensors or ())


def _global(_: Walked, thing: Thing) -> bool:
    """A name that is imported, though nothing was reported, has to be one of those that are known to be good."""
    return judge(thing[1], thing[2]).standing is not Standing.GOOD


def _document(found: Walked, thing: Thing) -> bool:
    """The same document, written cleanly, would not pass."""
    return thing[0] == "canonical" and not walk(found.nodes[0].path, "".join(thing[1:]).encode()).silent


def _nothing(_: Walked, __: Thing) -> bool:
    """The loader is there for its opinion on what it would take at all."""
    return False


def _form(name: str) -> Callable[[Seed], bool]:
    return lambda seed: name in seed.forms


def _suffix(*names: str) -> Callable[[Seed], bool]:
    return lambda seed: seed.name.endswith(names)


ALL = (
    Loader("zip", "model.zip", _form("zip"), _member),
    Loader("torch_records", "model.pt", _suffix(".pt", ".pth", ".ckpt"), _member),
    Loader("torch_weights", "model.pt", _suffix(".pt", ".pth", ".ckpt"), _nothing),
    Loader("tar", "model.tar", _form("tar"), _member),
    Loader("npy", "model.npy", _form("npy"), _shape),
    Loader("safetensors", "model.safetensors", _form("safetensors"), _tensor),
    Loader("onnx", "model.onnx", _form("onnx"), _tensor),
    Loader("pickle", "model.pkl", _form("pickle"), _global),
    Loader("python_pickle", "model.pkl", _form("pickle"), _global),
    Loader("joblib", "model.joblib", _suffix(".joblib"), _global),
    Loader("hdf5", "model.h5", _form("hdf5"), _nothing),
    Loader("json", "config.json", _suffix(".json"), _document),
    Loader("yaml", "config.yaml", _suffix(".yaml", ".yml"), _document),
    Loader("msgpack", "model.msgpack", _form("msgpack"), _nothing),
    Loader("xgboost", "model.ubj", _form("xgboost-ubjson"), _nothing),
    Loader("lightgbm", "model.txt", _form("lightgbm"), _nothing),
)


@pytest.fixture(scope="session")
def seeds() -> list[Seed]:
    return honest()


def loaded(task: str, files: list[bytes], folder: Path) -> tuple[dict[int, list[Thing]], dict[int, str]]:
    """What the loader found in each file that it took, and the files on which it died, with how."""
    path = folder / "files"
    path.write_bytes(b"".join(struct.pack("<I", len(data)) + data for data in files))
    fd = os.open(path, os.O_RDONLY)
    try:
        request = Request(task="loading", inputs=(Input("files", fd, path.stat().st_size),), opinions=(task,))
        result = BubblewrapJail(worker_dir=LOADERS).run(request, LIMITS)
    finally:
        os.close(fd)
    assert result.ending is Ending.DONE, result.detail
    found: dict[int, list[Thing]] = {}
    taken: dict[int, list[Thing]] = {}
    died: dict[int, str] = {}
    for row in result.messages:
        if not isinstance(row, Row):
            continue
        index = int(row.artifact)
        match row.cells:
            case ("refused", _):
                pass
            case ("died", how):
                died[index] = how
            case ("read",):
                taken[index] = found.get(index, [])
            case thing:
                found.setdefault(index, []).append(tuple(thing))
    return taken, died


@pytest.mark.parametrize("loader", ALL, ids=lambda loader: loader.task)
def test_what_a_loader_finds_in_a_file_that_passes_was_seen(
    loader: Loader, seeds: list[Seed], tmp_path: Path
) -> None:
    own = sorted({seed.data for seed in seeds if loader.takes(seed) and len(seed.data) <= 16 << 10})
    good = [data for data in own if walk(loader.name, data).silent]
    assert good, "no honest file to change"
    files = [*good, *(mutated(good[at % len(good)], good, at) for at in range(CHANGES))]
    taken, died = loaded(loader.task, files, tmp_path)
    both, differ = 0, []
    for at in sorted({*taken, *died}):
        ours = walk(loader.name, files[at])
        both += ours.silent and at in taken
        missed = [thing for thing in taken.get(at, ()) if loader.missed(ours, thing)]
        if ours.silent and (missed or at in died):
            name = hashlib.sha256(files[at]).hexdigest()[:16]
            (tmp_path / name).write_bytes(files[at])
            differ.append((at - len(good), str(tmp_path / name), died.get(at) or missed[:3]))
    print(
        f"{loader.task}: {len(files)} files, {len(taken)} taken, {both} of them pass here, {len(died)} kill it"
    )
    assert both, "the loader takes nothing that passes here: the comparison is empty"
    assert not differ
