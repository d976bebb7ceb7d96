"""What the names of a source file stand for: imports, aliases, arguments and results followed, whatever their order.

A name may stand for several things; all of them are kept, because an order of statements is easily faked. Nothing is
run: a table of assignments is evaluated again and again until it does not change any more.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict

from quarantine.analyzers.code.capabilities import RISKY_MODULES
from quarantine.analyzers.code.folding import WAYS_LIMIT, Folder, Value

ROUNDS_LIMIT = 30
WORK_LIMIT = 1_000_000
PATHS_LIMIT = 32
_DEPTH_LIMIT = 60
_NOTHING: frozenset[str] = frozenset()
_DICTS = "__dict__"
# Results of calls whose attributes matter; those of all others are ordinary values.
_VIEWS = frozenset({"pathlib.Path()", "builtins.globals()", "builtins.locals()"})
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_Sequence = ast.List | ast.Tuple | ast.Set
# What a star import brings that matters here.
_STARS = {
    module: names.split()
    for module, names in {
        "os": "system popen execv execve execl spawnv spawnl fork kill remove unlink rename environ getenv",
        "subprocess": "run call Popen check_call check_output getoutput getstatusoutput",
        "builtins": "eval exec compile open getattr",
        "importlib": "import_module reload",
        "ctypes": "CDLL cdll PyDLL WinDLL windll pythonapi",
        "socket": "socket create_connection",
        "shutil": "rmtree move copy copyfile",
        "pickle": "load loads Unpickler",
        "marshal": "load loads",
        "urllib.request": "urlopen urlretrieve Request",
        "requests": "get post put request Session",
        "types": "FunctionType CodeType",
        "base64": "b64decode b32decode b85decode a85decode",
        "pty": "spawn",
    }.items()
}


class Names:
    """The names of one module; ``settled`` says whether every one of them could be followed to its end."""

    def __init__(self, tree: ast.Module) -> None:
        self._imports: dict[str, set[str]] = defaultdict(set)
        self._given: dict[str, list[ast.expr]] = defaultdict(list)
        self._added: dict[str, list[ast.expr]] = defaultdict(list)
        self.functions: dict[str, list[_FunctionNode]] = defaultdict(list)
        self.classes: dict[str, list[ast.ClassDef]] = defaultdict(list)
        self._paths: dict[str, frozenset[str]] = {}
        self._constants: dict[str, tuple[Value, ...]] = {}
        self.computed: set[str] = set()
        self.settled = True
        self._memo: dict[int, frozenset[str]] = {}
        self._folder = Folder(self._constants, self.resolve)
        parts = list(ast.walk(tree))
        for part in parts:
            if isinstance(part, _FunctionNode):
                self.functions[part.name].append(part)
            elif isinstance(part, ast.ClassDef):
                self.classes[part.name].append(part)
                self._given[part.name].extend(part.bases)  # to call a class is to call what it inherits from
        for part in parts:
            self._collect(part)
        for name, held in self.functions.items():
            self._given[f"{name}()"] = [value for each in held for value in _returned(each)]
        self._settle()

    def fold(self, node: ast.AST) -> tuple[Value, ...]:
        """The constant values that the expression may have."""
        return self._folder.fold(node)

    def resolve(self, node: ast.expr) -> frozenset[str]:
        """The dotted paths that the expression may stand for; none if it stands for no import or builtin."""
        return frozenset(sorted(self._resolve(node, 0))[:PATHS_LIMIT])

    # -- the table ------------------------------------------------------------------------------------------------

    def _collect(self, part: ast.AST) -> None:
        match part:
            case ast.Import(names=names):
                for alias in names:
                    self._imports[alias.asname or alias.name.split(".")[0]].add(
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            case ast.ImportFrom(module=module, names=names, level=level):
                for alias in names:
                    base = "." * level + (module or "")
                    if alias.name == "*":
                        for name in _STARS.get(base, ()):
                            self._imports[name].add(f"{base}.{name}")
                    else:
                        self._imports[alias.asname or alias.name].add(f"{base}.{alias.name}")
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                self._bind(target, value)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                self._added[name].append(value)
            case (
                ast.For(target=target, iter=value)
                | ast.AsyncFor(target=target, iter=value)
                | ast.comprehension(target=target, iter=value)
            ):
                for element in _elements(value):
                    self._bind(target, element)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self._bind(target, value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                for name, value in _defaults(part.args):
                    self._given[name].append(value)
            case ast.Match(subject=subject, cases=cases):
                for case in cases:
                    if isinstance(case.pattern, ast.MatchAs) and case.pattern.name:
                        self._given[case.pattern.name].append(subject)
            case ast.Call():
                self._arguments(part)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._given[target.id].append(value)
        elif isinstance(target, ast.Attribute):
            self._given["." + target.attr].append(value)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, value)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            self._given[target.value.id].append(value)
        elif isinstance(target, ast.List | ast.Tuple):
            if isinstance(value, ast.List | ast.Tuple) and len(value.elts) == len(target.elts):
                for inner, element in zip(target.elts, value.elts, strict=True):
                    self._bind(inner, element)
            else:
                for inner in target.elts:
                    self._bind(inner, value)

    def _arguments(self, call: ast.Call) -> None:
        """Bind what is handed to a function of this file; and what setattr sets."""
        name = (
            call.func.id
            if isinstance(call.func, ast.Name)
            else call.func.attr
            if isinstance(call.func, ast.Attribute)
            else ""
        )
        if name == "setattr" and len(call.args) == 3 and isinstance(call.args[1], ast.Constant):
            self._given[f".{call.args[1].value!s}"].append(call.args[2])
        lambdas = [call.func] if isinstance(call.func, ast.Lambda) else []
        for function in [*self.functions.get(name, ()), *lambdas]:
            for spread in (function.args.vararg, function.args.kwarg):
                if spread is not None:
                    self._given[spread.arg].extend(
                        [*call.args, *(keyword.value for keyword in call.keywords)]
                    )
            takes = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
            skip = 1 if takes[:1] in (["self"], ["cls"]) else 0
            for taken, value in zip(takes[skip:], call.args, strict=False):
                self._given[taken].append(value)
            for keyword in call.keywords:
                if keyword.arg:
                    self._given[keyword.arg].append(keyword.value)

    def _settle(self) -> None:
        work = 0
        for _ in range(ROUNDS_LIMIT):
            changed = False
            self._memo.clear()
            work += sum(map(len, self._given.values()))
            if work > WORK_LIMIT:
                self.settled = False
                return
            for name, values in self._given.items():
                before = self._paths.get(name, _NOTHING)  # both only grow, so that this ends
                new = sorted({path for value in values for path in self._resolve(value, 0)} - before)
                if new and len(before) < PATHS_LIMIT:
                    self._paths[name], changed = before | set(new[: PATHS_LIMIT - len(before)]), True
                held = self._constants.get(name, ())
                more = [value for value in self._constant(name, values) if value not in held]
                if more and len(held) < WAYS_LIMIT:
                    self._constants[name], changed = (*held, *more)[:WAYS_LIMIT], True
            if not changed:
                break
        else:
            self.settled = False
        self.settled = self.settled and not self._folder.exhausted

    def _constant(self, name: str, values: list[ast.expr]) -> tuple[Value, ...]:
        found: list[Value] = []
        for value in values[:WAYS_LIMIT]:
            found += [each for each in self._folder.fold(value) if each not in found]
        for more in self._added.get(name, ()):
            added = self._folder.fold(more)
            # What is added may be what is there; both are kept.
            longer = [a + b for a in found for b in added if isinstance(a, str) and isinstance(b, str)]
            found = [*longer, *found] if longer else found
            found = [each for each in found if not isinstance(each, str) or len(each) < 1 << 16][:WAYS_LIMIT]
        return tuple(found[:WAYS_LIMIT])

    # -- expressions ----------------------------------------------------------------------------------------------

    def _resolve(self, node: ast.expr, depth: int) -> frozenset[str]:
        """Once for each node in a round; a name is looked up each time, because some are made up here."""
        if depth > _DEPTH_LIMIT:
            self.settled = False
            return _NOTHING
        if isinstance(node, ast.Name):
            return frozenset(self._evaluate(node, depth + 1))
        held = self._memo.get(id(node))
        if held is None:
            held = self._memo[id(node)] = frozenset(self._evaluate(node, depth + 1))
        return held

    def _evaluate(self, node: ast.expr, depth: int) -> set[str] | frozenset[str]:
        match node:
            case ast.Name(id=name):
                found = set(self._imports.get(name, ())) | self._paths.get(name, _NOTHING)
                if hasattr(builtins, name) or name == "__builtins__":
                    found.add("builtins" if name == "__builtins__" else f"builtins.{name}")
                return found
            case ast.Attribute(value=value, attr=attr):
                bases = self._resolve(value, depth)
                found = {_joined(base, attr) for base in bases if not base.endswith("()") or base in _VIEWS}
                return found | self._paths.get("." + attr, _NOTHING)
            case ast.Subscript(value=value, slice=key):
                return self._item(value, key, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.NamedExpr(value=value) | ast.Await(value=value) | ast.Starred(value=value):
                return self._resolve(value, depth)
            case ast.IfExp(body=one, orelse=other):
                return self._resolve(one, depth) | self._resolve(other, depth)
            case ast.BoolOp(values=values):
                return {path for value in values for path in self._resolve(value, depth)}
            case (
                ast.List(elts=values)
                | ast.Tuple(elts=values)
                | ast.Set(elts=values)
                | ast.Dict(values=values)
            ):
                return {path for value in values[:256] for path in self._resolve(value, depth)}
            case ast.Lambda(body=value):
                return self._resolve(value, depth)
        return set()

    def _item(self, value: ast.expr, key: ast.expr, depth: int) -> set[str]:
        bases = self._resolve(value, depth)
        keys = [each for each in self._folder.fold(key) if isinstance(each, str)]
        if bases & {"sys.modules"}:
            self._note(key, keys)
            own = isinstance(key, ast.Name) and key.id == "__name__"
            return set(keys) or (set() if own else {"sys.modules.?"})
        found = set(bases)  # an element of a container, which stands for all of its elements
        for base in bases:
            if base.endswith(_DICTS) or base == "builtins":
                self._note(key, keys)
                inner = base.removesuffix("__dict__").rstrip(".")
                found |= {_joined(inner, each) for each in keys}
            if base.startswith(("builtins.globals", "builtins.locals")):
                self._note(key, keys)
                for each in keys:
                    found |= self._resolve(ast.Name(each), depth)
        return found

    def _call(self, node: ast.Call, depth: int) -> set[str]:
        called = self._resolve(node.func, depth)
        first = node.args[0] if node.args else None
        if isinstance(node.func, ast.Call) and first is not None:  # attrgetter("system")(os)
            makes = self._resolve(node.func.func, depth)
            if (
                makes & {"operator.attrgetter", "operator.methodcaller", "operator.itemgetter"}
                and node.func.args
            ):
                return self._named(self._resolve(first, depth), node.func.args[0])
        found: set[str] = set()
        for path in called:
            match path:
                case "builtins.getattr" | "inspect.getattr_static" | "builtins.object.__getattribute__" if (
                    len(node.args) > 1
                ):
                    found |= self._named(self._resolve(node.args[0], depth), node.args[1])
                case "builtins.__import__" | "importlib.import_module" | "importlib.__import__" if (
                    first is not None
                ):
                    keys = [each for each in self._folder.fold(first) if isinstance(each, str)]
                    self._note(first, keys)
                    found |= set(keys) or {f"{path}.?"}
                case "builtins.vars" if first is not None:
                    found |= {f"{base}.__dict__" for base in self._resolve(first, depth)}
                case "functools.partial" | "builtins.staticmethod" | "builtins.classmethod" if (
                    first is not None
                ):
                    found |= self._resolve(first, depth)
                case _ if (
                    path.endswith((".get", ".__getitem__", ".pop", ".setdefault")) and first is not None
                ):
                    found |= (
                        self._item(node.func.value, first, depth)
                        if isinstance(node.func, ast.Attribute)
                        else set()
                    )
                case _ if path.endswith(".__getattribute__") and first is not None:
                    found |= self._named(frozenset({path.removesuffix(".__getattribute__")}), first)
                case _ if not path.endswith("()"):
                    found.add(f"{path}()")
        if isinstance(node.func, ast.Name | ast.Attribute):
            own = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            found |= self._paths.get(f"{own}()", _NOTHING)
        return found

    def _named(self, bases: frozenset[str], key: ast.expr) -> set[str]:
        keys = [each for each in self._folder.fold(key) if isinstance(each, str)]
        self._note(key, keys)
        if keys or not bases & RISKY_MODULES:
            return {_joined(base, each) for base in bases for each in keys}
        return {f"{base}.?" for base in bases & RISKY_MODULES}

    def _note(self, key: ast.expr, values: list[str]) -> None:
        """Remember texts that were put together to name something."""
        if not isinstance(key, ast.Constant | ast.Name):
            self.computed |= {value for value in values if value}


def _joined(base: str, attr: str) -> str:
    if base == "pathlib.Path()":
        base = "pathlib.Path"
    if base.endswith(_DICTS) and attr in ("get", "pop", "__getitem__"):
        return f"{base}.{attr}"
    if base == "builtins.__builtins__":
        base = "builtins"
    return f"{base}.{attr}"


def _elements(value: ast.expr) -> list[ast.expr]:
    """What a loop may hand out: the elements of a literal, or what a call is given or yields."""
    if isinstance(value, _Sequence):
        return value.elts
    return [value, *value.args] if isinstance(value, ast.Call) else [value]


def _defaults(args: ast.arguments) -> list[tuple[str, ast.expr]]:
    positional = [*args.posonlyargs, *args.args]
    pairs = list(zip((a.arg for a in reversed(positional)), reversed(args.defaults), strict=False))
    return pairs + [
        (a.arg, value)
        for a, value in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if value is not None
    ]


def _returned(function: _FunctionNode) -> list[ast.expr]:
    return [
        part.value
        for part in ast.walk(function)
        if isinstance(part, ast.Return | ast.Yield) and part.value is not None
    ]
