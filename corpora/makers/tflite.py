"""Small TensorFlow Lite models under ``corpora/made/tflite``: quantised, with Flex operators, with metadata.

Made with tensorflow-cpu 2.21.0: ``python -m corpora.makers.tflite`` from the root of the repository. ``meta.tflite`` is
``int8.tflite`` with metadata, which tflite-support 0.4.4 (protobuf 3.20.3, NumPy 1) writes in a second environment:
``python -m corpora.makers.tflite metadata``.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
MADE = Path(__file__).resolve().parents[1] / "made" / "tflite"


def _modules(tf: Any) -> None:
    """Models of plain functions: one Flex operator, one that reads a file, loops and branches."""

    class Lower(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([4], tf.string)])  # type: ignore[untyped-decorator]
        def call(self, x: Any) -> Any:
            return tf.strings.lower(x)

    class Reads(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([], tf.string)])  # type: ignore[untyped-decorator]
        def call(self, x: Any) -> Any:
            return tf.io.read_file(x)

    class Control(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([4]), tf.TensorSpec([], tf.int32)])  # type: ignore[untyped-decorator]
        def call(self, x: Any, n: Any) -> Any:
            def step(i: Any, held: Any) -> Any:
                grown = tf.cond(tf.reduce_sum(held) > 3, lambda: held * 2, lambda: held + 1)
                return i + 1, grown

            return tf.while_loop(lambda i, _: i < n, step, [0, x])[1]

    for name, module in (("flex", Lower()), ("flexread", Reads()), ("control", Control())):
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [module.call.get_concrete_function()], module
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        (MADE / f"{name}.tflite").write_bytes(converter.convert())


def _networks(tf: Any) -> None:
    """One small network, quantised to integers and to half precision."""
    np, layers = import_module("numpy"), tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.DepthwiseConv2D(3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    for name in ("int8", "f16"):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if name == "f16":
            converter.target_spec.supported_types = [tf.float16]
        else:
            converter.representative_dataset = lambda: ([np.ones((1, 8, 8, 3), "f4") * n] for n in range(4))
        (MADE / f"{name}.tflite").write_bytes(converter.convert())


def _metadata() -> None:
    home = "tensorflow_lite_support.metadata.python.metadata_writers"
    writer, files = import_module(f"{home}.image_classifier"), import_module(f"{home}.writer_utils")
    labels = Path("/tmp/labels.txt")
    labels.write_text("a\nb\n")
    model = files.load_file(str(MADE / "int8.tflite"))
    made = writer.MetadataWriter.create_for_inference(model, [127.5], [127.5], [str(labels)])
    files.save_file(made.populate(), str(MADE / "meta.tflite"))


def main() -> None:
    """Make them anew."""
    MADE.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] == ["metadata"]:
        _metadata()
        return
    tf = import_module("tensorflow")
    _networks(tf)
    _modules(tf)


if __name__ == "__main__":
    main()
