"""TensorFlow's operators by what they can reach: the list is data, made from the library itself.

An operator that only computes leads to nothing. One that reads or writes files, calls Python or another machine is
reported; so is one that TensorFlow does not have. Operators whose reach depends on a path are judged by
``tensorflow_paths``, those that depend on an attribute here.
"""

from __future__ import annotations

import json
from functools import cache

from quarantine.formats.interface import Node
from quarantine.resources import resource_dir

SAVER, TABLE, CACHE = "saver", "table", "cache"
_COMPUTES, _OPAQUE, _ATTRIBUTE = "computes", "opaque", "attribute"
# Operator -> the attribute that makes it reach out, and values with which it does not.
_REACHES_BY = {
    "PrintV2": ("output_stream", ("stdout", "stderr", "log(info)", "log(warning)", "log(error)")),
    "FixedUnigramCandidateSampler": ("vocab_file", ("",)),
    "DecodeProtoV2": ("descriptor_source", ("", "local://")),
    "EncodeProto": ("descriptor_source", ("", "local://")),
    "Copy": ("debug_ops_spec", ("",)),
    "CopyHost": ("debug_ops_spec", ("",)),
}
_DEBUG = ("debug_urls", ("",))


@cache
def groups() -> dict[str, str]:
    """Operator -> its group."""
    listed = json.loads((resource_dir("rules") / "operators" / "tensorflow.json").read_bytes())["groups"]
    return {name: group for group, names in listed.items() for name in names}


def report(node: Node, operator: str, texts: dict[str, list[str]], *, place: str, at: int | None) -> None:
    """Report an operator that does more than compute. ``texts`` are its string attributes."""
    group = groups().get(operator)
    if group is None:
        node.finding("tensorflow-operator-unknown", offset=at, operator=operator, place=place)
    elif group == _OPAQUE:
        node.finding("tensorflow-operator-opaque", offset=at, operator=operator, place=place)
    elif group == _ATTRIBUTE:
        attribute, harmless = _REACHES_BY.get(operator, _DEBUG)
        for value in texts.get(attribute, ()):
            if value not in harmless and not value.startswith("bytes://"):
                effect = f"has {attribute} {value}"
                node.finding(
                    "tensorflow-operator-reach", offset=at, operator=operator, effect=effect, place=place
                )
    elif group not in (_COMPUTES, SAVER, TABLE, CACHE):
        node.finding("tensorflow-operator-reach", offset=at, operator=operator, effect=group, place=place)
