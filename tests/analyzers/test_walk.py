"""The walk says of every file whether it was read; limits, crashes and streamed content never look complete."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from corpora.benign.models import onnx_model
from quarantine.analyzers import node, walk
from quarantine.formats import expanded
from quarantine.formats.expanded import expanded as of_all
from quarantine.formats.interface import Node, TooLarge
from quarantine.formats.source import BytesSource, FdSource
from quarantine.formats.text import Text
from tests.analyzers.walking import Walked, walked


def test_every_file_that_is_not_visited_is_named_as_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "NODES_LIMIT", 2)
    found = Walked()
    files = [(f"{index}.txt", BytesSource(b"text")) for index in range(5)]
    walk.Walk(found.take).run(files)
    assert [found.artifacts[name].complete for name, _ in files] == [True, True, False, False, False]
    assert {finding.artifact for finding in found.findings} == {"2.txt", "3.txt", "4.txt"}


def test_what_is_nested_too_deep_is_incomplete() -> None:
    data = b"text"
    for _ in range(walk.DEPTH_LIMIT + 1):
        data = gzip.compress(data)
    found = walked("a.gz", data)
    assert found.rules == {"walk-limit"}
    assert not found.silent


def test_content_that_expands_over_the_budget_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node.Budget.__init__, "__defaults__", (1000,))
    found = walked("a.gz", gzip.compress(b"text" * 500))
    assert "format-too-large" in found.rules
    assert not found.silent


def test_a_reader_that_fails_costs_coverage_and_not_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: Text, node: Node) -> None:
        raise KeyError("unforeseen")

    monkeypatch.setattr(Text, "read", crash)
    found = walked("a.txt", b"text")
    assert found.rules == {"analyzer-crashed"}
    assert not found.silent


def test_a_large_member_is_read_without_being_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros.bin", "w") as file:
        for _ in range(150):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    with path.open("rb") as held:
        found = walked("a.zip", FdSource(held.fileno(), path.stat().st_size))
    assert found.artifacts["a.zip!zeros.bin"].size_bytes == 150 << 20
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("kept", [1 << 20, 1000], ids=["kept", "streamed"])
def test_expanded_content_reads_the_same_kept_or_streamed(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanded, "MEMORY_LIMIT_BYTES", kept)
    monkeypatch.setattr(expanded, "CHECKPOINT_BYTES", 5000)
    monkeypatch.setattr(expanded, "_BLOCK", 700)
    data = b"".join(index.to_bytes(4, "big") for index in range(10_000))
    source = of_all(BytesSource(zlib.compress(data)), "zlib", len(data))
    for start, length in [
        (0, 10),
        (39_000, 5000),
        (17, 20_000),
        (8000, 1),
        (39_999, 1),
        (0, 40_000),
        (12, 0),
    ]:
        assert source.read(start, length) == data[start : start + length]
    assert source.open().read() == data


def test_content_too_large_to_be_seen_whole_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanded, "VIEW_LIMIT_BYTES", 10)
    source = of_all(BytesSource(zlib.compress(bytes(100))), "zlib", 100)
    with pytest.raises(TooLarge), source.view():
        pass


def test_a_file_of_another_worker_still_says_what_its_neighbour_holds(tmp_path: Path) -> None:
    import onnx

    model = onnx.load_from_string(onnx_model(4, 2))
    onnx.save_model(
        model, tmp_path / "model.onnx", save_as_external_data=True, location="w.data", size_threshold=0
    )
    files = [(path.name, BytesSource(path.read_bytes())) for path in sorted(tmp_path.iterdir())]
    assert [name for name, _ in files] == ["model.onnx", "w.data"]
    found = Walked()
    walk.Walk(found.take).run(files, {"w.data"})
    assert list(found.artifacts) == ["w.data"], "what is not one's own is not reported on"
    assert (found.artifacts["w.data"].format, found.artifacts["w.data"].complete) == ("external-data", True)
