"""Tricks at the seams between formats: what one part takes for harmless and a loader does not.

Each was written against this project's own source. Payloads only touch a canary file; names of hosts and repositories
do not exist.
"""

from __future__ import annotations

import io
import json
import lzma
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from corpora import opcodes as op
from corpora import protobuf
from corpora.case import Case, Content, benign, hostile, one_file

_BLOCK = 512
_DANGEROUS = ("pickle-global-dangerous",)
_LEAVES = ("template-escape",)


def _words(folder: Path) -> bytes:
    """A stream of protocol 0 that is text throughout; the POP in front keeps its import off the start of a line."""
    return b"0cos\nsystem\n(S'" + op.touch(folder).encode() + b"'\ntR."


def _behind(front: bytes) -> Content:
    return lambda folder: front + _words(folder)


def _packed(member: str, front: bytes) -> Content:
    def content(folder: Path) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr(member, front + _words(folder))
            archive.writestr("archive/version", "3\n")
        return held.getvalue()

    return content


def _rows(folder: Path) -> bytes:
    """PyTorch's pickles of before 1.6, each in another opcode than its writer's, with words behind the last."""
    return b"I119547037146038801333356\n.I1001\n.}.N" + _words(folder) + b"(l.\n# end"


def _header(name: bytes, size: int, *, signed: str | None = None) -> bytes:
    """A header of tar. ``signed`` writes the sum of signed bytes, below zero, in octal or in base 256."""
    block = bytearray(_BLOCK)
    block[: len(name)] = name
    block[100:108], block[124:136] = b"0000644\0", b"%011o\0" % size
    block[148:157] = b" " * 8 + b"0"
    if signed:
        block[345:500] = b"\xc3" * 155
    total = sum(byte - 256 * (signed is not None and byte > 127) for byte in block)
    field = {None: b"%06o\0 ", "octal": b"-%06o\0"}.get(signed)
    block[148:156] = field % abs(total) if field else b"\xff" + (256**7 + total).to_bytes(7, "big")
    return bytes(block)


def _member(name: bytes, data: bytes) -> bytes:
    return _header(name, len(data)) + data + bytes(-len(data) % _BLOCK)


def _tar_in_bytes(signed: str) -> Content:
    def content(folder: Path) -> bytes:
        parts = b"".join(
            _member(name, b"N" + _words(folder)) for name in (b"storages", b"tensors", b"pickle")
        )
        rest = parts + bytes(2 * _BLOCK)
        front = b"\x80\x03B" + struct.pack("<I", _BLOCK - 7 + len(rest))
        return _header(front, 0, signed=signed) + rest + b"."

    return content


def _external(location: str, size: int) -> bytes:
    """An ONNX model with one tensor of bytes that lies in another file."""
    entries = b"".join(
        protobuf.field(13, protobuf.field(1, key) + protobuf.field(2, value))
        for key, value in (("location", location), ("length", str(size)))
    )
    tensor = (
        protobuf.field(1, size)
        + protobuf.field(2, 2)
        + protobuf.field(8, "w")
        + entries
        + protobuf.field(14, 1)
    )
    node = protobuf.field(1, "w") + protobuf.field(2, "y") + protobuf.field(4, "Identity")
    graph = protobuf.field(1, node) + protobuf.field(2, "g") + protobuf.field(5, tensor)
    return protobuf.field(1, 8) + protobuf.field(7, graph) + protobuf.field(8, protobuf.field(2, 17))


def _claimed(name: str, data: Callable[[Path], bytes]) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        model = folder / "model"
        model.mkdir()
        content = data(folder)
        (model / name).write_bytes(content)
        (model / "model.onnx").write_bytes(_external(name, len(content)))
        return model

    return build


def _old_lzma(folder: Path) -> bytes:
    """LZMA with properties that no magic knows, which Python's lzma takes all the same."""
    filters = [{"id": lzma.FILTER_LZMA1, "preset": 6, "lc": 0, "lp": 0, "pb": 0}]
    packer = lzma.LZMACompressor(format=lzma.FORMAT_ALONE, filters=filters)
    return packer.compress(op.payload(folder)) + packer.flush()


def _after_many(folder: Path) -> bytes:
    """Byte strings that begin like imports, and a stream behind so many of them that a limit is reached."""
    lures = [b"cxx\nyyyyyyyyyyyyyyyy%d\n!" % number for number in range(70)]
    return pickle.dumps([*lures, b"N" + _words(folder)], 4)


def _bytes_of_protocol_2(folder: Path) -> bytes:
    return pickle.dumps([op.payload(folder)], 2)


def _gguf(key: bytes, kind: int, value: bytes) -> bytes:
    head = (
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + struct.pack("<Q", len(key))
        + key
        + struct.pack("<I", kind)
        + value
    )
    return head + bytes(-len(head) % 32)


def _string(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def _metadata() -> bytes:
    entry = protobuf.field(1, "names") + protobuf.field(2, "__import__('os').getcwd()")
    node = protobuf.field(1, "x") + protobuf.field(2, "y") + protobuf.field(4, "Identity")
    graph = protobuf.field(1, node) + protobuf.field(2, "g")
    model = protobuf.field(1, 8) + protobuf.field(7, graph) + protobuf.field(8, protobuf.field(2, 17))
    return model + protobuf.field(14, entry)


def _always(data: bytes | str) -> Content:
    return lambda _: data.encode() if isinstance(data, str) else data


def _pickles() -> list[Case]:
    return [
        hostile("seam-number-with-a-blank", "pytorch_model.bin", _behind(b"L5 L\n"),
                "Text to a scanner: a long integer with a blank before its L, which machines accept", _DANGEROUS),
        hostile("seam-endless-line", "pytorch_model.bin", _behind(b"V" + b"A" * 300_000 + b"\n"),
                "Text to a scanner that looks for the end of a line no further than it likes", _DANGEROUS),
        hostile("seam-number-of-nothing", "weights.bin", _behind(b"I\0\n"),
                "INT of a NUL, which the C machine takes for zero", _DANGEROUS),
        hostile("seam-pickles-in-a-row-as-text", "pytorch_model.bin", _rows,
                "PyTorch's old layout in opcodes of text: the first stream imports nothing, the fourth runs",
                _DANGEROUS),
        hostile("seam-data-pkl-as-text", "pytorch_model.bin", _packed("archive/data.pkl", b"L5 L\n"),
                "PyTorch's archive whose data.pkl looks like text", _DANGEROUS),
        hostile("seam-tar-sum-base-256", "model.pt", _tar_in_bytes("base256"),
                "torch.load tries tar first: one sound pickle of bytes that is a tar to who takes sums below zero",
                _DANGEROUS),
        hostile("seam-tar-sum-octal", "model.pt", _tar_in_bytes("octal"),
                "The same with a minus sign in front of the octal sum, which Python's int takes", _DANGEROUS),
        hostile("seam-behind-many-lures", "model.pkl", _after_many,
                "A stream in the 71st byte string that begins like an import", _DANGEROUS),
        hostile("seam-bytes-of-protocol-2", "model.pkl", _bytes_of_protocol_2,
                "A stream in bytes as protocol 2 writes them, which is a text and a call of a codec", _DANGEROUS),
        Case("seam-claimed-number-of-nothing", "malicious", "reject", _DANGEROUS,
             "An ONNX model claims pytorch_model.bin as its data, whose first opcode no scanner takes for one",
             _claimed("pytorch_model.bin", _behind(b"I\0\n"))),
        Case("seam-claimed-old-lzma", "malicious", "reject", ("format-disguised",),
             "An ONNX model claims frame.pkl.xz as its data, which pandas unpacks and unpickles by its name",
             _claimed("frame.pkl.xz", _old_lzma)),
        benign("seam-claimed-data", "An ONNX model whose data lies in a file of any name",
               _claimed("model.onnx.data", lambda _: bytes(range(256)))),
    ]  # fmt: skip


def _configurations() -> list[Case]:
    several = "".join(f"a{number}:\n  _target_: some.library.C{number}\n" for number in range(60))
    layers: list[dict[str, object]] = [
        {"class_name": f"C{number}", "module": "own", "config": {}, "registered_name": "x"}
        for number in range(210)
    ]
    code = {"class_name": "__lambda__", "config": {"code": "YQ=="}}
    layers.append({"class_name": "Lambda", "module": "keras.layers", "config": {"function": code}})
    many = json.dumps({"class_name": "Sequential", "module": "keras", "config": {"layers": layers}})
    return [
        hostile("seam-blanks-before-a-brace", "config.json",
                _always(" " * 300 + '{"model": {"_target_": "os.system", "command": "true"}}'),
                "JSON behind more blanks than a scanner looks at", ("config-calls",)),
        hostile("seam-target-in-json", "hparams.json",
                _always('{"model": {"target": "os.system", "params": {"command": "true"}}}'),
                "CompVis' target and params in JSON, which YAML's loaders read as well", ("config-calls",)),
        hostile("seam-target-by-merge", "config.yaml",
                _always("b: &b {params: {command: 'true'}}\nm:\n  s:\n    <<: *b\n    target: os.system\n"),
                "The parameters of a target come by a merge key", ("config-calls",)),
        hostile("seam-target-made-by-a-resolver", "config.yaml",
                _always('model: "${oc.create:{_target_:os.system,command:true}}"\n'),
                "OmegaConf's own resolver makes the mapping that Hydra instantiates", ("config-calls",)),
        hostile("seam-target-behind-many", "config.yaml", _always(several + "z:\n  _target_: os.system\n"),
                "Sixty unknown classes in front of one dangerous call", ("config-calls",)),
        hostile("seam-lambda-behind-many", "model.json", _always(many),
                "Two hundred custom classes in front of a Lambda", ("keras-lambda",)),
        hostile("seam-attention-elsewhere", "config.json",
                _always('{"model_type": "llama", "attn_implementation": "nobody/kernel"}'),
                "Transformers fetches and runs the kernel of a repository", ("config-code-elsewhere",), "review"),
        hostile("seam-path-file-by-carriage-return", "x.pth", _always("# notes\rimport os;os.system('true')\r"),
                "A carriage return ends a line for Lib/site.py, too", ("code-on-import",)),
        hostile("seam-script-of-windows", "run.vbs", _always('CreateObject("x")\n'),
                "A script in a language of another system", ("text-source-code",), "review"),
        hostile("seam-names-evaluated", "model.onnx", _always(_metadata()),
                "YOLOv5 and Ultralytics evaluate the names of classes in ONNX metadata", ("metadata-evaluated",)),
        hostile("seam-names-evaluated-in-yaml", "metadata.yaml",
                _always('stride: 32\nnames: "__import__(\'os\').getcwd()"\n'),
                "The same in the YAML beside an OpenVINO or ncnn model", ("metadata-evaluated",)),
        benign("seam-names-as-exported", "Names of classes as Ultralytics exports them", one_file(
            "metadata.yaml", _always("stride: 32\nimgsz: [640, 640]\nnames:\n  0: person\n  1: bicycle\n"))),
        benign("seam-names-as-text", "Names of classes as YOLOv5 exports them, a literal in a text", one_file(
            "metadata.yaml", _always("stride: 32\nnames: \"{0: 'person', 1: 'bicycle'}\"\n"))),
    ]  # fmt: skip


def _templates() -> list[Case]:
    inner = b"{{ ([1]|map('int')).gi_frame.f_builtins }}"
    return [
        *(
            hostile(f"seam-template-{name}", "chat_template.jinja", _always(text), what, _LEAVES)
            for name, text, what in (
                ("generator", inner, "A filter's generator leads to its frame by names without underscores"),
                ("keyword", "{{ ''[dict(__class__=1)|first] }}", "The name is a keyword of dict"),
                ("macro", "{% macro __class__() %}{% endmacro %}{{ ''[__class__.name] }}", "The name is a macro's"),
                ("argument", "{% macro m(__class__) %}{% endmacro %}{{ ''[m.arguments[0]] }}",
                 "The name is that of a macro's argument"),
            )
        ),
        hostile("seam-template-in-an-array", "model.gguf",
                _always(_gguf(b"tokenizer.chat_template", 9, struct.pack("<IQ", 8, 1) + _string(inner))),
                "GGUF: an array of templates", _LEAVES),
        hostile("seam-template-of-another-key", "model.gguf",
                _always(_gguf(b"own.chat_template", 8, _string(inner))), "GGUF: a template under another key", _LEAVES),
        hostile("seam-template-in-a-list", "tokenizer_config.json",
                _always(json.dumps({"chat_template": [inner.decode()]})), "A list of texts", _LEAVES),
        hostile("seam-template-in-a-map", "tokenizer_config.json",
                _always(json.dumps({"chat_template": {"default": {"template": inner.decode()}}})),
                "A template two levels down", _LEAVES),
        hostile("seam-template-in-yaml", "instruction.yaml", _always(f'chat_template: "{inner.decode()}"\n'),
                "A template in YAML", _LEAVES),
    ]  # fmt: skip


def cases() -> list[Case]:
    """All cases of this module."""
    return [*_pickles(), *_configurations(), *_templates()]
