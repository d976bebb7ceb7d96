"""Write ``quarantine/formats/schemas/*.json`` for the formats that are flatbuffers, out of the schemas and generated
readers that their own libraries ship.

Made with tensorflow-cpu 2.21.0, tflite-support 0.4.4, onnxruntime 1.32.0, executorch 1.5.1 and torch 2.13.0:
``python -m corpora.makers.flatbuffer_schemas FOLDER``, where FOLDER holds the unpacked wheels. Types are ``i1`` to
``f8`` (kind and bytes), ``string``, a table's name, ``struct:``, ``union:`` and ``[...]`` for vectors of those.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[2] / "quarantine" / "formats" / "schemas"
_SCALARS = {
    "bool": "u1", "byte": "i1", "ubyte": "u1", "int8": "i1", "uint8": "u1", "short": "i2", "ushort": "u2",
    "int16": "i2", "uint16": "u2", "int": "i4", "uint": "u4", "int32": "i4", "uint32": "u4", "float": "f4",
    "float32": "f4", "long": "i8", "ulong": "u8", "int64": "i8", "uint64": "u8", "double": "f8", "float64": "f8",
}  # fmt: skip
_C = {"int8_t": "i1", "uint8_t": "u1", "int16_t": "i2", "uint16_t": "u2", "int32_t": "i4", "uint32_t": "u4",
      "int64_t": "i8", "uint64_t": "u8", "float": "f4", "double": "f8"}  # fmt: skip
# Generated readers do not say which union a field is of, nor what a union's renamed members are.
_UNIONS = {
    "QuantizationParameters.Details": "QuantizationDetails",
    "DimensionMetadata.ArraySegments": "SparseIndexVector",
    "DimensionMetadata.ArrayIndices": "SparseIndexVector",
    "TypeInfo.Value": "TypeInfoValue",
}
_MEMBERS = {"tensor_type": "TensorTypeAndShape", "sequence_type": "SequenceType", "map_type": "MapType"}
Schema = dict[str, Any]


def from_fbs(*texts: str) -> Schema:
    """The tables of some schema files (https://flatbuffers.dev/schema/)."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", "\n".join(texts), flags=re.DOTALL)
    scalars = dict(_SCALARS)
    for name, inner in re.findall(r"enum\s+(\w+)\s*:\s*(\w+)", text):
        scalars[name] = _SCALARS[inner]
    unions = {
        name: [
            None,
            *(
                re.sub(r".*:", "", member).strip().rpartition(".")[2]
                for member in body.split(",")
                if member.strip()
            ),
        ]
        for name, body in re.findall(r"union\s+(\w+)\s*\{(.*?)\}", text, re.DOTALL)
    }
    structs: dict[str, list[int]] = {}
    tables: dict[str, list[Any]] = {}

    def kind(label: str) -> str:
        label = label.strip()
        if label.startswith("["):
            return f"[{kind(label[1:-1])}]"
        label = label.rpartition(".")[2]
        return scalars.get(label) or (
            f"union:{label}" if label in unions else f"struct:{label}" if label in structs else label
        )

    for what, name, body in re.findall(r"(table|struct)\s+(\w+)[^{]*\{(.*?)\}", text, re.DOTALL):
        rows = re.findall(r"(\w+)\s*:\s*([\w.\[\]]+)", re.sub(r"\([^)]*\)", "", body))
        if what == "struct":
            widths = [int(kind(label)[1]) for _, label in rows]
            structs[name] = [sum(widths), max(widths)]
    for what, name, body in re.findall(r"(table|struct)\s+(\w+)[^{]*\{(.*?)\}", text, re.DOTALL):
        if what == "struct":
            continue
        tables[name] = []
        for field, label in re.findall(r"(\w+)\s*:\s*([\w.\[\]]+)", re.sub(r"\([^)]*\)", "", body)):
            if kind(label).startswith("union:"):
                tables[name].append([field + "_type", "u1"])
            tables[name].append([field, kind(label)])
    root = re.search(r"root_type\s+(\w+)", text)
    return {"root": root[1] if root else "", "tables": tables, "structs": structs, "unions": unions}


def from_python(text: str, root: str) -> Schema:
    """The tables of readers that flatc generated in Python."""
    tables: dict[str, list[Any]] = {}
    unions: dict[str, list[Any]] = {}
    structs: dict[str, list[int]] = {}
    classes = re.split(r"^class (\w+)\(object\):\n", text, flags=re.MULTILINE)[1:]
    enums = {}
    for name, body in zip(classes[::2], classes[1::2], strict=True):
        members = re.findall(r"^    (\w+) = (-?\d+)$", body, re.MULTILINE)
        if members:
            enums[name] = [member for member, _ in members]
    for name, body in zip(classes[::2], classes[1::2], strict=True):
        slots: dict[int, list[str]] = {}
        for method in re.split(r"^    def ", body, flags=re.MULTILINE)[1:]:
            at = re.search(r"_tab\.Offset\((\d+)\)", method)
            field = method.partition("(")[0]
            if not at or re.search(r"(AsNumpy|Length|IsNone)$", field):
                continue
            found = _python_kind(method, name, field, enums, unions, structs)
            slots[(int(at[1]) - 4) // 2] = [re.sub(r"(?<!^)(?=[A-Z])", "_", field).lower(), found]
        if slots or f"def {name}Start" in text or "GetRootAs" in body:
            tables[name] = [slots.get(slot) for slot in range(max(slots, default=-1) + 1)]
    return {"root": root, "tables": tables, "structs": structs, "unions": unions}


def _python_kind(method: str, table: str, field: str, enums: Any, unions: Any, structs: Any) -> str:
    number = re.search(
        r"number_types\.(Bool|Int8|Uint8|Int16|Uint16|Int32|Uint32|Int64|Uint64|Float32|Float64)Flags, ",
        method,
    )
    made = re.search(r"obj = (\w+)\(\)", method)
    vector = "self._tab.Vector(" in method
    if "_tab.Union(" in method:
        name = _UNIONS.get(f"{table}.{field}", field)
        unions[name] = [None, *(_MEMBERS.get(member, member) for member in enums[name][1:])]
        return f"union:{name}"
    if made:
        stride = re.search(r"\(j\) \* (\d+)", method)
        if vector and "Indirect" not in method and stride:
            structs[made[1]] = [int(stride[1]), 4]
            return f"[struct:{made[1]}]"
        return f"[{made[1]}]" if vector else made[1]
    if "_tab.String(" in method:
        return "[string]" if vector else "string"
    assert number, method
    return f"[{_SCALARS[number[1].lower()]}]" if vector else _SCALARS[number[1].lower()]


def from_header(text: str, root: str) -> Schema:
    """The tables of a reader that flatc generated in C++, by what its verifier checks."""
    structs = {
        name: [int(size), int(align)]
        for align, name, size in re.findall(
            r"FLATBUFFERS_MANUALLY_ALIGNED_STRUCT\((\d+)\) (\w+) .*?FLATBUFFERS_STRUCT_END\(\2, (\d+)\)",
            text,
            re.DOTALL,
        )
    }
    unions = {}
    for name, body in re.findall(r"enum class (\w+Union) : uint8_t \{(.*?)\}", text, re.DOTALL):
        members = [m for m in re.findall(r"(\w+) = \d+", body) if m not in ("NONE", "MIN", "MAX")]
        unions[name] = [None, *(f"struct:{m}" if m in structs else m for m in members)]
    tables: dict[str, list[Any]] = {}
    for name, body in re.findall(
        r"struct (\w+) FLATBUFFERS_FINAL_CLASS : private ::flatbuffers::Table \{(.*?)EndTable",
        text,
        re.DOTALL,
    ):
        types = {
            field: label
            for label, field in re.findall(r"  const ([\w:<>* ]+?)\s*\*?\s*(\w+)\(\) const", body)
        }
        slots = {}
        for slot, at in re.findall(r"VT_(\w+) = (\d+)", body):
            field = slot.lower()
            scalar = re.search(rf"VerifyField<(\w+)>\(verifier, VT_{slot}, ", body)
            struct = re.search(rf"VerifyField<[\w:]*::(\w+)>\(verifier, VT_{slot}, ", body)
            if scalar:
                label = _C[scalar[1]]
            elif struct:
                label = f"struct:{struct[1]}"
            elif re.search(rf"Verify\w+Union\(verifier, {field}\(\)", body):
                label = "union:" + re.search(r"Verify(\w+Union)\(", body)[1]  # type: ignore[index]
            else:
                label = _c_kind(types[field], structs)
            slots[(int(at) - 4) // 2] = [field, label]
        tables[name] = [slots.get(slot) for slot in range(max(slots, default=-1) + 1)]
    return {"root": root, "tables": tables, "structs": structs, "unions": unions}


def _c_kind(label: str, structs: Any) -> str:
    if "Vector<" in label:
        inner = label[label.index("Vector<") + 7 : label.rindex(">")]
        return f"[{_c_kind(inner.removeprefix('::flatbuffers::Offset<').rstrip('>'), structs)}]"
    name = re.sub(r"[ *]", "", label).rpartition("::")[2]
    return _C.get(name) or (
        "string"
        if name == "String" and "flatbuffers::String" in label
        else f"struct:{name}"
        if name in structs
        else name
    )


def main() -> None:
    """Write one table for each format."""
    wheels = Path(sys.argv[1])

    def text(name: str) -> str:
        return (wheels / name).read_text()

    ort = "\n".join(
        path.read_text()
        for path in sorted(
            (wheels / "onnxruntime/tools/ort_format_model/ort_flatbuffers_py/fbs").glob("*.py")
        )
    )
    schemas = {
        "tflite": from_python(text("tensorflow/lite/python/schema_py_generated.py"), "Model"),
        "tflite_metadata": from_fbs(text("tensorflow_lite_support/metadata/metadata_schema.fbs")),
        "ort": from_python(ort, "InferenceSession"),
        "executorch": from_fbs(
            text("executorch/schema/scalar_type.fbs"), text("executorch/schema/program.fbs")
        ),
        "flat_tensor": from_fbs(
            text("executorch/schema/scalar_type.fbs"),
            text("executorch/extension/flat_tensor/serialize/flat_tensor.fbs"),
        ),
        "torch_mobile": from_header(
            text("torch/include/torch/csrc/jit/serialization/mobile_bytecode_generated.h"), "Module"
        ),
    }
    # Deprecated fields have no reader, but older writers made them. (ort.fbs, tensorflow's schema.fbs)
    schemas["tflite"]["tables"]["ResizeBilinearOptions"][:2] = [["new_height", "i4"], ["new_width", "i4"]]
    schemas["tflite"]["tables"]["SignatureDef"][3] = ["deprecated_tag", "string"]
    schemas["ort"]["tables"]["InferenceSession"][2] = ["session_state", "DeprecatedSessionState"]
    schemas["ort"]["tables"]["RuntimeOptimizationRecord"][2] = [
        "produced_nodes",
        "[DeprecatedNodeIndexAndKernelDefHash]",
    ]
    for name, schema in schemas.items():
        parts = [
            f'"{part}": {{'
            + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(schema[part].items()))
            + "}"
            for part in ("structs", "unions", "tables")
        ]
        (SCHEMAS / f"{name}.json").write_text(
            "{" + f'"root": "{schema["root"]}",\n' + ",\n".join(parts) + "}\n"
        )


if __name__ == "__main__":
    main()
