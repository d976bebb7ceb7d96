"""Caffe's networks as text (``.prototxt``): layers that import a Python module when the network is built.

After https://protobuf.dev/reference/protobuf/textformat-spec/: comments, texts that are put together from several, and
escapes are read as the library reads them, so that no spelling hides a layer's type.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Node

_LAYERS = re.compile(r"\blayers?\s*[:{<#]|python_param")
_TOKEN = re.compile(
    r"#[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_][\w.]*|[-+]?[\d.]+\w*|[{}<>:;,\[\]/-]"
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")


class PrototxtAnalyzer:
    """Reads Caffe's text form."""

    name = "prototxt"

    def analyze(self, node: Node) -> None:
        """Report layers of type Python, and what they import."""
        text = node.source.read(0, node.source.size).decode("utf-8", "replace")
        if not _LAYERS.search(text):
            return
        field, parts = "", list[str]()
        for match in _TOKEN.finditer(text):
            word = match[0]
            if word.startswith("#"):
                continue
            if word[0] in "\"'":
                parts.append(_plain(word[1:-1]))
                continue
            if parts:
                _check(node, field, "".join(parts))
                parts = []
            if word == "python_param":
                node.finding("caffe-python-layer", calls="python_param")
            if word != ":":
                field = word
        if parts:
            _check(node, field, "".join(parts))


def _check(node: Node, field: str, value: str) -> None:
    from quarantine.formats.caffe import PYTHON_LAYER

    if field == "type" and value == PYTHON_LAYER:
        node.finding("caffe-python-layer", calls="a layer of type Python")


def _plain(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        for digits, base in ((match[1], 16), (match[2], 8), (match[3], 16), (match[4], 16)):
            if digits:
                return chr(min(int(digits, base), 0x10FFFF))
        return match[5]

    return _ESCAPE.sub(one, text)
