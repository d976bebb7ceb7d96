"""Models of other runtimes that lead their loaders to code, files or other machines. Written, never loaded."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

from corpora.case import MADE, Case, hostile
from corpora.messages import message

_FEATURES = message((1, message((1, "x"))), (10, message((1, "y"))))


def coreml(kind: int, model: bytes) -> bytes:
    """A Core ML model of one kind."""
    return message((1, 4), (2, _FEATURES), (kind, model))


def program(*operations: bytes) -> bytes:
    """A Core ML program of one function."""
    block = message((2, "y"), *((3, operation) for operation in operations))
    function = message((2, "CoreML5"), (3, message((1, "CoreML5"), (2, block))))
    return coreml(502, message((1, 1), (2, message((1, "main"), (2, function)))))


def weights(file: str, offset: int = 64) -> bytes:
    """A constant of a Core ML program, four float16 in a file."""
    kind = message((1, message((1, 10), (2, 1), (3, message((1, message((1, 4))))))))
    value = message((2, kind), (5, message((1, file), (2, offset))))
    return message((1, "const"), (3, message((1, "w"), (2, kind))), (5, message((1, "val"), (2, value))))


def paddle(*operators: str) -> bytes:
    """A PaddlePaddle program of some operators."""
    block = message((1, 0), (2, 0), *((4, message((3, name))) for name in operators))
    return message((1, block), (4, message((1, 0))))


def caffe(module: str, layer: str = "Layer") -> bytes:
    """A Caffe network with a layer of Python."""
    python = message((1, module), (2, layer))
    return message(
        (1, "net"),
        (100, message((1, "data"), (2, "Input"))),
        (100, message((1, "p"), (2, "Python"), (130, python))),
    )


def torch7(body: bytes) -> bytes:
    """A Torch7 table of one entry."""
    key = struct.pack("<iid", 3, 1, 0)[:8] + struct.pack("<i", 1) + struct.pack("<id", 1, 1.0)
    return key + body


LUA = struct.pack("<iii", 8, 2, 12) + b"\x1bLJ\x02\x02inert.." + struct.pack("<iii", 3, 3, 0)
"""A function whose bytecode is none."""


def symbol(operator: str, **attributes: str) -> bytes:
    """An MXNet graph of one operator."""
    nodes = [
        {"op": "null", "name": "data", "inputs": []},
        {"op": operator, "name": "y", "attrs": attributes, "inputs": [[0, 0, 0]]},
    ]
    return json.dumps({"nodes": nodes, "arg_nodes": [0], "heads": [[1, 0, 0]]}).encode()


def pir(operator: str) -> bytes:
    """A PaddlePaddle program of the newer kind with one more operator."""
    document = json.loads((MADE / "paddle" / "pir" / "inference.json").read_bytes())
    document["program"]["regions"][0]["blocks"][0]["ops"].append(
        {"#": operator, "A": [], "I": [], "O": [], "OA": []}
    )
    return json.dumps(document).encode()


def openvino(kind: str, version: str, data: str = "", *, head: str = "") -> bytes:
    """An OpenVINO graph of a parameter and one layer."""
    port = '<port id="0" precision="FP32"><dim>4</dim></port>'
    layers = (
        f'<layer id="0" name="x" type="Parameter" version="opset1"><output>{port}</output></layer>'
        f'<layer id="1" name="y" type="{kind}" version="{version}">{data}<input>{port}</input></layer>'
    )
    edges = '<edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>'
    net = f'<net name="m" version="11"><layers>{layers}</layers><edges>{edges}</edges></net>'
    return f'<?xml version="1.0"?>{head}{net}'.encode()


def java(*classes: str) -> bytes:
    """The beginning of a stream of Java objects: the descriptions of some classes."""
    out = b"\xac\xed\x00\x05"
    for name in classes:
        out += b"sr" + struct.pack(">H", len(name)) + name.encode() + bytes(8) + b"\x03\0\0xp"
    return out


def constant_bomb(inside: bool) -> bytes:
    """An ONNX graph whose huge shape is a Constant node, or one in a branch that takes it from outside."""
    from onnx import TensorProto, helper

    sizes = helper.make_node("Constant", [], ["s"], value_ints=[1 << 20, 1 << 20])
    fill = helper.make_node("ConstantOfShape", ["s"], ["y"])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    if inside:
        branch = helper.make_graph([fill], "b", [], [output])
        fill = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    flag = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    graph = helper.make_graph([sizes, fill], "g", [flag], [output])
    data: bytes = helper.make_model(graph, ir_version=10).SerializeToString()
    return data


def overridden() -> bytes:
    """An ONNX model that gives a standard operator a body of its own, and one that calls Python."""
    from onnx import TensorProto, helper

    body = [helper.make_node("PythonOp", ["x"], ["y"], domain="com.microsoft", func_name="inert")]
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    function = helper.make_function("", "Relu", ["x"], ["y"], body, sets)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    data: bytes = helper.make_model(
        graph, functions=[function], opset_imports=sets, ir_version=10
    ).SerializeToString()
    return data


def cases() -> list[Case]:
    """One case for each way."""

    def one(
        name: str, file: str, data: Callable[[], bytes], what: str, *rules: str, review: bool = False
    ) -> Case:
        return hostile(name, file, lambda _folder: data(), what, rules, "review" if review else "reject")

    layer = b"layer { name: 'p' type: 'Python' bottom: 'data' python_param { module: 'inert' layer: 'L' } }"
    spelt = b'layer{name:"p" type:"P\\x79"  # a comment\n "thon"}'
    escaped = symbol("_Native").replace(b"_N", b"\\u005fN").replace(b'"nodes"', b'"\\u006eodes"')
    executable = b"MZqFpD='\n\n" + bytes(50) + struct.pack("<I", 128) + bytes(64) + b"PE\0\0" + bytes(200)
    return [
        one("coreml-custom-model", "m.mlmodel", lambda: coreml(555, message((10, "InertClass"))),
            "a model that a class of the app is", "coreml-custom", review=True),
        one("coreml-custom-layer", "m.mlmodel",
            lambda: coreml(500, message((1, message((1, "l"), (2, "x"), (3, "y"), (500, message((10, "Inert"))))))),
            "a layer that a class of the app is", "coreml-custom", review=True),
        one("coreml-nested-in-pipeline", "m.mlmodel",
            lambda: coreml(202, message((1, coreml(202, message((1, coreml(555, message((10, "Inert"))))))))),
            "a custom model in a pipeline in a pipeline", "coreml-custom", review=True),
        one("coreml-linked-path", "m.mlmodel",
            lambda: coreml(556, message((1, message((1, message((1, "../../other.mlmodelc"))))))),
            "a link to a model outside", "coreml-path"),
        one("coreml-serialized-pickle", "m.mlmodel",
            lambda: coreml(3000, message((1, "x"), (2, b"\x80\x04cos\ngetcwd\n)R."))),
            "a pickle where another runtime's model belongs", "pickle-*"),
        one("coreml-weights-path", "m.mlmodel", lambda: program(weights("/etc/passwd")),
            "weights at an absolute path", "coreml-path"),
        one("coreml-weights-climb", "m.mlmodel", lambda: program(weights("@model_path/weights/../../../etc/passwd")),
            "weights at a path that leaves the package", "coreml-path"),
        one("coreml-unknown-operation", "m.mlmodel", lambda: program(message((1, "inert_operation"))),
            "an operation that no version knows", "coreml-custom", review=True),
        one("coreml-package-path", "Manifest.json",
            lambda: json.dumps({"fileFormatVersion": "1.0.0", "itemInfoEntries": {"a": {"path": "../../x"}},
                                "rootModelIdentifier": "a"}).encode(),
            "a package's list that names a file outside", "coreml-path"),
        one("openvino-extension", "m.xml", lambda: openvino("Inert", "extension"),
            "an operation of an extension library", "openvino-extension", review=True),
        one("openvino-known-name-extension", "m.xml", lambda: openvino("Inert", "opset1"),
            "an operation of a library under a standard set's name", "openvino-extension", review=True),
        one("openvino-entity", "m.xml",
            lambda: openvino("Result", "opset1", head='<!DOCTYPE net [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
            "an entity that a file is", "xml-doctype"),
        one("paddle-py-func", "m.pdmodel", lambda: paddle("feed", "py_func", "fetch"),
            "an operator that calls Python", "paddle-operator-reach"),
        one("paddle-save", "m.pdmodel", lambda: paddle("scale", "save_combine"), "an operator that writes a file",
            "paddle-operator-reach"),
        one("paddle-listen", "__model__", lambda: paddle("listen_and_serv"), "an operator that opens a port",
            "paddle-operator-reach"),
        one("paddle-custom", "m.pdmodel", lambda: paddle("inert_operator"), "an operator of a library",
            "paddle-operator-custom", review=True),
        one("paddle-engine", "m.pdmodel", lambda: paddle("tensorrt_engine"), "an operator that is an engine",
            "paddle-operator-custom", review=True),
        one("paddle-pir-py-func", "inference.json", lambda: pir("1.py_func"), "the same in the newer form",
            "paddle-operator-reach"),
        one("paddle-pir-load-inplace", "inference.json", lambda: pir("1.load_combine_"), "in place, under another name",
            "paddle-operator-reach"),
        one("mxnet-native", "m-symbol.json", lambda: symbol("_Native", info="0x41414141"),
            "an operator that calls an address", "mxnet-operator-reach"),
        one("mxnet-native-escaped", "m-symbol.json",
            lambda: escaped, "the same, spelt with escapes", "mxnet-operator-reach"),
        one("mxnet-lua", "m-symbol.json", lambda: symbol("TorchModule", lua_string="nn.Identity()"),
            "an operator that runs Lua", "mxnet-operator-reach"),
        one("mxnet-custom", "m-symbol.json", lambda: symbol("Custom", op_type="inert"), "an operator of Python",
            "mxnet-operator-custom", review=True),
        one("caffe-python-layer", "m.caffemodel", lambda: caffe("inert"), "a layer that imports a module",
            "caffe-python-layer"),
        one("caffe-python-prototxt", "deploy.prototxt", lambda: layer,
            "the same as text", "caffe-python-layer"),
        one("caffe-python-spelt", "deploy.prototxt", lambda: spelt,
            "a type in two pieces, with an escape and a comment between", "caffe-python-layer"),
        one("torch7-function", "m.t7", lambda: torch7(LUA), "a Lua function in a table", "torch7-function"),
        one("torch7-ascii", "m.t7", lambda: b"4\n1\n3\nV 1\n13\nnn.Sequential\n3\n2\n0\n", "an object in text form",
            "format-opaque", review=True),
        one("java-gadget", "m.model",
            lambda: java("java.util.HashMap", "org.apache.commons.collections.functors.InvokerTransformer"),
            "Java objects that turn into calls", "java-gadget"),
        one("java-objects", "m.model", lambda: java("weka.classifiers.trees.J48"), "Java objects", "java-serialized",
            review=True),
        one("ncnn-custom-layer", "m.param", lambda: b"7767517\n1 1\nInert x 0 1 a\n", "a layer of the app's own",
            "ncnn-custom-layer", review=True),
        one("mxnet-native-with-trailing-text", "graph.txt", lambda: b" " * 300 + symbol("_Native") + b"\nmore",
            "the graph between blanks and text, which a strict reader of JSON refuses", "mxnet-operator-reach"),
        one("openvino-extension-in-utf-16", "m.xml",
            lambda: openvino("Inert", "extension").decode().encode("utf-16"),
            "the same graph in another encoding", "openvino-extension", review=True),
        one("tensorrt-engine", "m.engine", lambda: b"ftrt" + bytes(60), "machine code for a GPU", "format-opaque",
            review=True),
        one("rknn-model", "m.rknn", lambda: b"RKNN" + bytes(60), "machine code for an accelerator", "format-opaque",
            review=True),
        one("llamafile", "m.llamafile",
            lambda: executable,
            "a program that is a model", "format-executable"),
        one("onnx-bomb-constant-node", "m.onnx", lambda: constant_bomb(inside=False),
            "a huge shape from a Constant node", "onnx-size-bomb"),
        one("onnx-bomb-in-branch", "m.onnx", lambda: constant_bomb(inside=True),
            "a huge shape that a branch takes from outside", "onnx-size-bomb"),
        one("onnx-override", "m.onnx", overridden, "a standard operator with a body that calls Python",
            "onnx-operator-reach"),
    ]  # fmt: skip
