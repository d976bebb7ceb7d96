"""The probes' worker, in this process, on models of our own."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from quarantine.jail.protocol import FactSeen, FindingSeen, Measured


def numbers(messages: list[Any]) -> dict[str, Measured]:
    return {m.name + m.context.get("eps", ""): m for m in messages if isinstance(m, Measured)}


def findings(messages: list[Any]) -> list[tuple[str, str]]:
    return [(m.rule, m.evidence["reason"]) for m in messages if isinstance(m, FindingSeen)]


def linear_onnx(weights: Any, bias: Any, *, batch: int | str = "n") -> Any:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["a"]),
            helper.make_node("Add", ["a", "b"], ["c"]),
            helper.make_node("Softmax", ["c"], ["p"]),
        ],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, len(weights)])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [batch, len(bias)])],
        [
            numpy_helper.from_array(np.asarray(weights, np.float32), "w"),
            numpy_helper.from_array(np.asarray(bias, np.float32), "b"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="module")
def regression(sets: ModuleType) -> Any:
    from sklearn.linear_model import LogisticRegression

    x, y = sets.training("digits-8x8")
    return LogisticRegression(max_iter=400).fit(x.reshape(len(x), -1), y)


def check_gradient_probes(messages: list[Any]) -> None:
    assert findings(messages) == []
    found = numbers(messages)
    clean, small, plain = (found[n] for n in ("clean_accuracy", "robust_accuracy0.03", "robust_accuracy0.1"))
    assert clean.value > 0.9
    assert clean.value > small.value > plain.value
    for number in found.values():
        assert number.low < number.value < number.high or number.value in (0, 1)
        assert number.unit == "fraction"
    assert small.probe == "evasion-pgd"
    assert small.context["art"] == "1.20.1"


def test_torchscript_loses_accuracy_as_the_budget_of_pgd_grows(cnn: Any, probe: Any, tmp_path: Path) -> None:
    import torch

    path = tmp_path / "m.pt"
    torch.jit.script(cnn).save(str(path))
    messages, done = probe(path)
    check_gradient_probes(messages)
    assert done.device in ("cpu", "cuda")
    assert numbers(probe(path)[0]) == numbers(messages), "the same seed gives the same numbers"


def test_exported_program_of_fixed_batch_is_attacked_with_gradients(
    cnn: Any, probe: Any, tmp_path: Path
) -> None:
    import torch

    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(cnn, (torch.rand(32, 1, 16, 16),)), str(path))
    check_gradient_probes(probe(path)[0])


@pytest.mark.parametrize("kind", ["torch", "safetensors"])
def test_bare_weights_run_with_the_architecture_of_the_card(
    cnn: Any, probe: Any, tmp_path: Path, kind: str
) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "weights"
    if kind == "torch":
        torch.save(cnn.state_dict(), path)
    else:
        save_file(cnn.state_dict(), path)
    check_gradient_probes(probe(path, architecture="digits-cnn")[0])
    ((rule, reason),) = findings(probe(path, architecture="os.system")[0])
    assert rule == "probe-not-run"
    assert "digits-cnn" in reason
    ((rule, reason),) = findings(probe(path, architecture="mlp-64")[0])
    assert rule == "probe-not-run"
    assert "do not fit" in reason


def test_pgd_probe_agrees_with_art_used_directly(cnn: Any, probe: Any, tmp_path: Path) -> None:
    import numpy as np
    import torch
    from art.attacks.evasion import ProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    path = tmp_path / "m.pt"
    torch.jit.script(cnn).save(str(path))
    ours = numbers(probe(path)[0])["robust_accuracy0.1"]
    with np.load(Path("quarantine/probes/sets/digits-16x16.npz").resolve()) as arrays:
        x, y = arrays["x"][:256], arrays["y"][:256]
    art = PyTorchClassifier(
        cnn, torch.nn.CrossEntropyLoss(), (1, 16, 16), 10, clip_values=(0.0, 1.0), device_type="cpu"
    )
    attack = ProjectedGradientDescent(
        art, eps=0.1, eps_step=0.00625, max_iter=40, num_random_init=1, verbose=False
    )
    reference = float((art.predict(attack.generate(x, y)).argmax(1) == y).mean())
    assert ours.low - 0.05 <= reference <= ours.high + 0.05


@pytest.mark.parametrize("batch", ["n", 7])
def test_onnx_image_model_is_attacked_by_square(
    regression: Any, probe: Any, tmp_path: Path, batch: int | str
) -> None:
    import onnx
    from onnx import TensorProto, helper

    model = linear_onnx(regression.coef_.T, regression.intercept_, batch=batch)
    model.graph.node.insert(0, helper.make_node("Flatten", ["image"], ["x"]))
    entry = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 1, 8, 8])
    model.graph.input[0].CopyFrom(entry)
    path = tmp_path / "m.bin"
    onnx.save(model, path)
    messages, _ = probe(path, shape=(1, 8, 8), on="digits-8x8", budget_s=90)
    assert findings(messages) == []
    found = numbers(messages)
    assert found["clean_accuracy"].value > 0.9
    assert found["robust_accuracy0.1"].probe == "evasion-square"
    assert found["robust_accuracy0.1"].value < found["robust_accuracy0.03"].value + 0.01
    assert found["robust_accuracy0.1"].value < found["clean_accuracy"].value


def test_sklearn_table_is_attacked_by_hopskipjump(sets: ModuleType, probe: Any, tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*sets.training("breast-cancer"))
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(model))
    messages, done = probe(path, shape=(30,), classes=2, on="breast-cancer", budget_s=90)
    assert findings(messages) == []
    found = numbers(messages)
    assert found["clean_accuracy"].value > 0.9
    assert found["robust_accuracy0.1"].probe == "evasion-hopskipjump"
    assert found["robust_accuracy0.1"].value < found["robust_accuracy0.03"].value
    assert done.device == "cpu"


def test_onnx_with_tensors_in_other_files_is_refused(regression: Any, probe: Any, tmp_path: Path) -> None:
    model = linear_onnx(regression.coef_.T, regression.intercept_)
    tensor = model.graph.initializer[0]
    tensor.data_location = 1
    tensor.external_data.add(key="location", value="/etc/passwd")
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    ((rule, reason),) = findings(probe(path, shape=(64,), on="digits-8x8")[0])
    assert rule == "probe-not-run"
    assert "other files" in reason


def test_onnx_is_preferred_over_a_pickle_and_said_so(regression: Any, probe: Any, tmp_path: Path) -> None:
    pickled, graph = tmp_path / "a.pkl", tmp_path / "b"
    pickled.write_bytes(pickle.dumps(regression))
    graph.write_bytes(linear_onnx(regression.coef_.T, regression.intercept_).SerializeToString())
    messages, _ = probe(pickled, graph, shape=(64,), on="iris")
    (fact,) = [m for m in messages if isinstance(m, FactSeen)]
    assert (fact.artifact, fact.value) == ("b", "onnx")


def test_card_and_model_that_differ_are_said_and_nothing_is_measured(
    regression: Any, probe: Any, tmp_path: Path
) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(regression))
    for arguments, words in [
        ({"shape": (1, 8, 8), "on": None}, "the card does not say"),
        ({"shape": (1, 8, 8), "on": "imagenet"}, "'imagenet'"),
        ({"shape": (4,), "on": "iris", "classes": 10}, "card: 10 classes; set iris: 3"),
        ({"shape": (4,), "on": "iris", "classes": 3}, "card: 3 classes; model: 10"),
        ({"shape": (1, 16, 16)}, "model: input [64]"),
    ]:
        messages, done = probe(path, **arguments)
        ((rule, reason),) = findings(messages)
        assert rule == "probe-not-run"
        assert words in reason
        assert numbers(messages) == {}
        assert done.device is None


def test_file_that_is_no_model_is_a_finding(probe: Any, tmp_path: Path) -> None:
    path = tmp_path / "readme.txt"
    path.write_text("hello")
    ((rule, _),) = findings(probe(path)[0])
    assert rule == "probe-not-run"


def test_probe_that_fails_does_not_stop_the_others(
    cnn: Any, probe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from quarantine.probes.accuracy import Accuracy

    def fail(*_: object) -> None:
        raise RuntimeError("on \x1b purpose")

    monkeypatch.setattr(Accuracy, "measure", fail)
    path = tmp_path / "m.pt"
    torch.jit.script(cnn).save(str(path))
    messages, _ = probe(path)
    assert findings(messages) == [("probe-failed", "RuntimeError: on \\x1b purpose")]
    assert "robust_accuracy0.1" in numbers(messages)


class Clock:
    """A monotonic clock on which every look takes half a second, however fast the machine is."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.5
        return self.now


def test_short_budget_gives_fewer_samples_and_says_so(
    regression: Any, probe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(regression))
    messages, _ = probe(path, shape=(64,), on="digits-8x8", budget_s=0.0001)
    assert set(findings(messages)) == {("probe-failed", "the time budget was used up")}
    assert numbers(messages) == {}
    clock = Clock()
    for module in ("run", "interface", "evasion"):
        monkeypatch.setattr(f"quarantine.probes.{module}.time", clock)
    messages, _ = probe(path, shape=(1, 8, 8), on="digits-8x8", budget_s=8.0)
    found = numbers(messages)["robust_accuracy0.1"]
    assert found.samples is not None
    assert 0 < found.samples < 128
    assert "of 128" in found.context["partial"]
