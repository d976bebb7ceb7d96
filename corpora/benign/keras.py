"""Honest HDF5 files and Keras models, as h5py, Keras 3, tf.keras and MATLAB write them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpora.case import MADE, Case, benign, made

Write = Callable[[Any], object]


def hdf5(write: Write, **options: Any) -> bytes:
    """The bytes of an HDF5 file in which ``write`` makes what it likes, with h5py."""
    import io

    import h5py

    out = io.BytesIO()
    with h5py.File(out, "w", **options) as file:
        write(file)
    return out.getvalue()


def dtypes(file: Any) -> None:
    """Every kind of element."""
    import h5py
    import numpy as np

    for kind in ("i1", "u8", ">i4", "f2", "f4", ">f8", "?", "c8", "S5"):
        file[kind.replace(">", "b")] = np.zeros((2, 3), kind)
    file["words"] = ["a", "bc", ""]
    file["record"] = np.zeros(2, [("a", "<i4"), ("b", "<f8", (2,)), ("c", "S3")])
    file["choice"] = np.zeros(3, h5py.special_dtype(enum=("i", {"A": 0, "B": 1})))
    file["type"] = np.dtype("f4")
    file["number"], file["nothing"] = 3.5, h5py.Empty("f4")
    file.create_dataset("named", (3,), dtype=file["type"])


def chunks(file: Any) -> None:
    """Every way in which chunks are found, and the filters of h5py."""
    import numpy as np

    data = np.arange(600.0).reshape(20, 30)
    for name, limits in (("fixed", None), ("one", (None, 30)), ("two", (None, None))):
        file.create_dataset(name, data=data, chunks=(3, 7), maxshape=limits)
        options = {"compression": "gzip", "shuffle": True, "fletcher32": True}
        file.create_dataset(f"{name}-gzip", data=data, chunks=(3, 7), maxshape=limits, **options)
    file.create_dataset("single", data=data, chunks=(20, 30), compression="lzf")
    file.create_dataset("many", data=np.zeros(3000), chunks=(1,), maxshape=(None,))
    file.create_dataset("empty", (20, 30), dtype="f4", chunks=(3, 7), fillvalue=1.5)


def groups(file: Any) -> None:
    """Many groups, links and attributes."""
    import h5py

    for number in range(60):
        file[f"layers/dense_{number}/vars/0"] = [number]
        file["layers"].attrs[f"note{number}"] = "x" * number
    file["again"], file["soft"] = file["layers"], h5py.SoftLink("/layers/dense_0")
    file.attrs["names"] = ["a", "bcd"]


def _keras(name: str, suffix: str) -> Callable[[Path], object]:
    def write(path: Path) -> object:
        os.environ.setdefault("KERAS_BACKEND", "torch")
        import keras
        from keras import layers

        models: dict[str, Callable[[], list[Any]]] = {
            "dense": lambda: [layers.Dense(3, "relu", kernel_regularizer="l2"), layers.Dropout(0.1), layers.Dense(1)],
            "conv": lambda: [layers.Reshape((4, 4, 1)), layers.Conv2D(2, 3), layers.BatchNormalization(),
                             layers.GlobalAveragePooling2D(), layers.Softmax()],
            "recurrent": lambda: [layers.Reshape((4, 4)), layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
                                  layers.GRU(2), layers.LayerNormalization()],
        }  # fmt: skip
        if name == "attention":
            one = keras.Input((4, 4))
            two = layers.MultiHeadAttention(1, 2)(one, one) + 1.0
            model = keras.Model(one, keras.ops.mean(layers.Add()([one, two]), axis=1))
        else:
            model = keras.Sequential([keras.Input((16,)), *models[name]()])
            model.compile(keras.optimizers.Adam(0.01), keras.losses.MeanSquaredError(), metrics=["mae"])
        if suffix == ".json":
            return path.write_text(model.to_json())
        return (model.save_weights if "weights" in suffix else model.save)(path)

    return write


def _file(name: str, file: str, write: Callable[[Path], object]) -> Case:
    def build(folder: Path) -> Path:
        path = folder / file
        write(path)
        return path

    return benign(f"benign-{name}", name.replace("-", " "), build)


def _matlab(path: Path) -> object:
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + b"\x00\x02IM"
    body = hdf5(lambda file: file.create_dataset("x", data=[[1.0, 2.0]]), userblock_size=512)
    return path.write_bytes(head.ljust(512, b"\0") + body[512:])


def cases() -> list[Case]:
    """Files of h5py with every kind of structure, and models of Keras 2 and 3."""
    found = [
        _file(f"hdf5-{write.__name__}-{version}", "weights.h5",
              lambda p, w=write, v=version: p.write_bytes(hdf5(w, libver=v)))  # type: ignore[misc]
        for write in (dtypes, chunks, groups)
        for version in ("earliest", "latest")
    ]  # fmt: skip
    found += [
        _file(f"keras-{name}{suffix.replace('.', '-')}", f"model{suffix}", _keras(name, suffix))
        for name in ("dense", "conv", "recurrent", "attention")
        for suffix in (".keras", ".h5", ".weights.h5")
    ]
    found += [
        _file("keras-dense-json", "model.json", _keras("dense", ".json")),
        _file("matlab", "data.mat", _matlab),
    ]
    found += [
        benign(
            f"benign-tf-keras-{path.name.replace('.', '-')}",
            "a model of tf.keras",
            made(f"keras/{path.name}"),
        )
        for path in sorted((MADE / "keras").iterdir())
    ]
    found += [
        benign(f"benign-pytables-{path.stem}", "a table of pandas or PyTables", made(f"pytables/{path.name}"))
        for path in sorted((MADE / "pytables").iterdir())
    ]
    return found
