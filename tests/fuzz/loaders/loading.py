"""A task for the jail of tests: let a real loader read many changed files, and say what it took out of each.

``Request.opinions[0]`` names the loader. The one input holds the files, each behind its length (four bytes, little
endian). For every file there is a row for each thing that the loader found in it (name, type, shape, digest), and
then one of the cell ``read``, ``refused`` or ``died``.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import os
import pickle
import signal
import struct
import warnings

from quarantine.jail.protocol import Done, Row

THINGS_LIMIT = 400
CELL_LIMIT, CELLS_LIMIT = 500, 8
MEMBER_LIMIT_BYTES = 1 << 20
PATIENCE_S = 20
IMPORTS = {
    "torch_records": ("torch",),
    "torch_weights": ("torch",),
    "npy": ("numpy",),
    "safetensors": ("safetensors",),
    "onnx": ("onnx", "onnx.checker"),
    "joblib": (
        "joblib",
        "sklearn.ensemble",
        "sklearn.pipeline",
        "sklearn.svm",
        "pandas",
        "xgboost",
        "lightgbm",
    ),
    "hdf5": ("h5py",),
    "yaml": ("yaml",),
    "msgpack": ("msgpack",),
    "xgboost": ("xgboost",),
    "lightgbm": ("lightgbm",),
}
"""What is imported once, before the process of a file is split off."""


def digest(data):
    return hashlib.sha256(data).hexdigest()


def of_zip(data):
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as held:
        for info in held.infolist():
            if not info.is_dir() and info.file_size <= MEMBER_LIMIT_BYTES:
                yield info.filename, "", "", digest(held.read(info))


def of_torch_records(data):
    import torch

    held = torch._C.PyTorchFileReader(io.BytesIO(data))
    for name in held.get_all_records():
        yield name, "", "", digest(bytes(held.get_record(name)))


def of_torch_weights(data):
    import torch

    loaded = torch.load(io.BytesIO(data), weights_only=True)
    todo = [("", loaded)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, torch.Tensor):
            content = value.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
            yield "tensor", str(value.dtype), "", digest(content)
        elif isinstance(value, dict):
            todo += [(f"{name}.{key}", inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            todo += [(name, inner) for inner in value]


def of_tar(data):
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data)) as held:
        for member in held:
            if member.isreg() and member.size <= MEMBER_LIMIT_BYTES:
                yield member.name, "", "", digest(held.extractfile(member).read())


def _array(name, array):
    return name, array.dtype.str, json.dumps(array.shape), digest(array.tobytes())


def of_npy(data):
    import numpy

    array = numpy.load(io.BytesIO(data), allow_pickle=False)
    yield _array("", array)


def of_safetensors(data):
    import safetensors

    for name, entry in safetensors.deserialize(data):
        yield name, entry["dtype"], json.dumps(entry["shape"]), digest(bytes(entry["data"]))


def of_onnx(data):
    import onnx

    model = onnx.load_from_string(data)
    onnx.checker.check_model(model)
    for held in model.graph.initializer:
        yield held.name, f"type {held.data_type}", json.dumps(list(held.dims)), ""


class _Inert:
    def __new__(cls, *_args, **_keywords):
        return object.__new__(cls)

    def __init__(self, *_args, **_keywords):
        pass

    def __setstate__(self, _):
        pass

    def __setitem__(self, *_):
        pass

    append = extend = add = __setstate__


def _named(machine, data):
    names = []

    class Machine(machine):
        def find_class(self, module, name):
            names.append(("global", module, name, ""))
            return type("Named", (_Inert,), {})

        def persistent_load(self, _):
            return _Inert()

    with contextlib.suppress(Exception):  # what was imported before the end has run
        Machine(io.BytesIO(data), encoding="latin1").load()
    yield from names


def of_pickle(data):
    yield from _named(pickle.Unpickler, data)


def of_python_pickle(data):
    yield from _named(pickle._Unpickler, data)


def of_joblib(data):
    from joblib import numpy_pickle

    names = []

    class Machine(numpy_pickle.NumpyUnpickler):
        def find_class(self, module, name):
            names.append(("global", module, name, ""))
            return super().find_class(module, name)

    with contextlib.suppress(Exception):
        Machine("model.joblib", io.BytesIO(data), ensure_native_byte_order=False).load()
    yield from names


def of_hdf5(data):
    import h5py

    found = []
    with h5py.File(io.BytesIO(data), "r") as held:

        def visit(name, entry):
            if isinstance(entry, h5py.Dataset) and entry.size is not None and entry.size < 1 << 20:
                found.append(
                    (name, "", json.dumps(entry.shape), digest(entry[()].tobytes() if entry.shape else b""))
                )

        held.visititems(visit)
    yield from found


def _canonical(value):
    """The document as an honest writer writes it, in cells; nothing if it is too long for a row."""
    text = json.dumps(value, ensure_ascii=True, default=repr)
    pieces = [text[at : at + CELL_LIMIT] for at in range(0, len(text), CELL_LIMIT)]
    return ("canonical", *pieces) if len(pieces) < CELLS_LIMIT else ("long",)


def of_json(data):
    yield _canonical(json.loads(data))


def of_yaml(data):
    import yaml

    yield _canonical(yaml.safe_load(data))


def of_msgpack(data):
    import msgpack

    held = msgpack.unpackb(data, strict_map_key=False)
    yield "length", "", str(len(held)), ""


def of_xgboost(data):
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(data))
    yield "features", "", str(booster.num_features()), ""


def of_lightgbm(data):
    import lightgbm

    booster = lightgbm.Booster(model_str=data.decode())
    yield "trees", "", str(booster.num_trees()), ""


LOADERS = {name.removeprefix("of_"): what for name, what in list(globals().items()) if name.startswith("of_")}


def _take(load, data, index, emit):
    """Emit what the loader found in one file."""
    try:
        for count, thing in enumerate(load(data)):
            if count < THINGS_LIMIT:
                cells = (part.encode("utf-8", "backslashreplace").decode() for part in thing)
                emit(Row(artifact=index, cells=tuple(cell[:CELL_LIMIT] for cell in cells)))
        emit(Row(artifact=index, cells=("read",)))
    except BaseException as error:  # whatever a loader does with broken files is its answer
        emit(Row(artifact=index, cells=("refused", type(error).__name__)))


def run(request, emit):
    """Each file has a process of its own, because many loaders die of what they do not expect."""
    warnings.simplefilter("ignore")
    load, entry = LOADERS[request.opinions[0]], request.inputs[0]
    for module in IMPORTS.get(request.opinions[0], ()):
        importlib.import_module(module)
    raw, at, index = os.pread(entry.fd, entry.size_bytes, 0), 0, 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        data, at = raw[at + 4 : at + 4 + length], at + 4 + length
        if (child := os.fork()) == 0:
            signal.alarm(PATIENCE_S)
            with open(os.devnull, "w") as quiet:
                os.dup2(quiet.fileno(), 2)
            _take(load, data, str(index), emit)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            emit(Row(artifact=str(index), cells=("died", str(status))))
        index += 1
    return Done()
