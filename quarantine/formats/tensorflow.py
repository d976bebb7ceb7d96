"""TensorFlow's model files in protobuf: SavedModel, MetaGraph (``.meta``), frozen graph, fingerprint, Keras metadata.

They are told by their structure: a node of a graph has a name and an operator, whatever the order of its fields.
Every field has to be one of TensorFlow's and of its kind; the graph's operators and the paths that they open are
judged as its runtime would run them. Nothing is ever imported or run. After tensorflow/core/protobuf/*.proto.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from quarantine.formats import tensorflow_graph as graphs
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.protobuf import FIXED64, LENGTH, VARINT, Field, fields
from quarantine.formats.protobuf_schema import Message, SchemaReader, schema
from quarantine.formats.tensorflow_paths import Paths, Surroundings

SEARCH_LIMIT = 2000
_OPERATOR = re.compile(rb"[A-Za-z_][A-Za-z0-9_>./-]*")
_COLLECTED = ("VariableDef", "QueueRunnerDef", "WhileContextDef", "CondContextDef", "SaverDef")
_ASSET_TYPE = "tensorflow.AssetFileDef"
METADATA_LIMIT = 1 << 16


def _some(data: memoryview, start: int, end: int) -> Iterator[Field]:
    """The first fields of a message, as far as it is one."""
    try:
        for count, held in enumerate(fields(data, start, end)):
            if count >= SEARCH_LIMIT:
                return
            yield held
    except Malformed:
        return


def _is_node(data: memoryview, start: int, end: int) -> bool:
    found = {held.number: held for held in _some(data, start, end)}
    operator = found.get(2)
    if operator is None or operator.wire != LENGTH or not found.keys() <= set(range(1, 8)):
        return False
    name = bytes(data[operator.start : min(operator.end, operator.start + 256)])
    return bool(_OPERATOR.fullmatch(name)) and all(held.wire == LENGTH for held in found.values())


def _is_function(data: memoryview, start: int, end: int) -> bool:
    """Whether a FunctionDef is there: a signature with a name, and nodes."""
    found = list(_some(data, start, end))
    return any(held.number == 1 and held.wire == LENGTH for held in found) and any(
        held.number == 3 and held.wire == LENGTH and _is_node(data, held.start, held.end) for held in found
    )


def is_graph(data: memoryview, start: int, end: int, *, bare: bool = False) -> bool:
    """Whether a GraphDef lies there. With ``bare``, one of nothing but versions counts as well."""
    for held in _some(data, start, end):
        if held.wire != LENGTH:
            continue
        if held.number == 1 and _is_node(data, held.start, held.end):
            return True
        if held.number == 2 and any(
            inner.number == 1 and inner.wire == LENGTH and _is_function(data, inner.start, inner.end)
            for inner in _some(data, held.start, held.end)
        ):
            return True
        if bare and held.number == 4:
            found = [inner.wire if inner.number < 3 else -1 for inner in _some(data, held.start, held.end)]
            if found and set(found) == {VARINT}:
                return True
    return False


def is_meta_graph(data: memoryview, start: int, end: int) -> bool:
    """Whether a MetaGraphDef lies there."""
    return any(
        held.number == 2 and held.wire == LENGTH and is_graph(data, held.start, held.end, bare=True)
        for held in _some(data, start, end)
    )


class _Reader:
    """Reads one file of TensorFlow's messages and judges what it finds."""

    def __init__(self, node: Node, data: memoryview) -> None:
        self._node = node
        self._reduced = graphs.Reducer(data)
        self._reader = SchemaReader(data, schema("tensorflow"), {"NodeDef": self._reduced.operation})
        self._data = data

    def message(self, kind: str) -> Message:
        """The whole file as that message; all that its table explains is claimed."""
        found: Message = self._reader.message(kind, 0, len(self._data))
        for why, odd in (("is not known", self._reader.unknown), ("appears twice", self._reader.twice)):
            for message, held in odd[:16]:
                self._node.finding(
                    "tensorflow-unusual-field", offset=held.at, message=message, field=held.number, why=why
                )
        for start, end in self._reader.taken(len(self._data)):
            self._node.claim(start, end)
        return found

    def nested(self, kind: str, start: int, end: int) -> Message | None:
        """The bytes there as a message of that kind, if they are one to the last field."""
        reader = SchemaReader(self._data, schema("tensorflow"))
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
                around.requested.add(tensor.text("name").partition(":")[0])
        self._objects(held, around)
        self.graph(meta.inner("graph_def"), around)
        info = meta.inner("meta_info_def")
        if info.text("tensorflow_version"):
            self._node.said("tensorflow_version", info.text("tensorflow_version"))
        if "any_info" in info:
            self._node.finding(
                "tensorflow-unusual-field", offset=info.at, message=info.kind, field=3, why="holds anything"
            )

    def graph(self, message: Message, around: Surroundings) -> None:
        """Judge one GraphDef."""
        graph = graphs.graph_of(message)
        repeated = len(message.all("node")) != len(graph.main.operations)
        if repeated or len(message.inner("library").all("function")) != len(graph.functions):
            raise Malformed("a node or a function is there twice", offset=message.at)
        self._node.fact("operations", graphs.check_operators(self._node, graph))
        Paths(graph, around).check(self._node)

    def _tensor(self, asset: Message) -> str:
        return asset.inner("tensor_info").text("name").partition(":")[0]

    def _objects(self, objects: Message, around: Surroundings) -> None:
        """What users may call, and the metadata of Keras layers that older versions put here."""
        nodes = objects.all("nodes")
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
                start, end = held.first("value", (0, 0))
                asset = (
                    self.nested("AssetFileDef", start, end)
                    if held.text("type_url").endswith(_ASSET_TYPE)
                    else None
                )
                if asset is None:
                    self._odd(held.at, name)
                else:
                    found.append(asset)
            for start, end in collection.inner("bytes_list").all("value"):
                text = str(self._data[start:end], "utf-8", "replace")
                if not text.isprintable() and not any(
                    self.nested(kind, start, end) is not None for kind in _COLLECTED
                ):
                    self._odd(start, name)
        return found

    def _odd(self, at: int, name: str) -> None:
        self._node.finding(
            "tensorflow-unusual-field",
            offset=at,
            message=f"collection {name}",
            field="value",
            why="holds anything",
        )


def _numbers(data: memoryview, values: list[object]) -> Iterator[int]:
    """The numbers of a repeated field, packed or not."""
    for value in values:
        if isinstance(value, int):
            yield value
        elif isinstance(value, tuple):
            from quarantine.formats.protobuf import varint

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
        node.finding("tensorflow-asset-path", offset=at if at >= 0 else None, filename=filename)


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


def judge(node: Node, kind: str) -> None:
    """Read and judge the whole artifact as a SavedModel, a MetaGraphDef or a GraphDef."""
    with node.source.view() as data:
        reader = _Reader(node, data)
        found = reader.message(kind)
        if kind == "GraphDef":
            reader.graph(found, Surroundings())
        else:
            for meta in found.all("meta_graphs") if kind == "SavedModel" else [found]:
                reader.meta_graph(meta)


class SavedModel:
    """``saved_model.pb``."""

    name = "tensorflow_saved_model"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A MetaGraphDef in the second field."""
        with source.view() as data:
            return any(
                held.number == 2 and held.wire == LENGTH and is_meta_graph(data, held.start, held.end)
                for held in _some(data, 0, len(data))
            )

    def read(self, node: Node) -> None:
        """Validate, claim and judge."""
        judge(node, "SavedModel")


class MetaGraph:
    """``.meta`` beside a checkpoint."""

    name = "tensorflow_meta_graph"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A GraphDef in the second field."""
        with source.view() as data:
            return is_meta_graph(data, 0, len(data))

    def read(self, node: Node) -> None:
        """Validate, claim and judge."""
        judge(node, "MetaGraphDef")


class GraphDef:
    """A frozen graph, or any other GraphDef."""

    name = "tensorflow_graph"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A node or a function that is one."""
        with source.view() as data:
            return is_graph(data, 0, len(data))

    def read(self, node: Node) -> None:
        """Validate, claim and judge."""
        judge(node, "GraphDef")


class Fingerprint:
    """``fingerprint.pb``: hashes of the parts of a SavedModel."""

    name = "tensorflow_fingerprint"
    LIMIT_BYTES = 4096

    def recognise(self, head: bytes, source: Source) -> bool:
        """Four numbers and more, a version, and nothing else."""
        if source.size > self.LIMIT_BYTES:
            return False
        found = {held.number: held.wire for held in _some(memoryview(head), 0, len(head))}
        numbers = [number for number in (1, 2, 3, 4, 5) if found.get(number) in (VARINT, FIXED64)]
        return len(numbers) >= 3 and found.get(6) == LENGTH

    def read(self, node: Node) -> None:
        """Validate and claim."""
        with node.source.view() as data:
            _Reader(node, data).message("FingerprintDef")


class KerasMetadata:
    """``keras_metadata.pb``: what Keras keeps of each layer, as JSON."""

    name = "keras_metadata"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Objects with a path, an identifier and metadata."""
        with source.view() as data:
            for held in _some(data, 0, len(data)):
                if held.number == 1 and held.wire == LENGTH:
                    found = {inner.number: inner.wire for inner in _some(data, held.start, held.end)}
                    if (
                        found.get(4) == found.get(5) == LENGTH
                        and 1 not in found
                        and found.keys() <= set(range(2, 7))
                    ):
                        return True
        return False

    def read(self, node: Node) -> None:
        """Validate, claim, hand on the JSON."""
        with node.source.view() as data:
            found = _Reader(node, data).message("KerasSavedMetadata")
            hand_on_metadata(node, [held.text("metadata") for held in found.all("nodes")])
