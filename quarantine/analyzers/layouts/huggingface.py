"""Repositories as Transformers, sentence-transformers, PEFT and Diffusers load them: the code that their files name.

After ``transformers/dynamic_module_utils.py`` (``auto_map``: ``[repository--]file.Class``),
``sentence_transformers/SentenceTransformer.py`` (a local folder's own module is imported without a question),
``diffusers/pipelines/pipeline_loading_utils.py`` and ``peft/config.py``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from quarantine.analyzers.layouts.imports import beside, file_path, import_path
from quarantine.formats.interface import Malformed, Node

_ST = "sentence_transformers"
_MODELS = [
    "BoW",
    "CLIPModel",
    "CNN",
    "Dense",
    "Dropout",
    "InputModule",
    "LSTM",
    "LayerNorm",
    "Module",
    "Normalize",
    "Pooling",
    "Router",
    "Asym",
    "StaticEmbedding",
    "Transformer",
    "WeightedLayerPooling",
    "WordEmbeddings",
    "WordWeights",
]
_SPARSE = [
    "MLMTransformer",
    "SparseAutoEncoder",
    "SparseStaticEmbedding",
    "SpladePooling",
    "CSRSparsity",
    "IDF",
]
MODULES = frozenset(
    [f"{_ST}.models.{name}" for name in _MODELS]
    + [f"{_ST}.models.{name}.{name}" for name in _MODELS]
    + [f"{_ST}.sparse_encoder.models.{name}" for name in _SPARSE]
    + [f"{_ST}.sparse_encoder.models.{name}.{name}" for name in _SPARSE]
)
_LIBRARIES = frozenset(
    {
        "diffusers",
        "transformers",
        "onnxruntime.training",
        "stable_diffusion",
        "stable_diffusion_xl",
        "optimum.onnxruntime",
        "audioldm",
        "audioldm2",
        "kandinsky",
        "kandinsky2_2",
        "deepfloyd_if",
        "wuerstchen",
        "shap_e",
        "latent_diffusion",
        "unidiffuser",
        "unclip",
        "paint_by_example",
        "versatile_diffusion",
        "stable_cascade",
        "musicldm",
        "controlnet",
        "blip_diffusion",
        "ltx",
        "hidream_image",
    }
)
_PARENTS = re.compile(
    r"(?:transformers(?:\.models(?:\.\w+){1,2}|\.modeling_utils)?|transformers_modules|timm\.models\.\w+|torch\.nn"
    r"(?:\.modules\.\w+)?|sentence_transformers\.\w+|diffusers(?:\.models(?:\.\w+){0,3})?|__main__)$"
)
_CLASS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def _document(node: Node) -> Any:
    try:
        return json.loads(node.source.read(0, node.source.size).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Malformed("description is not JSON") from None


def auto_map(node: Node) -> None:
    """The files that ``auto_map`` names: beside the configuration, or another repository's."""
    try:
        document = _document(node)
    except Malformed:
        return  # reported by the reader of text
    if isinstance(document, dict):
        _kernels(node, document)
    named = document.get("auto_map") if isinstance(document, dict) else None
    if isinstance(named, str | list):
        named = {"": named}
    for key, value in named.items() if isinstance(named, dict) else ():
        for reference in value if isinstance(value, list) else [value]:
            if isinstance(reference, str):
                _reference(node, f"auto_map.{key}", reference)
    if isinstance(document, dict) and isinstance(document.get("tokenizer_class"), str | type(None)):
        return
    if isinstance(document, dict) and "tokenizer_class" in document:
        raise Malformed("tokenizer_class is no text")


def _kernels(node: Node, document: dict[str, Any]) -> None:
    """An attention that is a repository's name is fetched from there and run.

    After transformers/integrations/hub_kernels.py.
    """
    for key in ("attn_implementation", "_attn_implementation", "_attn_implementation_internal"):
        value = document.get(key)
        for name in value.values() if isinstance(value, dict) else [value]:
            if isinstance(name, str) and "/" in name:
                node.finding("config-code-elsewhere", key=key, value=name[:300])


def _reference(node: Node, key: str, reference: str) -> None:
    _, elsewhere, name = reference.rpartition("--")
    if not _CLASS.fullmatch(name):
        node.finding("config-path-escape", where="", key=key, path=reference[:300])
    elif elsewhere:
        node.finding("config-code-elsewhere", key=key, value=reference[:300])
    elif not beside(node, f"{name.rpartition('.')[0].replace('.', '/')}.py"):
        node.finding("config-code-missing", key=key, value=reference[:300])


def modules(node: Node) -> None:
    """The modules of a sentence-transformers model: each ``type`` is imported.

    Raises:
        Malformed: it is no list of modules.
    """
    document = _document(node)
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        if isinstance(document, list | dict) and node.path.count("/") > 0:
            return  # another tool's file of that name
        raise Malformed("no list of modules")
    for number, module in enumerate(document):
        if "type" in module:
            import_path(node, f"[{number}]", "type", module["type"], MODULES)
        if module.get("path"):
            file_path(node, f"[{number}]", "path", module["path"])


def model_index(node: Node) -> None:
    """The parts of a Diffusers pipeline: a library to import, or a file of the repository, and a class of it."""
    document = _document(node)
    for key, value in document.items() if isinstance(document, dict) else ():
        if key == "_class_name":
            if not isinstance(value, str):
                node.finding("config-remote-code", where="", key=key, value=str(value)[:300])
        elif not key.startswith("_") and isinstance(value, list) and len(value) >= 2 and value[0] is not None:
            library = str(value[0])
            if library not in _LIBRARIES:
                import_path(node, key, "library", value[0], _LIBRARIES)
            elif str(value[1]).startswith("_") or not _CLASS.fullmatch(str(value[1])):
                node.finding("config-calls", where=key, target=f"{library}.{value[1]}"[:300])


def adapter(node: Node) -> None:
    """PEFT: the library that the base model's class is taken from, and where the base model is."""
    document = _document(node)
    if not isinstance(document, dict):
        raise Malformed("adapter's configuration is no object")
    auto_map(node)
    mapping = document.get("auto_mapping")
    parent = mapping.get("parent_library") if isinstance(mapping, dict) else None
    if parent is not None and not (isinstance(parent, str) and _PARENTS.fullmatch(parent)):
        import_path(node, "auto_mapping", "parent_library", parent, frozenset())
    base = document.get("base_model_name_or_path")
    if isinstance(base, str):
        node.said("base_model", base)
