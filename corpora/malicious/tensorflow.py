"""TensorFlow and flatbuffer models that reach out, or hide that they do. Nothing here is ever run."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

from corpora.case import CANARY, MADE, Case, hostile, made
from corpora.protobuf import attribute, call, const, field, function, graph, meta, op, placeholder, saved

REACH, PATH = ("tensorflow-operator-reach",), ("tensorflow-operator-path",)
_BY_LIBRARY = {
    "read": ("reads a file under a constant path when it is called", REACH),
    "write": ("writes a file when it is called", REACH),
    "python": ("calls Python through EagerPyFunc", REACH),
    "print": ("prints to a file: PrintV2 takes file:// for its stream", REACH),
    "debug": ("sends its tensors to a file:// address of the debugger", REACH),
    "dataset": ("reads a file through a dataset inside of its function", REACH),
    "branch": ("reads a file in the branch of a condition, two functions deep", REACH),
    "save": ("saves tensors under a constant path with the operator of honest savers", PATH),
    "restore": ("restores tensors from a constant path", PATH),
    "requested": ("saves what a request sends under a path that the request names", PATH),
}


def _made(name: str) -> Path:
    return MADE / name


def _save(path: str, *nodes: bytes) -> bytes:
    """A graph that saves ``x`` under the tensor ``path``."""
    return graph(
        *nodes,
        const("n", "w"),
        const("s", ""),
        placeholder("x", 1),
        op("save", "SaveV2", path, "n", "s", "x"),
    )


def _called(_: Path) -> bytes:
    body = [const("n", "w"), const("s", ""), op("save", "RestoreV2", "path", "n:output:0", "s:output:0")]
    return saved(
        meta(
            graph(
                const("p", CANARY),
                call("c", "restore", "p"),
                functions=(function("restore", ("path",), *body),),
            )
        )
    )


def _exposed(_: Path) -> bytes:
    body = [const("n", "w"), const("s", ""), op("save", "RestoreV2", "path", "n:output:0", "s:output:0")]
    held = graph(
        placeholder("saver_filename"),
        call("c", "restore", "saver_filename"),
        functions=(function("restore", ("path",), *body),),
    )
    objects = field(2, field(1, "restore") + field(2, b""))
    return saved(meta(held, more=field(7, objects)))


def _variable(_: Path) -> bytes:
    typed = attribute("dtype", field(6, 7))
    nodes = [
        const("p", CANARY),
        op("v", "VarHandleOp", attributes=typed),
        op("a", "AssignVariableOp", "v", "p", attributes=typed),
        op("r", "ReadVariableOp", "v", attributes=typed),
    ]
    return saved(meta(_save("r", *nodes)))


def _two_libraries(_: Path) -> bytes:
    first, second = (
        function("f", ("x",), op("y", "Identity", "x")),
        function("g", ("x",), op("y", "ReadFile", "x")),
    )
    return graph(placeholder("x"), call("c", "g", "x"), functions=(first,)) + field(2, field(1, second))


def _backwards(_: Path) -> bytes:
    node = field(3, "p") + field(2, "ReadFile") + field(1, "r")
    return field(4, field(1, 1395)) + field(1, node) + field(1, const("p", CANARY))


def _behind_nonsense(_: Path) -> bytes:
    return field(1, b"") * 3 + graph(const("p", CANARY), op("r", "ReadFile", "p"))


def _text(_: Path) -> bytes:
    first = '# a plain graph\nnode # {\n<name: "p"; op: "Const">\n'
    return (first + 'node { op: "\\122ead" \'File\' input: ["p"], name: "r" }\n').encode()


def _metadata(_: Path) -> bytes:
    layer = '{"class_name": "Lambda", "config": {"function": ["4wEAAAA=", null, null]}}'
    held = field(2, 1) + field(3, "root.layer") + field(4, "_tf_keras_layer") + field(5, layer)
    return field(1, held)


def _polyglot(_: Path) -> bytes:
    held = io.BytesIO(_made("tflite/int8.tflite").read_bytes())
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr("model/data.pkl", b"\x80\x04]\x94.")
    return held.getvalue()


def _other_node(_: Path) -> bytes:
    """The operator code says StringLower, the node that the kernel runs says another of the same length."""
    content = _made("tflite/flex.tflite").read_bytes()
    at = content.rindex(b"StringLower")
    return content[:at] + b"StringUpper" + content[at + 11 :]


def _far_tensor(_: Path) -> bytes:
    content = bytearray(_made("tflite/control.tflite").read_bytes())
    content[:4] = struct.pack("<I", len(content) + 4096)
    return bytes(content)


def _restoring(name: str, argument: bytes, *more: bytes) -> bytes:
    """A function that restores from its argument ``path``; the argument's description may hold ``more``."""
    body = [const("n", "w"), const("s", ""), op("r", "RestoreV2", "path", "n", "s")]
    signature = field(1, name) + b"".join(field(2, held) for held in (*more, argument))
    return field(1, signature) + b"".join(field(3, node) for node in body)


def _shifted(_: Path) -> bytes:
    """An argument that stands for two inputs moves the others."""
    path, two = field(1, "path") + field(3, 7), field(1, "two") + field(3, 7) + field(5, "N")
    nodes = [placeholder("f"), const("p", CANARY), call("c", "restore", "f", "f", "p")]
    return graph(*nodes, functions=(_restoring("restore", path, two),))


def _handed_on(_: Path) -> bytes:
    """The stream is a placeholder in the function; the call says what it is."""
    body = op("y", "PrintV2", "x", attributes=attribute("output_stream", field(9, "s")))
    stream = attribute("s", field(2, f"file://{CANARY}"))
    return graph(
        placeholder("x"), op("c", "f", "x", attributes=stream), functions=(function("f", ("x",), body),)
    )


def _no_asset(_: Path) -> bytes:
    """A constant is named as an asset, but a loader of objects leaves it as it is."""
    asset = field(6, field(1, field(1, "p:0")) + field(2, "vocabulary.txt"))
    nodes = [
        const("p", "/etc/passwd"),
        op("t", "HashTableV2"),
        op("i", "InitializeTableFromTextFileV2", "t", "p"),
    ]
    return saved(meta(graph(*nodes), more=asset + field(7, field(1, b""))))


def _marked_nodes(_: Path) -> bytes:
    """Each node has a field that NodeDef does not have, so that it looks like another message."""
    nodes = [const("p", CANARY), op("r", "ReadFile", "p")]
    return graph(*(node + field(99, "x") for node in nodes))


def _named_as_operator(_: Path) -> bytes:
    body = function("ReadFile", ("x",), op("y", "Identity", "x"))
    return graph(const("p", CANARY), op("r", "ReadFile", "p"), functions=(body,))


def _sparse_request(_: Path) -> bytes:
    tensor = field(4, field(1, "p:0") + field(2, "i:0") + field(3, "d:0"))
    signature = field(5, field(1, "serving_default") + field(2, field(1, field(1, "x") + field(2, tensor))))
    return saved(meta(_save("p", placeholder("p")), more=signature))


def cases() -> list[Case]:
    """All of them."""
    found = [
        Case(
            f"tensorflow-{name}",
            "malicious",
            "reject",
            rules,
            f"A SavedModel that {what}",
            made(f"tensorflow/hostile-{name}"),
        )
        for name, (what, rules) in _BY_LIBRARY.items()
    ]
    default = op("p", "PlaceholderWithDefault", "d")
    debug = attribute("descriptor_source", field(2, CANARY))
    found += [
        hostile(
            "tensorflow-saver-called",
            "saved_model.pb",
            _called,
            "A function with a saver's operators is called with a constant path",
            PATH,
        ),
        hostile(
            "tensorflow-saver-exposed",
            "saved_model.pb",
            _exposed,
            "A restoring function that users may call with a path of theirs",
            PATH,
        ),
        hostile(
            "tensorflow-saver-variable",
            "saved_model.pb",
            _variable,
            "The path of a saver goes through a variable",
            PATH,
        ),
        hostile(
            "tensorflow-saver-default",
            "model.pb",
            lambda _: _save("p", const("d", f"/tmp/{CANARY}"), default),
            "The default of the saver's file name is a path",
            PATH,
        ),
        hostile(
            "tensorflow-saver-request",
            "saved_model.pb",
            lambda _: saved(meta(_save("p", placeholder("p")), requested=("p",))),
            "A signature's input is the file name of a saver",
            PATH,
        ),
        hostile(
            "tensorflow-saver-computed",
            "model.pb",
            lambda _: _save("p", const("b", "L3RtcC9D"), op("p", "DecodeBase64", "b")),
            "The path of a saver is decoded by the graph",
            PATH,
        ),
        hostile(
            "tensorflow-table",
            "model.pb",
            lambda _: graph(
                const("a", "/etc/"),
                const("b", "hostname"),
                op("p", "StringJoin", "a", "b"),
                op("t", "HashTableV2"),
                op("i", "InitializeTableFromTextFileV2", "t", "p"),
            ),
            "A table is filled from a file whose path is put together",
            PATH,
        ),
        hostile(
            "tensorflow-cache",
            "model.pb",
            lambda _: graph(const("p", CANARY), op("d", "RangeDataset"), op("c", "CacheDatasetV2", "d", "p")),
            "A dataset keeps its cache in a file",
            PATH,
        ),
        hostile(
            "tensorflow-hidden-graph",
            "model.pb",
            lambda _: graph(const("p", "graph"), op("d", "DatasetFromGraph", "p")),
            "A dataset is made of a graph in a string",
            REACH,
        ),
        hostile(
            "tensorflow-descriptor",
            "model.pb",
            lambda _: graph(placeholder("x"), op("d", "DecodeProtoV2", "x", attributes=debug)),
            "A protobuf decoder takes its descriptor from a file",
            REACH,
        ),
        hostile(
            "tensorflow-two-libraries",
            "model.pb",
            _two_libraries,
            "The library comes in two parts, which protobuf merges",
            REACH,
        ),
        hostile(
            "tensorflow-backwards",
            "model.pb",
            _backwards,
            "Fields in an order that no writer uses and every reader takes",
            REACH,
        ),
        hostile(
            "tensorflow-nonsense",
            "model.pb",
            _behind_nonsense,
            "Empty nodes stand before the graph's own",
            REACH,
        ),
        hostile(
            "tensorflow-text",
            "graph.pbtxt",
            _text,
            "A graph in text with escapes, comments and the other brackets",
            REACH,
        ),
        hostile(
            "tensorflow-asset",
            "saved_model.pb",
            lambda _: saved(
                meta(
                    graph(placeholder("x")),
                    more=field(6, field(1, field(1, "x:0")) + field(2, "../../etc/passwd")),
                )
            ),
            "An asset leaves the model's folder",
            ("tensorflow-asset-path",),
        ),
        hostile(
            "tensorflow-custom",
            "model.pb",
            lambda _: graph(placeholder("x"), op("y", "Zero>Out", "x")),
            "An operator of another library",
            ("tensorflow-operator-unknown",),
            "review",
        ),
        hostile(
            "keras-metadata-lambda",
            "keras_metadata.pb",
            _metadata,
            "Keras metadata beside a SavedModel holds a Lambda layer",
            ("keras-lambda",),
        ),
        hostile(
            "tensorflow-shifted",
            "model.pb",
            _shifted,
            "An argument that stands for two inputs hides which input is the path",
            PATH,
        ),
        hostile(
            "tensorflow-handed-on",
            "model.pb",
            _handed_on,
            "An attribute that is filled in by the call names a file",
            REACH,
        ),
        hostile(
            "tensorflow-no-asset",
            "saved_model.pb",
            _no_asset,
            "A constant path is declared to be an asset's tensor",
            PATH,
        ),
        hostile(
            "tensorflow-marked",
            "model.pb",
            _marked_nodes,
            "Unknown fields in each node disguise a graph",
            REACH,
        ),
        hostile(
            "tensorflow-shadow",
            "model.pb",
            _named_as_operator,
            "A harmless function bears the name of an operator that reads files",
            REACH,
        ),
        hostile(
            "tensorflow-sparse",
            "saved_model.pb",
            _sparse_request,
            "The path of a saver is a part of a sparse input",
            PATH,
        ),
        Case(
            "tflite-flex-read",
            "malicious",
            "reject",
            REACH,
            "A Flex operator reads files",
            made("tflite/flexread.tflite"),
        ),
        hostile(
            "tflite-archive",
            "model.tflite",
            _polyglot,
            "An archive with a pickle behind a model whose metadata does not name it",
            ("format-polyglot",),
        ),
        hostile(
            "tflite-other-node",
            "model.tflite",
            _other_node,
            "The node inside of a Flex operator is another operator",
            ("format-malformed",),
            "review",
        ),
        hostile(
            "tflite-far",
            "model.tflite",
            _far_tensor,
            "The root of the flatbuffer lies behind the file",
            ("flatbuffer-out-of-bounds",),
        ),
        Case(
            "executorch-backend",
            "malicious",
            "review",
            ("executorch-delegate",),
            "A delegate for a backend that is not ExecuTorch's",
            made("executorch/strange-backend.pte"),
        ),
        hostile(
            "tfjs-address",
            "model.json",
            lambda _: (
                b'{"modelTopology": {}, "weightsManifest": [{"paths": ["http://127.0.0.1/w.bin"], "weights": []}]}'
            ),
            "Weights of another server",
            ("tfjs-weights-path",),
        ),
    ]
    return found
