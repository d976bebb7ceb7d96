"""Core ML models (``.mlmodel``, and the model of an ``.mlpackage``): every field of Model.proto, of each kind of model.

Parts that an app or another file supplies are reported, nested opaque parts are handed on as artifacts, weights in
files beside the model are claimed there. After https://apple.github.io/coremltools/mlmodel/index.html; weights are
claimed, never looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from quarantine.formats.coreml_blob import entry_at
from quarantine.formats.coreml_schema import SCHEMA
from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.messages import Message, Reader, claim_known, outline
from quarantine.formats.protobuf import LENGTH, VARINT
from quarantine.formats.source import SliceSource

_KINDS = frozenset(number for number, label in SCHEMA["Model"].items() if label.choice)
_KEPT = {
    "Metadata": frozenset({1, 2, 3, 4}),
    "CustomModel": frozenset({10}),
    "CustomLayerParams": frozenset({10}),
    "CustomModel.CustomModelParamValue": frozenset({60}),
    "LinkedModelFile": frozenset({1, 2}),
    "StringParameter": frozenset({1}),
    "SerializedModel": frozenset({1, 2}),
    "CoreMLModels.TextClassifier": frozenset({100}),
    "CoreMLModels.WordTagger": frozenset({100}),
    "CoreMLModels.Gazetteer": frozenset({100}),
    "CoreMLModels.WordEmbedding": frozenset({100}),
    "MILSpec.Operation": frozenset({1}),
    "MILSpec.Value": frozenset({2, 3, 5}),
    "MILSpec.ValueType": frozenset({1}),
    "MILSpec.TensorType": frozenset({1, 3}),
    "MILSpec.Dimension": frozenset({1}),
    "MILSpec.Dimension.ConstantDimension": frozenset({1}),
    "MILSpec.Value.BlobFileValue": frozenset({1, 2}),
    "MILSpec.Value.ImmediateValue": frozenset({1}),
    "MILSpec.TensorValue": frozenset({1, 2, 3, 4, 5, 6, 7}),
    **{f"MILSpec.TensorValue.Repeated{kind}": frozenset({1})
       for kind in ("Floats", "Ints", "Bools", "Strings", "LongInts", "Doubles", "Bytes")},
}  # fmt: skip
_OPAQUE = {"SerializedModel": 2, "CustomModel.CustomModelParamValue": 60, "CoreMLModels.TextClassifier": 100,
           "CoreMLModels.WordTagger": 100, "CoreMLModels.Gazetteer": 100,
           "CoreMLModels.WordEmbedding": 100}  # fmt: skip
# MILSpec.DataType -> bits of one element
_BITS = {1: 8, 10: 16, 11: 32, 12: 64, 13: 16, 21: 8, 22: 16, 23: 32, 24: 64, 25: 4, 31: 8, 32: 16, 33: 32, 34: 64,
         35: 4, 36: 2, 37: 1, 38: 6, 39: 3, 40: 8, 41: 8}  # fmt: skip
_BYTES = 7  # the member of TensorValue that holds raw bytes; the others hold elements
_FOLDER = "@model_path/"
# The operations that coremltools 9.0 defines, in all dialects, and write_state, which it writes for state.
_OPERATIONS = (
    "abs acos add affine argsort asin atan atanh avg_pool band_part batch_norm batch_to_space cast ceil clamped_relu "
    "classify clip complex complex_abs complex_fft complex_fftn complex_ifft complex_ifftn complex_imag complex_irfft "
    "complex_irfftn complex_real complex_rfft complex_rfftn complex_shape complex_stft concat cond const "
    "constexpr_affine_dequantize constexpr_blockwise_shift_scale constexpr_cast constexpr_lut_to_dense "
    "constexpr_lut_to_sparse constexpr_sparse_blockwise_shift_scale constexpr_sparse_to_dense conv conv_quantized "
    "conv_transpose coreml_update_state cos cosh crop crop_resize cumsum depth_to_space dequantize einsum elu equal "
    "erf exp exp2 expand_dims fill fill_like flatten2d floor floor_div gather gather_along_axis gather_nd gelu greater "
    "greater_equal gru identity instance_norm inverse l2_norm l2_pool layer_norm leaky_relu less less_equal linear "
    "linear_activation list_gather list_length list_read list_scatter list_write local_response_norm log logical_and "
    "logical_not logical_or logical_xor lstm make_list matmul max_pool maximum minimum mod mul non_maximum_suppression "
    "non_zero not_equal one_hot pad pixel_shuffle pixel_unshuffle pow prelu quantize random_bernoulli "
    "random_categorical random_normal random_uniform range_1d read_state real_div reduce_argmax reduce_argmin "
    "reduce_l1_norm reduce_l2_norm reduce_log_sum reduce_log_sum_exp reduce_max reduce_mean reduce_min reduce_prod "
    "reduce_sum reduce_sum_square relu relu6 resample reshape reshape_like resize resize_bilinear "
    "resize_nearest_neighbor reverse reverse_sequence rnn round rsqrt scaled_dot_product_attention scaled_tanh scatter "
    "scatter_along_axis scatter_nd select shape sigmoid sigmoid_hard sign silu sin sinh slice_by_index slice_by_size "
    "slice_update sliding_windows softmax softplus softplus_parametric softsign space_to_batch space_to_depth split "
    "sqrt square squeeze stack sub tan tanh threshold thresholded_relu tile topk transpose upsample_bilinear "
    "upsample_nearest_neighbor while_loop write_state"
)
OPERATIONS = frozenset(_OPERATIONS.split())


class CoreMl:
    """The Core ML format (Model)."""

    name = "coreml"

    def recognise(self, head: bytes, source: Source) -> bool:
        """A specification version, a description and a kind of model."""
        if head[:1] != b"\x08":
            return False
        with source.view() as data:
            found = outline(data, max(SCHEMA["Model"]))
        if not found:
            return False
        kinds = [field for number, field in found.items() if number in _KINDS]
        described = 1 in found and found[1].wire == VARINT and 2 in found and found[2].wire == LENGTH
        return described and bool(kinds) and kinds[0].wire == LENGTH

    def read(self, node: Node) -> None:
        """Validate every message, claim every known field, and what the model refers to beside it."""
        with node.source.view() as data:
            checks = _Checks(node, data)
            reader = Reader(node, data, SCHEMA, _KEPT, checks.by_kind())
            reader.read("Model", 0, len(data))
        claim_known(node, 0, node.source.size, reader.unknown)


class _Checks:
    """What is asked of some messages beyond their schema."""

    def __init__(self, node: Node, data: memoryview) -> None:
        self._node, self._data = node, data
        self._told: set[str] = set()

    def by_kind(self) -> dict[str, Callable[[Message], None]]:
        """The check of each kind of message."""
        return {
            "Metadata": self._metadata,
            "CustomModel": self._custom,
            "CustomLayerParams": self._custom,
            "LinkedModelFile": self._linked,
            "MILSpec.Operation": self._operation,
            "MILSpec.Value": self._value,
            **dict.fromkeys(_OPAQUE, self._opaque),
        }

    def _metadata(self, message: Message) -> None:
        for number, name in ((1, "description"), (2, "version"), (3, "author"), (4, "license")):
            if message.text(number):
                self._node.said(name, message.text(number))

    def _custom(self, message: Message) -> None:
        what = "a model" if message.kind == "CustomModel" else "a layer"
        self._node.finding(
            "coreml-custom", offset=message.start, what=f"{what} of class {message.text(10)!r}"
        )

    def _operation(self, message: Message) -> None:
        name = message.text(1)
        if name not in OPERATIONS and name not in self._told:
            self._told.add(name)
            self._node.finding("coreml-custom", offset=message.start, what=f"the operation {name!r}")

    def _linked(self, message: Message) -> None:
        names = [part.text(1) for number in (1, 2) for part in message.inner(number)]
        rule = "coreml-path" if any(_leaves(name) for name in names) else "coreml-outside"
        self._node.finding(rule, offset=message.start, path=" in ".join(names))

    def _opaque(self, message: Message) -> None:
        for number, span in enumerate(message.spans(_OPAQUE[message.kind])):
            held = SliceSource(self._node.source, span.start, span.end - span.start)
            if held.size:
                self._node.child(f"{message.kind.rpartition('.')[2]}-{message.start}-{number}", held)

    def _value(self, message: Message) -> None:
        size = self._size_bytes(message)
        for blob in message.inner(5):
            self._blob(blob, size)
        held = [tensor for value in message.inner(3) for tensor in value.inner(1)]
        if size is None or not held:
            return
        elements, _, wanted = size
        for number in held[0].values:
            inner = held[0].inner(number)[0]
            if number == _BYTES:
                have = sum(span.end - span.start for span in inner.spans(1))
            else:
                have, wanted = inner.elements(1), elements
            if have != wanted:
                raise Malformed(f"value holds {have} where its type asks for {wanted}", offset=message.start)

    def _size_bytes(self, message: Message) -> tuple[int, int, int] | None:
        """(elements, bits of one, bytes) of a tensor value; None if it is none, or its shape is not fixed."""
        tensors = [tensor for kind in message.inner(2) for tensor in kind.inner(1)]
        if not tensors:
            return None
        elements = 1
        for dimension in tensors[0].inner(3):
            fixed = dimension.inner(1)
            if not fixed:
                return None
            elements *= fixed[0].number(1)
        bits = _BITS.get(tensors[0].number(1), 0)
        return elements, bits, math.ceil(elements * bits / 8)

    def _blob(self, blob: Message, size: tuple[int, int, int] | None) -> None:
        name, offset = blob.text(1), blob.number(2)
        path = name.removeprefix(_FOLDER)
        if not name.startswith(_FOLDER) or _leaves(path):
            self._node.finding("coreml-path", offset=blob.start, path=name)
            return
        folder = self._node.path.rpartition("/")[0]
        wanted = f"{folder}/{path}" if folder else path
        held = next((source for other, source in self._node.siblings() if other == wanted), None)
        if held is None or "!" in self._node.path:
            if name not in self._told:
                self._told.add(name)
                self._node.finding("coreml-outside", offset=blob.start, path=name)
            return
        entry = entry_at(held, offset)
        if entry is None:
            self._node.finding("coreml-path", offset=blob.start, path=f"{name} at {offset}")
            return
        if size is not None and size[2] != entry.size:
            why = f"weights have {entry.size} bytes where their type asks for {size[2]}"
            raise Malformed(why, offset=blob.start)
        self._node.claim_sibling(wanted, entry.start, entry.end)


def _leaves(path: str) -> bool:
    """Whether a path is not a plain one below its folder."""
    parts = path.replace("\\", "/").split("/")
    return bool({"", ".", ".."} & set(parts)) or ":" in path or "\0" in path or path.startswith("~")
