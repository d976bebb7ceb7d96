"""YAML configurations: what Hydra, OmegaConf, NeMo, HyperPyYAML and Lightning make of them when a model is restored.

After hydra/_internal/instantiate, nemo/core/classes/common.py (``_target_``, ``target``), hyperpyyaml/core.py
(``!new:`` and its kin), jsonargparse (``class_path``) and CompVis' ``instantiate_from_config``. Read as a graph, never
constructed.
"""

from __future__ import annotations

import re

import yaml

from quarantine.analyzers.config import TEMPLATES
from quarantine.analyzers.pickle.names import Standing
from quarantine.analyzers.targets import standing
from quarantine.analyzers.yaml_graph import YamlNode, every, expanded_size, read_yaml
from quarantine.formats.evaluated import check as check_evaluated
from quarantine.formats.interface import Node
from quarantine.formats.text import lenient

EXPANDED_LIMIT, FINDINGS_LIMIT = 1_000_000, 50
_CORE = "tag:yaml.org,2002:"
# Plain values, which old versions of Keras wrote with such tags.
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:python/{kind}"
    for kind in ("tuple", "unicode", "str", "int", "long", "float", "bool", "none", "list", "dict", "bytes")
)
_CORE_TAGS = frozenset(
    _CORE + name
    for name in ("null", "bool", "int", "float", "binary", "timestamp", "omap", "pairs",
                 "set", "str", "seq", "map", "merge")
)  # fmt: skip
# HyperPyYAML: a class to make, a function to call, a name to import; and tags that only refer to other keys.
_MAKES = re.compile(r"!(?:new|name|apply|module|applyref):(.*)", re.DOTALL)
_REFERS = frozenset({"!ref", "!copy", "!tuple", "!PLACEHOLDER", "!"})
_RESOLVER = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)\s*:(?!-)([^{}]*)")
# OmegaConf's oc.create and oc.decode make mappings out of text, which Hydra then instantiates.
_MADE_INSIDE = re.compile(r"\$\{.*(?:_target_|class_path|_convert_|_args_)", re.DOTALL)
_OWN_RESOLVERS = frozenset({"oc.env", "oc.select", "oc.deprecated", "oc.decode", "oc.create", "oc.dict.keys",
                            "oc.dict.values", "now", "hydra", "env", "SCRIPT", "version"})  # fmt: skip


class YamlAnalyzer:
    """Reads YAML files."""

    name = "yaml"

    def analyze(self, node: Node) -> None:
        """Judge every tag, target and resolver."""
        text = lenient(node.source.read(0, node.source.size))
        try:
            roots = read_yaml(text)
        except yaml.YAMLError as error:
            node.finding("config-not-yaml", why=str(error).split("\n")[0])
            return
        if expanded_size(roots, EXPANDED_LIMIT) >= EXPANDED_LIMIT:
            node.finding("config-alias-bomb")
        said = _Said(node)
        for value in every(roots):
            _tag(said, value)
            if value.kind == "map":
                _map(said, value, top=value in roots)
            elif value.kind == "text":
                if _MADE_INSIDE.search(value.text):
                    said.once("config-calls", value.text, value, where="a resolver", target=value.text[:300])
                for resolver, argument in _RESOLVER.findall(value.text):
                    if "__" in argument or "import" in argument:
                        said.once("config-calls", argument, value, where="a resolver", target=argument)
                    elif resolver not in _OWN_RESOLVERS:
                        said.once("config-resolver", resolver, value, resolver=resolver)


class _Said:
    """Reports each thing once, and not more than a reader reads."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._seen: set[tuple[str, str]] = set()

    def once(self, rule: str, what: str, value: YamlNode, **evidence: str) -> None:
        # Counted rule by rule, so that many small things hide no large one.
        if (rule, what) not in self._seen and sum(told == rule for told, _ in self._seen) < FINDINGS_LIMIT:
            self._seen.add((rule, what))
            self._node.finding(rule, position=value.at, **evidence)  # type: ignore[arg-type]

    def template(self, value: YamlNode, where: str) -> None:
        from quarantine.analyzers.templates import check_template  # few configurations hold one

        for part in every([value]):
            if part.kind == "text":
                check_template(self._node, part.text, where)

    def evaluated(self, key: str, value: YamlNode) -> None:
        if value.kind == "text":
            check_evaluated(self._node, key, value.text)

    def target(self, target: str, value: YamlNode, where: str) -> None:
        found = standing(target)
        if found is Standing.DANGEROUS:
            self.once("config-calls", target, value, where=where, target=target)
        elif found is Standing.UNKNOWN:
            self.once("config-target-unknown", target, value, where=where, target=target)


def _tag(said: _Said, value: YamlNode) -> None:
    tag = value.tag
    if not tag or tag in _CORE_TAGS or tag in _REFERS:
        return
    if tag in _PLAIN_TAGS:
        return
    if "python" in tag:
        said.once("config-calls", tag, value, where="a tag", target=tag)
    elif match := _MAKES.fullmatch(tag):
        said.target(match[1], value, "a tag")
    else:
        said.once("config-yaml-tag", tag, value, tag=tag)


def _map(said: _Said, value: YamlNode, *, top: bool) -> None:
    """What loaders instantiate: Hydra's, Lightning's, and those of NeMo and CompVis, whose keys are plain words."""
    keys = {name.text for name, _ in value.pairs()}
    for name, target in value.pairs():
        if name.text in TEMPLATES:
            said.template(target, name.text)
        said.evaluated(name.text, target)
        if name.text in ("_target_", "class_path"):
            if target.kind == "text":
                said.target(target.text, target, name.text)
            else:
                said.once(
                    "config-calls", "no text", target, where=name.text, target="something that is no text"
                )
        elif (
            name.text == "target"
            and target.kind == "text"
            and (keys & {"params", "<<"} or top)
            and "." in target.text
        ):
            said.target(target.text, target, "target")
