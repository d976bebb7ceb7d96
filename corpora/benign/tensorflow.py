"""Honest models of TensorFlow, TensorFlow Lite, TensorFlow.js, ExecuTorch and ONNX Runtime, made by the libraries."""

from __future__ import annotations

import json
import struct
import warnings
from pathlib import Path

from corpora.case import Case, benign, made
from quarantine.formats.crc32c import masked

_MADE = {
    "tensorflow/saved-module": "A SavedModel of a tf.Module",
    "tensorflow/saved-table": "A SavedModel with a table that is filled from an asset",
    "tensorflow/saved-keras": "A SavedModel that Keras 3 exports",
    "tensorflow/saved-v1": "A SavedModel of TensorFlow 1, with two savers",
    "tensorflow/checkpoint-v1": "A checkpoint of TensorFlow 1 with its MetaGraph",
    "tensorflow/checkpoint-v2": "A checkpoint of TensorFlow 2",
    "tensorflow/frozen.pb": "A frozen graph",
    "tensorflow/frozen.pbtxt": "A frozen graph as text",
    "tflite/int8.tflite": "A network quantised to integers",
    "tflite/f16.tflite": "A network quantised to half precision",
    "tflite/control.tflite": "A model with loops and branches in subgraphs",
    "tflite/flex.tflite": "A model with an operator of TensorFlow itself that computes",
    "tflite/meta.tflite": "A model with metadata and the archive of its labels behind it",
    "executorch/linear.pte": "An ExecuTorch program with its weights in a segment",
    "onnxruntime/linear.ort": "A model that ONNX Runtime optimized and saved in its own format",
}


def _mobile(folder: Path) -> Path:
    import torch

    path = folder / "model.ff"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).eval())
        module._save_for_lite_interpreter(str(path), _use_flatbuffer=True)
    return path


def _tfjs(folder: Path) -> Path:
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 3}}
    topology = {
        "keras_version": "2.13.1",
        "model_config": {"class_name": "Sequential", "config": {"layers": [layer]}},
    }
    weights = [
        {"name": "d/kernel", "shape": [4, 3], "dtype": "float32"},
        {"name": "d/bias", "shape": [3], "dtype": "float32"},
    ]
    manifest = [{"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": weights}]
    home = folder / "web"
    home.mkdir()
    held = {"format": "layers-model", "modelTopology": topology, "weightsManifest": manifest}
    (home / "model.json").write_text(json.dumps(held))
    data = struct.pack("<15f", *(0.37 * n - 2 for n in range(15)))
    (home / "group1-shard1of2.bin").write_bytes(data[:32])
    (home / "group1-shard2of2.bin").write_bytes(data[32:])
    return home


def _records(folder: Path) -> Path:
    path, out = folder / "train.tfrecord", b""
    for record in (b"hello", bytes(range(200))):
        length = struct.pack("<Q", len(record))
        out += length + struct.pack("<I", masked(length)) + record + struct.pack("<I", masked(record))
    path.write_bytes(out)
    return path


def cases() -> list[Case]:
    """All of them."""
    found = [
        benign("made-" + name.replace("/", "-").replace(".", "-"), what, made(name))
        for name, what in _MADE.items()
    ]
    return [
        *found,
        benign("torch-mobile-flatbuffer", "A mobile module as a flatbuffer", _mobile),
        benign("tfjs-layers", "A TensorFlow.js model in two shards, as its converter writes it", _tfjs),
        benign("tfrecord", "Records of data", _records),
    ]
