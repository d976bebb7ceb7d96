"""The messages of onnx.proto and the storage of its tensors, as tables.

After onnx.proto of ONNX 1.23 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); a test compares the tables
with the installed library. A kind is ``int``, ``float``, ``double``, ``string``, ``bytes`` or the name of a
message; ``*`` marks repeated fields.
"""

from __future__ import annotations

MESSAGES: dict[str, dict[int, str]] = {
    "ModelProto": {1: "int", 2: "string", 3: "string", 4: "string", 5: "int", 6: "string",
        7: "GraphProto", 8: "OperatorSetIdProto*", 14: "StringStringEntryProto*",
        20: "TrainingInfoProto*", 25: "FunctionProto*", 26: "DeviceConfigurationProto*"},
    "GraphProto": {1: "NodeProto*", 2: "string", 5: "TensorProto*", 10: "string", 11: "ValueInfoProto*",
        12: "ValueInfoProto*", 13: "ValueInfoProto*", 14: "TensorAnnotation*", 15: "SparseTensorProto*",
        16: "StringStringEntryProto*"},
    "OperatorSetIdProto": {1: "string", 2: "int"},
    "StringStringEntryProto": {1: "string", 2: "string"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto", 3: "StringStringEntryProto*",
        4: "StringStringEntryProto*"},
    "FunctionProto": {1: "string", 4: "string*", 5: "string*", 6: "string*", 7: "NodeProto*",
        8: "string", 9: "OperatorSetIdProto*", 10: "string", 11: "AttributeProto*",
        12: "ValueInfoProto*", 13: "string", 14: "StringStringEntryProto*"},
    "DeviceConfigurationProto": {1: "string", 2: "int", 3: "string*"},
    "NodeProto": {1: "string*", 2: "string*", 3: "string", 4: "string", 5: "AttributeProto*",
        6: "string", 7: "string", 8: "string", 9: "StringStringEntryProto*",
        10: "NodeDeviceConfigurationProto*"},
    "TensorProto": {1: "int*", 2: "int", 3: "TensorProto.Segment", 4: "float*", 5: "int*", 6: "bytes*",
        7: "int*", 8: "string", 9: "bytes", 10: "double*", 11: "int*", 12: "string",
        13: "StringStringEntryProto*", 14: "int", 16: "StringStringEntryProto*"},
    "ValueInfoProto": {1: "string", 2: "TypeProto", 3: "string", 4: "StringStringEntryProto*"},
    "TensorAnnotation": {1: "string", 2: "StringStringEntryProto*"},
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto", 3: "int*"},
    "AttributeProto": {1: "string", 2: "float", 3: "int", 4: "bytes", 5: "TensorProto", 6: "GraphProto",
        7: "float*", 8: "int*", 9: "bytes*", 10: "TensorProto*", 11: "GraphProto*", 13: "string",
        14: "TypeProto", 15: "TypeProto*", 20: "int", 21: "string", 22: "SparseTensorProto",
        23: "SparseTensorProto*"},
    "NodeDeviceConfigurationProto": {1: "string", 2: "ShardingSpecProto*", 3: "int"},
    "TensorProto.Segment": {1: "int", 2: "int"},
    "TypeProto": {1: "TypeProto.Tensor", 4: "TypeProto.Sequence", 5: "TypeProto.Map", 6: "string",
        7: "TypeProto.Opaque", 8: "TypeProto.SparseTensor", 9: "TypeProto.Optional"},
    "ShardingSpecProto": {1: "string", 2: "int*", 3: "IntIntListEntryProto*", 4: "ShardedDimProto*"},
    "TypeProto.Tensor": {1: "int", 2: "TensorShapeProto"},
    "TypeProto.Sequence": {1: "TypeProto"},
    "TypeProto.Map": {1: "int", 2: "TypeProto"},
    "TypeProto.Opaque": {1: "string", 2: "string"},
    "TypeProto.SparseTensor": {1: "int", 2: "TensorShapeProto"},
    "TypeProto.Optional": {1: "TypeProto"},
    "IntIntListEntryProto": {1: "int", 2: "int*"},
    "ShardedDimProto": {1: "int", 2: "SimpleShardedDimProto*"},
    "TensorShapeProto": {1: "TensorShapeProto.Dimension*"},
    "SimpleShardedDimProto": {1: "int", 2: "string", 3: "int"},
    "TensorShapeProto.Dimension": {1: "int", 2: "string", 3: "string"},
}  # fmt: skip
# TensorProto.DataType -> (bits of one element, the field that holds it when it is not raw)
TENSOR_TYPES: dict[int, tuple[int, int]] = {
    1: (32, 4), 2: (8, 5), 3: (8, 5), 4: (16, 5), 5: (16, 5), 6: (32, 5), 7: (64, 7), 8: (0, 6), 9: (8, 5), 10: (16, 5),
    11: (64, 10), 12: (32, 11), 13: (64, 11), 14: (64, 4), 15: (128, 10), 16: (16, 5), 17: (8, 5), 18: (8, 5),
    19: (8, 5), 20: (8, 5), 21: (4, 5), 22: (4, 5), 23: (4, 5), 24: (8, 5), 25: (2, 5), 26: (2, 5), 27: (6, 5),
    28: (6, 5),
}  # fmt: skip
COMPLEX = frozenset({14, 15})
STANDARD_DOMAINS = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training"}
)
# Built into ONNX Runtime itself.
CONTRIB_DOMAINS = frozenset(
    {
        "com.microsoft",
        "com.microsoft.nchwc",
        "com.microsoft.experimental",
        "com.microsoft.dml",
        "com.ms.internal.nhwc",
    }
)
