"""Small programs under ``corpora/made/executorch`` and ``corpora/made/onnxruntime``.

Made with executorch 1.5.1, torch 2.13.0, onnx and onnxruntime 1.32.0: ``python -m corpora.makers.executorch``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

MADE = Path(__file__).resolve().parents[1] / "made"


def _program() -> Any:
    torch, exir = import_module("torch"), import_module("executorch.exir")
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).eval()
    return exir.to_edge(torch.export.export(model, (torch.ones(2, 4),))).to_executorch()


def main() -> None:
    """Make them anew."""
    home = MADE / "executorch"
    home.mkdir(parents=True, exist_ok=True)
    content = _program().buffer
    (home / "linear.pte").write_bytes(content)
    shapes, parts = (
        import_module("executorch.exir.schema"),
        import_module("executorch.exir._serialize._program"),
    )
    held = parts.deserialize_pte_binary(content)
    place = shapes.BackendDelegateDataReference(location=shapes.DataLocation.INLINE, index=0)
    delegate = shapes.BackendDelegate(id="StrangeBackend", processed=place, compile_specs=[])
    held.program.execution_plan[0].delegates.append(delegate)
    held.program.backend_delegate_data.append(shapes.BackendDelegateInlineData(data=b"blob"))
    (home / "strange-backend.pte").write_bytes(bytes(parts.serialize_pte_binary(held)))
    _optimized()


def _optimized() -> None:
    """A model in ONNX Runtime's own format."""
    onnx, runtime, np = import_module("onnx"), import_module("onnxruntime"), import_module("numpy")
    helper = onnx.helper
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("Relu", ["y"], ["z"])]
    ends = [helper.make_tensor_value_info(name, 1, [None, size]) for name, size in (("x", 4), ("z", 3))]
    weights = onnx.numpy_helper.from_array(np.ones((4, 3), "f4"), "w")
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = runtime.SessionOptions()
    home = MADE / "onnxruntime"
    home.mkdir(parents=True, exist_ok=True)
    options.optimized_model_filepath = str(home / "linear.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
