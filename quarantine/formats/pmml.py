"""PMML, the Data Mining Group's XML for models, versions 3 and 4: a header, a data dictionary and models, nothing to
fetch.

After https://dmg.org/pmml. The document is read by the strict XML reader (expat with document types, entities and
instructions refused); what an evaluator would load by name, and content of other vocabularies, is told.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.xml import Start, events, root_of

_NAMESPACE = re.compile(r"http://www\.dmg\.org/PMML-[34]_\d(?:_\d)?|")
_VERSION = re.compile(r"[34]\.\d(?:\.\d)?")
# Evaluators in Java take a function's name with a dot for a class that they load. (jpmml-evaluator, FunctionRegistry)
_CLASS = re.compile(r"[\w$]+(?:\.[\w$]+)+")
_OWN_CLASSES = ("org.jpmml.", "com.sklearn2pmml.")
_LATER_VOCABULARIES = ("http://jpmml.org/jpmml-model/",)
_FUNCTIONS = {"Apply": "function", "DefineFunction": "name"}
_TABLES = frozenset({"TableLocator"})


class Pmml:
    """A PMML document."""

    name = "pmml"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The root element."""
        return root_of(source) == "PMML"

    def read(self, node: Node) -> None:
        """Read to the end."""
        seen: set[str] = set()
        extension = None
        defined: set[str] = set()
        for event in events(node):
            if not isinstance(event, Start):
                if extension is not None and getattr(event, "depth", None) == extension:
                    extension = None
                continue
            if event.depth == 0:
                self._root(node, event)
            elif event.depth == 1:
                seen.add(event.name)
            foreign = not _NAMESPACE.fullmatch(event.namespace) and not event.namespace.startswith(
                _LATER_VOCABULARIES
            )
            if foreign or (extension is not None and event.name.lower() in ("script", "code")):
                node.finding(
                    "pmml-foreign-content",
                    offset=event.offset,
                    element=event.name,
                    vocabulary=event.namespace,
                )
            if event.name == "Extension" and extension is None:
                extension = event.depth
            if event.name == "DefineFunction":
                defined.add(event.attributes.get("name", ""))
            name = event.attributes.get(_FUNCTIONS.get(event.name, ""), "")
            if _CLASS.fullmatch(name) and name not in defined and not name.startswith(_OWN_CLASSES):
                node.finding("pmml-class", offset=event.offset, name=name)
            if event.name in _TABLES:
                node.finding("pmml-external-table", offset=event.offset, element=event.name)
        if not {"Header", "DataDictionary"} <= seen:
            raise Malformed("the document has no header or no data dictionary", offset=0)
        node.claim(0, node.source.size)

    @staticmethod
    def _root(node: Node, event: Start) -> None:
        version = event.attributes.get("version", "")
        if (
            event.name != "PMML"
            or not _NAMESPACE.fullmatch(event.namespace)
            or not _VERSION.fullmatch(version)
        ):
            raise Malformed("the root is no PMML of version 3 or 4", offset=event.offset)
        node.said("PMML version", version)
