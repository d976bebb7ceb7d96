"""Keras configurations (``config.json`` of a .keras file, ``model_config`` of an HDF5 file, ``to_json``, ``to_yaml``).

What Keras would import, call, read or unpickle to make the model: after keras/src/saving/serialization_lib.py and
keras/src/legacy/saving of Keras 3, keras/saving of Keras 2. Nothing is imported; every object at any depth is judged.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from quarantine.analyzers.keras_names import of_class, of_function, of_tensorflow
from quarantine.analyzers.pickle.names import Standing
from quarantine.formats.interface import Malformed, Node

_DEPTH_LIMIT = 200
FINDINGS_LIMIT, CHILDREN_LIMIT = 200, 64
_YAML_NAMES = (".yaml", ".yml")
_LAMBDAS = frozenset({"Lambda", "__lambda__"})
_VALUES = frozenset({"__tensor__", "__numpy__", "__bytes__", "__slice__", "__ellipsis__", "__keras_tensor__",
                     "__tuple__", "TensorShape", "TypeSpec", "CompositeTensor"})  # fmt: skip
_OPERATORS = frozenset({"TFOpLambda", "SlicingOpLambda"})
# Keys by which a layer reads its words from a file; in a configuration without files they hold a list.
_FILE_KEYS = ("vocabulary", "vocabulary_file", "idf_weights")
_NODE_OPERATOR = re.compile(r"""["']?op["']?\s*:\s*["']([A-Za-z0-9_>]{1,80})["']""")
# What graph operators of files, Python and libraries are called; others compute.
_HARMFUL_OPERATOR = re.compile(
    r"(?i)file|pyfunc|save|restore|print|reader|dataset|shard|checkpoint|import|debug|summary|rpc|http|library"
)


class KerasAnalyzer:
    """Judges the objects of a Keras configuration."""

    name = "keras"

    def analyze(self, node: Node) -> None:
        """Follow every object of the document, however deep."""
        raw = node.source.read(0, node.source.size)
        try:
            text = raw.decode(
                json.detect_encoding(raw)
            )  # as json.loads does with bytes, which Keras gives it
        except ValueError:
            return
        if "class_name" not in text and "\\" not in text:  # a key may be written with escapes
            return
        document = _yaml(text) if node.path.lower().endswith(_YAML_NAMES) else _json(text)
        if document is None:
            return
        reports = _Reports(node)
        todo: list[tuple[str, Any]] = [("", document)]
        seen: set[int] = set()
        while todo:
            where, value = todo.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, dict):
                _judge(reports, where, value)
                todo.extend((f"{where[:200]}.{key}", inner) for key, inner in value.items() if _holds(inner))
            else:
                todo.extend((f"{where[:200]}[]", inner) for inner in value if _holds(inner))


class _Reports:
    """The findings and children of one document, as many as are followed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        # Loading a SavedModel, Keras looks up a name that comes without a module, and imports nothing; where it knows
        # none it takes the graph, which is judged.
        self.of_saved_model = node.path.endswith(".pb!metadata.json")
        self._told: set[tuple[str, ...]] = set()
        self._followed: set[str] = set()

    def say(self, rule: str, **evidence: object) -> None:
        """Report once what is the same at several places."""
        key = (rule, *(str(value) for name, value in evidence.items() if name != "where"))
        # Counted rule by rule, so that many small things hide no large one.
        if key not in self._told and sum(told[0] == rule for told in self._told) < FINDINGS_LIMIT:
            self._told.add(key)
            self._node.finding(rule, **evidence)  # type: ignore[arg-type]

    def follow(self, name: str, text: object) -> None:
        """Queue what a Base64 text holds."""
        if not isinstance(text, str) or text in self._followed or len(self._followed) >= CHILDREN_LIMIT:
            return
        try:
            data = base64.b64decode(text.encode("ascii", "ignore"))
        except ValueError:
            return
        if data:
            self._followed.add(text)
            self._node.child(f"{name}-{len(self._followed)}", data)


def _json(text: str) -> Any:
    if text.lstrip(" \t\r\n\ufeff")[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text.lstrip("\ufeff"))
    except ValueError:
        return None  # no JSON loader takes it either
    except RecursionError:
        raise Malformed("JSON is nested too deeply") from None


def _yaml(text: str) -> Any:
    """The document with whatever tags it has, as plain values. Nothing is constructed from tags.

    Built from events, because PyYAML's composer in C follows hostile depth on the C stack until it crashes.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parts: list[tuple[Any, list[Any]]] = [
        ([], [])
    ]  # each open collection, and the keys that wait for their values
    anchors: dict[str, Any] = {}
    try:
        for event in yaml.parse(text, loader):
            if isinstance(event, yaml.CollectionEndEvent):
                parts.pop()
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            value: Any = event.value if isinstance(event, yaml.ScalarEvent) else None
            if isinstance(event, yaml.AliasEvent):
                value = anchors.get(event.anchor or "")
            elif isinstance(event, yaml.CollectionStartEvent):
                value = {} if isinstance(event, yaml.MappingStartEvent) else []
            if not isinstance(event, yaml.AliasEvent) and event.anchor:
                anchors[event.anchor] = value
            _put(*parts[-1], value)
            if isinstance(event, yaml.CollectionStartEvent):
                parts.append((value, []))
                if len(parts) > _DEPTH_LIMIT:
                    raise Malformed("YAML is nested too deeply")
    except (yaml.YAMLError, ValueError) as error:
        raise Malformed(f"a configuration that is no YAML: {type(error).__name__}") from None
    return parts[0][0]


def _put(into: Any, keys: list[Any], value: Any) -> None:
    """Put the next part of a collection where it belongs; what is no text as a key is kept as a value of its own."""
    if isinstance(into, list):
        into.append(value)
    elif not keys:
        keys.append(value)
    else:
        key = keys.pop()
        into[key if isinstance(key, str) else f"key {len(into)}"] = value
        if _holds(key):
            into[f"key {len(into)}"] = key


def _holds(value: object) -> bool:
    return isinstance(value, dict | list)


def _judge(reports: _Reports, where: str, value: dict[str, Any]) -> None:
    """One mapping of the document, which is an object of Keras if it names a class."""
    name = value.get("class_name")
    if not isinstance(name, str):
        return
    config, module = value.get("config"), value.get("module")
    module = module if isinstance(module, str) else None
    _files(reports, where, config)
    if name in _LAMBDAS:
        reports.say("keras-lambda", where=where, layer=name)
        for code in _codes(config):
            reports.follow("lambda", code)
        return
    if name == "TorchModuleWrapper":
        reports.say("keras-torch-module", where=where)
        reports.follow("torch", config.get("module") if isinstance(config, dict) else None)
        return
    if name == "TFSMLayer":
        path = config.get("filepath", "") if isinstance(config, dict) else ""
        reports.say("keras-reads-file", where=where, key=name, path=path or "a SavedModel")
        return
    if name in _VALUES and not module:
        return
    if name in _OPERATORS:
        symbol = str(config.get("function", "")) if isinstance(config, dict) else ""
        allowed = (
            of_tensorflow(symbol or "__operators__.getitem")
            if name == "TFOpLambda" or symbol
            else Standing.GOOD
        )
        _tell(reports, allowed, where, "tensorflow", symbol)
        return
    if name == "TensorFlowOpLayer":
        _node_definition(reports, where, config)
        return
    if not value.keys() & {"config", "module", "registered_name", "spec_name"}:
        return
    if name == "function":
        function = config if isinstance(config, str) else str(value.get("registered_name"))
        _tell(reports, of_function(module, function), where, module or "", function)
    else:
        held = value.get("spec_name") if name == "__typespec__" else name
        _tell(reports, of_class(module, str(held)), where, module or "", str(held))


def _files(reports: _Reports, where: str, config: object) -> None:
    """Files that a layer would read."""
    for key in _FILE_KEYS:
        path = config.get(key) if isinstance(config, dict) else None
        if isinstance(path, str) and path:
            leaves = "://" in path or path[0] in "/\\~" or ".." in path or path[1:2] == ":"
            rule = "keras-reads-file" if leaves else "keras-names-file"
            reports.say(rule, where=where, key=key, path=path)


def _tell(reports: _Reports, standing: Standing, where: str, module: str, name: str) -> None:
    label = f"{module}.{name}".lstrip(".")
    if standing is Standing.DANGEROUS:
        reports.say("keras-gadget", where=where, target=label)
    elif standing is Standing.UNKNOWN and (module or not reports.of_saved_model):
        reports.say("keras-custom-class", where=where, target=label)


def _codes(config: object) -> Iterator[object]:
    """The marshalled code of a Lambda: Keras 2 and 3 write it at different places."""
    if not isinstance(config, dict):
        return
    for key in ("function", "output_shape", "mask", "value", "code"):
        held = config.get(key)
        if isinstance(held, dict):
            yield from _codes(held.get("config"))
        elif isinstance(held, list) and held:
            yield held[0]
        elif isinstance(held, str) and key in ("code", "value", "function"):
            yield held


def _node_definition(reports: _Reports, where: str, config: object) -> None:
    """A graph operator as a layer (TensorFlow 2.0 to 2.3); its definition is a protobuf as JSON or text."""
    definition = config.get("node_def") if isinstance(config, dict) else None
    text = definition if isinstance(definition, str) else json.dumps(definition)
    operators = _NODE_OPERATOR.findall(text)
    if not operators:
        _tell(reports, Standing.UNKNOWN, where, "tensorflow", "TensorFlowOpLayer")
    for operator in operators:
        harmful = _HARMFUL_OPERATOR.search(operator) is not None
        _tell(
            reports, Standing.DANGEROUS if harmful else Standing.GOOD, where, "tensorflow.raw_ops", operator
        )
