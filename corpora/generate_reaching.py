"""Regenerates rules/globals/reaching/*.json: what libraries have that leads whoever calls it to code, files or hosts.

Read by syntax tree from a library's source, so that nothing of it is imported: which functions call something of
``_SINKS``, and which call those, a few steps deep. What is listed is dangerous when a stream calls it or hands it on,
and unknown when it is only named; names that a module took over from a dangerous one are dangerous by themselves.

    python -m corpora.generate_reaching FOLDER...    # folders that hold packages: site-packages, unpacked wheels
"""

from __future__ import annotations

import ast
import builtins
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from quarantine.analyzers.pickle.names import Standing, judge

OUT = Path(__file__).resolve().parent.parent / "rules" / "globals" / "reaching"
DEPTH = 3
PACKAGES = (
    "numpy", "scipy", "sklearn", "pandas", "joblib", "torch", "torchvision", "torchaudio", "keras", "transformers",
    "accelerate", "diffusers", "peft", "sentence_transformers", "lightning", "pytorch_lightning", "lightning_fabric",
    "timm", "fastai", "speechbrain", "spacy", "ultralytics", "xgboost", "lightgbm", "catboost", "statsmodels",
    "networkx",
    "onnx", "skops", "safetensors", "tokenizers", "omegaconf", "torchmetrics", "fsspec", "tqdm", "cffi", "attr", "yaml",
    "markupsafe", "packaging", "filelock", "regex", "psutil", "narwhals", "mpmath", "ml_dtypes", "optree", "absl",
)  # fmt: skip
_COMMANDS, _CODE, _IMPORTS = (
    "runs commands",
    "runs code of the author's choice",
    "imports code of the author's choice",
)
_NATIVE, _PICKLE, _NETWORK = "loads native code", "loads another pickle", "opens network connections"
_CHANGES, _READS, _PROCESS = "writes or changes files", "reads files", "changes the process"
_CALLS = "calls functions of the author's choice"
EFFECTS = (_COMMANDS, _CODE, _IMPORTS, _NATIVE, _PICKLE, _NETWORK, _CHANGES, _PROCESS, _CALLS, _READS)
"""The worst first; a function is listed with the worst that it leads to."""
_OWN = frozenset({_CALLS, _IMPORTS, _PROCESS})
_SINKS = {
    _COMMANDS: r"subprocess\.\w+|os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*|startfile|fork\w*)|pty\.\w+"
    r"|_posixsubprocess\.\w+|asyncio\.create_subprocess\w*|webbrowser\.\w+|multiprocessing\.(Process|Pool)",
    _CODE: r"(builtins\.)?(eval|exec|execfile|compile)|runpy\.\w+|types\.(FunctionType|CodeType)|code\.\w+"
    r"|marshal\.loads?"
    r"|numexpr\.\w+|sympy\.\w*(sympify|parse_expr|lambdify)",
    _IMPORTS: r"__import__|importlib\.import_module|importlib\.util\.\w+|importlib\.machinery\.\w+|imp\.\w+"
    r"|pkgutil\.\w+|pydoc\.locate",
    _NATIVE: r"ctypes\.\w*(CDLL|WinDLL|OleDLL|LoadLibrary)|ctypes\.cdll\.\w+|torch\.ops\.load_library|cffi\.FFI",
    _PICKLE: r"(pickle|cPickle|_pickle|dill|cloudpickle|joblib|torch|shelve)\.(loads?|Unpickler|open)"
    r"|pandas\.read_pickle"
    r"|(numpy|np)\.load|yaml\.(unsafe_load|load|full_load)\w*",
    _NETWORK: r"socket\.\w+|urllib\.request\.\w+|urllib\.\w*(urlopen|urlretrieve)|requests\.\w+|http\.client\.\w+"
    r"|httpx\.\w+"
    r"|aiohttp\.\w+|smtplib\.\w+|ftplib\.\w+|huggingface_hub\.\w*(download|upload|HfApi)\w*|fsspec\.\w+|boto3\.\w+",
    _CHANGES: r"os\.(remove|unlink|rename\w*|replace|mkdir|makedirs|rmdir|removedirs|chmod|chown|symlink|link|truncate"
    r"|open|utime|mkfifo)|shutil\.\w+|tempfile\.\w+|zipfile\.\w+|tarfile\.\w+",
    _READS: r"(builtins\.|io\.|codecs\.|gzip\.|bz2\.|lzma\.)?open|os\.(listdir|walk|scandir)|glob\.\w+|mmap\.\w+"
    r"|(numpy|np)\.(loadtxt|genfromtxt|fromfile|memmap)|pandas\.read_\w+|h5py\.File|linecache\.\w+",
    _PROCESS: r"os\.(putenv|unsetenv|chdir|_exit|kill|abort|setuid|setgid|umask)|sys\.exit|signal\.\w+|atexit\.register"
    r"|sys\.(setrecursionlimit|settrace|setprofile|addaudithook)|os\.environ\.\w+",
}  # fmt: skip
_PATTERNS = [(effect, re.compile(pattern)) for effect, pattern in _SINKS.items()]
_METHODS = {"write_text": _CHANGES, "write_bytes": _CHANGES, "extractall": _CHANGES, "tofile": _CHANGES,
            "rmtree": _CHANGES, "unlink": _CHANGES, "savefig": _CHANGES, "read_text": _READS, "read_bytes": _READS,
            "exec_module": _CODE, "load_module": _IMPORTS}  # fmt: skip
_RESTORES = re.compile(
    r"_*(\w*_)?(un_?pickle|reconstruct|rebuild|restore|reduce|from_state|setstate)\w*", re.IGNORECASE
)
"""What libraries call to restore their own honest objects: these stay unknown, which a person looks at."""


@dataclass
class Function:
    """What a function calls, as dotted names where they can be told, and what it does by itself."""

    calls: set[str] = field(default_factory=set)
    effects: set[str] = field(default_factory=set)


@dataclass
class Library:
    """All functions of some packages, by dotted name; ``classes`` are their bases, ``taken`` what modules import."""

    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)
    taken: dict[str, dict[str, str]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)


def read(folder: Path, packages: tuple[str, ...] = PACKAGES) -> Library:
    """Read every module of the packages below ``folder``."""
    found = Library()
    for package in packages:
        root = folder / package
        files = sorted(root.rglob("*.py")) if root.is_dir() else [root.with_suffix(".py")]
        for path in files:
            parts = path.relative_to(folder).with_suffix("").parts
            if not path.is_file() or "tests" in parts or "_vendor" in parts:
                continue
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError):
                continue
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            _Module(found, module, package=path.name == "__init__.py").visit(tree)
    return found


class _Module(ast.NodeVisitor):
    def __init__(self, library: Library, module: str, *, package: bool) -> None:
        self.library, self.module, self.package = library, module, package
        self.names: dict[str, str] = {}
        self.scope: list[str] = []
        self.within: list[Function] = []
        self.parameters: list[set[str]] = []
        library.taken[module] = self.names

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            self.names[item.asname or item.name.partition(".")[0]] = (
                item.name if item.asname else item.name.partition(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            up = self.module.split(".")
            up = up[: len(up) - node.level + self.package]
            base = ".".join([*up, base]) if base else ".".join(up)
        for item in node.names:
            self.names[item.asname or item.name] = f"{base}.{item.name}"

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        name = ".".join([self.module, *self.scope, node.name])
        self.library.classes[name] = [text for base in node.bases if (text := self._dotted(base))]
        self._inside(node.name, node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if self.within:  # a function in a function belongs to it
            self.generic_visit(node)
            return
        made = Function()
        self.library.functions[".".join([self.module, *self.scope, node.name])] = made
        arguments = node.args
        named = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)} - {
            "self",
            "cls",
        }
        self.within.append(made)
        self.parameters.append(named)
        self._inside(node.name, node)
        self.parameters.pop()
        self.within.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def _inside(self, name: str, node: ast.AST) -> None:
        self.scope.append(name)
        self.generic_visit(node)
        self.scope.pop()

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if not self.within:
            return
        made, function = self.within[-1], node.func
        if isinstance(function, ast.Name) and function.id in self.parameters[-1]:
            made.effects.add(_CALLS)
            return
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            made.effects.add(_METHODS[function.attr])
        name = self._dotted(function)
        if name is None:
            return
        made.calls.add(name)
        for effect, pattern in _PATTERNS:
            if pattern.fullmatch(name):
                made.effects.add(_CHANGES if effect == _READS and _writes(node) else effect)

    def _dotted(self, node: ast.AST) -> str | None:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        parts.reverse()
        if node.id in ("self", "cls") and self.scope:
            return ".".join([self.module, self.scope[0], *parts])
        if node.id in self.names:
            return ".".join([self.names[node.id], *parts])
        local = ".".join([self.module, node.id, *parts])
        return ".".join([node.id, *parts]) if hasattr(builtins, node.id) else local


def _writes(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
    return any(
        isinstance(m, ast.Constant) and isinstance(m.value, str) and set(m.value) & set("wax+") for m in modes
    )


def reaching(library: Library) -> dict[str, str]:
    """The worst effect of each function and class, by dotted name."""
    known = {name: set(made.effects) for name, made in library.functions.items()}
    for _ in range(DEPTH):
        more = {
            name: known[name].union(*(known.get(target, ()) for target in _targets(library, made.calls)))
            for name, made in library.functions.items()
        }
        # Only the harm of these is handed on: lazy imports and set options are in every large library's depths.
        known = {name: (found - _OWN) | (known[name] & _OWN) for name, found in more.items()}
    for name in library.classes:
        for maker in ("__init__", "__new__", "__post_init__"):
            home = _defines(library, name, maker)
            if home:
                known.setdefault(name, set()).update(known[home] - _OWN)
    return {name: next(e for e in EFFECTS if e in found) for name, found in known.items() if found}


def _targets(library: Library, calls: set[str]) -> Iterator[str]:
    for call in calls:
        seen = call
        for _ in range(4):  # through packages that pass a name on
            module, _, name = seen.rpartition(".")
            if (
                seen in library.functions
                or seen in library.classes
                or name not in library.taken.get(module, {})
            ):
                break
            seen = library.taken[module][name]
        yield seen
        for maker in ("__init__", "__new__"):
            if seen in library.classes and (home := _defines(library, seen, maker)):
                yield home


def _defines(library: Library, name: str, method: str, depth: int = 0) -> str | None:
    if f"{name}.{method}" in library.functions:
        return f"{name}.{method}"
    if depth < 6:
        for base in library.classes.get(name, []):
            if found := _defines(library, base, method, depth + 1):
                return found
    return None


def _module_of(library: Library, dotted: str) -> tuple[str, str] | None:
    parts = dotted.split(".")
    for size in range(len(parts) - 1, 0, -1):
        if (module := ".".join(parts[:size])) in library.taken:
            return module, ".".join(parts[size:])
    return None


Listed = dict[str, dict[str, set[str]]]


def listed(library: Library) -> tuple[Listed, Listed]:
    """(called, named): effect, module, names; without what the other lists judge already."""
    called: Listed = {}
    named: Listed = {}
    effects = reaching(library)
    for dotted, effect in effects.items():
        home = _module_of(library, dotted)
        if home is None or (
            home[1].count(".") and dotted not in library.classes and effect in (_READS, *_OWN)
        ):
            continue
        _list(called, *home, effect)
    for module, names in library.taken.items():
        for name, origin in names.items():
            if origin in effects:
                _list(called, module, name, effects[origin])
                continue
            origin_module, _, origin_name = origin.rpartition(".")
            elsewhere = origin.partition(".")[0] != module.partition(".")[0]
            if (
                elsewhere
                and origin_module
                and judge(origin_module, origin_name).standing is Standing.DANGEROUS
            ):
                _list(named, module, name, "is a dangerous name of another module")
    return called, named


def _list(into: Listed, module: str, name: str, effect: str) -> None:
    last = name.rpartition(".")[2]
    if _RESTORES.fullmatch(last) or name == "*" or judge(module, name).standing is not Standing.UNKNOWN:
        return
    into.setdefault(effect, {}).setdefault(module, set()).add(name)


def main(folders: list[str]) -> None:
    """Write one file a package, of what all folders hold of it."""
    merged: dict[str, tuple[Listed, Listed]] = {}
    for folder in folders:
        library = read(Path(folder))
        for which, found in enumerate(listed(library)):
            for effect, modules in found.items():
                for module, names in modules.items():
                    package = merged.setdefault(module.partition(".")[0], ({}, {}))
                    package[which].setdefault(effect, {}).setdefault(module, set()).update(names)
    OUT.mkdir(exist_ok=True)
    for package, both in sorted(merged.items()):
        called, named = (
            {e: {m: " ".join(sorted(n)) for m, n in sorted(ms.items())} for e, ms in sorted(found.items())}
            for found in both
        )
        text = json.dumps({"called": called, "named": named}, indent=0)
        (OUT / f"{package}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
