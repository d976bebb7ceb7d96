"""Descriptions for model servers: MLServer's class, Triton's back end, TorchServe's handler, Bento, Ollama.

After ``mlserver/settings.py``, Triton's ``model_config.proto``, ``ts/model_loader.py``, BentoML's build file and
Ollama's ``docs/modelfile.md``.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from quarantine.analyzers.layouts.imports import file_path, import_path
from quarantine.analyzers.words import words
from quarantine.analyzers.yaml_graph import YamlNode, read_yaml
from quarantine.formats.interface import Malformed, Node
from quarantine.formats.text import lenient

_RUNTIMES = words(
    """mlserver_sklearn.SKLearnModel mlserver_xgboost.XGBoostModel mlserver_lightgbm.LightGBMModel
    mlserver_catboost.CatboostModel mlserver_mlflow.MLflowRuntime mlserver_huggingface.HuggingFaceRuntime
    mlserver_alibi_explain.AlibiExplainRuntime mlserver_alibi_detect.AlibiDetectRuntime
    mlserver_mllib.MLlibModel mlserver_onnx.OnnxModel"""
)
_HANDLERS = frozenset(
    {"image_classifier", "image_segmenter", "object_detector", "text_classifier", "base_handler"}
)
_BACKENDS = frozenset(
    {"onnxruntime", "tensorrt", "pytorch", "tensorflow", "openvino", "dali", "fil", "tensorrtllm"}
)
_BENTO_MODULES = frozenset(
    f"bentoml.{name}"
    for name in [
        "sklearn",
        "xgboost",
        "lightgbm",
        "catboost",
        "pytorch",
        "pytorch_lightning",
        "tensorflow",
        "keras",
        "onnx",
        "transformers",
        "diffusers",
        "mlflow",
        "fastai",
        "flax",
        "torchscript",
        "easyocr",
        "detectron",
        "picklable_model",
    ]
)
_PAIR = re.compile(r"""(\w+)\s*:\s*["']([^"'\n]*)["']""")
_PARAMETER = re.compile(
    r"""key\s*:\s*["']([^"'\n]*)["'][\s,;]*value\s*:?\s*\{\s*string_value\s*:\s*["']([^"'\n]*)["']"""
)
_LIBRARY = re.compile(r"""op_library_filename\s*:\s*\[?\s*["']([^"'\n]*)["']""")
_FROM = re.compile(r"^[ \t]*(FROM|ADAPTER)[ \t]+(\S+)", re.IGNORECASE | re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*")


def _object(node: Node) -> dict[str, Any]:
    try:
        document = json.loads(lenient(node.source.read(0, node.source.size)))
    except (ValueError, RecursionError):
        raise Malformed("description is not JSON") from None
    return document if isinstance(document, dict) else {}


def mlserver(node: Node) -> None:
    """The class that MLServer imports, and where the model is."""
    document = _object(node)
    if "implementation" in document:
        import_path(node, "model-settings.json", "implementation", document["implementation"], _RUNTIMES)
    parameters = document.get("parameters")
    if isinstance(parameters, dict):
        for key in ("uri", "environment_tarball", "environment_path"):
            value = parameters.get(key)
            if isinstance(value, str) and file_path(node, "parameters", key, value) and key != "uri":
                node.finding("config-remote-code", where="parameters", key=key, value=value[:300])


def torchserve(node: Node) -> None:
    """The handler of a TorchServe archive, and the requirements that the server installs."""
    model = _object(node).get("model")
    if not isinstance(model, dict) or "handler" not in model:
        return
    handler = str(model["handler"])
    if handler not in _HANDLERS:
        node.finding("config-remote-code", where="model", key="handler", value=handler[:300])
    for key in ("handler", "modelFile", "serializedFile", "requirementsFile", "configFile"):
        if isinstance(model.get(key), str):
            file_path(node, "model", key, model[key].partition(":")[0])


def triton(node: Node) -> None:
    """Triton's model: its back end, libraries and environments."""
    text = _COMMENT.sub("", lenient(node.source.read(0, node.source.size)))
    for key, value in _PAIR.findall(text):
        if key == "backend" and value not in _BACKENDS:
            node.finding("config-remote-code", where="config.pbtxt", key=key, value=value[:300])
        if key in ("default_model_filename", "cc_model_filenames", "model_file"):
            file_path(node, "config.pbtxt", key, value)
    for library in _LIBRARY.findall(text):
        node.finding("config-calls", where="model_operations.op_library_filename", target=library[:300])
    for key, value in _PARAMETER.findall(text):
        if key.upper() in ("EXECUTION_ENV_PATH", "TRITON_PYTHON_BACKEND_ENV", "PYTHON_STUB"):
            node.finding("config-remote-code", where="parameters", key=key, value=value[:300])


def bento(node: Node) -> None:
    """A Bento's service, and what its image is built with."""
    try:
        roots = read_yaml(lenient(node.source.read(0, node.source.size)))
    except (yaml.YAMLError, ValueError):
        return  # the reader of YAML says so
    for key, value in _scalars(roots):
        if key in ("service", "setup_script", "dockerfile_template"):
            node.finding("config-remote-code", where="bento", key=key, value=value[:300])
        elif key == "module" and value not in _BENTO_MODULES:
            import_path(node, "bento", key, value, _BENTO_MODULES)
        elif key in ("index_url", "extra_index_url", "find_links", "trusted_host"):
            node.finding("requirements-elsewhere", line=f"{key}: {value}"[:200], place="the build file")


def _scalars(roots: list[YamlNode]) -> list[tuple[str, str]]:
    """(key, value) of texts in the first two levels of a mapping."""
    first = [pair for root in roots for pair in root.pairs()]
    second = [pair for _, value in first for pair in value.pairs()]
    return [(key.text, value.text) for key, value in (*first, *second) if value.kind == "text"]


def ollama(node: Node) -> None:
    """An Ollama Modelfile: files that it takes from outside of the folder."""
    text = node.source.read(0, node.source.size).decode("utf-8", "replace")
    for key, value in _FROM.findall(text):
        if value.startswith(("/", "~", "../")) or "/../" in value:
            file_path(node, "Modelfile", key, value)
