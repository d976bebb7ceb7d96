"""Files that describe a model's repository to its loader: told by their names, each read as its loader reads it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from quarantine.formats.interface import Node

# Name of the file -> module and function of this package.
_NAMES = {
    "modules.json": "huggingface:modules",
    "model_index.json": "huggingface:model_index",
    "adapter_config.json": "huggingface:adapter",
    "config.json": "huggingface:auto_map",
    "tokenizer_config.json": "huggingface:auto_map",
    "processor_config.json": "huggingface:auto_map",
    "preprocessor_config.json": "huggingface:auto_map",
    "generation_config.json": "huggingface:auto_map",
    "mlmodel": "mlflow:mlmodel",
    "model-settings.json": "serving:mlserver",
    "manifest.json": "serving:torchserve",
    "config.pbtxt": "serving:triton",
    "bentofile.yaml": "serving:bento",
    "bento.yaml": "serving:bento",
    "model.yaml": "serving:bento",
    "modelfile": "serving:ollama",
    ".gitattributes": "git:attributes",
    ".gitmodules": "git:settings",
}
SIZE_LIMIT_BYTES = 16 << 20
_POINTER = b"version https://git-lfs.github.com/spec/"


class LayoutAnalyzer:
    """Reads descriptions of repositories."""

    name = "layout"

    def analyze(self, node: Node) -> None:
        """Hand the file to what reads its kind.

        Raises:
            Malformed: the description is not what its loader takes.
        """
        path = node.path.lower().replace("!", "/")
        name = path.rpartition("/")[2]
        home = _NAMES.get(name)
        if "/.git/" in f"/{path}":
            home = "git:inside"
        elif node.source.size < 1024 and node.source.read(0, len(_POINTER)) == _POINTER:
            home = "git:pointer"
        if home is None or node.source.size > SIZE_LIMIT_BYTES:
            return
        module, _, function = home.partition(":")
        read: Callable[[Node], None] = getattr(
            import_module(f"quarantine.analyzers.layouts.{module}"), function
        )
        read(node)
