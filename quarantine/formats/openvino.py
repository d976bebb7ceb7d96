"""OpenVINO IR: the graph in an ``.xml`` and its constants in the ``.bin`` beside it.

After https://docs.openvino.ai/2025/documentation/openvino-ir-format.html and the IR frontend's deserialiser
(src/frontends/ir/src/ir_deserializer.cpp). Edges must join ports that exist, constants must have exactly the size of
their shape and lie in the weights file, which they claim. Operations that only an extension library knows are told.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from quarantine.formats.interface import Malformed, Node, Source, TooLarge, Unsupported
from quarantine.formats.xml import End, Start, Text, events, root_of

_LAYERS_LIMIT, _EDGES_LIMIT = 1 << 19, 1 << 20
_PROLOG_LIMIT_BYTES = 16 << 20
_NET = re.compile(r"<net[\s/>]")
_OPSET = re.compile(r"opset[1-9][0-9]?")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SPACE = re.compile(r"\s*")
_DIMENSION = re.compile(r"\s*(?:-?[0-9]{1,18}|\?|)\s*")
_FREE = frozenset({"rt_info", "meta_data", "cli_parameters", "quantization_parameters", "info"})
"""Elements that hold what a tool notes; nothing in them changes what is loaded."""
_GRAPHS = frozenset({"net", "body", "then_body", "else_body"})
_KNOWN = _GRAPHS | {
    "layers", "layer", "data", "input", "output", "port", "dim", "edges", "edge", "port_map", "back_edges",
    "then_port_map", "else_port_map", "pre-process", "channel", "mean", "scale", "blobs", "weights", "biases",
    "custom", "statistics", "min", "max", "attribute",
}  # fmt: skip
_BITS = {
    "f64": 64, "f32": 32, "f16": 16, "bf16": 16, "f8e4m3": 8, "f8e5m2": 8, "f8e8m0": 8, "f4e2m1": 4, "nf4": 4,
    "i64": 64, "i32": 32, "i16": 16, "i8": 8, "i4": 4, "u64": 64, "u32": 32, "u16": 16, "u8": 8, "u4": 4, "u2": 2,
    "u1": 1, "boolean": 8,
}  # fmt: skip
# The operations of opset1 to opset17 (openvino/opsets/opset*_tbl.hpp of 2026.4), and the four that IR spells otherwise.
_OPERATIONS = (
    "Abs Acos Acosh AdaptiveAvgPool AdaptiveMaxPool Add Asin Asinh Assign Atan Atanh AvgPool BGRtoNV12 "
    "BatchNormInference BatchToSpace BinaryConvolution BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr "
    "BitwiseRightShift BitwiseXor Broadcast Bucketize CTCGreedyDecoder CTCGreedyDecoderSeqLen CTCLoss Ceiling Clamp "
    "Col2Im Concat Constant Convert ConvertLike ConvertPromoteTypes Convolution ConvolutionBackpropData Cos Cosh "
    "CumSum DFT DeformableConvolution DeformablePSROIPooling DepthToSpace DetectionOutput Divide Einsum Elu "
    "EmbeddingBagOffsets EmbeddingBagOffsetsSum EmbeddingBagPacked EmbeddingBagPackedSum EmbeddingSegmentsSum Equal "
    "Erf ErfInv Exp ExperimentalDetectronDetectionOutput ExperimentalDetectronGenerateProposalsSingleImage "
    "ExperimentalDetectronPriorGridGenerator ExperimentalDetectronROIFeatureExtractor ExperimentalDetectronTopKROIs "
    "ExtractImagePatches Eye FakeConvert FakeQuantize Floor FloorMod GRN GRUCell GRUSequence Gather GatherElements "
    "GatherND GatherTree Gelu GenerateProposals Greater GreaterEqual GridSample GroupConvolution "
    "GroupConvolutionBackpropData GroupNormalization GroupedMatMul HSigmoid HSwish HardSigmoid I420toBGR I420toRGB "
    "IDFT IRDFT ISTFT Identity If Interpolate Inverse IsFinite IsInf IsNaN LRN LSTMCell LSTMSequence Less LessEqual "
    "Log LogSoftmax LogicalAnd LogicalNot LogicalOr LogicalXor Loop MVN MatMul MatrixNms MaxPool Maximum Minimum Mish "
    "Mod MulticlassNms Multinomial Multiply NMSRotated NV12toBGR NV12toRGB Negative NonMaxSuppression NonZero "
    "NormalizeL2 NotEqual OneHot PRelu PSROIPooling Pad Parameter Power PriorBox PriorBoxClustered Proposal RDFT "
    "RGBtoNV12 RNNCell RNNSequence ROIAlign ROIAlignRotated ROIPooling RandomUniform Range ReadValue ReduceL1 "
    "ReduceL2 ReduceLogicalAnd ReduceLogicalOr ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum RegionYolo Relu "
    "ReorgYolo Reshape Result Reverse ReverseSequence Roll Round STFT ScaledDotProductAttention ScatterElementsUpdate "
    "ScatterNDUpdate ScatterUpdate SearchSorted SegmentMax Select Selu ShapeOf ShuffleChannels Sigmoid Sign Sin Sinh "
    "Slice SliceScatter SoftPlus SoftSign Softmax SpaceToBatch SpaceToDepth SparseFillEmptyRows Split Sqrt "
    "SquaredDifference Squeeze StridedSlice StringTensorPack StringTensorUnpack Subtract Swish Tan Tanh "
    "TensorIterator Tile TopK Transpose Unique Unsqueeze VariadicSplit Xor Const PReLU ReLU SoftMax "
)
OPERATIONS = frozenset(_OPERATIONS.split())
# The operations of openvino-tokenizers 2026.4, a library of the same makers that tokenizers need.
_TOKENIZER_OPERATIONS = (
    "BPETokenizer ByteFallback BytesToChars CaseFold CharsMapNormalization CharsToBytes CombineSegments "
    "ContribStringJoin ContribStringSplit EqualStr FuzeRagged NormalizeUnicode NumericToString RaggedTensorPack "
    "RaggedToDense RaggedToRagged RaggedToSparse RegexNormalization RegexSplit SentencepieceDetokenizer "
    "SentencepieceStreamDetokenizer SentencepieceTokenizer SpecialTokensSplit StringTensorPack StringTensorUnpack "
    "StringToHashBucket TrieTokenizer Truncate UTF8Validate UnigramTokenizer VocabDecoder VocabEncoder "
    "WordpieceTokenizer "
)
TOKENIZER_OPERATIONS = frozenset(_TOKENIZER_OPERATIONS.split())


@dataclass
class _Layer:
    """One layer: its operation, and the ports that edges may join."""

    kind: str
    inputs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)


@dataclass
class _Graph:
    """The layers and edges of a model or of a body inside one."""

    depth: int
    layers: dict[str, _Layer] = field(default_factory=dict)
    edges: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    last: _Layer | None = None

    def check(self) -> None:
        """Every edge joins an output to an input, and no input has two."""
        taken: set[tuple[str, str]] = set()
        for at, source, port, target, entry in self.edges:
            sound = source in self.layers and target in self.layers and (target, entry) not in taken
            taken.add((target, entry))
            if (
                not sound
                or port not in self.layers[source].outputs
                or entry not in self.layers[target].inputs
            ):
                raise Malformed("an edge joins no two ports, or an input has two", offset=at)


class OpenVino:
    """The OpenVINO IR format."""

    name = "openvino"

    def recognise(self, head: bytes, source: Source) -> bool:
        """XML whose root is a net, in any encoding and behind any prolog."""
        root = root_of(source)
        if root != "":
            return root == "net"
        head = source.read(0, _PROLOG_LIMIT_BYTES)
        return any(_NET.search(head.decode(form, "replace")) for form in ("utf-8", "utf-16-le", "utf-16-be"))

    def read(self, node: Node) -> None:
        """Follow the elements; claim the document, and its constants in the weights file."""
        reader = _Reader(node)
        for event in events(node):
            if isinstance(event, Start):
                reader.start(event)
            elif isinstance(event, End):
                reader.end(event)
            else:
                reader.text(event)
        node.claim(0, node.source.size)


class _Reader:
    """The elements that are open, and the graphs that they belong to."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._open: list[str] = []
        self._graphs: list[_Graph] = []
        self._free = 0  # the depth of the outermost element that is free, plus one
        self._told: set[tuple[str, str]] = set()
        self._path = node.path.rpartition(".")[0] + ".bin"
        nested = "!" in node.path
        self._weights = (
            None if nested else next((s for name, s in node.siblings() if name == self._path), None)
        )

    def start(self, event: Start) -> None:
        """A start tag."""
        self._open.append(event.name)
        if self._free:
            if len(self._open) < 6 and event.attributes.get("value"):
                self._node.said(event.attributes.get("name", event.name), event.attributes["value"])
            return
        if event.name in _FREE:
            self._free = len(self._open)
            return
        if event.name not in _KNOWN and not event.name.endswith("_data"):
            raise Malformed(f"element {event.name[:60]!r} is none of the format's", offset=event.offset)
        if not self._graphs and event.name != "net":
            raise Malformed("the document is no net", offset=event.offset)
        if event.name in _GRAPHS:
            self._graph(event)
        elif event.name == "layer":
            self._layer(event)
        elif event.name == "port":
            self._port(event)
        elif event.name == "edge" and self._open[-2:-1] == ["edges"]:
            ends = [
                event.attributes.get(key, "") for key in ("from-layer", "from-port", "to-layer", "to-port")
            ]
            if len(self._graphs[-1].edges) > _EDGES_LIMIT:
                raise TooLarge("there are more edges than any model has", offset=event.offset)
            self._graphs[-1].edges.append((event.offset, ends[0], ends[1], ends[2], ends[3]))
        if "offset" in event.attributes and "size" in event.attributes:
            self._range(event)

    def end(self, event: End) -> None:
        """An end tag."""
        if self._free:
            self._free = 0 if len(self._open) == self._free else self._free
        elif event.name in _GRAPHS:
            self._graphs.pop().check()
        self._open.pop()

    def text(self, event: Text) -> None:
        """Characters: of a dimension, or none."""
        wanted = _DIMENSION if self._open[-1] == "dim" else _SPACE
        if not self._free and not wanted.fullmatch(event.text):
            raise Malformed("text stands where the format has none", offset=event.offset)

    def _graph(self, event: Start) -> None:
        if (event.name == "net") != (len(self._open) == 1):
            raise Malformed("a model inside another is no body", offset=event.offset)
        version = event.attributes.get("version", "")
        if event.name == "net":
            if not (version.isdecimal() and 2 <= int(version[:3]) <= 11):
                raise Unsupported("not IR of version 2 to 11", offset=event.offset)
            self._node.said("name", event.attributes.get("name", ""))
        self._graphs.append(_Graph(len(self._open)))

    def _layer(self, event: Start) -> None:
        graph, key, kind = self._graphs[-1], event.attributes.get("id", ""), event.attributes.get("type", "")
        if not _NUMBER.fullmatch(key) or key in graph.layers or self._open[-2:-1] != ["layers"]:
            raise Malformed("layer's number is repeated or none", offset=event.offset)
        if len(graph.layers) > _LAYERS_LIMIT:
            raise TooLarge("there are more layers than any model has", offset=event.offset)
        graph.last = graph.layers[key] = _Layer(kind)
        version = event.attributes.get("version", "opset1")
        known = kind in OPERATIONS and _OPSET.fullmatch(version)
        old = "version" not in event.attributes  # before IR 10 there were no operation sets
        if not (known or old) and (kind, version) not in self._told:
            self._told.add((kind, version))
            own = version == "ie_internal_opset" or (version == "extension" and kind in TOKENIZER_OPERATIONS)
            rule = "openvino-own-extension" if own else "openvino-extension"
            self._node.finding(rule, offset=event.offset, operation=kind, version=version)

    def _port(self, event: Start) -> None:
        layer, side = self._graphs[-1].last, self._open[-2]
        if layer is None or side not in ("input", "output"):
            raise Malformed("a port is outside a layer", offset=event.offset)
        ports, key = layer.inputs if side == "input" else layer.outputs, event.attributes.get("id", "")
        if key in layer.inputs | layer.outputs:
            raise Malformed("a port is repeated", offset=event.offset)
        ports.add(key)

    def _range(self, event: Start) -> None:
        texts = event.attributes["offset"], event.attributes["size"]
        if not all(_NUMBER.fullmatch(text) for text in texts):
            raise Malformed("a range in the weights is no number", offset=event.offset)
        start, size = map(int, texts)
        kind, shape = event.attributes.get("element_type"), event.attributes.get("shape")
        if event.name == "data" and kind in _BITS and shape is not None:
            wanted = math.ceil(_elements(shape, event.offset) * _BITS[kind] / 8)
            if size != wanted:
                why = f"constant has {size} bytes where its shape asks for {wanted}"
                raise Malformed(why, offset=event.offset)
        if self._weights is None:
            if ("", "") not in self._told and size:
                self._told.add(("", ""))
                self._node.finding("openvino-weights-missing", offset=event.offset, path=self._path)
        elif start + size > self._weights.size:
            self._node.finding("openvino-weights-range", offset=event.offset, start=start, size=size)
        else:
            self._node.claim_sibling(self._path, start, start + size)


def _elements(shape: str, at: int) -> int:
    parts = [part.strip() for part in shape.split(",")] if shape.strip() else []
    if len(parts) > 64 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise Malformed("a constant has an impossible shape", offset=at)
    return math.prod(map(int, parts))
