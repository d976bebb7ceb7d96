"""MLflow's ``MLmodel``: YAML that says which module loads the model and which folders are put on the import path.

After ``mlflow/models/model.py`` and ``mlflow/pyfunc/__init__.py``: ``loader_module`` is imported with ``code`` in front
of ``sys.path``; ``model_code_path`` is run; ``python_model`` is unpickled. Nodes are composed, not built.
"""

from __future__ import annotations

import yaml

from quarantine.analyzers.layouts.imports import file_path, import_path
from quarantine.analyzers.yaml_graph import YamlNode, read_yaml
from quarantine.formats.interface import Malformed, Node
from quarantine.formats.text import lenient

_OWN = """sklearn pytorch onnx xgboost lightgbm catboost tensorflow keras statsmodels transformers spark prophet fastai
    spacy h2o pmdarima paddle diviner johnsnowlabs sentence_transformers openai langchain llama_index dspy promptflow
    mleap pyspark.ml gluon"""
LOADERS = frozenset(f"mlflow.{name}" for name in _OWN.split())
_CODE_KEYS = ("code", "model_code_path", "python_model", "streamable_code")
_PATH_KEYS = (
    "data",
    "code",
    "model_code_path",
    "python_model",
    "pickled_model",
    "model_data",
    "env",
    "artifact_path",
    "model_path",
    "path",
    "uri",
    "model_file",
)
_NODES_LIMIT = 20_000


def mlmodel(node: Node) -> None:
    """Follow every key of every flavor.

    Raises:
        Malformed: it is no YAML, repeats a key, or is a net of anchors.
    """
    try:
        roots = read_yaml(lenient(node.source.read(0, node.source.size)))
    except (yaml.YAMLError, ValueError) as error:
        raise Malformed(f"MLmodel is no YAML: {type(error).__name__}") from None
    todo = [("", root) for root in roots]
    seen = 0
    while todo:
        where, at = todo.pop()
        seen += 1
        if seen > _NODES_LIMIT or len(where) > 400:
            raise Malformed("MLmodel is too large, or a net of anchors")
        if at.kind == "list":
            todo += [(f"{where}[]", each) for each in at.parts]
        keys: set[str] = set()
        for name, value in at.pairs():
            key = name.text
            if not key or key in keys or key == "<<":
                raise Malformed("MLmodel repeats or merges a key", offset=name.at)
            keys.add(key)
            _judge(node, where, key, value)
            todo.append((f"{where}.{key}", value))


def _judge(node: Node, where: str, key: str, value: YamlNode) -> None:
    text = value.text
    if value.kind != "text" or text in ("", "null", "~"):
        return
    if key == "loader_module":
        import_path(node, f"MLmodel{where}", key, text, LOADERS)
    elif key in _CODE_KEYS and where.startswith(".flavors"):
        node.finding("config-remote-code", where=f"MLmodel{where}", key=key, value=text[:300])
    if key in _PATH_KEYS and where.startswith(".flavors"):
        file_path(node, f"MLmodel{where}", key, text)
    if key in ("run_id", "mlflow_version", "model_uuid", "utc_time_created"):
        node.said(key, text)
