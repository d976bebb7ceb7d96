"""TensorFlow: honest models are silent, every operator that reaches out is found, no change passes silently."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign import tensorflow as honest
from corpora.case import MADE, Case
from corpora.malformed import tensorflow as broken
from corpora.malicious import tensorflow as hostile
from corpora.protobuf import attribute, call, const, field, function, graph, meta, op, placeholder, saved
from quarantine.analyzers.walk import Walk
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import Walked, walked

FROZEN = (MADE / "tensorflow" / "frozen.pb").read_bytes()
INDEX = (MADE / "tensorflow" / "checkpoint-v2" / "ckpt-1.index").read_bytes()
REACH, PATH = "tensorflow-operator-reach", "tensorflow-operator-path"


def submitted(path: Path) -> Walked:
    """Walk a file, or all files of a directory."""
    files = [path] if path.is_file() else [held for held in sorted(path.rglob("*")) if held.is_file()]
    root = path.parent if path.is_file() else path
    found = Walked()
    Walk(found.take).run([(str(held.relative_to(root)), BytesSource(held.read_bytes())) for held in files])
    return found


@pytest.mark.parametrize("case", honest.cases(), ids=lambda case: case.id)
def test_an_honest_model_is_silent(case: Case, tmp_path: Path) -> None:
    found = submitted(case.build(tmp_path))
    assert found.silent, found.findings
    assert not found.rules


@pytest.mark.parametrize("case", [*hostile.cases(), *broken.cases()], ids=lambda case: case.id)
def test_a_hostile_or_broken_model_is_found(case: Case, tmp_path: Path) -> None:
    found = submitted(case.build(tmp_path))
    assert any(case.matches(rule) for rule in found.rules), found.rules
    assert "analyzer-crashed" not in found.rules
    assert not found.silent


def test_a_savers_own_subgraph_is_silent() -> None:
    nodes = [
        placeholder("f"), op("m", "StaticRegexFullMatch", "f"), const("a", ".part"), const("b", "_temp/part"),
        op("s", "Select", "m", "a", "b"), op("j", "StringJoin", "f", "s"), op("k", "Const"),
        op("n", "ShardedFilename", "j", "k", "k"), const("t", "w"), const("e", ""),
        op("w", "SaveV2", "n", "t", "e", "^k"), op("p", "Pack", "n", "^w"), op("z", "MergeV2Checkpoints", "p", "f"),
    ]  # fmt: skip
    assert not walked("model.pb", graph(*nodes)).rules


def test_a_table_is_filled_from_an_asset_and_from_nothing_else() -> None:
    nodes = [placeholder("p"), op("t", "HashTableV2"), op("i", "InitializeTableFromTextFileV2", "t", "p")]
    asset = field(6, field(1, field(1, "p:0")) + field(2, "vocabulary.txt"))
    assert not walked("saved_model.pb", saved(meta(graph(*nodes), more=asset))).rules
    assert PATH in walked("saved_model.pb", saved(meta(graph(*nodes)))).rules


def test_a_path_that_comes_through_an_unknown_call_is_reported() -> None:
    body = function("f", ("path",), const("t", "w"), const("e", ""), op("r", "RestoreV2", "path", "t", "e"))
    held = op("m", "MapDefun", "p", attributes=attribute("f", field(10, field(1, "f"))))
    assert PATH in walked("model.pb", graph(placeholder("p"), held, functions=(body,))).rules


def test_functions_that_call_each_other_in_a_circle_end() -> None:
    nodes = [const("t", "w"), const("e", ""), op("r", "RestoreV2", "path", "t", "e"), call("c", "f", "path")]
    held = graph(placeholder("p"), call("c", "f", "p"), functions=(function("f", ("path",), *nodes),))
    assert walked("model.pb", held).silent


def test_a_second_node_of_a_name_hides_none() -> None:
    nodes = [const("p", "x"), op("r", "ReadFile", "p"), op("r", "Identity", "p")]
    assert {REACH, "tensorflow-unusual-field"} <= walked("model.pb", graph(*nodes)).rules


@pytest.mark.parametrize(
    "name", ["WholeFileReaderV2", "PyFuncStateless", "DataServiceDatasetV4", "RpcClient", "Abort"]
)
def test_what_reaches_out_is_named(name: str) -> None:
    assert REACH in walked("model.pb", graph(placeholder("x"), op("y", name, "x"))).rules


def test_a_computing_operator_with_a_text_that_looks_like_a_path_is_silent() -> None:
    assert not walked("model.pb", graph(const("x", "/etc/passwd"), op("y", "Identity", "x"))).rules


def test_deep_messages_end_in_a_finding() -> None:
    held = b""
    for _ in range(400):
        held = field(1, b"") + field(8, field(1, held))
    found = walked("model.pb", graph(op("y", "Identity", attributes=attribute("f", field(10, held)))))
    assert not found.silent
    assert "analyzer-crashed" not in found.rules


@pytest.mark.parametrize("name", ["graph.pbtxt", "notes.txt"])
def test_text_is_read_as_its_loader_reads_it(name: str) -> None:
    assert REACH in walked(name, b'node { name: "r" op: "ReadFile" }\nversions { producer: 1 }\n').rules


def test_broken_text_of_a_graph_is_no_graph_only_under_another_name() -> None:
    text = b"node { op: this is prose }\n"
    assert "format-malformed" in walked("graph.pbtxt", text).rules
    assert not walked("notes.txt", text).rules


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(FROZEN)), st.binary(min_size=1, max_size=6), st.booleans())
def test_changed_graphs_never_crash_and_insertions_never_pass(at: int, more: bytes, insert: bool) -> None:
    changed = FROZEN[:at] + more + FROZEN[at if insert else at + len(more) :]
    assert "analyzer-crashed" not in walked("model.pb", changed).rules
    assert not walked("model.pb", FROZEN + b"\xff" + more).silent


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(INDEX) - 1), st.integers(1, 255))
def test_a_changed_byte_of_an_index_is_never_silent(at: int, flip: int) -> None:
    changed = INDEX[:at] + bytes([INDEX[at] ^ flip]) + INDEX[at + 1 :]
    found = walked("ckpt-1.index", changed)
    assert not found.silent
    assert "analyzer-crashed" not in found.rules


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='node{}<>:"\\x[],;#/ \n1.-', max_size=80))
def test_text_never_crashes(text: str) -> None:
    assert "analyzer-crashed" not in walked("graph.pbtxt", text.encode()).rules
