"""The schema of a skops archive: a tree of nodes, each of which names a class, a module and the loader that makes it.

After skops/io of versions 0.5 to 0.16 (``_audit.py``, ``_general.py``, ``_numpy.py``, ``_sklearn.py``). skops asks its
user which types to trust and then makes all of them; here each name is judged by the lists that pickles are judged by,
and a loader must fit its class: published holes were loaders that made or called something other than what they had
named.
"""

from __future__ import annotations

import json
import re
from typing import Any

from quarantine.analyzers.pickle import reviewed
from quarantine.analyzers.pickle.names import Standing, judge
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.safetensors import unique_object
from quarantine.formats.text import Text

SCHEMA_LIMIT_BYTES = 64 << 20
NEWEST_PROTOCOL = 2
_KEYS = frozenset({"__class__", "__module__", "__loader__", "__id__", "__reduce__", "content", "key_types", "is_json",
                   "file", "type", "shape", "attrs", "protocol", "_skops_version", "ndim", "state"})  # fmt: skip
# What a loader makes whatever the names say, or reads the names of for nothing but a check.
_FITTING = {
    "ListNode": ("builtins.list", "sklearn.externals._packaging._structures.list"),
    "SetNode": ("builtins.set", "builtins.frozenset"),
    "SliceNode": ("builtins.slice",),
    "JsonNode": ("builtins.str",),
    "BytesNode": ("builtins.bytes",),
    "BytearrayNode": ("builtins.bytearray",),
    "PartialNode": ("functools.partial",),
    "DefaultDictNode": ("collections.defaultdict",),
    "TreeNode": ("sklearn.tree._tree.Tree",),
    "RandomStateNode": ("numpy.random.mtrand.RandomState", "numpy.random.RandomState"),
    "RandomGeneratorNode": ("numpy.random._generator.Generator", "numpy.random.Generator"),
    "MaskedArrayNode": ("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"),
    "OperatorFuncNode": ("operator.attrgetter", "operator.itemgetter", "operator.methodcaller"),
}
_JUDGED = frozenset({"DictNode", "TupleNode", "FunctionNode", "TypeNode", "ObjectNode", "ConstructorFromReduceNode",
                     "NdArrayNode", "DTypeNode", "LossNode", "SGDNode", "SparseMatrixNode", "QuantileForestNode",
                     "_DictWithDeprecatedKeysNode", "CachedNode", "MethodNode"})  # fmt: skip
# Names that pickles may use with arguments that are looked at; nobody looks at a schema's.
_LOOKED_AT = frozenset({"method", "codec", "nested-torch", "reconstructor", "newobj", "ufunc", "zone", "vectorized",
                        "from-type", "formula", "distribution", "bit-generator"})  # fmt: skip
_KNOWN = frozenset({"builtins.map", "numpy.random.mtrand.RandomState",
                    "numpy.random._generator.Generator",
                    "pandas._libs.internals.BlockValuesRefs", "pandas._libs.index.ObjectEngine",
                    "pandas._libs.tslibs.nattype.NaTType", "pandas.api.typing.NaTType",
                    "pandas.api.typing.NAType"})  # fmt: skip
_GENERATORS = frozenset({"MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"})
_MADE = frozenset({"any", "items", "text", "no-call", "range", "slots"})
_FUNCTIONS = frozenset({"function", "ufunc", "builtin_function_or_method", "cython_function_or_method"})
_NAME = re.compile(r"[A-Za-z_][\w.]{0,200}")


class SkopsSchema:
    """``schema.json`` of a skops archive."""

    name = "skops_schema"

    def recognise(self, head: bytes, source: Source) -> bool:
        """Never: the place in the archive tells."""
        return False

    def read(self, node: Node) -> None:
        """Walk all nodes; what is no schema is plain text."""
        if node.source.size > SCHEMA_LIMIT_BYTES:
            raise Malformed("schema is over its limit", offset=SCHEMA_LIMIT_BYTES)
        raw = node.source.read(0, node.source.size)
        try:
            document = json.loads(raw.decode("utf-8"), object_pairs_hook=unique_object)
        except ValueError as error:
            raise Malformed(f"schema is not JSON: {error}", offset=0) from None
        except RecursionError:
            raise Malformed("schema is nested too deeply", offset=0) from None
        if not isinstance(document, dict) or not {"__loader__", "__class__", "protocol"} & set(document):
            Text().read(node)
            return
        protocol = document.get("protocol")
        if type(protocol) is not int or not 0 <= protocol <= NEWEST_PROTOCOL:
            node.finding("skops-mismatch", where="the schema", why=f"its protocol is {protocol!r}")
        node.said("skops version", document.get("_skops_version"))
        _Schema(node).walk(document)
        node.claim(0, node.source.size)


class _Schema:
    """One walk over the nodes. Each name is said once."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._said: set[tuple[str, str]] = set()
        self._ids: set[object] = set()

    def walk(self, document: dict[str, Any]) -> None:
        todo: list[tuple[str, Any]] = [("", document)]
        while todo:
            where, value = todo.pop()
            if isinstance(value, list):
                todo.extend((f"{where[:200]}[]", held) for held in reversed(value))
            elif isinstance(value, dict):
                if "__loader__" in value:
                    self._one(where, value)
                todo.extend((f"{where[:200]}.{key}", held) for key, held in reversed(value.items()))

    def _say(self, rule: str, where: str, name: str, **more: object) -> None:
        if (rule, name) not in self._said and len(self._said) < 1000:
            self._said.add((rule, name))
            self._node.finding(rule, where=where, name=name, **more)  # type: ignore[arg-type]

    def _mismatch(self, where: str, name: str, why: str) -> None:
        self._say("skops-mismatch", where, f"{name}: {why}", why=f"{name}: {why}")

    def _one(self, where: str, value: dict[str, Any]) -> None:
        loader, module, kind = (value.get(key) for key in ("__loader__", "__module__", "__class__"))
        if not all(isinstance(part, str) and _NAME.fullmatch(part) for part in (loader, module, kind)):
            self._mismatch(where, str(loader)[:80], "the class, module or loader is no name")
            return
        assert isinstance(loader, str)
        name = f"{module}.{kind}"
        if unknown := set(value) - _KEYS:
            self._mismatch(where, loader, f"it has the key {sorted(unknown)[0][:80]!r}")
        if loader in _FITTING:
            if name not in _FITTING[loader]:
                self._mismatch(where, loader, f"it names {name}")
        elif loader not in _JUDGED:
            self._say("skops-unknown-type", where, loader)
        elif loader == "FunctionNode" and isinstance(value.get("content"), dict):
            self._function(where, str(module), str(kind), value["content"])
        else:
            self._judge(where, str(module), str(kind), loader, value)
        self._special(where, loader, name, value)
        self._ids.add(value.get("__id__"))

    def _function(self, where: str, module: str, kind: str, content: dict[str, Any]) -> None:
        """As protocol 0 writes it: the class is ``function`` of whatever kind, and the content names it."""
        path, function = content.get("module_path"), content.get("function")
        if not all(isinstance(part, str) and _NAME.fullmatch(part) for part in (path, function)):
            self._mismatch(where, "FunctionNode", "its content is no name")
            return
        self._judge(where, str(path), str(function), "FunctionNode", {})
        if kind not in _FUNCTIONS:
            self._judge(where, module, kind, "FunctionNode", {})

    def _judge(self, where: str, module: str, kind: str, loader: str, value: dict[str, Any]) -> None:
        name = f"{module}.{kind}"
        judged = judge(module, kind)
        if judged.constraint == "distribution" and loader == "ObjectNode" and _distribution(value):
            return
        if "__" in kind or judged.standing is Standing.DANGEROUS or judged.constraint in _LOOKED_AT:
            self._say(
                "skops-dangerous",
                where,
                name,
                effect=judged.effect or "does what its arguments say",
                loader=loader,
            )
        elif loader == "NdArrayNode" and not module.startswith("numpy"):
            self._mismatch(where, loader, f"it names {name}")
        elif loader == "ConstructorFromReduceNode" and judged.constraint not in _MADE:
            self._say("skops-dangerous", where, name, effect="reads what its arguments name", loader=loader)
        elif judged.constraint == "closed" and loader in ("FunctionNode", "TypeNode"):
            self._say("skops-dangerous", where, name, effect="reads what it is called with", loader=loader)
        elif judged.standing is Standing.UNKNOWN and name not in _KNOWN:
            self._say("skops-unknown-type", where, name)

    def _special(self, where: str, loader: str, name: str, value: dict[str, Any]) -> None:
        content = value.get("content")
        if loader == "JsonNode" and not isinstance(content, str):
            self._mismatch(where, loader, "its content is no text")
        if loader == "CachedNode" and value.get("__id__") not in self._ids:
            self._mismatch(where, loader, "it refers to what was not there before")
        if loader == "OperatorFuncNode":
            rule = "skops-dangerous" if name.endswith("methodcaller") else "skops-unknown-type"
            self._say(rule, where, name, effect="calls or reads what its text names", loader=loader)
        if loader == "MethodNode":
            self._method(where, name, content)
        if loader == "RandomGeneratorNode":
            held = json.dumps(content)
            named = set(re.findall(r'"bit_generator": \{[^{}]*"content": "\\"(\w+)\\""', held))
            if not named or not named <= _GENERATORS:
                self._mismatch(where, loader, f"its generator is {sorted(named)[:3]}")
        if "file" in value and not (
            isinstance(value["file"], str) and re.fullmatch(r"[\w-]+\.(?:npy|npz|bin)", value["file"])
        ):
            self._mismatch(where, loader, f"its file is {str(value['file'])[:80]!r}")
        if loader == "SparseMatrixNode" and value.get("type") != "scipy":
            self._mismatch(where, loader, "its type is another")

    def _method(self, where: str, name: str, content: object) -> None:
        held = content.get("obj") if isinstance(content, dict) else None
        function = content.get("func") if isinstance(content, dict) else None
        if not isinstance(held, dict) or not isinstance(function, str):
            self._mismatch(where, "MethodNode", "it has no object or method")
            return
        owner = f"{held.get('__module__')}.{held.get('__class__')}"
        if owner != name:
            self._mismatch(where, "MethodNode", f"it names {name} and takes a method of {owner}")
        if "__" in function or not function.isidentifier():
            self._say(
                "skops-dangerous",
                where,
                f"{owner}.{function}",
                effect="reaches the interpreter",
                loader="MethodNode",
            )
        else:
            self._say("skops-unknown-type", where, f"{owner}.{function}")


def _distribution(value: dict[str, Any]) -> bool:
    """Whether the text that SciPy executes when it restores a distribution is the one that SciPy wrote."""
    try:
        text = json.loads(value["content"]["content"]["_parse_arg_template"]["content"])
    except (KeyError, TypeError, ValueError):
        return False
    return reviewed.distribution((), {"_parse_arg_template": text})
