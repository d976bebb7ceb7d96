"""ncnn's networks: layers as text in a ``.param``, weights without any header in the ``.bin`` of its name.

After https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure and each layer's ``load_model``. The
sizes of all weights follow from the layers, so that the ``.bin`` is claimed piece by piece; a layer whose weights are
not known here ends that, and the rest stays unclaimed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from quarantine.formats.interface import Malformed, Node, Source

_MAGIC = b"7767517"
_TEXT_LIMIT_BYTES, _LAYERS_LIMIT = 64 << 20, 1 << 18
_FLAGGED, _PLAIN = 0, 1
"""How weights are stored: behind four bytes that tell their type, or as float32."""
_HALF, _BYTES, _FLOATS, _TABLE_BYTES = 0x01306B47, 0x000D4B38, 0x0002C056, 1024
_ARRAYS = -23300
# The layers of ncnn 1.0.20261020 and of earlier versions that have no weights.
_WITHOUT = (
    "AbsVal ArgMax BNLL BinaryOp CELU Cast Clip Concat CopyTo Crop CumulativeSum DeepCopy DetectionOutput Diag Dropout "
    "Einsum Eltwise ELU Erf Exp ExpandDims Flatten Flip Fold GELU GLU GridSample HardSigmoid HardSwish Input Interp "
    "InverseSpectrogram LRN Log MVN MatMul Mish Noop PSROIPooling Packing Padding Permute PixelShuffle Pooling "
    "Pooling1D Pooling3D Power PriorBox Proposal ROIAlign ROIPooling ReLU Reduction Relu6 Reorg Reshape RotaryEmbed "
    "SDPA SELU SPP Shrink ShuffleChannel Sigmoid Slice Softmax Softplus Spectrogram Split Squeeze StatisticsPooling "
    "Swish TanH Threshold Tile UnaryOp Unfold YoloDetectionOutput Yolov3DetectionOutput"
)
WITHOUT = frozenset(_WITHOUT.split())
_CONVOLUTIONS = frozenset(
    f"{kind}{deep}{sides}"
    for kind in ("Convolution", "Deconvolution")
    for deep in ("", "DepthWise")
    for sides in ("", "1D", "3D")
) | {"DeformableConv2D"}
Weights = list[tuple[int, int]]
Value = Callable[..., int]


def _recurrent(gates: int, biases: int) -> Callable[[Value], Weights]:
    """The weights of a recurrent layer: of the input, biases, of the state, and of a projection."""

    def sizes(value: Value) -> Weights:
        out, both = value(0), 2 if value(2) == 2 else 1
        hidden = (value(3) or out) if gates == 4 else out
        found = [
            (_FLAGGED, value(1)),
            (_FLAGGED, hidden * biases * both),
            (_FLAGGED, out * hidden * gates * both),
        ]
        if hidden != out:
            found.append((_FLAGGED, hidden * out * both))
        return found + ([(_PLAIN, hidden * gates * both)] * 2 if value(8) else [])

    return sizes


def _attention(value: Value) -> Weights:
    out, size = value(0), value(2)
    query = size // out if out else 0
    found: Weights = []
    for inside, bias in ((query, out), (value(3) or out, out), (value(4) or out, out), (query, query)):
        found += [(_FLAGGED, out * inside), (_PLAIN, bias)]
    return found + ([(_PLAIN, out)] * 3 + [(_PLAIN, 1)] if value(18) else [])


def _gemm(value: Value) -> Weights:
    m, n, k, shape = value(7), value(8), value(9), value(10)
    found = [(_FLAGGED, m * k)] if value(4) else []
    found += [(_FLAGGED, n * k)] if value(5) else []
    third = {0: 1, 1: m, 2: m, 3: m * n, 4: n}.get(shape, 0)
    return found + ([(_FLAGGED, third)] if value(6) and third else [])


_SIZES: dict[str, Callable[[Value], Weights]] = {
    "BatchNorm": lambda v: [(_PLAIN, v(0))] * 4,
    "Bias": lambda v: [(_PLAIN, v(0))],
    "Scale": lambda v: [(_PLAIN, v(0))] * (1 + bool(v(1))) if v(0) else [],
    "PReLU": lambda v: [(_PLAIN, v(0))],
    "Normalize": lambda v: [(_PLAIN, v(3))],
    "InstanceNorm": lambda v: [(_PLAIN, v(0))] * 2 if v(2, 1) else [],
    "GroupNorm": lambda v: [(_PLAIN, v(1))] * 2 if v(3, 1) else [],
    "LayerNorm": lambda v: [(_PLAIN, v(0))] * 2 if v(2, 1) else [],
    "RMSNorm": lambda v: [(_PLAIN, v(0))] if v(2, 1) else [],
    "InnerProduct": lambda v: (
        [(_FLAGGED, v(2))]
        + ([(_PLAIN, v(0))] if v(1) else [])
        + ([(_PLAIN, v(0)), (_PLAIN, 1)] if v(8) else [])
    ),
    "Embed": lambda v: (
        [(_FLAGGED, v(3))] + ([(_PLAIN, v(0))] if v(2) else []) + ([(_PLAIN, 1)] if v(18) else [])
    ),
    "MemoryData": lambda v: [
        (_PLAIN if v(21, 1) else _FLAGGED, max(1, v(0)) * max(1, v(1)) * max(1, v(11)) * max(1, v(2)))
    ],
    "LSTM": _recurrent(4, 4),
    "GRU": _recurrent(3, 4),
    "RNN": _recurrent(1, 1),
    "MultiHeadAttention": _attention,
    "Gemm": _gemm,
    "Quantize": lambda v: [(_PLAIN, v(0, 1))],
    "Dequantize": lambda v: [(_PLAIN, v(0, 1)), (_PLAIN, v(1))],
    "Requantize": lambda v: [(_PLAIN, v(0, 1)), (_PLAIN, v(1, 1)), (_PLAIN, v(2))],
}


class Ncnn:
    """The text of a network."""

    name = "ncnn"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic on a line of its own."""
        return re.match(rb"7767517\r?\n", head) is not None

    def read(self, node: Node) -> None:
        """Check the layers; claim the text, and the weights beside it."""
        if node.source.size > _TEXT_LIMIT_BYTES:
            raise Malformed("network is larger than any model's", offset=0)
        try:
            lines = node.source.read(0, node.source.size).decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("network is no text", offset=error.start) from None
        counts = lines[1].split() if len(lines) > 1 else []
        layers = [line.split() for line in lines[2:] if line.strip()]
        sound = len(counts) == 2 and counts[0] == str(len(layers)) and len(layers) <= _LAYERS_LIMIT
        if lines[0].strip() != _MAGIC.decode() or not sound:
            raise Malformed("the magic or the number of layers is wrong", offset=0)
        wanted: Weights = []
        explained = True
        told: set[str] = set()
        for words in layers:
            parameters = _parameters(words)
            found = _weights(words[0], parameters)
            if found is None and words[0] not in told:
                told.add(words[0])
                node.finding("ncnn-custom-layer", layer=words[0])
            explained = explained and found is not None
            if explained:
                wanted += found or []
        node.claim(0, node.source.size)
        _claim(node, wanted)


def _parameters(words: list[str]) -> dict[int, list[float]]:
    """The numbered values of a layer's line, checked for the line's own counts."""
    try:
        ends = 4 + int(words[2]) + int(words[3])
        if min(int(words[2]), int(words[3])) < 0 or ends > len(words):
            raise ValueError
        found: dict[int, list[float]] = {}
        for word in words[ends:]:
            key, _, value = word.partition("=")
            number = int(key)
            if value.startswith('"') or not value:
                continue
            parts = value.split(",")
            if number <= _ARRAYS:
                number, parts = _ARRAYS - number, parts[1:]
            found[number] = [float(part) for part in parts]
    except (ValueError, IndexError):
        raise Malformed(f"layer {' '.join(words)[:80]!r} cannot be read") from None
    return found


def _weights(kind: str, parameters: dict[int, list[float]]) -> Weights | None:
    """(how, elements) of each of a layer's weights in order; None if that is not known."""

    def value(number: int, otherwise: int = 0) -> int:
        held = parameters.get(number, [otherwise])
        return max(0, int(held[0])) if held and abs(held[0]) < 1 << 53 else 0

    if kind in WITHOUT:
        return []
    if kind in _CONVOLUTIONS:
        if value(28 if kind.startswith("Deconvolution") else 19):
            return []  # weights come from another layer
        found = [(_FLAGGED, value(6))] + ([(_PLAIN, value(0))] if value(5) else [])
        eight = value(8)
        if eight:
            each = (
                value(7, 1)
                if "DepthWise" in kind and eight in (1, 101)
                else 1
                if "DepthWise" in kind
                else value(0)
            )
            found += [(_PLAIN, each), (_PLAIN, 1)] + ([(_PLAIN, 1)] if eight > 100 else [])
        return found
    sizes = _SIZES.get(kind)
    return None if sizes is None else sizes(value)


def _claim(node: Node, wanted: Weights) -> None:
    """Claim the weights, one after another, in the file of the network's name."""
    path = node.path.removesuffix(".param") + ".bin"
    held = next((source for name, source in node.siblings() if name == path), None)
    if not node.path.endswith(".param") or "!" in node.path or held is None:
        if any(elements for _, elements in wanted):
            node.finding("ncnn-weights-missing", path=path)
        return
    at = 0
    for how, elements in wanted:
        if not elements:
            continue
        size = elements * 4
        if how == _FLAGGED:
            flag = held.read(at, 4)
            size = 4 + _packed(int.from_bytes(flag, "little"), elements)
        if at + size > held.size:
            raise Malformed("the weights file ends before the weights of its layers")
        node.claim_sibling(path, at, at + size)
        at += size


def _packed(flag: int, elements: int) -> int:
    """Bytes of weights whose four bytes say how they are packed; rows end at a multiple of four."""
    if flag == _HALF:
        return -(-elements * 2 // 4) * 4
    if flag == _BYTES:
        return -(-elements // 4) * 4
    if flag in (0, _FLOATS):
        return elements * 4
    return _TABLE_BYTES + -(-elements // 4) * 4
