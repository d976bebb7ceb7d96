"""torch.export archives: what the loader evaluates is judged, and raw weights are those that the table names."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from quarantine.formats.torch_export_graph import _is_expression, _is_guard
from tests.analyzers.walking import walked


def graph(**changes: object) -> dict[str, object]:
    nodes = [{"target": "torch.ops.aten.relu.default", "inputs": []}]
    return {
        "graph_module": {"graph": {"nodes": nodes}},
        "guards_code": [],
        "range_constraints": {},
        **changes,
    }


def archive(document: object, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("m/archive_format", b"pt2")
        target.writestr("m/models/model.json", json.dumps(document))
        for name, data in members.items():
            target.writestr(f"m/data/weights/{name}", data)
    return out.getvalue()


@pytest.mark.parametrize("dynamic", [False, True])
def test_real_exports_pass_wholly_claimed(tmp_path: Path, dynamic: bool) -> None:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 3)

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return self.linear(torch.cat([x, y], 0)).reshape(-1, 6)[: x.shape[0] // 2]

    size = torch.export.Dim("size", min=2, max=64)
    shapes = {"x": {0: 2 * size}, "y": {0: 2 * size}} if dynamic else None
    program = torch.export.export(Model(), (torch.zeros(4, 4), torch.zeros(4, 4)), dynamic_shapes=shapes)
    path = tmp_path / "m.pt2"
    torch.export.save(program, path)
    found = walked("m.pt2", path.read_bytes())
    assert found.rules == set()
    assert found.silent


@pytest.mark.parametrize(
    "text",
    [
        "s0",
        "2*s0 + 1",
        "Mul(Integer(2), Symbol('s65', positive=True, integer=True))",
        "Max(1, u0)//8",
        "Eq(s0, 4)",
    ],
)
def test_expressions_of_the_exporter_are_accepted(text: str) -> None:
    assert _is_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__",
        "s0.__class__",
        "open('x')",
        "exec('1')",
        "lambda: 0",
        "[1 for _ in s0]",
        "Symbol('__import__(1)')",
        "f'{s0}'",
        "s0[0]",
        "(x := 1)",
        "Symbol('s0')(1)",
        "s0 if s0 else s0",
        "1;2",
        "(" * 5000,
        "os",
    ],
)
def test_other_code_is_no_expression(text: str) -> None:
    assert not _is_expression(text)
    assert "torch-export-code" in walked("m.pt2", archive(graph(range_constraints={text: {}}))).rules


@pytest.mark.parametrize(
    "text", ["L['x'].size()[0] >= 2", "3*(L['x'].stride()[1] // 2) != L['y']['k'].size()[0]"]
)
def test_guards_of_the_exporter_are_accepted(text: str) -> None:
    assert _is_guard(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getpid()",
        "L.__class__",
        "L['x'].numpy()",
        "torch.hub.load('a', 'b')",
        "torch.serialization.os.getpid()",
        "L['x\"); import os; (\"'].size()",
        "(lambda: 1)()",
        "L['x'].size()[0] >= 2\nimport os",
    ],
)
def test_other_code_is_no_guard(text: str) -> None:
    assert not _is_guard(text)
    assert "torch-export-code" in walked("m.pt2", archive(graph(guards_code=[text]))).rules


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("torch.ops.aten.from_file.default", "torch-operator-reach"),
        ("torch.ops.thirdparty.nms.default", "torch-operator-custom"),
        ("torch.serialization.os.system", "torch-operator-custom"),
        ("_operator.methodcaller", "torch-operator-custom"),
        ("#ext:thing", "torch-operator-custom"),
    ],
)
def test_targets_that_do_more_than_compute_are_reported(target: str, rule: str) -> None:
    nodes = {"graph": {"nodes": [{"target": target, "inputs": []}]}}
    assert rule in walked("m.pt2", archive(graph(graph_module=nodes))).rules


def test_a_weight_that_no_table_names_is_not_claimed() -> None:
    number = [{"as_int": 4}]
    meta = {"dtype": 7, "sizes": number, "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}}
    table = {"config": {"w": {"path_name": "weight_0", "use_pickle": False, "tensor_meta": meta}}}
    named = {"weight_0": bytes(16), "model_weights_config.json": json.dumps(table).encode()}
    assert walked("m.pt2", archive(graph(), **named)).silent
    assert not walked("m.pt2", archive(graph(), **named, weight_1=bytes(16))).silent
    assert not walked("m.pt2", archive(graph(), **{**named, "weight_0": bytes(8)})).silent
