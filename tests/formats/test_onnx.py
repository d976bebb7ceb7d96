"""ONNX: honest models are claimed whole, everything that onnx.proto does not explain is reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from corpora.benign.models import onnx_model
from quarantine.analyzers.walk import Walk
from quarantine.formats.onnx_schema import MESSAGES
from quarantine.formats.source import BytesSource
from quarantine.jail.protocol import ArtifactSeen, FindingSeen

HONEST = onnx_model(4, 2)
_KINDS = {
    FieldDescriptor.TYPE_FLOAT: "float",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
}


def walk(**files: bytes) -> tuple[set[str], dict[str, ArtifactSeen]]:
    """Rules reported, and artifacts by path; ``__`` in a name stands for the dot."""
    said: list[Any] = []
    Walk(said.append).run([(name.replace("__", "."), BytesSource(data)) for name, data in files.items()])
    return {m.rule for m in said if isinstance(m, FindingSeen)}, {
        m.path: m for m in said if isinstance(m, ArtifactSeen)
    }


def passes(**files: bytes) -> bool:
    rules, artifacts = walk(**files)
    return not rules and all(a.complete for a in artifacts.values())


def test_the_tables_are_those_of_the_installed_library() -> None:
    todo, seen = [onnx.ModelProto.DESCRIPTOR], set()
    while todo:
        message = todo.pop()
        if message.full_name in seen:
            continue
        seen.add(message.full_name)
        table = MESSAGES[message.full_name.removeprefix("onnx.")]
        assert {field.number for field in message.fields} == set(table)
        for field in message.fields:
            kind = _KINDS.get(field.type, "int")
            if field.message_type:
                todo.append(field.message_type)
                kind = field.message_type.full_name.removeprefix("onnx.")
            assert table[field.number] == kind + "*" * field.is_repeated
    assert len(seen) == len(MESSAGES)


@pytest.mark.parametrize("kind", [k for k in TensorProto.DataType.values() if k])
@pytest.mark.parametrize("shape", [(), (0,), (3, 5)])
def test_tensors_of_every_type_are_read_whole(kind: int, shape: tuple[int, ...]) -> None:
    count = int(np.prod(shape))
    values: list[Any] = [b"x" if kind == TensorProto.STRING else 1] * count
    tensor = helper.make_tensor("t", kind, shape, values)
    rules, artifacts = walk(input_0__pb=tensor.SerializeToString())
    assert not rules
    assert artifacts["input_0.pb"].format == "onnx-tensor"
    assert artifacts["input_0.pb"].complete


def test_external_data_is_claimed_in_its_file_and_padding_must_be_zero(tmp_path: Path) -> None:
    model = onnx.load_from_string(HONEST)
    onnx.save_model(
        model,
        tmp_path / "model.onnx",
        save_as_external_data=True,
        location="a_weights",
        size_threshold=0,
        convert_attribute=False,
    )
    graph, weights = (tmp_path / "model.onnx").read_bytes(), (tmp_path / "a_weights").read_bytes()
    weights = bytearray(weights)
    weights[0] = 0xFF  # no text
    assert passes(model__onnx=graph, a_weights=bytes(weights))
    rules, artifacts = walk(model__onnx=graph, a_weights=bytes(weights) + b"\xffhidden")
    assert "coverage-unclaimed" in rules
    assert not artifacts["a_weights"].complete
    assert "onnx-external-path" in walk(model__onnx=graph, a_weights=bytes(weights[:-1]))[0]


@pytest.mark.parametrize("location", ["../x", "/etc/passwd", "a/../../x", "C:x", "a\\b", "", "./x", "a//b"])
def test_external_paths_that_leave_or_mislead_are_reported(location: str) -> None:
    tensor = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    graph = helper.make_graph([], "g", [], [], [tensor])
    model = helper.make_model(graph).SerializeToString()
    assert "onnx-external-path" in walk(model__onnx=model, x=b"\xff\xff\xff\xff")[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.dims.append(2),
        lambda t: t.float_data.append(1.0),
        lambda t: setattr(t, "data_type", 0),
        lambda t: setattr(t, "data_type", 99),
        lambda t: setattr(t, "raw_data", t.raw_data + b"hidden"),
        lambda t: t.dims.append(1 << 62),
    ],
)
def test_a_tensor_must_hold_what_its_shape_asks_for(change: Any) -> None:
    model = onnx.load_from_string(HONEST)
    change(model.graph.initializer[0])
    assert "format-malformed" in walk(model__onnx=model.SerializeToString())[0]


def test_a_field_that_appears_twice_and_a_lengthened_number_are_refused() -> None:
    assert "format-malformed" in walk(model__onnx=HONEST + b"\x08\x0a")[0]
    assert HONEST.startswith(b"\x08\x0a")
    assert not passes(model__onnx=b"\x08\x8a\x00" + HONEST[2:])


def test_core_ml_is_not_taken_for_onnx() -> None:
    _, artifacts = walk(model__mlmodel=b"\x08\x05\x12\x03\x0a\x01x\xa2\x1f\x02\x08\x01")
    assert artifacts["model.mlmodel"].format == "coreml"


def test_subgraphs_are_read_too() -> None:
    node = helper.make_node("Run", [], ["y"], domain="evil")
    inner = helper.make_graph([node], "i", [], [helper.make_tensor_value_info("y", 1, [1])])
    outer = helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner)
    graph = helper.make_graph([outer], "g", [], [], [numpy_helper.from_array(np.array(True), "c")])
    assert "onnx-custom-domain" in walk(model__onnx=helper.make_model(graph).SerializeToString())[0]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(HONEST)), st.binary(min_size=1, max_size=6))
def test_bytes_put_in_are_never_passed_unless_the_library_reads_them_as_the_model(
    at: int, more: bytes
) -> None:
    changed = HONEST[:at] + more + HONEST[at:]
    if passes(model__onnx=changed):  # then every byte is one of the model's own fields
        assert len(onnx.load_from_string(changed).SerializeToString()) == len(changed)
