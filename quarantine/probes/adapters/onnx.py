"""ONNX models through onnxruntime, from bytes only: a model that wants other files is refused.

The top level of the protobuf (onnx.proto, ModelProto) tells the format: field 1 is a varint, field 7 the
graph.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, BinaryIO

from quarantine.probes.adapters.interface import Array, NotRunnable, Runnable
from quarantine.records import ModelSpec

_IR_VERSION, _GRAPH, _HIGHEST_FIELD = 1, 7, 25
_BATCH = 256


class Onnx:
    """The ONNX adapter."""

    name = "onnx"

    def recognises(self, file: BinaryIO) -> bool:
        """True if the file is a run of top-level protobuf fields with an IR version and a graph."""
        size = file.seek(0, 2)
        file.seek(0)
        fields = set()
        while file.tell() < size:
            key = _varint(file)
            field, wire = key >> 3, key & 7
            if not 1 <= field <= _HIGHEST_FIELD or wire not in (0, 2):
                return False
            value = _varint(file)
            if wire == 2:
                if file.tell() + value > size:
                    return False
                file.seek(value, 1)
            fields.add((field, wire))
        return {(_IR_VERSION, 0), (_GRAPH, 2)} <= fields

    def load(self, content: bytes, spec: ModelSpec) -> Runnable:
        """Load on the GPU where onnxruntime has a CUDA provider."""
        import onnx
        import onnxruntime as ort

        model = onnx.ModelProto.FromString(content)
        if any(t.data_location == onnx.TensorProto.EXTERNAL for t in _tensors(model.graph)):
            raise NotRunnable("the ONNX model keeps tensors in other files; hand it in as one file")
        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 2
        wanted = [
            p for p in ("CUDAExecutionProvider", "CPUExecutionProvider") if p in ort.get_available_providers()
        ]
        session = ort.InferenceSession(content, options, providers=wanted)
        return _runnable(session)


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            return 0
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    return 0


def _tensors(graph: Any) -> list[Any]:
    found = list(graph.initializer)
    for node in graph.node:
        for attribute in node.attribute:
            found += [attribute.t] if attribute.HasField("t") else []
            found += attribute.tensors
            for inner in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                found += _tensors(inner)
    return found


def _runnable(session: Any) -> Runnable:
    import numpy as np

    if len(session.get_inputs()) != 1:
        raise NotRunnable(f"the ONNX model has {len(session.get_inputs())} inputs, and one is expected")
    entry = session.get_inputs()[0]
    dtypes = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
    if entry.type not in dtypes:
        raise NotRunnable(f"the ONNX model's input is {entry.type}, and a floating-point tensor is expected")
    dtype = dtypes[entry.type]
    outputs = [out for out in session.get_outputs() if out.type in dtypes and len(out.shape or ()) == 2]
    if not outputs:
        raise NotRunnable("the ONNX model has no output of the form [n, classes]")
    dims = [dim if isinstance(dim, int) else None for dim in entry.shape]
    fixed = dims[0] if dims else None

    def predict(x: Array) -> Array:
        step = fixed or _BATCH
        padded = np.resize(x, (-(-len(x) // step) * step, *x.shape[1:])) if fixed else x
        ends = [*range(0, len(padded), step), len(padded)]
        parts = [
            session.run([outputs[0].name], {entry.name: padded[a:b].astype(dtype)})[0]
            for a, b in pairwise(ends)
        ]
        return np.concatenate(parts)[: len(x)].astype(np.float32)

    on_gpu = session.get_providers()[0] == "CUDAExecutionProvider"
    classes = outputs[0].shape[1]
    return Runnable(
        format=Onnx.name,
        device="cuda" if on_gpu else "cpu",
        predict=predict,
        found_shape=tuple(dims[1:]),
        found_classes=classes if isinstance(classes, int) else None,
    )
