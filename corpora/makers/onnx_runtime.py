"""Write small ONNX models of converters and of ONNX Runtime.

skl2onnx 1.20.0, onnxruntime 1.32.0, onnx 1.23.2, onnxscript 0.7.2, Linux.
Run from the repository root: ``python corpora/makers/onnx_runtime.py``. It writes ``corpora/made/onnx``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxscript import FLOAT, opset18, script
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

TARGET = Path(__file__).parents[1] / "made" / "onnx"


class _Samples(CalibrationDataReader):
    """Three random batches."""

    def __init__(self) -> None:
        self._batches = iter([{"x": np.random.default_rng(0).random((2, 32), np.float32)}] * 3)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._batches, None)


@script()
def repeated(x: FLOAT[5]) -> FLOAT[5]:
    """A loop."""
    total = opset18.Identity(x)
    for _ in range(10):
        total = total + x
    return total


def dense(path: Path) -> None:
    """Two dense layers."""
    weights = np.random.default_rng(0).random((32, 32), np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["r"]),
             helper.make_node("MatMul", ["r", "v"], ["y"])]  # fmt: skip
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", 32]) for name in "xy"]
    held = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(weights.T.copy(), "v")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], held)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def main() -> None:
    """Write all of them."""
    TARGET.mkdir(parents=True, exist_ok=True)
    x, y = load_iris(return_X_y=True)
    x = x.astype(np.float32)
    model = LogisticRegression(max_iter=500).fit(x, y)
    # At this target the converter imports the standard operators twice.
    onnx.save(to_onnx(model, x[:1], target_opset=12, options={"zipmap": False}), TARGET / "skl-twice.onnx")
    words = TfidfVectorizer().fit(["a cat sat", "the dog ran"])
    onnx.save(
        convert_sklearn(words, initial_types=[("t", StringTensorType([None, 1]))]), TARGET / "skl-words.onnx"
    )
    onnx.save(repeated.to_model_proto(), TARGET / "script-loop.onnx")
    with tempfile.TemporaryDirectory() as work:
        plain = Path(work) / "plain.onnx"
        dense(plain)
        quantize_dynamic(plain, TARGET / "dynamic.onnx")
        for form in (QuantFormat.QDQ, QuantFormat.QOperator):
            quantize_static(plain, TARGET / f"static-{form.name.lower()}.onnx", _Samples(), quant_format=form)
        quantize_static(plain, TARGET / "static-16.onnx", _Samples(), quant_format=QuantFormat.QDQ,
                        activation_type=QuantType.QUInt16, weight_type=QuantType.QInt8,
                        extra_options={"UseQDQContribOps": True})  # fmt: skip
        four = MatMulNBitsQuantizer(onnx.load(plain), block_size=32, is_symmetric=True)
        four.process()
        four.model.save_model_to_file(str(TARGET / "four-bits.onnx"), False)
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.optimized_model_filepath = str(TARGET / "optimized.onnx")
        ort.InferenceSession(TARGET / "static-qdq.onnx", options, providers=["CPUExecutionProvider"])
    body = [helper.make_node("Relu", ["x"], ["y"])]
    function = helper.make_function("local", "F", ["x"], ["y"], body, [helper.make_opsetid("", 17)])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [5]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("F", ["x"], ["y"], domain="local")], "g", ends[:1], ends[1:])
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    onnx.save(helper.make_model(graph, functions=[function], opset_imports=sets), TARGET / "function.onnx")


if __name__ == "__main__":
    main()
