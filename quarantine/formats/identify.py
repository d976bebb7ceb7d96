"""Tell what an artifact is from its content alone; its name is a claim to check, never a reason to skip.

Several formats may recognise the same bytes; then all of them are read.
"""

from __future__ import annotations

from quarantine.formats.interface import Format, Node, Source
from quarantine.formats.pickle import runs_beside
from quarantine.formats.table import EMPTY, EXTERNAL, FORMATS, PLACED, by_name, load

_CODE = frozenset(line.name for line in PLACED)  # text that is more than text
_PICKLE_NAMES = (".pkl", ".pickle", ".p", ".joblib", ".dill")
_TEXTUAL = frozenset({"lightgbm", "xml", "pmml"})
_CLAIMS = {".safetensors": "safetensors", ".npy": "npy", ".npz": "zip", ".onnx": "onnx", ".gguf": "gguf",
           ".json": "text",
           ".md": "text", ".txt": "text", ".yaml": "text"}  # fmt: skip


def identify(node: Node, expect: str | None = None) -> list[Format]:
    """All formats to read the artifact as; reports unknown, disguised and many-faced content."""
    if not node.source.size:
        return [load(EMPTY)]
    head = node.source.read(0, 4096)
    asked = (load(line) for line in FORMATS if line.possible(head))
    found = _told_apart([form for form in asked if form.recognise(head, node.source)], node.source)
    names = ", ".join(form.name for form in found)
    if len(found) > 1 and expect is None:
        node.finding("format-polyglot", formats=names)
    claim = next((kind for end, kind in _CLAIMS.items() if node.path.lower().endswith(end)), None)
    textual = _TEXTUAL if claim == "text" else frozenset()
    accepted = {claim, "appledouble"} | textual  # a companion bears the name of the file that it belongs to
    if claim and found and expect is None and not accepted & {form.name for form in found}:
        node.finding("format-disguised", claimed=claim, found=names)
    if expect is None and not found and node.path.lower().endswith(_PICKLE_NAMES):
        expect = "pickle"
    wanted = by_name(expect)
    if wanted is not None and wanted not in found:
        found = [wanted] if wanted.name in _CODE else [*found, wanted]
    if not found and node.described():
        return [load(EXTERNAL)]
    if not found:
        node.finding("format-unknown", head=head[:16].hex())
    return found


def _told_apart(found: list[Format], source: Source) -> list[Format]:
    """Text and plain XML give way to all others; a pickle to those beside which a machine would do nothing."""
    others = [form for form in found if form.name not in ("pickle", "xml", "text")]
    text = [form for form in found if form.name in ("xml", "text")][:1]
    pickle = [form for form in found if form.name == "pickle"]
    beside = others or text
    if beside and pickle and not runs_beside(source, beside[0].name):
        pickle = []
    return [*others, *pickle] or text
