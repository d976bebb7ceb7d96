"""Python beside a model: what runs on import, what hides and what is used is told; code that only defines is not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.benign.layouts import _CONFIGURATION, _MODELING
from corpora.malicious.code import HIDDEN, IMPORT, REVIEWED, USED
from tests.analyzers.walking import walked

PLAIN = {
    "model": _MODELING,
    "configuration": _CONFIGURATION,
    "package": "from .modeling_small import SmallModel\n\n__all__ = ['SmallModel']\n",
    "tokenizer": "import json\nimport os\n\n\ndef read(path):\n    with open(os.path.join(path, 'vocab.json'), encoding='utf-8') as f:\n"  # noqa: E501
    "        return json.load(f)\n",
    "type": "from typing import Optional\nimport torch\n\n\ndef f(x: Optional[torch.Tensor] = None):\n    return getattr(x.config, 'dim', 1)\n".replace(  # noqa: E501
        "x.config", "config"
    ),
}
NOT_PLAIN = (
    "from enum import bltns\nbltns.print(1)\n",
    "import torch.nn.functional as F\nF.torch.hub.load('a', 'b')\n",
    "import numpy as np\nnp.load('x', allow_pickle=True)\n",
    "from transformers import AutoModel\nAutoModel.from_pretrained('a/b', trust_remote_code=True)\n",
    "import torch\ntorch.save({}, 'x')\n",
    "def f(x, n):\n    return getattr(x, n)\n",
    "open('x', 'w')\n",
    "import unknown_library\n",
    "from torch import os\n",
    "class A:\n    def f(self):\n        return self.__class__.__subclasses__()\n",
    "import torch\ntorch.load = None\n",
    "#!/bin/sh\n",
    "x = '" + "A" * 30_000 + "'\n",
    "from typing import get_type_hints\n",
    "from dataclasses import make_dataclass\n",
    "import random\nrandom._os.getcwd()\n",
    "import torch\ntorch.special.os.getcwd()\n",
    "import contextlib\ncontextlib.os.remove('x')\n",
    "from os.path import os\n",
    "import re\nre.enum.bltns.print('1')\n",
    "o = open\no('a', 'w')\n",
)


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_code_that_only_defines_something_is_silent(text: str) -> None:
    found = walked("modeling_small.py", text.encode())
    assert found.rules == set()
    assert found.silent


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_code_that_may_do_more_is_for_a_person(text: str) -> None:
    assert "text-source-code" in walked("modeling_small.py", text.encode()).rules


@pytest.mark.parametrize("text", IMPORT.values(), ids=IMPORT)
def test_what_runs_on_import_is_told(text: str) -> None:
    assert "code-on-import" in walked("a.py", text.encode()).rules


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_what_hides_is_told(text: str) -> None:
    assert walked("a.py", text.encode()).rules & {"code-obfuscated", "code-on-import"}


@pytest.mark.parametrize("text", [*USED.values(), *REVIEWED.values()], ids=[*USED, *REVIEWED])
def test_what_is_used_is_told_and_never_silent(text: str) -> None:
    found = walked("a.py", text.encode())
    assert not found.silent
    assert {rule for rule in found.rules if rule.startswith("code-")}


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess\n\n\ndef build():\n    subprocess.run(['true'])\n\n\nif __name__ == '__main__':\n    build()\n",  # noqa: E501
        "import base64\nDATA = base64.b64decode('cGFzcw==')\n",
        "import requests\n\n\ndef fetch(s: requests.Session):\n    return s\n",
        "import socketserver\n\n\nclass Handler(socketserver.BaseRequestHandler):\n    pass\n",
        "import importlib\n\n\ndef pick(name):\n    return importlib.import_module(name)\n",
        "from huggingface_hub import hf_hub_download\npath = hf_hub_download('a/b', 'c')\n",
        "import os\ntoken = os.environ.get('HF_TOKEN')\n",
        "def f(model):\n    return model.eval()\n",
    ],
)
def test_honest_scripts_are_not_refused(text: str) -> None:
    refusing = {"code-on-import", "code-obfuscated", "code-secrets", "code-persistence"}
    assert not walked("tools.py", text.encode()).rules & refusing


def test_what_was_decoded_is_read_as_well() -> None:
    found = walked("a.py", HIDDEN["base64-exec"].encode())
    assert any(
        "decoded" in finding.artifact and finding.rule == "code-on-import" for finding in found.findings
    )


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("import os\nos.system('true')", "code-on-import"),
        ("!curl http://127.0.0.1/x | sh", "shell-runs-download"),
        ("%%bash\nwget -O- http://127.0.0.1/x | bash", "shell-runs-download"),
        ("%matplotlib inline\nx = !ls\nprint(x)", "text-source-code"),
    ],
)
def test_cells_of_notebooks_are_read(cell: str, rule: str) -> None:
    book = {
        "cells": [{"cell_type": "code", "source": cell.splitlines(True), "outputs": []}],
        "metadata": {},
        "nbformat": 4,
    }
    found = walked("a.ipynb", json.dumps(book).encode())
    assert rule in found.rules
    assert "code-unparsable" not in found.rules


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"cells": 1}', b"not json"])
def test_what_is_no_notebook_is_not_silent(content: bytes) -> None:
    assert not walked("a.ipynb", content).silent


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("torch==2.9.0", False),
        ("-r other.txt", False),
        ("numpy>=1 ; python_version < '3.12'  # from https://127.0.0.1/", False),
        ("package[extra]==1.0 --hash=sha256:00", False),
        ("--extra-index-url https://127.0.0.1/simple", True),
        ("-i https://127.0.0.1/simple", True),
        ("-e .", True),
        ("git+https://127.0.0.1/a.git", True),
        ("a @ https://127.0.0.1/a.whl", True),
        ("./wheels/a-1.0-py3-none-any.whl", True),
        ("--extra-index\\\n-url https://127.0.0.1/simple", False),
        ("--find-links \\\nhttps://127.0.0.1/", True),
    ],
)
def test_dependencies_from_elsewhere_are_told(line: str, told: bool) -> None:
    assert ("requirements-elsewhere" in walked("requirements.txt", line.encode() + b"\n").rules) == told


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*IMPORT.values(), *HIDDEN.values(), _MODELING]),
    st.integers(0, 2000),
    st.text(max_size=6),
)
def test_no_change_of_a_source_crashes_its_reader(text: str, at: int, more: str) -> None:
    at %= len(text) + 1
    for name in ("a.py", "x.pth", "run.sh", "requirements.txt", "a.ipynb"):
        assert (
            "analyzer-crashed"
            not in walked(name, (text[:at] + more + text[at:]).encode("utf-8", "replace")).rules
        )


@pytest.mark.parametrize(
    "text",
    [
        "x[" * 60 + "0" + "]" * 60,
        "(getattr if a else vars)(" * 40 + "os" + ",'a')" * 40,
        "x = 9 ** 9 ** 9",
        "x = 'a' * 10 ** 9",
        "x = " + "+".join(["'a'"] * 400),
    ],
)
def test_expressions_that_explode_are_bounded(text: str) -> None:
    assert "analyzer-crashed" not in walked("a.py", ("x = ['a']\nx = 'b'\nx = [1]\n" + text).encode()).rules
