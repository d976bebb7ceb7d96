"""Models as tf.keras writes them: HDF5 of the old kind, .keras, weights alone, JSON.

Made with TensorFlow 2.18.1 (CPU) and tf-keras 2.18.0 in an environment of their own:

    python -m venv /tmp/tf && /tmp/tf/bin/pip install 'tensorflow-cpu==2.18.*' 'tf-keras==2.18.*'
    TF_USE_LEGACY_KERAS=1 PYTHONPATH=. /tmp/tf/bin/python -m corpora.makers.keras
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parent.parent / "made" / "keras"


def models() -> dict[str, Any]:
    """Small models of each kind, by name."""
    import tensorflow as tf
    import tf_keras as keras

    layers = keras.layers
    dense = keras.Sequential(
        [layers.Dense(4, "relu", input_shape=(3,)), layers.Dropout(0.1), layers.Dense(2, "softmax")]
    )
    dense.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    dense.fit([[0.0, 1.0, 2.0]], [1], verbose=0)
    conv = keras.Sequential(
        [layers.Conv2D(2, 3, input_shape=(8, 8, 1)), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(),
         layers.GlobalAveragePooling2D(), layers.Dense(1, "sigmoid", kernel_regularizer="l2")]
    )  # fmt: skip
    conv.compile(
        keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.BinaryCrossentropy(), [keras.metrics.AUC()]
    )
    lstm = keras.Sequential(
        [
            layers.Embedding(10, 3, input_length=5),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            layers.GRU(2),
        ]
    )
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two")
    joined = layers.Concatenate()([tf.math.multiply(one, 2.0) + 1.0, tf.nn.relu(two), one[:, :2]])
    functional = keras.Model([one, two], layers.Dense(1)(tf.concat([joined, one], axis=-1)))
    functional.compile("rmsprop", keras.losses.Huber())
    words = keras.Sequential([keras.Input((1,), dtype=tf.string), layers.StringLookup(vocabulary=["a", "b"]),
                              layers.Embedding(4, 2)])  # fmt: skip
    return {"dense": dense, "conv": conv, "lstm": lstm, "functional": functional, "words": words}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, model in models().items():
        if name != "words":
            model.save(OUT / f"{name}.h5")
        model.save(OUT / f"{name}.keras")
        model.save_weights(OUT / f"{name}.weights.h5")
        (OUT / f"{name}.json").write_text(model.to_json())


if __name__ == "__main__":
    main()
