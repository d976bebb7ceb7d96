"""Keras models and HDF5 files that lead their loaders to code or to other files. Written, never loaded."""

from __future__ import annotations

import base64
import io
import json
import marshal
import zipfile
from pathlib import Path
from typing import Any

from corpora import opcodes as op
from corpora.benign.keras import hdf5
from corpora.case import CANARY, Case, hostile

Config = dict[str, Any]


def _function(module: str | None, name: str) -> Config:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def _layer(name: str, module: str | None = "keras.layers", /, **config: Any) -> Config:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def model(layer: Config) -> Config:
    """A sequential model of one layer."""
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [layer]},
            "registered_name": None}  # fmt: skip


def _code(folder: Path) -> str:
    code = compile(f"open({str(folder / CANARY)!r}, 'w')", "a", "eval")
    return base64.b64encode(marshal.dumps(code)).decode()


def archive(config: bytes, weights: bytes = b"", name: str = "config.json") -> bytes:
    """A .keras file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        held.writestr("metadata.json", '{"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"}')
        held.writestr(name, config)
        held.writestr("model.weights.h5", weights or hdf5(lambda _: None))
    return out.getvalue()


def _external(file: Any) -> None:
    import h5py

    file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/0")


def _raw(file: Any) -> None:
    file.create_dataset("layers/dense/vars/0", (64,), "u1", external=[("/etc/passwd", 0, 64)])


def _virtual(file: Any) -> None:
    import h5py

    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "a", (4,))
    file.create_virtual_dataset("vars", layout)


def _attribute(value: bytes, name: str = "settings") -> Any:
    import numpy as np

    return lambda file: file.attrs.__setitem__(name, np.bytes_(value))


def _row(value: bytes) -> Any:
    import h5py
    import numpy as np

    def write(file: Any) -> None:
        rows = file.create_dataset("rows", (1,), h5py.special_dtype(vlen=np.uint8))
        rows[0] = np.frombuffer(value, np.uint8)

    return write


def _configurations() -> dict[str, tuple[Config, str, str]]:
    torch = base64.b64encode(b"\x80\x02cos\ngetcwd\n)R.").decode()
    return {
        "os-function": (model(_layer("Dense", activation=_function("os", "system"))), "keras-gadget",
                        "an activation that is a function of os"),
        "builtins-eval": (model(_layer("Dense", activation=_function("builtins", "eval"))), "keras-gadget",
                          "eval where Keras looks for its own functions"),
        "get-file": (model(_layer("Dense", kernel_initializer=_function("keras.utils", "get_file"))), "keras-gadget",
                     "CVE-2025-8747: a download by Keras' own function"),
        "get-file-inside": (model(_layer("Dense", bias=_function("keras.src.utils.file_utils", "get_file"))),
                            "keras-gadget", "the same by its place in the package"),
        "unsafe-mode": ({"a": _function("keras.config", "enable_unsafe_deserialization"), **model(_layer("Dense"))},
                        "keras-gadget", "CVE-2025-9906: safe mode is switched off beside the model"),
        "other-home": (model(_layer("Dense", a=_function("tensorflow.keras.utils", "get_file"))), "keras-gadget",
                       "the download by the name that TensorFlow gives it"),
        "compile-config": ({**model(_layer("Dense")), "compile_config": {"loss": _function("subprocess", "run")}},
                           "keras-gadget", "a loss that is a function of subprocess"),
        "build-config": (model({**_layer("Dense"), "build_config": {"a": [_function("os", "getcwd")]}}),
                         "keras-gadget", "a function inside of what a layer is built with"),
        "type-spec": ({"class_name": "__typespec__", "spec_name": "Popen", "module": "subprocess", "config": [],
                       "registered_name": None}, "keras-gadget", "a type specification that is a class of subprocess"),
        "escaped-key": (model(_layer("Dense", a={"class_name": "Lambda"})), "keras-lambda",
                        "a Lambda whose keys are written with escapes"),
        "torch-module": (model(_layer("TorchModuleWrapper", module=torch)), "keras-torch-module",
                         "CVE-2025-49655: a pickle in Base64 in a configuration"),
        "vocabulary-file": (model(_layer("StringLookup", vocabulary="/etc/passwd")), "keras-reads-file",
                            "CVE-2025-12058: a vocabulary that is a file of the machine"),
        "vocabulary-address": (model(_layer("TextVectorization", vocabulary="http://127.0.0.1:9/a")),
                               "keras-reads-file", "a vocabulary that is an address"),
        "saved-model": (model(_layer("TFSMLayer", filepath="/tmp/model")), "keras-reads-file",
                        "a layer that loads a SavedModel from elsewhere"),
        "tf-write": (model(_layer("TFOpLambda", None, function="io.write_file")), "keras-gadget",
                     "a TensorFlow function that writes files"),
        "tf-raw": (model(_layer("TFOpLambda", None, function="raw_ops.ReadFile")), "keras-gadget",
                   "a raw operator that reads files"),
        "tf-node": (model(_layer("TensorFlowOpLayer", None, node_def='{"op": "EagerPyFunc"}')), "keras-gadget",
                    "a graph operator that calls Python"),
    }  # fmt: skip


def cases() -> list[Case]:
    """One case for each way."""
    found: list[Case] = []
    for name, (config, rule, why) in _configurations().items():
        data = json.dumps(config).encode()
        if name == "escaped-key":
            data = data.replace(b"class_name", b"cl\\u0061ss_name")
        found.append(hostile(f"keras-{name}", "model.keras", lambda _f, d=data: archive(d), why, (rule,)))  # type: ignore[misc]
    lambdas = {
        "keras-lambda-new": ("model.keras", archive, "a Lambda layer in a .keras file"),
        "keras-lambda-old": ("model.h5", lambda c: hdf5(_attribute(c, "model_config")), "one in an HDF5 file"),
        "keras-lambda-text": ("model.json", lambda c: c, "one in JSON alone"),
        "keras-lambda-wide": ("model.keras", lambda c: archive(c.decode().encode("utf-16")),
                              "one in UTF-16, which json.loads takes from bytes"),
        "keras-lambda-zero": ("model.h5", lambda c: hdf5(_attribute(c + b"\0more", "model_config")),
                              "text behind a zero byte, at which libhdf5 ends a string"),
    }  # fmt: skip
    for name, (file, wrap, why) in lambdas.items():
        build = lambda f, w=wrap: w(_lambda(f))  # noqa: E731
        found.append(hostile(name, file, build, why, ("keras-lambda",)))
    found.append(hostile("keras-lambda-yaml", "model.yaml", _yaml, "one in YAML", ("keras-lambda",)))
    for name, write, why in (
        ("link", _external, "weights that are a link to another file"),
        ("raw", _raw, "weights whose bytes are another file"),
        ("virtual", _virtual, "weights that are a virtual dataset"),
    ):
        found.append(hostile(f"hdf5-external-{name}", "model.weights.h5", lambda _f, w=write: hdf5(w), why,  # type: ignore[misc]
                             ("hdf5-external",)))  # fmt: skip
    found += [
        hostile("keras-external-inside", "model.keras",
                lambda _f: archive(json.dumps(model(_layer("Dense", units=1))).encode(), hdf5(_external)),
                "an external link in the weights of a .keras file", ("hdf5-external",)),
        hostile("hdf5-pickled-attribute", "table.h5", lambda f: hdf5(_attribute(op.payload(f, 2))),
                "an attribute that PyTables unpickles", ("pickle-global-dangerous",)),
        hostile("hdf5-pickled-attribute-old", "table.h5", lambda f: hdf5(_attribute(op.payload(f, 0)), libver="latest"),
                "the same in protocol 0, whose first byte says nothing", ("pickle-global-dangerous",)),
        hostile("hdf5-pickled-row", "table.h5", lambda f: hdf5(_row(op.payload(f, 4))),
                "a row of variable length that PyTables unpickles", ("pickle-global-dangerous",)),
        hostile("keras-custom", "model.keras",
                lambda _f: archive(json.dumps(model(_layer("Mine", "project.layers"))).encode()),
                "a class that no library has", ("keras-custom-class",), "review"),
        hostile("hdf5-user-block", "model.h5",
                lambda _f: b"#!/bin/sh\nexit\n".ljust(512, b"\n") + hdf5(lambda _: None, userblock_size=512)[512:],
                "a script in front of an HDF5 file", ("hdf5-user-block", "format-polyglot"), "review"),
    ]  # fmt: skip
    return found


def _yaml(folder: Path) -> bytes:
    function = f"!!python/tuple [{_code(folder)}, null, null]"
    return f"class_name: Sequential\nconfig:\n- class_name: Lambda\n  config: {{function: {function}}}\n".encode()


def _lambda(folder: Path) -> bytes:
    function = {
        "class_name": "__lambda__",
        "config": {"code": _code(folder), "defaults": None, "closure": None},
    }
    return json.dumps(model(_layer("Lambda", name="l", function=function))).encode()
