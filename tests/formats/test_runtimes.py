"""Formats of other runtimes: what their libraries wrote is claimed whole, and no change of it is silent."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign import runtimes as honest
from corpora.case import MADE, Case
from corpora.malformed import runtimes as malformed
from corpora.malicious import runtimes as hostile
from corpora.messages import message
from quarantine.analyzers.walk import Walk
from quarantine.formats.coreml import OPERATIONS
from quarantine.formats.coreml_schema import SCHEMA as COREML
from quarantine.formats.ggml import Ggml
from quarantine.formats.interface import Malformed
from quarantine.formats.messages import Reader, outline, parse_schema
from quarantine.formats.mxnet_operators import COMPUTING, REACHING
from quarantine.formats.paddle_operators import COMPILED, rule_of
from quarantine.formats.source import BytesSource
from tests.analyzers.walking import Walked, walked

# One file of each format, and where its data begins: before that every change has to be told.
SAMPLES: dict[str, bytes] = {
    "model.mlmodel": (MADE / "coreml" / "tree.mlmodel").read_bytes(),
    "program.mlmodel": hostile.program(message((1, "relu"))),
    "model.xml": hostile.openvino("Result", "opset1"),
    "model.pdmodel": (MADE / "paddle" / "program" / "inference.pdmodel").read_bytes(),
    "model.pdiparams": (MADE / "paddle" / "program" / "inference.pdiparams").read_bytes(),
    "model.params": (MADE / "mxnet" / "arrays" / "sparse.nd").read_bytes(),
    "model.caffemodel": honest.caffemodel(),
    "old.caffemodel": honest.caffemodel(old=True),
    "model.t7": honest.tensor7(),
    "weight.bin": (
        MADE / "coreml" / "palette.mlpackage/Data/com.apple.CoreML/weights/weight.bin"
    ).read_bytes(),
    **{f"{kind}.bin": honest.ggml(kind) for kind in ("ggml", "ggmf", "ggjt", "whisper")},
}


def tree(path: Path) -> Walked:
    """Walk a file or a directory."""
    found = Walked()
    files = [path] if path.is_file() else sorted(entry for entry in path.rglob("*") if entry.is_file())
    Walk(found.take).run(
        [(str(file.relative_to(path.parent)), BytesSource(file.read_bytes())) for file in files]
    )
    return found


def _id(case: Case) -> str:
    return case.id


@pytest.mark.parametrize("case", honest.cases(), ids=_id)
def test_honest_models_are_silent(case: Case, tmp_path: Path) -> None:
    found = tree(case.build(tmp_path))
    assert found.silent
    assert found.rules <= {"onnx-contrib-domain"}


@pytest.mark.parametrize("case", [*hostile.cases(), *malformed.cases()], ids=_id)
def test_hostile_and_broken_models_are_told(case: Case, tmp_path: Path) -> None:
    found = tree(case.build(tmp_path))
    assert not found.silent
    assert any(case.matches(rule) for rule in found.rules)
    assert "analyzer-crashed" not in found.rules


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_whole_and_appended_bytes_are_not(name: str) -> None:
    assert walked(name, SAMPLES[name]).silent
    for more in (b"\x01", b"more", bytes(200), b"\x80\x04cos\nsystem\n."):
        assert not walked(name, SAMPLES[name] + more).silent
    assert not walked(name, SAMPLES[name][:-1]).silent


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(SAMPLES)), st.integers(0, 10_000), st.binary(min_size=1, max_size=8), st.booleans()
)
def test_changed_files_never_crash_a_reader(name: str, at: int, patch: bytes, insert: bool) -> None:
    data = SAMPLES[name]
    at %= len(data)
    found = walked(name, data[:at] + patch + data[at + (0 if insert else len(patch)) :])
    assert "analyzer-crashed" not in found.rules


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader_of_messages(data: bytes) -> None:
    with memoryview(data) as view:
        outline(view, 1000)
        try:
            Reader(None, view, COREML, {}, {}).read("Model", 0, len(data))
        except Malformed:
            return
    assert not data or data[0] in {
        number << 3 & 0xFF | wire for number in COREML["Model"] for wire in (0, 2)
    } | {number << 3 & 0x7F | 0x80 | wire for number in COREML["Model"] for wire in (0, 2)}


def test_a_schema_line_goes_on_behind_a_space_and_names_its_choices() -> None:
    schema = parse_schema("A 1:int*\n  2:B|kind 3:text|kind\nB 1:f32")
    assert schema["A"][2] == ("B", False, "kind")
    assert schema["A"][1].repeated


def test_two_members_of_one_choice_are_refused() -> None:
    model = hostile.coreml(555, b"") + message((556, b""))
    assert "format-malformed" in walked("m.mlmodel", model).rules


def test_messages_that_nest_too_deeply_are_refused() -> None:
    model = hostile.coreml(555, b"")
    for _ in range(60):
        model = hostile.coreml(202, message((1, model)))
    assert "format-malformed" in walked("m.mlmodel", model).rules


@pytest.mark.parametrize("offset", [0, 63, 64, 128, 1 << 40])
def test_weights_of_a_program_must_begin_at_a_record(offset: int) -> None:
    weights = struct.pack("<II56x", 1, 2) + struct.pack("<IIQQ40x", 0xDEADBEEF, 1, 8, 128) + b"\x01" * 8
    files = {"p/model.mlmodel": hostile.program(hostile.weights("@model_path/weights/w.bin", offset))}
    found = Walked()
    files["p/weights/w.bin"] = weights
    Walk(found.take).run([(name, BytesSource(data)) for name, data in files.items()])
    assert found.silent == (offset == 64)
    assert ("coreml-path" in found.rules) == (offset != 64)


def test_reserved_bytes_of_a_record_hold_whatever_was_in_memory() -> None:
    def held(kind: int, left_over: bytes) -> Walked:
        record = struct.pack("<IIQQ40s", 0xDEADBEEF, kind, 8, 128, left_over) + b"\x01" * 8 + bytes(56)
        return walked("weight.bin", struct.pack("<II56x", 1, 2) + record)

    assert held(1, b"\xf0" * 40).silent
    assert (
        "format-malformed" in held(8, b"\xf0" * 40).rules
    )  # of a type whose last byte can have bits to spare


def test_a_blob_that_no_value_refers_to_stays_unclaimed() -> None:
    record = struct.pack("<IIQQ40x", 0xDEADBEEF, 1, 8, 128) + b"\x01" * 8 + bytes(56)
    second = struct.pack("<IIQQ40x", 0xDEADBEEF, 1, 8, 256) + b"hidden!!"
    files = {
        "model.mlmodel": hostile.program(hostile.weights("@model_path/w.bin")),
        "w.bin": struct.pack("<II56x", 2, 2) + record + second,
    }
    found = Walked()
    Walk(found.take).run([(name, BytesSource(data)) for name, data in files.items()])
    assert "coreml-path" not in found.rules
    assert "coverage-unclaimed" in found.rules


def test_the_lists_of_operators_do_not_overlap() -> None:
    assert not COMPUTING & set(REACHING)
    assert {"relu", "conv"} <= OPERATIONS
    for operator in ("py_func", "save_", "load_combine_grad", *COMPILED):
        assert rule_of(operator) is not None
    assert rule_of("relu") is None


def test_a_deep_table_of_torch7_costs_no_recursion() -> None:
    data = b"".join(
        struct.pack("<iii", 3, index, 1) + struct.pack("<id", 1, 1.0) for index in range(1, 20_000)
    )
    assert walked("m.t7", data + struct.pack("<i", 0)).silent


def test_the_layout_that_came_furthest_says_what_is_wrong() -> None:
    data = honest.ggml("ggjt") + b"\1\0\0\0"
    found = walked("model.bin", data)
    assert found.artifacts["model.bin"].format == Ggml.name
    assert found.rules == {"format-malformed"}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("'Python'", '"\\120ython"'),
        lambda text: text.replace("'Python'", "'Py' # x\n 'thon'"),
        lambda text: text.replace("type:", "type  :"),
        lambda text: text.replace("{", "<").replace("}", ">"),
        lambda text: text.replace("layer", "layers:", 1),
        lambda text: text.replace("layer", "layer\n# x\n", 1),
    ],
)
def test_no_spelling_hides_a_python_layer(change: Callable[[str], str]) -> None:
    text = "layer { name: 'x' type: 'Python' }"
    assert "caffe-python-layer" in walked("deploy.prototxt", change(text).encode()).rules
    assert walked("deploy.prototxt", b"layer { name: 'Python' type: 'ReLU' }").silent


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "ascii"])
def test_no_encoding_or_prolog_hides_an_extension(encoding: str) -> None:
    text = hostile.openvino("Inert", "extension").decode()
    assert "openvino-extension" in walked("m.xml", text.encode(encoding)).rules
    long = text.replace("<net", "<!--" + " " * (2 << 20) + "--><net", 1)
    assert "openvino-extension" in walked("m.xml", long.encode(encoding)).rules


@pytest.mark.parametrize(
    "change",
    [lambda data: b" " * 5000 + data, lambda data: data + b" more", lambda data: b"\xef\xbb\xbf" + data],
)
def test_nothing_around_a_graph_hides_it(change: Callable[[bytes], bytes]) -> None:
    assert "mxnet-operator-reach" in walked("net.txt", change(hostile.symbol("_Native"))).rules


def test_weights_of_a_layer_that_is_not_known_stay_unclaimed() -> None:
    network = "7767517\n2 2\nInput in 0 1 a\n{} y 1 1 a b 0=2 1=0 2=2\n"
    for layer, silent in (("InnerProduct", True), ("Inert", False)):
        found = Walked()
        files = [("m.param", network.format(layer).encode()), ("m.bin", bytes(4) + b"\xff" * 8)]
        Walk(found.take).run([(name, BytesSource(data)) for name, data in files])
        assert found.silent == silent
        assert ("ncnn-custom-layer" in found.rules) != silent
