"""Write ``rules/operators/tensorflow.json``: TensorFlow's own operators, grouped by what they can reach, and
``quarantine/formats/schemas/tensorflow.json``: the protobuf messages of its model files.

Made with tensorflow-cpu 2.21.0 and protobuf 7.36 in an environment of its own:
``python -m corpora.makers.tensorflow_operators`` from the root of the repository. What is in no group only computes.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Whole names, as regular expressions. The first group that matches counts.
GROUPS: dict[str, str] = {
    "saver": "Save|SaveV2|SaveSlices|Restore|RestoreV2|RestoreSlice|DTensorRestoreV2|MergeV2Checkpoints",
    "table": "InitializeTableFromTextFile(V2)?",
    "cache": "CacheDataset(V2)?",
    "attribute": "PrintV2|Debug(Identity(V2|V3)?|NanCount|NumericSummary)|Copy|CopyHost|"
    "FixedUnigramCandidateSampler|DecodeProtoV2|EncodeProto",
    "reads files": "ReadFile|(WholeFile|TextLine|TFRecord|FixedLengthRecord|LMDB)Reader(V2)?|MatchingFiles|"
    "(Experimental)?(MatchingFiles|LMDB|CSV|Sql)Dataset(V2)?|(TextLine|FixedLengthRecord|TFRecord)Dataset(V2)?|"
    "RecordInput|Skipgram|LoadAndRemapMatrix|GenerateVocabRemapping|LoadDataset|ListSnapshotChunksDataset|"
    "Snapshot(DatasetReader|NestedDatasetReader|ChunkDataset)",
    "writes files": "WriteFile|SaveDataset(V2)?|(Experimental)?DatasetToTFRecord|SnapshotDataset(V2)?|DumpTensor|"
    "CalibrationStatisticsSaver|CreateSummary(File|Db)Writer|DistributedSave",
    "calls Python": "PyFunc|PyFuncStateless|EagerPyFunc",
    "reaches other machines": "Rpc.*|TryRpc|RemoteCall|RemoteFusedGraphExecute|DataServiceDataset(V2|V3|V4)?|"
    "RegisterDataset(V2)?|BigQueryReader|GenerateBigQueryReaderPartitions|KafkaDataset|KinesisDataset|PubSubDataset|"
    "BigtableClient|BigtableTable|WorkerHeartbeat|FileSystemSetConfiguration",
    "ends the process": "Abort",
    "runs a graph that is hidden in a string": "DatasetFromGraph",
    "opaque": "XlaCallModule|XlaCustomCall(V2)?|XlaLaunch(V2)?|MlirPassthroughOp|_TPUCompileMlir.*|"
    "_XlaHostComputeMlir|TRTEngineOp|DeserializeIterator|_?(Host)?(Send|Recv)|XlaRunner|_XlaRun|XlaHostCompute|"
    "TPUCompile|TPUExecute.*|PartitionedCallWithOpaque",
}
REMOVED = (
    "Rpc", "TryRpc", "BigQueryReader", "GenerateBigQueryReaderPartitions", "KafkaDataset", "KinesisDataset",
    "PubSubDataset", "BigtableClient", "BigtableTable", "RemoteFusedGraphExecute", "TRTEngineOp", "CSVDatasetV2",
)  # fmt: skip
ROOTS = {
    "tensorflow.core.protobuf.saved_model_pb2": "SavedModel",
    "tensorflow.core.protobuf.meta_graph_pb2": "MetaGraphDef",
    "tensorflow.core.framework.graph_pb2": "GraphDef",
    "tensorflow.core.protobuf.saved_object_graph_pb2": "SavedObjectGraph",
    "tensorflow.core.protobuf.trackable_object_graph_pb2": "TrackableObjectGraph",
    "tensorflow.core.protobuf.fingerprint_pb2": "FingerprintDef",
    "tensorflow.python.keras.protobuf.saved_metadata_pb2": "SavedMetadata",
    "tensorflow.core.util.event_pb2": "Event",
    "tensorflow.core.protobuf.queue_runner_pb2": "QueueRunnerDef",
    "tensorflow.core.protobuf.control_flow_pb2": ("CondContextDef", "WhileContextDef"),
    "tensorflow.core.framework.variable_pb2": ("VariableDef", "SaveSliceInfoDef"),
}
_SCALARS = {8: "int", 3: "int", 4: "int", 5: "int", 13: "int", 14: "int", 17: "sint", 18: "sint", 1: "double",
            6: "double", 16: "double", 2: "float", 7: "float", 15: "float", 9: "string", 12: "bytes"}  # fmt: skip
# BundleHeaderProto and BundleEntryProto have no Python module (tensorflow/core/protobuf/tensor_bundle.proto).
BUNDLE = {
    "BundleHeaderProto": {"1": ["num_shards", "int"], "2": ["endianness", "int"], "3": ["version", "VersionDef"]},
    "BundleEntryProto": {
        "1": ["dtype", "int"], "2": ["shape", "TensorShapeProto"], "3": ["shard_id", "int"], "4": ["offset", "int"],
        "5": ["size", "int"], "6": ["crc32c", "float"], "7": ["slices", "TensorSliceProto*"],
    },
    "TensorSliceProto": {"1": ["extent", "TensorSliceProto.Extent*"]},
    "TensorSliceProto.Extent": {"1": ["start", "int"], "2": ["length", "int"]},
}  # fmt: skip


def _messages(descriptor: Any, found: dict[str, dict[str, list[str]]]) -> str:
    name = descriptor.full_name.replace("third_party.tensorflow.python.keras.protobuf.", "Keras")
    name = str(name).removeprefix("tensorflow.")
    if name not in found:
        found[name] = {}
        for field in descriptor.fields:
            inner = _messages(field.message_type, found) if field.type == 11 else _SCALARS[field.type]
            repeated = getattr(field, "is_repeated", None)
            repeated = field.label == 3 if repeated is None else repeated
            found[name][str(field.number)] = [field.name, inner + "*" * repeated]
    return name


def _operators() -> list[str]:
    session = import_module("tensorflow.python.client.pywrap_tf_session")
    listed = import_module("tensorflow.core.framework.op_def_pb2").OpList()
    import_module("tensorflow").raw_ops.NoOp()  # loads the library, which registers the operators
    listed.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    return sorted({op.name for op in listed.op} | set(REMOVED))


def main() -> None:
    """Write both tables."""
    groups: dict[str, list[str]] = {group: [] for group in GROUPS} | {"computes": []}
    for name in _operators():
        group = next((group for group, names in GROUPS.items() if re.fullmatch(names, name)), "computes")
        groups[group].append(name)
    text = json.dumps({"library": "tensorflow 2.21.0", "groups": groups}, indent=0)
    (ROOT / "rules/operators/tensorflow.json").write_text(text + "\n")
    found: dict[str, dict[str, list[str]]] = dict(BUNDLE)
    for module, names in ROOTS.items():
        for name in (names,) if isinstance(names, str) else names:
            _messages(getattr(import_module(module), name).DESCRIPTOR, found)
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    (ROOT / "quarantine/formats/schemas/tensorflow.json").write_text("{" + rows + "}\n")


if __name__ == "__main__":
    main()
