"""Small real models, each made by its library with fixed seeds."""

from __future__ import annotations

from typing import Any


def onnx_model(features: int, classes: int, weights: Any = None, bias: Any = None) -> bytes:
    """A linear softmax classifier as ONNX (IR 10, opset 17), input ``x`` float32 [N, features]."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    w = np.zeros((features, classes), np.float32) if weights is None else weights.astype(np.float32)
    b = np.zeros(classes, np.float32) if bias is None else bias.astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["z"]), helper.make_node("Softmax", ["z"], ["y"], axis=1)],
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", features])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", classes])],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def digits() -> tuple[Any, Any]:
    """The 8x8 digits scaled to 0..1, as float32, and their labels."""
    import numpy as np
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels
