"""One Python source: what it is able to do, when it would do that, and what it hides. Parsed, never compiled or run.

After the language reference (execution model, imports) and what loaders of models call on their own. Each capability
is reported once for each phase, with its first places.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property

from quarantine.analyzers.code import capabilities as able
from quarantine.analyzers.code.capabilities import Phase
from quarantine.analyzers.code.names import Names
from quarantine.analyzers.code.phases import Unit, units
from quarantine.analyzers.words import words

SINKS = words(
    """builtins.eval builtins.exec builtins.compile builtins.__import__ importlib.import_module pickle.loads
    _pickle.loads dill.loads cloudpickle.loads marshal.loads types.FunctionType types.CodeType
    subprocess.run subprocess.Popen subprocess.call subprocess.check_output subprocess.check_call
    subprocess.getoutput os.system os.popen"""
)
_SENSITIVE = re.compile(
    r"""\.ssh\b|id_rsa|id_ed25519|/proc/self/(?:mem|maps|fd)|/etc/(?:passwd|shadow|sudoers|cron)|\.aws\b|\.kube\b|\.docker/config|\.netrc|\.git-credentials|
    \.pypirc|\.npmrc|/proc/self/environ|/proc/\d|\.gnupg|\.bash_history|\.config/gcloud|\.azure|credentials\.json|
    wallet\.dat|Login\ Data|Cookies|\.huggingface/token|169\.254\.169\.254|/var/run/secrets""",
    re.VERBOSE,
)
_PERSISTENT = re.compile(
    r"""authorized_keys|\.bashrc|\.bash_profile|\.zshrc|\.profile\b|crontab|/etc/cron|/etc/systemd|\.config/systemd|
    \.config/autostart|LaunchAgents|LaunchDaemons|sitecustomize|usercustomize|CurrentVersion\\+Run|/etc/rc\.|/etc/ld\.so\.preload|
    \.git/hooks|/etc/init\.d|\.pth$|Startup\\*$""",
    re.VERBOSE,
)
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSW|API_?KEY|ACCESS_KEY|CREDENTIAL|PRIVATE_KEY", re.IGNORECASE)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u200b\u200c\u2060\u2062-\u2064\ufeff\U000e0000-\U000e007f]")
_PLACES_LIMIT = 6


@dataclass
class Hit:
    """Something that the code is able to do, and where."""

    capability: str
    name: str
    line: int
    unit: Unit
    computed: bool = False


@dataclass
class Source:
    """A parsed source, its names and its units."""

    tree: ast.Module
    script: bool
    hidden: list[tuple[int, str]] = field(default_factory=list)

    @cached_property
    def names(self) -> Names:
        """What its names stand for."""
        return Names(self.tree)

    @cached_property
    def units(self) -> list[Unit]:
        """The parts that run together."""
        return units(self.tree, self.names, script=self.script)

    @cached_property
    def hits(self) -> list[Hit]:
        """Everything it is able to do."""
        found = [hit for unit in self.units for part in unit.parts for hit in self._hits(part, unit)]
        return found + self._texts(found)

    @cached_property
    def _bases(self) -> set[int]:
        return {
            id(part.value) for part in ast.walk(self.tree) if isinstance(part, ast.Attribute | ast.Subscript)
        }

    @cached_property
    def _docs(self) -> set[int]:
        """Texts that stand alone, which do nothing."""
        return {id(part.value) for part in ast.walk(self.tree) if isinstance(part, ast.Expr)}

    def _hits(self, part: ast.AST, unit: Unit) -> list[Hit]:
        if not isinstance(part, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            return []
        line = part.lineno
        names = self.names
        paths = names.resolve(part)
        if isinstance(part, ast.Call):
            mine = [Hit(able.DESERIALISE, "numpy.load", line, unit)] if self._numpy_objects(part) else []
            if "builtins.open" in names.resolve(part.func) and not self._only_reads(part):
                mine.append(Hit(able.WRITE, "builtins.open", line, unit))
            if "torch.load" in names.resolve(part.func) and any(
                keyword.arg == "weights_only"
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value is False
                for keyword in part.keywords
            ):
                mine.append(Hit(able.DESERIALISE, "torch.load without weights_only", line, unit))
            if names.resolve(part.func) & _IMPORTERS and part.args and not names.fold(part.args[0]):
                mine.append(Hit(able.TRICK, "import of a computed name", line, unit))
            mine += [Hit(able.TRICK, path, line, unit) for path in paths if path.endswith(".?")]
            return mine + self._named(
                part, frozenset(path for path in paths if not path.endswith("()")), unit
            )
        return self._named(part, paths, unit)

    def _named(
        self, part: ast.Name | ast.Attribute | ast.Subscript | ast.Call, paths: frozenset[str], unit: Unit
    ) -> list[Hit]:
        """What the expression names."""
        names, line = self.names, part.lineno
        found: list[Hit] = []
        for path in paths:
            if "()" in path:
                continue  # what came out of a call; the call has been told
            known = None if path in _JUDGED_BY_CALL else able.capability_of(path)
            if known:
                computed = any(piece in names.computed for piece in path.split("."))
                found.append(Hit(known[0], known[1], line, unit, computed))
            elif (
                path in able.RISKY_MODULES
                and id(part) not in self._bases
                and not (isinstance(part, ast.Call) or isinstance(part.ctx, ast.Store))
            ):
                found.append(Hit(able.TRICK, f"module {path} as a value", line, unit))
            elif path.endswith(".?") and not path.startswith(("sys.modules", "importlib", "builtins")):
                found.append(Hit(able.INTERPRETER, f"{path} by a computed name", line, unit, True))
        if isinstance(part, ast.Attribute):
            if walk := able.walk_of(part.attr):
                found.append(Hit(walk, f"attribute {part.attr}", line, unit))
            if not paths and part.attr in _TELLING:
                found.append(Hit(able.PROCESS, f"method {part.attr}", line, unit))
            if isinstance(part.ctx, ast.Store | ast.Del) and (
                changed := sorted(path for path in names.resolve(part.value) if _is_module_thing(path))
            ):
                found.append(Hit(able.TRICK, f"change of {changed[0]}.{part.attr}", line, unit))
        return found

    def _only_reads(self, call: ast.Call) -> bool:
        modes = [call.args[1]] if len(call.args) > 1 else [k.value for k in call.keywords if k.arg == "mode"]
        if any(k.arg is None for k in call.keywords):
            return False
        values = [value for mode in modes for value in self.names.fold(mode)]
        return not modes or (
            bool(values) and all(isinstance(v, str) and not set(v) & set("wax+") for v in values)
        )

    def _numpy_objects(self, call: ast.Call) -> bool:
        if not self.names.resolve(call.func) & {"numpy.load"}:
            return False
        return (
            any(
                k.arg in (None, "allow_pickle")
                and not (isinstance(k.value, ast.Constant) and k.value.value is False)
                for k in call.keywords
            )
            or len(call.args) > 2
        )

    def _texts(self, before: list[Hit]) -> list[Hit]:
        """Places of the file system and of the network that texts name, and what is done with the environment."""
        found: list[Hit] = []
        for unit in self.units:
            for part in unit.parts:
                if (
                    not isinstance(part, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call)
                    or id(part) in self._docs
                ):
                    continue
                for value in self.names.fold(part):
                    text: object = value
                    if isinstance(text, bytes):
                        text = text[:4096].decode("latin-1")
                    if isinstance(text, str) and len(text) < 4096:
                        if _SENSITIVE.search(text):
                            found.append(Hit(able.SENSITIVE, text[:80], getattr(part, "lineno", 0), unit))
                        if _PERSISTENT.search(text) and any(
                            hit.capability in (able.WRITE, able.PROCESS) for hit in before
                        ):
                            found.append(Hit("persistence", text[:80], getattr(part, "lineno", 0), unit))
        return found

    # -- flows ----------------------------------------------------------------------------------------------------

    def decoded_sinks(self) -> list[tuple[str, int, ast.expr, Phase]]:
        """(sink, line, argument, phase) wherever decoded data is handed to something that runs or imports it."""
        tainted = self._tainted()
        found = []
        for unit in self.units:
            for part in unit.parts:
                if isinstance(part, ast.Call):
                    for sink in sorted(self.names.resolve(part.func) & SINKS):
                        for argument in [*part.args, *(keyword.value for keyword in part.keywords)]:
                            if self._decodes(argument, tainted):
                                found.append((sink, part.lineno, argument, unit.phase))
        return found

    def unpickled(self) -> list[tuple[int, bytes]]:
        """(line, stream) of pickles that stand in the source itself."""
        found = []
        for part in ast.walk(self.tree):
            if isinstance(part, ast.Call) and part.args and self.names.resolve(part.func) & _UNPICKLERS:
                found += [
                    (part.lineno, value)
                    for value in self.names.fold(part.args[0])
                    if isinstance(value, bytes)
                ]
        return found

    def _tainted(self) -> set[str]:
        """Names that hold something decoded."""
        tainted: set[str] = set()
        given = [
            (_target_names(part), part.value)
            for part in ast.walk(self.tree)
            if isinstance(part, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr)
            and part.value is not None
        ]
        given += [
            ({function.name}, part.value)
            for held in self.names.functions.values()
            for function in held
            for part in ast.walk(function)
            if isinstance(part, ast.Return) and part.value is not None
        ]
        for _ in range(8):
            more = {
                name
                for names, value in given
                if not names <= tainted and self._decodes(value, tainted)
                for name in names
            }
            if more <= tainted:
                break
            tainted |= more
        return tainted

    def _decodes(self, value: ast.AST, tainted: set[str]) -> bool:
        for part in ast.walk(value):
            if (
                isinstance(part, ast.Name | ast.Attribute)
                and (part.id if isinstance(part, ast.Name) else part.attr) in tainted
            ):
                return True
            if isinstance(part, ast.Call) and self.names.resolve(part.func) & able.DECODERS:
                return True
            if (
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute)
                and part.func.attr == "decode"
                and part.args
            ) and any(
                str(v).replace("-", "").replace("_", "").lower() in _CODECS
                for v in self.names.fold(part.args[0])
            ):
                return True
            if (
                isinstance(part, ast.Subscript)
                and isinstance(part.slice, ast.Slice)
                and part.slice.step is not None
            ):
                step = self.names.fold(part.slice.step)
                if any(isinstance(v, int) and v < 0 for v in step) and self.names.fold(part):
                    return True
        return False

    def secrets_and_network(self) -> tuple[int, str] | None:
        """(line, what) where the environment's secrets are read in a file that can also send them."""
        if not any(
            hit.capability in (able.NETWORK, able.SOCKET)
            and not hit.name.startswith(("huggingface_hub", "transformers"))
            for hit in self.hits
        ):
            return None
        for part in ast.walk(self.tree):
            if (
                isinstance(part, ast.Attribute | ast.Name)
                and self.names.resolve(part) & _ENVIRONMENT
                and id(part) not in self._bases
            ):
                return part.lineno, "the whole environment"
            if (
                isinstance(part, ast.Attribute)
                and part.attr in ("items", "values", "copy")
                and self.names.resolve(part.value) & _ENVIRONMENT
            ):
                return part.lineno, "the whole environment"
        return None


_ENVIRONMENT = frozenset({"os.environ", "os.environb", "posix.environ"})
_UNPICKLERS = frozenset({"pickle.loads", "_pickle.loads", "dill.loads", "cloudpickle.loads", "pickle._loads"})
_IMPORTERS = frozenset({"builtins.__import__", "importlib.import_module", "importlib.__import__"})
_JUDGED_BY_CALL = frozenset(
    {"builtins.open", "numpy.load", "torch.load", "importlib.import_module", "builtins.globals"}
)
_TELLING = frozenset(
    {"check_output", "Popen", "popen", "getstatusoutput", "spawnv", "execve", "execv", "rmtree"}
)
_CODECS = frozenset(
    {
        "rot13",
        "hex",
        "base64",
        "zlib",
        "bz2",
        "hexcodec",
        "base64codec",
        "zlibcodec",
        "bz2codec",
        "unicodeescape",
        "uu",
    }
)


def _is_module_thing(path: str) -> bool:
    """Whether the path is something imported as it is, rather than what came out of a call."""
    return "()" not in path and not path.startswith((".", "builtins."))


def _target_names(part: ast.AST) -> set[str]:
    targets = part.targets if isinstance(part, ast.Assign) else [part.target]  # type: ignore[attr-defined]
    return {
        each.id if isinstance(each, ast.Name) else each.attr
        for target in targets
        for each in ast.walk(target)
        if isinstance(each, ast.Name | ast.Attribute) and isinstance(each.ctx, ast.Store)
    }


def hidden_text(text: str) -> list[tuple[int, str]]:
    """(line, what) of characters that make a source look like another one. (CVE-2021-42574, CVE-2021-42694)"""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.isascii():
            continue
        if _BIDI.search(line):
            found.append((number, "a character that turns the direction of writing"))
        if _INVISIBLE.search(line.lstrip("\ufeff") if number == 1 else line):
            found.append((number, "an invisible character"))
        if len(found) >= _PLACES_LIMIT:
            break
    return found


def odd_identifiers(tree: ast.Module, text: str) -> list[str]:
    """Identifiers that are written in characters which Python takes for plain letters, or that mix alphabets."""
    if text.isascii():
        return []
    import unicodedata

    found = []
    names = {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(tree)
        if isinstance(part, ast.Name | ast.Attribute)
    }
    for word in sorted(set(re.findall(r"[^\W\d]\w*", text))):
        if word.isascii():
            continue
        plain = unicodedata.normalize("NFKC", word)
        mixed = any(c.isascii() and c.isalpha() for c in word) and any(
            unicodedata.name(c, "").startswith(("CYRILLIC", "ARMENIAN", "CHEROKEE")) for c in word
        )
        if plain in names and (plain != word or mixed):
            found.append(word)
    return found[:_PLACES_LIMIT]
