"""Configurations, templates and graphs that lead a loader to code, files or memory. Written, never loaded."""

from __future__ import annotations

import json

from corpora.case import Case, hostile


def _graph(sizes: list[int], domain: str = "", location: str = "") -> bytes:
    """An ONNX model that makes a tensor of ``sizes``, or names a domain or a file."""
    import numpy as np
    from onnx import TensorProto, helper

    shape = helper.make_tensor(
        "s", TensorProto.INT64, [len(sizes)], np.array(sizes, "<i8").tobytes(), raw=True
    )
    if location:
        shape.ClearField("raw_data")
        shape.data_location = TensorProto.EXTERNAL
        entry = shape.external_data.add()
        entry.key, entry.value = "location", location
    nodes = [helper.make_node("ConstantOfShape", ["s"], ["y"], domain=domain)]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [], [output], [shape])
    data: bytes = helper.make_model(graph, ir_version=10).SerializeToString()
    return data


def cases() -> list[Case]:
    """One case for each way."""
    documents: dict[str, tuple[str, object, str]] = {
        "auto-map": ("config.json", {"auto_map": {"AutoModel": "modeling.Model"}}, "config-remote-code"),
        "hydra-target": ("config.json", {"a": [{"_target_": "os.getcwd"}]}, "config-calls"),
        "keras-lambda": ("config.json", {"layers": [{"class_name": "Lambda"}]}, "keras-lambda"),
        "keras-module": ("config.json", {"class_name": "x", "module": "os"}, "keras-gadget"),
        "template-class": (
            "tokenizer_config.json", {"chat_template": "{{ ''.__class__ }}"}, "template-escape"),
        "template-attr": (
            "tokenizer_config.json",
            {"chat_template": [{"name": "a", "template": "{{ x|attr('a') }}"}]},
            "template-escape"),
        "template-built": (
            "tokenizer_config.json", {"chat_template": "{{ x['_' ~ y] }}"}, "template-computed-name"),
        "index-elsewhere": (
            "model.safetensors.index.json", {"weight_map": {"w": "../x"}}, "index-shard-missing"),
    }  # fmt: skip
    found = [
        hostile(
            f"config-{name}",
            file,
            lambda _f, d=document: json.dumps(d).encode(),  # type: ignore[misc]
            name.replace("-", " "),
            (rule,),
            "review",
        )
        for name, (file, document, rule) in documents.items()
    ]
    found += [
        hostile("onnx-size-bomb", "model.onnx", lambda _f: _graph([1 << 20, 1 << 20]), "a tensor of 2^40 elements",
                ("onnx-size-bomb",)),
        hostile("onnx-foreign-operator", "model.onnx", lambda _f: _graph([1], "evil.ops"), "an operator of a library",
                ("onnx-custom-domain",), "review"),
        hostile("onnx-reads-passwd", "model.onnx", lambda _f: _graph([1], location="/etc/passwd"),
                "external data at an absolute path", ("onnx-external-path",)),
        hostile("onnx-unknown-field", "model.onnx", lambda _f: _graph([1]) + b"\x9a\x06\x05Hello",
                "bytes in a field that readers skip", ("onnx-unknown-field",), "review"),
    ]  # fmt: skip
    return found
