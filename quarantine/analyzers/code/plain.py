"""Whether a Python source is plain: it defines modules, configurations or tokenizers and can do nothing else.

Default deny. What it imports is on a short list; it calls no builtin that reaches files, code or names; it walks no
special attribute. What is plain needs no reader; everything else does, whatever else is known about it.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from importlib import import_module
from types import ModuleType

from quarantine.analyzers.code.capabilities import RISKY_MODULES
from quarantine.analyzers.code.names import Names
from quarantine.analyzers.words import words

# Of the standard library: no module that reaches files, processes, names or code by its public names.
_STANDARD = words(
    """math cmath typing dataclasses enum abc collections collections.abc functools itertools copy numbers
    string textwrap statistics contextlib decimal fractions random time datetime unicodedata warnings re
    json os os.path __future__"""
)
_LIBRARIES = words(
    """typing_extensions einops numpy torch torch.nn torch.nn.functional torch.nn.init torch.nn.utils.rnn
    torch.utils.checkpoint torch.optim torch.nn.parameter torch.nn.modules transformers
    transformers.activations transformers.cache_utils transformers.configuration_utils
    transformers.generation transformers.generation.utils transformers.masking_utils
    transformers.modeling_attn_mask_utils transformers.modeling_outputs transformers.modeling_utils
    transformers.modeling_rope_utils transformers.modeling_layers transformers.processing_utils
    transformers.pytorch_utils transformers.tokenization_utils transformers.tokenization_utils_base
    transformers.tokenization_utils_fast transformers.feature_extraction_utils
    transformers.image_processing_utils transformers.utils transformers.modeling_flash_attention_utils
    transformers.utils.generic transformers.utils.deprecation transformers.utils.backbone_utils
    transformers.image_transforms transformers.time_series_utils transformers.integrations
    transformers.utils.import_utils diffusers diffusers.configuration_utils diffusers.models.modeling_utils"""
)
_DENIED_OF = {"typing": {"get_type_hints", "ForwardRef"}, "dataclasses": {"make_dataclass"}}
_OS_PATH = frozenset(
    {
        "os.path",
        "os.path.join",
        "os.path.isfile",
        "os.path.isdir",
        "os.path.exists",
        "os.path.basename",
        "os.path.dirname",
        "os.path.abspath",
        "os.path.splitext",
        "os.sep",
    }
)
_FROM_TORCH = frozenset(
    {
        "nn",
        "Tensor",
        "LongTensor",
        "FloatTensor",
        "BoolTensor",
        "IntTensor",
        "Size",
        "device",
        "dtype",
        "einsum",
        "cat",
        "softmax",
        "no_grad",
        "arange",
        "matmul",
        "bmm",
        "optim",
    }
)
_FROM_LOWER = words(
    """logging add_start_docstrings add_start_docstrings_to_model_forward replace_return_docstrings
    add_code_sample_docstrings is_flash_attn_2_available is_flash_attn_greater_or_equal_2_10
    is_torch_available is_sdpa_available can_return_tuple auto_docstring apply_chunking_to_forward
    find_pruneable_heads_and_indices prune_linear_layer checkpoint rearrange repeat einsum reduce pack
    pad_sequence logger use_kernel_forward_from_hub get_activation is_flash_attn_available deprecate_kwarg
    torch_int is_vision_available is_torchdynamo_compiling is_scipy_available is_torch_fx_available
    is_timm_available filter_out_non_signature_kwargs use_kernel_func_from_hub ModelOutput can_return_tuple
    utils"""
)
# Of torch itself only what computes or describes tensors: no files, no compiler, no hub, no other process.
_TORCH = words(
    """nn Tensor tensor zeros ones empty full rand randn randint randperm arange linspace eye zeros_like
    ones_like empty_like full_like rand_like randn_like cat concat stack split chunk tensor_split unbind
    where matmul bmm mm mul add sub div einsum outer dot exp exp2 log log2 log1p sqrt rsqrt pow abs sin cos
    tan tanh atan2 sigmoid softmax log_softmax relu sum mean var std max min maximum minimum argmax argmin
    topk sort argsort cumsum cumprod prod norm clamp clip round floor ceil sign isnan isinf isfinite
    allclose equal eq ne lt gt le ge logical_and logical_or logical_not any all gather scatter index_select
    masked_select masked_fill take flatten reshape permute transpose swapaxes squeeze unsqueeze flip roll
    tile repeat_interleave broadcast_to expand meshgrid tril triu diag diagonal nonzero bincount unique
    bucketize searchsorted polar view_as_complex view_as_real complex real imag angle from_numpy as_tensor
    is_tensor no_grad enable_grad set_grad_enabled inference_mode autocast is_autocast_enabled
    get_autocast_gpu_dtype get_default_dtype is_grad_enabled float float16 float32 float64 half bfloat16
    double int int8 int16 int32 int64 uint8 long short bool complex64 dtype device Size Generator
    manual_seed finfo iinfo LongTensor FloatTensor BoolTensor IntTensor HalfTensor BFloat16Tensor
    multinomial bernoulli normal baddbmm addmm cdist erf erfinv rms_norm layer_norm conv1d conv2d cuda
    is_floating_point backends optim utils jit autograd fft linalg special promote_types triu_indices
    tril_indices chunk numel contiguous_format channels_last"""
)
_TORCH_PATHS = (
    "torch.nn.",
    "torch.fft.",
    "torch.linalg.",
    "torch.special.",
    "torch.Tensor.",
    "torch.utils.checkpoint.",
    "torch.cuda.is_available.",
    "torch.cuda.device_count.",
    "torch.jit.script.",
    "torch.jit.ignore.",
    "torch.jit.unused.",
    "torch.jit.is_scripting.",
    "torch.jit.is_tracing.",
    "torch.jit.export.",
    "torch.backends.cuda.",
    "torch.backends.mps.is_available.",
    "torch.backends.cudnn.",
    "torch.optim.",
    "torch.autograd.Function.",
    "torch.finfo.",
    "torch.iinfo.",
    "torch.cuda.amp.autocast.",
    "torch.Size.",
)
_TORCH_EXACT = frozenset({"torch.utils", "torch.cuda.amp", "torch.backends.mps", "torch.autograd"})
_BUILTINS_DENIED = words(
    """eval exec compile open __import__ input breakpoint globals locals vars getattr setattr delattr dir
    memoryview help exit quit copyright credits license __build_class__ __loader__ __spec__ __builtins__"""
)
_NUMPY_DENIED = frozenset(
    [
        "load",
        "loads",
        "save",
        "savez",
        "savetxt",
        "loadtxt",
        "genfromtxt",
        "fromfile",
        "memmap",
        "DataSource",
        "lib",
        "core",
        "_core",
        "f2py",
        "ctypeslib",
        "testing",
        "distutils",
        "source",
        "info",
        "lookfor",
        "fromregex",
        "save",
        "savez_compressed",
        "compat",
        "typing",
        "frompyfunc",
        "vectorize",
        "apply_along_axis",
    ]
)
_SPECIAL_ALLOWED = words(
    """__init__ __name__ __class__ __doc__ __call__ __len__ __getitem__ __iter__ __next__ __repr__ __str__
    __eq__ __hash__ __post_init__ __all__ __version__ __file__ __annotations__ __enter__ __exit__
    __contains__ __setitem__ __add__ __mul__ __ne__ __lt__ __radd__ __qualname__ __module__ __future__
    __new__"""
)
_ATTRIBUTES_DENIED = words(
    """from_pretrained save_pretrained push_to_hub load_adapter register_for_auto_class tofile dump load
    from_config load_state_dict_from_url hub serialization cpp_extension package sys subprocess importlib
    inspect io ctypes share_memory_ from_file tempfile shutil requests download builtins bltns types
    operator torch np numpy from_hub get_config_dict savetxt genfromtxt loadtxt fromfile memmap save savez
    addHandler handlers get_class_from_dynamic_module cached_file trust_remote_code load_library
    register_dispatch"""
)


def why_not_plain(tree: ast.Module, names: Names) -> str | None:
    """The first thing that is more than plain; None if there is none."""
    fine = {id(part.func) for part in ast.walk(tree) if isinstance(part, ast.Call) and _plain_call(part)}
    for part in ast.walk(tree):
        if id(part) not in fine and (why := _why(part, names)):
            return f"line {getattr(part, 'lineno', 0)}: {why}"
    return None


def _plain_call(call: ast.Call) -> bool:
    """getattr and setattr with a name that is written out and harmless; open for reading."""
    if not isinstance(call.func, ast.Name):
        return False
    if (
        call.func.id in ("getattr", "setattr")
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    ):
        name = str(call.args[1].value)
        owner = call.args[0]
        plain_owner = isinstance(owner, ast.Name) and owner.id in ("self", "config", "cls")
        return (
            name not in _ATTRIBUTES_DENIED
            and not _why_special(name)
            and (plain_owner or (isinstance(owner, ast.Attribute) and owner.attr == "config"))
        )
    if call.func.id == "open":
        modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg in ("mode", None))]
        return all(isinstance(m, ast.Constant) and set(str(m.value)) <= set("rbt") for m in modes)
    return False


def _why(part: ast.AST, names: Names) -> str | None:
    match part:
        case ast.Import(names=aliases):
            odd = [alias.name for alias in aliases if alias.name not in _STANDARD | _LIBRARIES]
            return f"import of {odd[0]}" if odd else None
        case ast.ImportFrom(module=module, names=aliases, level=level):
            return _why_from(module or "", [alias.name for alias in aliases], level)
        case ast.Name(id=name):
            return (
                f"the builtin {name}"
                if name in _BUILTINS_DENIED
                else _why_special(name) or _why_path(names.resolve(part))
            )
        case ast.Attribute(attr=attr):
            paths = names.resolve(part)
            if attr in _ATTRIBUTES_DENIED and paths != {"json.load"}:
                return f"the attribute {attr}"
            return _why_special(attr) or _why_path(paths)
        case ast.keyword(arg="trust_remote_code" | "allow_pickle" as name):
            return f"the argument {name}"
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return _why_special(name)
        case ast.Global() | ast.Nonlocal() | ast.Delete() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return f"a statement {type(part).__name__.lower()}"
        case ast.ClassDef(keywords=keywords) if any(k.arg != "total" for k in keywords):
            return "a class with a keyword such as metaclass"
        case ast.Constant(value=str() | bytes() as value) if len(value) > 20_000:
            return "a very long literal"
        case ast.Assign(targets=targets):
            stored = [
                t
                for t in targets
                if isinstance(t, ast.Attribute) and any("()" not in p for p in names.resolve(t.value))
            ]
            return "a change of another module" if stored else None
    return None


def _why_from(module: str, names: list[str], level: int) -> str | None:
    if level:  # a file beside it, which is read on its own
        return None if "*" not in names else "a star import"
    if module not in _STANDARD | _LIBRARIES:
        return f"import from {module}"
    for name in names:
        if name == "*" or name in _ATTRIBUTES_DENIED:
            return f"import of {name} from {module}"
        if why := _why_path(frozenset({f"{module}.{name}"})):
            return why
    return None


_COMPUTING = words(
    """transformers.activations transformers.masking_utils transformers.modeling_attn_mask_utils
    transformers.modeling_rope_utils transformers.pytorch_utils transformers.image_transforms
    transformers.time_series_utils transformers.utils.generic transformers.utils.deprecation
    transformers.utils.backbone_utils transformers.configuration_utils transformers.image_processing_utils
    transformers.modeling_flash_attention_utils transformers.modeling_outputs"""
)


def _why_special(name: str) -> str | None:
    special = name.startswith("__") and name not in _SPECIAL_ALLOWED
    return f"the name {name}" if special else None


def _why_path(paths: frozenset[str]) -> str | None:
    return next((path for path in sorted(paths) if not _plain_path(path.replace("()", ""))), None)


def _plain_path(path: str) -> bool:
    parts = path.split(".")
    if path in _STANDARD | _LIBRARIES or parts[0] == "builtins" or not parts[0]:
        return True  # builtins and special names are judged as they stand
    if parts[0] == "os":
        return path in _OS_PATH
    home = next(
        (
            ".".join(parts[:end])
            for end in range(len(parts), 0, -1)
            if ".".join(parts[:end]) in _STANDARD | _LIBRARIES
        ),
        "",
    )
    rest = parts[len(home.split(".")) :]
    if any(each.startswith("_") and each not in _SPECIAL_ALLOWED for each in rest) and home not in _COMPUTING:
        return False
    if home not in _STANDARD and set(rest) & RISKY_MODULES:
        return False
    if home in _STANDARD:
        return home == "__future__" or _public(home, rest[0])
    if parts[0] == "torch":
        return (
            (len(parts) == 2 and parts[1] in _TORCH | _FROM_TORCH)
            or path in _TORCH_EXACT
            or f"{path}.".startswith(_TORCH_PATHS)
        )
    if parts[0] == "numpy":
        return not set(rest) & _NUMPY_DENIED
    if parts[0] == "typing_extensions":
        return rest[0][:1].isupper() or rest[0] == "override"
    if (
        home in _COMPUTING
        and len(rest) == 1
        and rest[0] not in sys.stdlib_module_names | {"torch", "np", "requests"}
    ):
        return True
    return rest[0][:1].isupper() or rest[0] in _FROM_LOWER


@cache
def _public(module: str, name: str) -> bool:
    """Whether a module of the standard library offers the name itself, not one of its own imports."""
    held = import_module(module)
    offered = getattr(held, "__all__", None) or [n for n in dir(held) if not n.startswith("_")]
    return (
        name in offered
        and not isinstance(getattr(held, name), ModuleType)
        and name not in _DENIED_OF.get(module, ())
    )
