"""Caffe's networks with weights (``.caffemodel``): every field of caffe.proto, and layers that are Python classes.

After https://github.com/BVLC/caffe/blob/master/src/caffe/proto/caffe.proto. Layers of type ``Python`` import a module
and call a class of it when the network is built. Weights are claimed, never looked at.
"""

from __future__ import annotations

import math

from quarantine.formats.caffe_schema import SCHEMA
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.messages import Message, Reader, claim_known, outline
from quarantine.formats.protobuf import LENGTH
from quarantine.formats.source import SliceSource

PYTHON_LAYER = "Python"
_KEPT = {
    "NetParameter": frozenset({1}),
    "LayerParameter": frozenset({2, 130}),
    "PythonParameter": frozenset({1, 2}),
    "BlobProto": frozenset({5, 6, 7, 8, 9}),
    "BlobShape": frozenset({1}),
}
_LAYERS, _OLD_LAYERS = 100, 2


class Caffe:
    """The Caffe format (NetParameter)."""

    name = "caffe"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A name, and a layer with a name and a type."""
        if head[:1] not in (b"\x0a", b"\x12"):
            return False
        with source.view() as data:
            found = outline(data, _LAYERS)
        if not found or not set(found) <= set(SCHEMA["NetParameter"]):
            return False
        for number, kind, wanted in ((_LAYERS, "LayerParameter", 2), (_OLD_LAYERS, "V1LayerParameter", 5)):
            layer = found.get(number)
            if layer is None or layer.wire != LENGTH or layer.start > source.size:
                continue
            held = SliceSource(source, layer.start, max(0, min(layer.end, source.size) - layer.start))
            with held.view() as data:
                inner = outline(data, max(SCHEMA[kind]))
            if inner and wanted in inner and set(inner) <= set(SCHEMA[kind]):
                return True
        return False

    def read(self, node: Node) -> None:
        """Validate every message; report layers that run Python."""

        def layer(message: Message) -> None:
            named = message.inner(130)
            if message.text(2) == PYTHON_LAYER or named:
                what = f"{named[0].text(1)}.{named[0].text(2)}" if named else "no module"
                node.finding("caffe-python-layer", offset=message.start, calls=what)

        def blob(message: Message) -> None:
            shapes = message.inner(7)
            if not shapes:
                return
            elements = math.prod(shapes[0].numbers(data, 1, 64))
            held = max(message.elements(5), message.elements(8))
            if held and held != elements:
                why = f"weights have {held} elements where their shape asks for {elements}"
                raise Malformed(why, offset=message.start)

        with node.source.view() as data:
            reader = Reader(
                node, data, SCHEMA, _KEPT, {"LayerParameter": layer, "BlobProto": blob}, utf8=False
            )
            network = reader.read("NetParameter", 0, len(data))
        if network.text(1):
            node.said("name", network.text(1))
        claim_known(node, 0, node.source.size, reader.unknown)
