"""Configuration (JSON): what a framework would import, fetch or run because a configuration says so.

After the loaders of Transformers (``auto_map``), Diffusers and Transformers pipelines and Hydra (``_target_``).
Templates found in it are read as programs; MLflow's and Keras' configurations have analyzers of their own.
"""

from __future__ import annotations

import json
import re
from typing import Any

from quarantine.analyzers.targets import calls
from quarantine.formats.evaluated import KEYS
from quarantine.formats.evaluated import check as check_evaluated
from quarantine.formats.interface import Malformed, Node
from quarantine.formats.safetensors import unique_object
from quarantine.formats.text import lenient

_JINJA_NAMES = (".jinja", ".jinja2", ".j2")
_YAML_NAMES = (".yaml", ".yml")
# PyYAML's tags for Python, in short and in full, and directives that give a tag another name.
# Plain values, which old versions of Keras wrote with such tags, are left out.
_YAML_TAGS = re.compile(
    rb"!!?python/(?!(?:tuple|unicode|str|int|long|float|bool|none|list|dict|bytes)[\s])[\w./:]+"
    rb"|tag:yaml\.org,2002:python[\w./:]*|^%TAG.*",
    re.MULTILINE,
)
TEMPLATES = ("chat_template", "chat_templates", "default_chat_template")


class ConfigAnalyzer:
    """Reads JSON objects and template files."""

    name = "config"

    def analyze(self, node: Node) -> None:
        """Follow every key of the document, however deep."""
        path = node.path.lower()
        if path.endswith(_JINJA_NAMES):
            self._template(node, lenient(node.source.read(0, node.source.size)), "the file")
            return
        if path.endswith(_YAML_NAMES):
            for match in _YAML_TAGS.finditer(node.source.read(0, node.source.size)):
                node.finding("config-calls", offset=match.start(), where="a tag", target=match[0].decode())
            return
        raw = node.source.read(0, node.source.size)
        if raw.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] not in (b"{", b"["):
            return
        try:
            document = json.loads(lenient(raw))
        except ValueError:
            return  # text that only begins like JSON: no JSON loader takes it either
        except RecursionError:
            raise Malformed("JSON is nested too deeply") from None
        if isinstance(document, dict) and {"learner", "Model"} & set(document):
            self._xgboost(node, raw, document)
        todo: list[tuple[str, Any]] = [("", document)]
        while todo:
            where, value = todo.pop()
            if isinstance(value, dict):
                self._object(node, where, value)
                todo.extend((f"{where[:200]}.{key}", inner) for key, inner in value.items() if _holds(inner))
            elif isinstance(value, list):
                todo.extend((f"{where[:200]}[]", inner) for inner in value if _holds(inner))

    def _xgboost(self, node: Node, raw: bytes, document: dict[str, Any]) -> None:
        from quarantine.formats.xgboost_model import check, is_model

        if is_model(document):
            json.loads(lenient(raw), object_pairs_hook=unique_object)
            check(node, document)

    def _object(self, node: Node, where: str, value: dict[str, Any]) -> None:
        if value.get("auto_map"):
            node.finding("config-remote-code", where=where, key="auto_map", value=value["auto_map"])
        if value.get("trust_remote_code"):
            node.finding("config-remote-code", where=where, key="trust_remote_code", value="true")
        for name, pipeline in _objects(value.get("custom_pipelines")):
            node.finding(
                "config-remote-code", where=where, key="custom_pipelines", value=f"{name}: {pipeline}"
            )
        if "_target_" in value:
            node.finding("config-calls", where=where, target=value["_target_"])
        for key in KEYS & value.keys():
            check_evaluated(node, key, value[key])
        for rule, key, target in calls(value):
            node.finding(rule, where=f"{where}.{key}", target=target)
        for key in TEMPLATES:
            for name, text in _templates(value.get(key)):
                self._template(node, text, f"{where}.{key}{name}")

    def _template(self, node: Node, text: str, where: str) -> None:
        from quarantine.analyzers.templates import check_template

        check_template(node, text, where)


def _holds(value: object) -> bool:
    return isinstance(value, dict | list)


def _objects(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def _templates(value: object) -> list[tuple[str, str]]:
    """Every text of it, however it is kept: Transformers takes one text, a map of texts, or a list of named ones."""
    found: list[tuple[str, str]] = []
    todo = [("", value)]
    while todo:
        where, inner = todo.pop()
        if isinstance(inner, str):
            found.append((where, inner))
        elif isinstance(inner, list):
            todo.extend((f"{where}[{number}]", each) for number, each in enumerate(inner))
        elif isinstance(inner, dict):
            todo.extend((f"{where}.{key}"[:200], each) for key, each in inner.items() if key != "name")
    return found
