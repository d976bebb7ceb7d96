"""What a MetaGraph or a graph of TensorFlow would do: its operators, its paths, its assets, its collections.

It works on messages, whether they were read from the wire format or from text. Nothing is imported or run.
After tensorflow/core/protobuf/meta_graph.proto and saved_object_graph.proto.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from quarantine.formats import tensorflow_graph as graphs
from quarantine.formats.interface import Malformed, Node
from quarantine.formats.protobuf import varint
from quarantine.formats.protobuf_schema import Message, SchemaReader, Span, schema
from quarantine.formats.tensorflow_paths import Paths, Surroundings

_COLLECTED = ("VariableDef", "QueueRunnerDef", "WhileContextDef", "CondContextDef", "SaverDef")
_ASSET_TYPE = "tensorflow.AssetFileDef"
METADATA_LIMIT = 1 << 16
Held = bytes | Span


def place(at: int) -> int | None:
    """An offset for a finding; messages read from text have none."""
    return at if at >= 0 else None


def judge(node: Node, data: memoryview, kind: str, found: Message) -> None:
    """Judge a SavedModel, a MetaGraphDef or a GraphDef whose ranges lie in ``data``."""
    judged = _Judge(node, data)
    if kind == "GraphDef":
        judged.graph(found, Surroundings())
    else:
        for meta in found.all("meta_graphs") if kind == "SavedModel" else [found]:
            judged.meta_graph(meta)


class _Judge:
    """Judges what one file holds."""

    def __init__(self, node: Node, data: memoryview) -> None:
        self._node, self._data = node, data

    def _nested(self, kind: str, held: Held) -> Message | None:
        """The bytes there as a message of that kind, if they are one to the last field."""
        data, (start, end) = (
            (memoryview(held), (0, len(held))) if isinstance(held, bytes) else (self._data, held)
        )
        reader = SchemaReader(data, schema("tensorflow"))
        try:
            found: Message = reader.message(kind, start, end)
        except Malformed:
            return None
        return None if reader.unknown or reader.twice else found

    def meta_graph(self, meta: Message) -> None:
        """Judge one MetaGraphDef."""
        held = meta.inner("object_graph_def")
        assets = [asset for asset in meta.all("asset_file_def") if isinstance(asset, Message)]
        assets += self._collections(meta)
        around = Surroundings(assets={self._tensor(asset) for asset in assets})
        for asset in assets:
            check_asset(self._node, asset.text("filename"), asset.at)
        for _, signature in meta.entries("signature_def"):
            for _, tensor in signature.entries("inputs"):
                around.requested.update(_tensors(tensor))
        self._objects(held, around)
        self.graph(meta.inner("graph_def"), around)
        info = meta.inner("meta_info_def")
        if info.text("tensorflow_version"):
            self._node.said("tensorflow_version", info.text("tensorflow_version"))
        if "any_info" in info:
            self._node.finding(
                "tensorflow-unusual-field",
                offset=place(info.at),
                message=info.kind,
                field=3,
                why="holds anything",
            )

    def graph(self, message: Message, around: Surroundings) -> None:
        """Judge one GraphDef."""
        graph = graphs.graph_of(message)
        for name in graphs.repeated_names(graph)[:16]:
            self._node.finding(
                "tensorflow-unusual-field",
                offset=place(message.at),
                message="GraphDef",
                field=name,
                why="is there twice",
            )
        self._node.fact("operations", graphs.check_operators(self._node, graph))
        Paths(graph, around).check(self._node)

    def _tensor(self, asset: Message) -> str:
        return asset.inner("tensor_info").text("name").partition(":")[0]

    def _objects(self, objects: Message, around: Surroundings) -> None:
        """What users may call, and the metadata of Keras layers that older versions put here."""
        nodes = objects.all("nodes")
        around.objects = bool(nodes)
        for name, function in objects.entries("concrete_functions"):
            bound = []
            for index in _numbers(self._data, function.all("bound_inputs")):
                if index >= len(nodes):
                    raise Malformed("a function is bound to an object that is not there", offset=function.at)
                bound.append(_bound(nodes[index]))
            around.exposed[name] = bound
        hand_on_metadata(self._node, [held.inner("user_object").text("metadata") for held in nodes])

    def _collections(self, meta: Message) -> list[Message]:
        """Check what the collections hold; returns the assets among it."""
        found: list[Message] = []
        for name, collection in meta.entries("collection_def"):
            for held in collection.inner("any_list").all("value"):
                asset = (
                    self._nested("AssetFileDef", held.first("value", b""))
                    if held.text("type_url").endswith(_ASSET_TYPE)
                    else None
                )
                if asset is None:
                    self._odd(held.at, name)
                else:
                    found.append(asset)
            for value in collection.inner("bytes_list").all("value"):
                text = self._text(value)
                if not text.isprintable() and not any(
                    self._nested(kind, value) is not None for kind in _COLLECTED
                ):
                    self._odd(value[0] if isinstance(value, tuple) else -1, name)
        return found

    def _text(self, held: Held) -> str:
        raw = held if isinstance(held, bytes) else self._data[slice(*held)]
        return str(raw, "utf-8", "replace")

    def _odd(self, at: int, name: str) -> None:
        self._node.finding(
            "tensorflow-unusual-field",
            offset=at,
            message=f"collection {name}",
            field="value",
            why="holds anything",
        )


def _tensors(info: Message) -> Iterator[str]:
    """The nodes whose tensors a TensorInfo names."""
    sparse = info.inner("coo_sparse")
    names = [sparse.text(f"{part}_tensor_name") for part in ("values", "indices", "dense_shape")]
    parts = info.inner("composite_tensor").all("components")
    for name in [info.text("name"), *names, *(part.text("name") for part in parts)]:
        if name:
            yield name.partition(":")[0]


def _numbers(data: memoryview, values: list[object]) -> Iterator[int]:
    """The numbers of a repeated field, packed or not."""
    for value in values:
        if isinstance(value, int):
            yield value
        elif isinstance(value, tuple):
            at, end = value
            while at < end:
                number, at = varint(data, at, end)
                yield number


def _bound(held: Message) -> str:
    if "asset" in held:
        return "asset"
    if "variable" in held:
        return "variable"
    return held.inner("constant").text("operation")


def check_asset(node: Node, filename: str, at: int) -> None:
    """Report an asset that lies anywhere but beside its model."""
    parts = filename.split("/")
    if "\\" in filename or ":" in filename or "\0" in filename or {"", ".", ".."} & set(parts):
        node.finding("tensorflow-asset-path", offset=place(at), filename=filename)


def hand_on_metadata(node: Node, documents: list[str]) -> None:
    """Hand on the JSON that Keras keeps of its layers, all in one list.

    Raises:
        Malformed: it is no JSON.
    """
    held = [text for text in documents if text.lstrip()[:1] in ("{", "[")]
    if len(held) > METADATA_LIMIT:
        raise Malformed("more objects than any model has")
    for text in held:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            raise Malformed("the metadata of an object is no JSON") from None
    if held:
        node.child("metadata.json", ("[" + ",\n".join(held) + "]").encode(), expect="text")
