"""Write the schemas of protobuf formats as the tables that ``quarantine.formats.messages.parse_schema`` reads.

Run in an environment that has the library: ``python corpora/makers/protobuf_schemas.py MODULE MESSAGE`` prints the
messages that can be reached from MESSAGE, for example ``coremltools.proto.Model_pb2 Model`` (coremltools 9.0),
``paddle.base.proto.framework_pb2 ProgramDesc`` (paddlepaddle 3) or ``caffe_pb2 NetParameter`` (caffe-onnx 0.1.2).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

_KINDS = {1: "f64", 2: "f32", 6: "f64", 7: "f32", 9: "text", 12: "bytes", 15: "f32", 16: "f64"}
"""FieldDescriptor.type of what is not a varint (``int``) and not a message (11)."""


def lines(top: Any) -> list[str]:
    """A line for each message that can be reached from ``top``, in the order in which it is met."""
    package = top.file.package + "."
    todo, met, found = [top], {top.full_name}, []
    while todo:
        message = todo.pop(0)
        entries = []
        for field in sorted(message.fields, key=lambda f: f.number):
            kind = _KINDS.get(field.type, "int")
            if field.type == 11:
                kind = field.message_type.full_name.removeprefix(package)
                if field.message_type.full_name not in met:
                    met.add(field.message_type.full_name)
                    todo.append(field.message_type)
            repeated = getattr(field, "is_repeated", None)
            if repeated is None:
                repeated = field.label == 3
            choice = field.containing_oneof
            kept = choice is not None and len(choice.fields) > 1
            entries.append(f"{field.number}:{kind}{'*' * repeated}{'|' + choice.name if kept else ''}")
        found.append(" ".join([message.full_name.removeprefix(package), *entries]))
    return found


if __name__ == "__main__":
    print("\n".join(lines(getattr(import_module(sys.argv[1]), sys.argv[2]).DESCRIPTOR)))
