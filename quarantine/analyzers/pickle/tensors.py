"""What honest files do with the functions by which PyTorch restores its tensors, parameters and packed weights."""

from __future__ import annotations

from quarantine.analyzers.pickle.named import Arguments, Named, is_global

SCALARS = frozenset({str, int, float, bool, bytes, bytearray, complex, type(None)})
CLASSES = (
    "torch.Tensor",
    "torch._tensor.Tensor",
    "torch.nn.parameter.Parameter",
    "torch.nn.parameter.Buffer",
)


def nested_torch(args: Arguments) -> bool:
    """Whether the one argument is bytes, which are followed as a file."""
    return len(args) == 1 and nested_bytes(args[0]) is not None


def nested_bytes(value: object) -> bytes | None:
    """Bytes as a stream writes them: as such, or before protocol 3 as Latin-1 text to encode; None for any other."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, Named) and not is_global(value) and value.label == "_codecs.encode":
        args: Arguments = getattr(value, "args", ())
        if len(args) == 2 and isinstance(args[0], str) and args[1] in ("latin1", "latin-1"):
            try:
                return args[0].encode("latin-1")
            except UnicodeEncodeError:
                return None
    return None


def within_storage(args: Arguments) -> bool:
    """Whether size, stride and offset stay within the storage; PyTorch makes a storage larger to fit them."""
    if len(args) < 4:
        return False
    size, stride = (_lengths(arg) for arg in args[2:4])
    if size is None or stride is None or len(size) != len(stride) or type(args[1]) is not int or args[1] < 0:
        return False
    elements = getattr(args[0], "state", None)
    if type(elements) is not int or 0 in size:
        return True
    last = args[1] + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    return last < elements


def _lengths(value: object) -> tuple[int, ...] | None:
    if isinstance(value, Named) and value.label == "torch.Size":
        inner = getattr(value, "args", ())
        value = tuple(inner[0]) if inner and type(inner[0]) in (tuple, list) else ()
    if type(value) is not tuple or not all(type(length) is int and length >= 0 for length in value):
        return None
    return value


def lazy(args: Arguments) -> bool:
    """Whether the arguments are requires_grad, device and dtype of a layer whose size is not known yet."""
    return len(args) <= 3 and all(
        type(arg) in SCALARS or (isinstance(arg, Named) and arg.label.startswith("torch.")) for arg in args
    )


def from_numpy(args: Arguments) -> bool:
    """Whether a tensor of another device is made of an array that this stream restored."""
    return (
        len(args) == 4
        and isinstance(args[0], Named)
        and args[0].label.endswith(("._reconstruct", "._frombuffer"))
        and type(args[2]) is str
    )


def attributes(state: object) -> bool:
    """Whether what torch sets on a tensor one by one are names of data."""
    parts = state if type(state) is tuple else (state,)
    return all(
        part is None or (type(part) is dict and all(type(key) is str and key[:2] != "__" for key in part))
        for part in parts
    )


def _made_tensor(value: object) -> bool:
    # Parameter asks whatever else it is given to detach itself.
    return value is None or (
        isinstance(value, Named)
        and not is_global(value)
        and value.label.startswith(
            (*CLASSES, "torch._utils._rebuild_", "torch._tensor._rebuild_", "torch.tensor._rebuild_")
        )
    )


def all_tensors(args: Arguments) -> bool:
    """Whether every argument is a tensor that this stream rebuilt."""
    return bool(args) and all(_made_tensor(arg) for arg in args)


def nested_tensor(args: Arguments) -> bool:
    """Whether the keywords of torch.nested's own constructor are tensors, sizes and what is known of them."""
    return (
        len(args) == 1
        and type(args[0]) is dict
        and all(
            type(value) in SCALARS or type(value) is dict or _made_tensor(value) for value in args[0].values()
        )
    )


def script_state(_: Arguments, state: object) -> bool:
    """Whether packed weights are restored into one of PyTorch's own quantised classes."""
    # A class of native code reads its state; only those of quantised layers are PyTorch's own data.
    return (
        type(state) is tuple
        and len(state) == 2
        and type(state[1]) is str
        and state[1].startswith(("__torch__.torch.classes.quantized.", "__torch__.torch.classes.rnn."))
    )


def of_tensor(args: Arguments) -> bool:
    """Whether a parameter is made of a tensor that this stream rebuilt."""
    return not args or _made_tensor(args[0])


def parameter(args: Arguments) -> bool:
    """The same, with attributes that are names of data."""
    return len(args) == 4 and _made_tensor(args[0]) and attributes(args[3])


def parameter_state(_: Arguments, state: object) -> bool:
    """Whether the state of a parameter is not the one of four parts, which is set without a look at the storage."""
    return type(state) is not tuple or len(state) != 4
