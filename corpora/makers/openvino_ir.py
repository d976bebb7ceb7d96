"""Write small OpenVINO IR models: openvino 2026.4, numpy 1.26, Linux.

Run from the repository root: ``python corpora/makers/openvino_ir.py``. It writes ``corpora/made/openvino``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

TARGET = Path(__file__).parents[1] / "made" / "openvino"


def linear() -> ov.Model:
    """A dense layer, with two constants of one value and a text in the model's information."""
    x = ops.parameter([-1, 8], np.float32, name="x")
    weight = ops.constant(np.random.default_rng(0).random((8, 4), np.float32))
    y = ops.add(ops.matmul(x, weight, False, False), ops.constant(np.zeros((1, 4), np.float32)))
    model = ov.Model([ops.softmax(y, 1)], [x], "linear")
    model.set_rt_info("a made model", ["framework", "note"])
    return model


def convolution() -> ov.Model:
    """Images, quantised weights in eight and four bits."""
    x = ops.parameter([1, 3, 8, 8], np.float32, name="image")
    rng = np.random.default_rng(0)
    weight = ops.convert(ops.constant(rng.integers(-128, 127, (4, 3, 3, 3), np.int8)), "f32")
    scaled = ops.multiply(weight, ops.constant(np.full((4, 1, 1, 1), 0.01, np.float32)))
    y = ops.relu(ops.convolution(x, scaled, [1, 1], [1, 1], [1, 1], [1, 1]))
    four = ov.op.Constant(ov.Type.u4, ov.Shape([16, 4]), list(range(16)) * 4)
    y = ops.reshape(ops.reduce_mean(y, ops.constant(np.array([2, 3], np.int64)), False), [1, 4], False)
    y = ops.matmul(y, ops.convert(four, "f32"), False, True)
    return ov.Model([y], [x], "convolution")


def loop() -> ov.Model:
    """A branch, whose two bodies are models of their own, and a loop."""
    x = ops.parameter([2], np.float32, name="x")
    flag = ops.parameter([], np.bool_, name="flag")
    a, b = ops.parameter([2], np.float32), ops.parameter([2], np.float32)
    branch = ops.if_op(flag)
    first = ov.Model([ops.result(ops.add(a, np.array([1, 2], np.float32)))], [a], "then")
    second = ov.Model([ops.result(ops.multiply(b, np.array([3, 4], np.float32)))], [b], "else")
    branch.set_then_body(first)
    branch.set_else_body(second)
    branch.set_input(x.output(0), a, b)
    y = branch.set_output(first.results[0], second.results[0])
    state = ops.parameter([2], np.float32)
    going = ops.constant(True)
    body = ov.Model([ops.result(going), ops.result(ops.relu(state))], [state], "body")
    repeat = ops.loop(ops.constant(3), ops.constant(True))
    repeat.set_function(body)
    repeat.set_special_body_ports([-1, 0])
    repeat.set_merged_input(state, y, body.results[1].output(0))
    return ov.Model([repeat.get_iter_value(body.results[1].output(0), -1)], [x, flag], "loop")


def main() -> None:
    """Write each into a directory of its own."""
    for make in (linear, convolution, loop):
        folder = TARGET / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        ov.save_model(make(), str(folder / "openvino_model.xml"), compress_to_fp16=make is linear)


if __name__ == "__main__":
    main()
