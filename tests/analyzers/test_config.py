"""Configurations and chat templates: ordinary ones are quiet, whatever leads to code is reported."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from corpora import opcodes as op
from quarantine.analyzers.walk import Walk
from quarantine.formats.source import BytesSource
from quarantine.jail.protocol import ArtifactSeen, FindingSeen
from quarantine.ruleset import load_rules
from tests.analyzers.walking import walked

PREFIXES = ("config-", "keras-", "template-")
EXAMPLES = [(r.id, e) for r in load_rules().all() if r.id.startswith(PREFIXES) for e in r.examples]
ORDINARY = (
    "{% set loop_messages = messages %}{% if messages[0]['role'] == 'system' %}"
    "{% set system_message = messages[0]['content'] | trim %}{% set loop_messages = messages[1:] %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{{ '<|im_start|>' + message.role + '\n' + message['content'].strip() + '<|im_end|>' }}{% endfor %}",
    "{%- set ns = namespace(i=0, last=messages|length - 1) %}{%- for m in messages[::-1] %}"
    "{%- set index = (messages|length - 1) - loop.index0 %}{%- set ns.i = index %}"
    "{{ messages[index].content }}{{ messages[loop.index0 + 1].role }}{% break %}{%- endfor %}",
    "{% for tool in tools %}{% for key, value in tool.function.parameters.properties.items() %}"
    "{{ key ~ ': ' ~ tool.function.parameters.properties[key].type }}{{ value | tojson(indent=4) }}"
    "{% endfor %}{% endfor %}{% generation %}{{ x | selectattr('role', 'equalto', 'user') | list }}"
    "{% endgeneration %}",
)
HOSTILE = (
    "{% set p = '%c%cclass%c%c' %}{{ messages[p % (95, 95, 95, 95)] }}",
    "{% set u = 'x_'[1:] %}{% set v = 'class' %}{{ messages[u + u + v + u + u] }}",
    "{% for k in ['_'|string] %}{{ messages[k] }}{% endfor %}",
    "{% macro f(k) %}{{ messages[k] }}{% endmacro %}{{ f('a' ~ x) }}",
    "{{ messages['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ messages | map(attribute='a.__class__') | list }}",
    "{{ messages | map(attribute='_' ~ x) | list }}",
    "{{ ('{0.' ~ x ~ '}').format(messages) }}",
    "{% include 'x' %}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__ }}",
    "{% with k = '_' ~ 'x' %}{{ messages[k] }}{% endwith %}",
    "{% set a = '_' ~ 'x' %}{% set b = a %}{% set c = b %}{{ messages[c] }}",
)


def rules(name: str, content: bytes) -> set[str]:
    said: list[Any] = []
    Walk(said.append).run([(name, BytesSource(content))])
    incomplete = {"incomplete" for m in said if isinstance(m, ArtifactSeen) and not m.complete}
    return {m.rule for m in said if isinstance(m, FindingSeen)} | incomplete


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda x: getattr(x, "name", x))
def test_each_rule_matches_its_examples_and_misses_the_near_ones(rule: str, example: Any) -> None:
    assert (rule in rules(example.file, example.content)) == example.triggers


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_templates_are_quiet(text: str) -> None:
    assert rules("chat_template.jinja", text.encode()) == set()
    assert rules("tokenizer_config.json", json.dumps({"chat_template": text}).encode()) == set()
    named = {"chat_template": [{"name": "default", "template": text}]}
    assert rules("tokenizer_config.json", json.dumps(named).encode()) == set()


@pytest.mark.parametrize("text", HOSTILE)
def test_ways_out_of_a_template_are_reported(text: str) -> None:
    assert rules("chat_template.jinja", text.encode()) & {"template-escape", "template-computed-name"}


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"a":' * 100_000, b'{"a": 1, "a": 2}'])
def test_hostile_json_never_passes(content: bytes) -> None:
    assert rules("config.json", content) & {"incomplete", "text-not-json"}


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("    loader_module: mlflow.sklearn", None),
        ("    loader_module: my_package.loader", "my_package.loader"),
        ("    loader_module: mlflow.sklearn.evil", "mlflow.sklearn.evil"),
        ("    code: code", "code"),
        ("    python_model: python_model.pkl", "python_model.pkl"),
        ("    data: model.pkl", None),
    ],
)
def test_what_mlflow_imports_is_told(line: str, target: str | None) -> None:
    found = walked("MLmodel", f"flavors:\n  python_function:\n{line}\n".encode())
    assert found.rules == ({"config-remote-code"} if target else set())


@pytest.mark.parametrize("name", ["modeling.py", "a/b.R", "install.sh", "run"])
@pytest.mark.parametrize("inside", [False, True])
def test_source_code_is_told_wherever_it_lies(name: str, inside: bool) -> None:
    content = b"#!/bin/sh\n"
    if inside:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(name, content)
        name, content = "model.zip", out.getvalue()
    assert "text-source-code" in walked(name, content).rules


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: !!python/object/apply:os.getcwd []", True),
        ("a: !python/name:os.system", True),
        ("a: !<tag:yaml.org,2002:python/object/new:os.getcwd> []", True),
        ("%TAG !p! tag:yaml.org,2002:\n---\na: !p!python/name:os.system", True),
        ("a: !!str 1\nb: python/object", False),
    ],
)
def test_yaml_that_makes_python_objects_is_told(text: str, told: bool) -> None:
    assert ("config-calls" in walked("config.yaml", text.encode()).rules) == told


@pytest.mark.parametrize("name", ["notes.json", "notes.txt"])
@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_in_base64_is_followed(name: str, alphabet: Any, protocol: int, tmp_path: Path) -> None:
    text = json.dumps({"weights": alphabet(op.payload(tmp_path, protocol)).decode()}).encode()
    assert "pickle-global-dangerous" in walked(name, text).rules
    harmless = json.dumps({"weights": alphabet(op.stream(op.text("a" * 40), protocol)).decode()}).encode()
    assert walked(name, harmless).rules == set()


def test_a_path_file_that_imports_is_code() -> None:
    assert "text-source-code" in walked("a.pth", b"lib\nimport os; os.getcwd()\n").rules
    assert walked("a.pth", b"lib\nimportant\n").rules == set()


@pytest.mark.parametrize(
    ("text", "told"), [("<__media__>", False), ("__class__", True), ("x.__globals__", True)]
)
def test_tokens_between_underscores_are_no_names_of_python(text: str, told: bool) -> None:
    template = f"{{% for m in messages %}}{{{{ '{text}' ~ m.content }}}}{{% endfor %}}".encode()
    assert ("template-escape" in rules("chat_template.jinja", template)) == told


@pytest.mark.parametrize(
    "name",
    ["subclasses", "mro", "builtins", "init", "base", "code", "closure", "dict", "import", "getattribute"],
)
def test_names_that_escapes_use_are_all_known(name: str) -> None:
    assert "template-escape" in rules("chat_template.jinja", f"{{{{ '__{name}__' }}}}".encode())
