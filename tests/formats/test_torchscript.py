"""TorchScript archives: real ones pass, and code that reaches beyond tensors is told."""

import io
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora import opcodes as op
from tests.analyzers.walking import walked


def archive(code: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("m/data.pkl", op.stream(op.name("__torch__", "M") + op.EMPTY_TUPLE + op.NEWOBJ))
        target.writestr("m/code/__torch__.py", code)
        target.writestr("m/constants.pkl", op.stream(op.EMPTY_TUPLE))
        target.writestr("m/version", b"3\n")
    return out.getvalue()


def method(line: str) -> bytes:
    head = "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
    return f"{head}    {line}\n    return x\n".encode()


def test_real_scripts_pass_wholly_claimed(tmp_path: Path) -> None:
    import torch

    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.BatchNorm2d(2), torch.nn.Flatten()
    )
    path = tmp_path / "m.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for scripted in (torch.jit.script(model), torch.jit.trace(model.eval(), torch.zeros(1, 1, 8, 8))):
            scripted.save(str(path))
            found = walked("m.pt", path.read_bytes())
            assert found.rules == set()
            assert found.silent


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("_0 = torch.relu(x)", None),
        ("_0 = ops.prim.NumToTensor(2)", None),
        ("_0 = ops.quantized.relu6(x, False)", None),
        ('_0 = torch.save(x, "a")', "torch-operator-reach"),
        ('_0 = torch.from_file("a", False, 1)', "torch-operator-reach"),
        ('_0 = ops.aten.save(x, "a")', "torch-operator-reach"),
        ('_0 = torch.ops.aten.from_file("a", False, 1)', "torch-operator-reach"),
        ('_0 = ops.prim.rpc_sync("a", "b")', "torch-operator-reach"),
        ("_0 = ops.torchvision.nms(x, x, 0.5)", "torch-operator-custom"),
        ("import os", "torch-operator-custom"),
        ("from os import system", "torch-operator-custom"),
        ("import __torch__.torch.nn", None),
    ],
)
def test_operators_are_judged(line: str, rule: str | None) -> None:
    assert walked("m.pt", archive(method(line))).rules == ({rule} if rule else set())


@pytest.mark.parametrize(
    "code", [b"(" * 10_000, b"\0", b"\xff", b"def f(:\n", b"x = " + b"-" * 100_000 + b"1"]
)
def test_code_that_cannot_be_parsed_is_malformed(code: bytes) -> None:
    assert "format-malformed" in walked("m.pt", archive(code)).rules


@given(st.text(max_size=60))
def test_any_code_is_read_or_refused(text: str) -> None:
    rules = walked("m.pt", archive(text.encode())).rules
    assert rules <= {"format-malformed", "torch-operator-reach", "torch-operator-custom"}
