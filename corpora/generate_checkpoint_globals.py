"""Regenerates rules/globals/packages/*.json: what honest checkpoints of the PyTorch world hold, class by class.

PyTorch's own classes are taken from the installed one; the other libraries' are read by syntax tree, so that several
versions count and none is imported. A class is listed if it and its bases of the same library have no method of their
own that runs while it is restored (``_RUNS``), or if somebody read it and it is named in ``_READ``. One list a package
is loaded only when a stream names that package.

    python -m corpora.generate_checkpoint_globals FOLDER...    # folders that hold packages
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import sys
from pathlib import Path

from corpora.generate_globals import Names, _classes
from corpora.generate_reaching import Library, _Module

OUT = Path(__file__).resolve().parent.parent / "rules" / "globals" / "packages"
_RUNS = (
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__new__",
    "__del__",
    "__getnewargs__",
    "__getnewargs_ex__",
)
_LAYERS = ("torch.nn.Module", "nn.Module", "torch.nn.modules.module.Module", "torch.jit.ScriptModule")
_ENUMS = ("enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "enum.IntFlag")
# package: the modules whose classes are listed, and the constraint of those that are no layers, enums or dicts
PACKAGES = {
    "transformers": (("transformers.models.", "transformers.training_args", "transformers.training_args_seq2seq",
                      "transformers.trainer_utils", "transformers.trainer_pt_utils", "transformers.trainer_callback",
                      "transformers.debug_utils", "transformers.utils.generic",
                      "transformers.utils.quantization_config",
                      "transformers.file_utils", "transformers.configuration_utils", "transformers.modeling_utils",
                      "transformers.generation.configuration_utils", "transformers.generation_configuration_utils",
                      "transformers.activations", "transformers.pytorch_utils", "transformers.modeling_outputs",
                      "transformers.integrations.deepspeed", "transformers.deepspeed", "transformers.optimization",
                      "transformers.tokenization_utils_base", "transformers.image_utils"), "closed"),
    "accelerate": (("accelerate.utils.dataclasses", "accelerate.state", "accelerate.utils.constants"), "closed"),
    "peft": (("peft.",), "closed"),
    "sentence_transformers": (("sentence_transformers.",), "closed"),
    "pytorch_lightning": (("pytorch_lightning.callbacks", "pytorch_lightning.utilities.parsing",
                           "pytorch_lightning.utilities.enums", "pytorch_lightning.trainer.states"), "restored"),
    "lightning": (("lightning.pytorch.callbacks", "lightning.pytorch.utilities.parsing",
                   "lightning.pytorch.utilities.enums", "lightning.fabric.utilities.data",
                   "lightning.fabric.utilities.enums", "lightning.pytorch.trainer.states"), "restored"),
    "lightning_fabric": (("lightning_fabric.utilities.data", "lightning_fabric.utilities.enums"), "restored"),
    "omegaconf": (("omegaconf.dictconfig", "omegaconf.listconfig", "omegaconf.nodes", "omegaconf.base"), "restored"),
    "torchvision": (("torchvision.models.", "torchvision.transforms.", "torchvision.ops."), "restored"),
    "torchaudio": (("torchaudio.models.", "torchaudio.transforms."), "restored"),
    "torchmetrics": (("torchmetrics.",), "restored"),
    "timm": (("timm.models.", "timm.layers."), "restored"),
    "diffusers": (("diffusers.models.", "diffusers.configuration_utils"), "closed"),
    "ultralytics": (("ultralytics.nn.", "ultralytics.utils", "ultralytics.utils.loss"), "closed"),
}  # fmt: skip
_SKIP = ("conversion", "convert_", "tokenization_", "pipeline", ".hub", "_from_hub", "autobackend")
_READ: Names = {
    "omegaconf.dictconfig": {"DictConfig": "restored"},
    "omegaconf.listconfig": {"ListConfig": "restored"},
    "omegaconf.nodes": dict.fromkeys(
        ["AnyNode", "StringNode", "IntegerNode", "FloatNode", "BooleanNode", "EnumNode", "PathNode", "BytesNode",
         "InterpolationResultNode"], "restored"),
    "omegaconf.base": dict.fromkeys(["Metadata", "ContainerMetadata", "Node", "Container"], "restored"),
    "transformers.tokenization_utils_base": {"BatchEncoding": "closed"},
    "transformers.optimization": dict.fromkeys(
        [f"_get_{kind}_lr_lambda" for kind in (
            "constant_schedule_with_warmup", "linear_schedule_with_warmup", "cosine_schedule_with_warmup",
            "cosine_with_hard_restarts_schedule_with_warmup", "polynomial_decay_schedule_with_warmup",
            "inverse_sqrt_schedule", "cosine_with_min_lr_schedule_with_warmup")]
        + ["_get_constant_lambda", "_get_wsd_scheduler_lambda"], "kept"),
    # Graphs and those of their views that take over their state as it is; views of data call what it holds.
    "networkx.classes.graph": {"Graph": "closed"},
    "networkx.classes.digraph": {"DiGraph": "closed"},
    "networkx.classes.multigraph": {"MultiGraph": "closed"},
    "networkx.classes.multidigraph": {"MultiDiGraph": "closed"},
    "networkx.classes.coreviews": dict.fromkeys(["AtlasView", "AdjacencyView", "MultiAdjacencyView"], "closed"),
    "networkx.classes.reportviews": dict.fromkeys(
        ["NodeView", "EdgeView", "OutEdgeView", "InEdgeView", "MultiEdgeView", "OutMultiEdgeView",
         "InMultiEdgeView"], "closed"),
    "tokenizers": {"Tokenizer": "tokenizer", "AddedToken": "restored"},
    # Its state is the model as JSON; what reads vocabulary files are class methods of others.
    "tokenizers.models": {"Model": "restored"},
    "ultralytics.utils": {"IterableSimpleNamespace": "empty"},
    "ultralytics.yolo.utils": {"IterableSimpleNamespace": "empty"},
    "dill._dill": {"_create_array": "dill-array", "_load_type": "dill-type"},
    "models.yolo": dict.fromkeys(
        ["Model", "BaseModel", "DetectionModel", "SegmentationModel", "ClassificationModel", "Detect", "Segment",
         "IDetect"], "closed"),
    "models.common": dict.fromkeys(
        ["Conv", "DWConv", "DWConvTranspose2d", "Bottleneck", "BottleneckCSP", "CrossConv", "C3", "C3x", "C3TR",
         "C3SPP", "C3Ghost", "SPP", "SPPF", "SPPCSPC", "Focus", "GhostConv", "GhostBottleneck", "Contract",
         "Expand", "Concat", "TransformerLayer", "TransformerBlock", "Classify",
         "Proto", "MP", "RepConv", "ReOrg", "Shortcut"], "closed"),
    "models.experimental": dict.fromkeys(["CrossConv", "Sum", "MixConv2d", "Ensemble"], "closed"),
    "fairseq.data.dictionary": {"Dictionary": "closed"},
    "yacs.config": {"CfgNode": "container"},
    "fvcore.common.config": {"CfgNode": "container"},
    "detectron2.config.config": {"CfgNode": "container"},
    "easydict": {"EasyDict": "container"},
    "addict.addict": {"Dict": "container"},
    "munch": {"Munch": "container"},
}  # fmt: skip
"""Classes with methods that run while they are restored, which somebody read, and those of libraries not at hand; the
``models`` are those of the YOLOv5 and YOLOv7 repositories, whose checkpoints are whole objects."""


def torch() -> Names:
    """What torch's training, quantisation, pruning and distributed checkpoints hold beside layers and optimizers."""
    names: Names = {}
    packages = ("torch.ao.nn", "torch.ao.quantization", "torch.optim", "torch.nn.utils", "torch.nn.parallel",
                "torch.nn.intrinsic", "torch.nn.quantized", "torch.nn.quantizable", "torch.nn.qat",
                "torch.quantization",
                "torch.distributions")  # fmt: skip
    skip = ("fx", "_learnable", "backend_config", "quantize_pt2e", "pt2e", "memory_tracker", "distributed")
    for package in packages:
        loaded = importlib.import_module(package)
        for item in pkgutil.walk_packages(loaded.__path__, f"{package}."):
            if not any(part in skip for part in item.name.split(".")):
                _classes(names, item.name)
    for old, new in (("torch.nn.quantized", "torch.ao.nn.quantized"), ("torch.nn.intrinsic", "torch.ao.nn.intrinsic"),
                     ("torch.nn.quantizable", "torch.ao.nn.quantizable"), ("torch.nn.qat", "torch.ao.nn.qat"),
                     ("torch.quantization", "torch.ao.quantization"),
                     ("torch.nn.quantized.dynamic", "torch.ao.nn.quantized.dynamic")):  # fmt: skip
        for module in [m for m in names if m == new or m.startswith(f"{new}.")]:
            names.setdefault(old + module[len(new) :], {}).update(names[module])
    for kind in ("quantized", "quantized.dynamic"):  # what a package itself says its classes' module is
        modules = importlib.import_module(f"torch.ao.nn.{kind}.modules")
        for name, value in vars(modules).items():
            if isinstance(value, type) and value.__module__ == modules.__name__:
                names.setdefault(modules.__name__, {})[name] = "restored"
                names.setdefault(f"torch.nn.{kind}.modules", {})[name] = "restored"
    names["torch"] = {"ScriptObject": "script-object"}  # a quantised layer's packed weights
    names["torch.optim"] = dict.fromkeys(["Adafactor", "Muon"], "restored")
    names["torch.utils.hooks"] = {"RemovableHandle": "restored"}
    names["torch._utils"] = {"_rebuild_nested_tensor": "tensors", "_rebuild_device_tensor_from_numpy": "from-numpy",
                             "_rebuild_xla_tensor": "from-numpy"}  # fmt: skip
    names["torch.tensor"] = {
        "_rebuild_from_type": "from-type",
        "_rebuild_from_type_v2": "from-type",
        "Tensor": "no-call",
    }
    names["torch._tensor"] = {"_rebuild_from_type": "from-type"}
    names["torch.nested._internal.nested_tensor"] = {
        "_rebuild_njt": "nested-tensor",
        "NestedTensor": "no-call",
    }
    names["torch._dynamo.decorators"] = {"_DimRange": "any"}
    lazy = dict.fromkeys(["UninitializedParameter", "UninitializedBuffer"], "lazy")
    names["torch.nn.parameter"] = lazy | {"UninitializedTensorMixin": "no-call"}
    _classes(names, "torch.distributed.checkpoint.metadata")
    names["torch.distributed.checkpoint.metadata"] |= {"_MEM_FORMAT_ENCODING": "enum"}
    names["torch.distributed.checkpoint.filesystem"] = {
        "_StorageInfo": "restored",
        "_StoragePrefix": "restored",
    }
    return names


def library(folder: Path, package: str, modules: tuple[str, ...], other: str) -> Names:
    """The classes of one package below ``folder`` that may be restored."""
    found, names = Library(), Names()
    for path in sorted((folder / package).rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        try:
            _Module(found, module, package=path.name == "__init__.py").visit(ast.parse(path.read_bytes()))
        except (SyntaxError, ValueError):
            continue
    for dotted in found.classes:
        module, _, name = dotted.rpartition(".")
        wanted = any(
            module == m or (m.endswith(".") and module.startswith(m)) or module.startswith(f"{m}.")
            for m in modules
        )
        if not wanted or module not in found.taken or any(part in module for part in _SKIP):
            continue
        bases = _bases(found, dotted)
        if any(f"{base}.{method}" in found.functions for base in bases for method in _RUNS):
            continue
        if bases & set(_ENUMS):
            kind = "enum"
        elif bases & {"dict", "collections.OrderedDict", "collections.UserDict", "typing.Dict"}:
            kind = "container"
        elif package in ("transformers", "diffusers") or not any(base in bases for base in _LAYERS):
            kind = other
        else:
            kind = "restored"
        names.setdefault(module, {})[name] = kind
    return names


def _bases(found: Library, dotted: str) -> set[str]:
    """The class and all its bases, as far as the library's own source tells."""
    seen: set[str] = set()
    todo = [dotted]
    while todo:
        name = todo.pop()
        module, _, last = name.rpartition(".")
        name = found.taken.get(module, {}).get(last, name) if name not in found.classes else name
        if name not in seen:
            seen.add(name)
            todo += found.classes.get(name, [])
    return seen


def main(folders: list[str]) -> None:
    """Write one list a package, of what all folders hold of it."""
    merged: dict[str, Names] = {"torch": torch()}
    for folder in folders:
        for package, (modules, other) in PACKAGES.items():
            if (Path(folder) / package).is_dir():
                for module, names in library(Path(folder), package, modules, other).items():
                    merged.setdefault(package, {}).setdefault(module, {}).update(names)
    yolo = merged.get("ultralytics", {})
    for module in [m for m in yolo if m.startswith("ultralytics.nn.modules.")]:  # one module before 8.0.90
        yolo.setdefault("ultralytics.nn.modules", {}).update(yolo[module])
    for module, names in _READ.items():
        merged.setdefault(module.partition(".")[0], {}).setdefault(module, {}).update(names)
    OUT.mkdir(exist_ok=True)
    for package, modules in merged.items():
        by_kind: dict[str, dict[str, list[str]]] = {}
        for module, names in modules.items():
            for name, kind in names.items():
                by_kind.setdefault(kind, {}).setdefault(module, []).append(name)
        grouped = {
            k: {m: " ".join(sorted(n)) for m, n in sorted(ms.items())} for k, ms in sorted(by_kind.items())
        }
        (OUT / f"{package}.json").write_text(json.dumps(grouped, indent=0) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
