"""Every target takes a fixed set of changed files and crashes on none; so do inputs that once crashed it.

The same targets run for minutes under coverage guidance by ``make fuzz``. (docs/fuzzing.md)
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarantine.formats.table import FORMATS, PLACED
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import Seed, chosen, quick
from tests.fuzz.targets import Crash, Target, all_targets, load_all

TARGETS = {target.name: target for target in all_targets()}
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.hex"))
EXAMPLES = 40
SLOW_S = 2.0


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    load_all()
    return quick()


def changed(target: Target, seeds: list[Seed]) -> st.SearchStrategy[bytes]:
    """Files of a target's format with a few changes, their checksums put right."""
    own = chosen(target, seeds, 20)
    return st.builds(mutated, st.sampled_from(own), st.just(own), st.integers(0, (1 << 32) - 1))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_changed_files_crash_no_reader(target: Target, seeds: list[Seed]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(changed(target, seeds))
    def holds(data: bytes) -> None:
        began = time.process_time()
        target.run(data)
        assert time.process_time() - began < SLOW_S

    holds()


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_once_crashed_is_read(path: Path) -> None:
    """The file's name begins with the target's; lines that begin with ``#`` say what went wrong."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    TARGETS[path.stem.partition(".")[0]].run(bytes.fromhex("".join(lines)))


def test_every_parser_is_a_target_and_all_but_a_few_have_files_to_start_from(seeds: list[Seed]) -> None:
    assert {line.name for line in (*FORMATS, *PLACED)} <= set(TARGETS)
    without = [t.name for t in TARGETS.values() if not any(t.takes(seed.name, seed.forms) for seed in seeds)]
    assert len(without) <= 15, without


def test_a_reader_that_fails_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    from quarantine.formats.gguf import Gguf

    def fails(*_: object) -> None:
        raise IndexError("as a careless reader does")

    monkeypatch.setattr(Gguf, "read", fails)
    with pytest.raises(Crash):
        TARGETS["gguf"].run(b"GGUF\3\0\0\0" + bytes(16))


def test_the_program_fuzzes_a_target_and_says_how_it_went(tmp_path: Path) -> None:
    corpus, result = tmp_path / "corpus", tmp_path / "result"
    corpus.mkdir()
    (corpus / "seed").write_bytes(b"a: 1")
    command = [sys.executable, "-m", "tests.fuzz.one", "card", "1", str(corpus), str(tmp_path), str(result)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    figures = json.loads(result.read_text())
    assert figures["executions"] > 0
    assert not figures["crashes"]
