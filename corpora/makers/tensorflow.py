"""Small models of TensorFlow, honest and hostile, under ``corpora/made/tensorflow``.

Made with tensorflow-cpu 2.21.0 and Keras 3.15.1 in an environment of its own: ``python -m corpora.makers.tensorflow``
from the root of the repository. Hostile ones are saved and never loaded; what they would open is ``CANARY``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf

MADE = Path(__file__).resolve().parents[1] / "made" / "tensorflow"
FLOATS, TEXTS = tf.TensorSpec([None, 3]), tf.TensorSpec([None], tf.string)
CANARY = "/tmp/CANARY"


class Called(tf.Module):
    """A module whose function is given."""

    def __init__(self, call: Callable[[Any], Any], spec: Any = FLOATS, **held: Any) -> None:
        super().__init__()
        self.w = tf.Variable(tf.ones([3, 2]))
        for name, value in held.items():
            setattr(self, name, value)
        self.call = tf.function(call, input_signature=[spec])


def saved(name: str, module: tf.Module) -> None:
    """Save a module as ``name``."""
    tf.saved_model.save(module, str(MADE / name), signatures=module.call.get_concrete_function())


def honest() -> None:
    """Models that people export."""
    weights = tf.Variable(tf.ones([3, 2]))
    saved("saved-module", Called(lambda x: x @ weights, own=weights))
    vocabulary = Path("/tmp/vocabulary.txt")
    vocabulary.write_text("a\nb\n")
    index = tf.lookup.TextFileIndex
    from_file = tf.lookup.TextFileInitializer(
        str(vocabulary), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
    )
    table = tf.lookup.StaticHashTable(from_file, -1)
    saved("saved-table", Called(table.lookup, TEXTS, table=table))
    model = tf.keras.Sequential([tf.keras.layers.Input((4,)), tf.keras.layers.Dense(3, activation="relu")])
    model.export(str(MADE / "saved-keras"), verbose=False)
    tf.train.Checkpoint(model=Called(lambda x: x), step=tf.Variable(1)).save(
        str(MADE / "checkpoint-v2" / "ckpt")
    )
    old()


def old() -> None:
    """What programs of TensorFlow 1 write."""
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], "x")
        w = v1.get_variable("w", [3, 2], use_resource=False)
        y = tf.nn.relu(tf.matmul(x, w), name="y")
        session.run(v1.global_variables_initializer())
        folder = MADE / "checkpoint-v1"
        folder.mkdir(parents=True)
        v1.train.Saver().save(session, str(folder / "model.ckpt"), global_step=7)
        frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
        (MADE / "frozen.pb").write_bytes(frozen.SerializeToString())
        (MADE / "frozen.pbtxt").write_text(str(frozen))
        v1.saved_model.simple_save(session, str(MADE / "saved-v1"), {"x": x}, {"y": y})


def hostile() -> None:
    """Models that reach out when they are called or loaded."""

    def with_effect(effect: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            with tf.control_dependencies([effect(x)]):
                return tf.identity(x)

        return call

    raw = tf.raw_ops
    effects: dict[str, Callable[[Any], Any]] = {
        "hostile-read": lambda x: tf.io.read_file(CANARY),
        "hostile-write": lambda x: tf.io.write_file(CANARY, "x"),
        "hostile-python": lambda x: tf.py_function(lambda y: y, [x], tf.float32),
        "hostile-print": lambda x: raw.PrintV2(input="x", output_stream=f"file://{CANARY}"),
        "hostile-save": lambda x: raw.SaveV2(
            prefix=CANARY, tensor_names=["a"], shape_and_slices=[""], tensors=[x]
        ),
        "hostile-restore": lambda x: raw.RestoreV2(
            prefix=CANARY, tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32]
        )[0],
        "hostile-dataset": lambda x: tf.data.TextLineDataset([CANARY]).reduce(0, lambda n, _: n + 1),
        "hostile-debug": lambda x: raw.DebugIdentityV2(input=x, debug_urls=[f"file://{CANARY}"]),
    }
    for name, effect in effects.items():
        saved(name, Called(with_effect(effect)))
    # The path is in a branch of a loop's function, and comes in by an argument.
    inner = tf.function(lambda path: tf.strings.length(tf.io.read_file(path)))
    branch = with_effect(lambda x: tf.cond(tf.size(x) > 5, lambda: inner(CANARY), lambda: 0))
    saved("hostile-branch", Called(branch))
    # What a request asks for is what is written: tensors of the caller, under a path of the caller.
    requested = with_effect(
        lambda x: raw.SaveV2(prefix=x[0], tensor_names=["a"], shape_and_slices=[""], tensors=[x])
    )
    saved("hostile-requested", Called(requested, TEXTS))


def main() -> None:
    """Make all of them anew."""
    shutil.rmtree(MADE, ignore_errors=True)
    MADE.mkdir(parents=True)
    honest()
    hostile()


if __name__ == "__main__":
    main()
