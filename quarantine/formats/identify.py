"""Tell what an artifact is from its content alone; its name is a claim to check, never a reason to skip.

Several formats may recognise the same bytes; then all of them are read.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Format, Node, Source
from quarantine.formats.pickle import runs_beside
from quarantine.formats.table import EMPTY, EXTERNAL, FORMATS, LEGACY_TEXT, PLACED, by_name, load

_PLACED = frozenset(line.name for line in PLACED)  # more than their content looks like
# A chunk's file has a name of digits; its data may look by chance, or because it is compressed, like one of these.
_CHUNK = re.compile(r"\d+(?:\.\d+)*|c|[0-9a-f]{32}")
_CHUNKS_LOOK_LIKE = frozenset({"text", "compressed", "foreign", "mp3", "msgpack", "ocdbt", "bmp", "store"})
_PICKLE_NAMES = (".pkl", ".pickle", ".p", ".joblib", ".dill")
_READ_AS = {
    **dict.fromkeys(_PICKLE_NAMES, "pickle"), ".safetensors": "safetensors", ".gguf": "gguf", ".npy": "npy",
    ".npz": "zip", ".onnx": "onnx", ".keras": "zip", ".tflite": "tflite", ".h5": "hdf5", ".hdf5": "hdf5", ".zip": "zip",
}  # fmt: skip
# Loaders of files that are so called read no text.
_NEVER_TEXT = (
    *_PICKLE_NAMES, ".pt", ".ckpt", ".h5", ".hdf5", ".keras", ".tflite", ".msgpack", ".zip", ".tar",
    ".gz", ".tgz", ".7z", ".nemo", ".pte", ".pt2", ".ort", ".mlmodel", ".engine", ".plan", ".skops", ".cbm", ".ubj",
)  # fmt: skip
# In whatever encoding: no loader runs what is called so.
_TEXT_NAMES = (".txt", ".csv", ".tsv", ".md", ".log")
# What loaders take for a file of its own by its name, compressed or not; a parameter may be called ``p``.
_NEVER_DATA = tuple(
    end for end in (*_NEVER_TEXT, ".xz", ".lzma", ".bz2", ".zst", ".lz4", ".npz", ".npy", ".pth", ".rds", ".rda")
    if end != ".p"
)  # fmt: skip
_BELONG_TOGETHER = {"tflite", "zip"}  # the model's reader compares the archive with what the model says of it
_TEXTUAL = frozenset({"lightgbm", "xml", "pmml"})
_CLAIMS = {".safetensors": "safetensors", ".npy": "npy", ".npz": "zip", ".onnx": "onnx", ".gguf": "gguf",
           ".json": "text",
           ".md": "text", ".txt": "text", ".yaml": "text"}  # fmt: skip


def identify(node: Node, expect: str | None = None) -> list[Format]:
    """All formats to read the artifact as; reports unknown, disguised and many-faced content."""
    if not node.source.size:
        return [load(EMPTY)]
    head, name = node.source.read(0, 4096), node.path.lower()
    asked = (load(line) for line in FORMATS if line.possible(head))
    found = _told_apart([form for form in asked if form.recognise(head, node.source)], node.source)
    if expect is None and _explained(node):
        found = [form for form in found if form.name not in _CHUNKS_LOOK_LIKE]
    names = ", ".join(form.name for form in found)
    if len(found) > 1 and expect is None and {form.name for form in found} != _BELONG_TOGETHER:
        node.finding("format-polyglot", formats=names)
    claim = next((kind for end, kind in _CLAIMS.items() if name.endswith(end)), None)
    if names == "text" and expect is None and name.endswith(_NEVER_TEXT):
        node.finding("format-only-text", claimed=name.rpartition(".")[2])
    textual = _TEXTUAL if claim == "text" else frozenset()
    accepted = {claim, "appledouble"} | textual  # a companion bears the name of the file that it belongs to
    if claim and found and expect is None and not accepted & {form.name for form in found}:
        node.finding("format-disguised", claimed=claim, found=names)
    if expect is None and not found and not node.described():
        # Its loader goes by the name, and says what is wrong with the content where nothing else does.
        expect = next((kind for end, kind in _READ_AS.items() if name.endswith(end)), None)
    wanted = by_name(expect)
    if wanted is not None and wanted not in found:
        found = [wanted] if wanted.name in _PLACED else [*found, wanted]
    if not found and node.described():
        if name.endswith(_NEVER_DATA):  # its loader goes by the name and asks no other file
            node.finding("format-disguised", claimed=node.path.rpartition(".")[2], found=EXTERNAL.name)
        return [load(EXTERNAL)]
    if not found and name.endswith(_TEXT_NAMES):
        legacy = load(LEGACY_TEXT)
        found = [legacy] if legacy.recognise(head, node.source) else []
    if not found:
        node.finding("format-unknown", head=head[:16].hex())
    return found


def _explained(node: Node) -> bool:
    """Whether this is the file of a chunk, and another file claims all its bytes."""
    if not _CHUNK.fullmatch(node.path.rpartition("/")[2]):
        return False
    at = 0
    for start, end in sorted(node.described()):
        if start > at:
            break
        at = max(at, end)
    return at >= node.source.size


def _told_apart(found: list[Format], source: Source) -> list[Format]:
    """Text and XML give way to all others, one archive to a row of them, a pickle to what no machine runs beside."""
    if any(form.name == "distcp" for form in found):
        found = [form for form in found if form.name != "zip"]
    others = [form for form in found if form.name not in ("pickle", "xml", "text")]
    text = [form for form in found if form.name in ("xml", "text")][:1]
    pickle = [form for form in found if form.name == "pickle"]
    beside = others or text
    if any(form.name == "torch_legacy" for form in others):
        pickle = []  # its own analyzer reads the streams
    elif beside and pickle and not runs_beside(source, beside[0].name):
        pickle = []
    return [*others, *pickle] or text
