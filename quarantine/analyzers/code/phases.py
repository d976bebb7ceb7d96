"""Which parts of a source file run when it is imported, which when its model is loaded or used, and which maybe never.

Module level, class bodies, decorators and default values run on import, and so does every function that is named
there. Loaders call the functions in the table below on their own; special methods run on occasions nobody sees.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from quarantine.analyzers.code.capabilities import Phase
from quarantine.analyzers.code.names import Names
from quarantine.analyzers.words import words

# Transformers, datasets, Hugging Face endpoints, SageMaker, TorchServe, MLflow, Triton, BentoML, Azure, KServe.
_ENTRIES = words(
    """forward from_pretrained from_config _from_config from_dict init_weights post_init tie_weights
    load_state_dict state_dict generate prepare_inputs_for_generation get_config tokenize encode decode
    encode_plus batch_decode apply_chat_template build_inputs_with_special_tokens convert_tokens_to_string
    get_vocab save_vocabulary preprocess postprocess inference handle initialize finalize execute predict
    predict_proba predict_fn input_fn output_fn transform_fn model_fn load_context load_model load setup
    build call init run fit transform fit_transform score process main get_model create_model build_model
    train_step training_step validation_step configure_optimizers reset_parameters extra_repr register
    forward_features auto_complete_config predict_stream chat stream_chat collate_fn download_and_prepare
    as_dataset entry entrypoint hook on_load"""
)
_ENTRY_STARTS = (
    "load_",
    "_load",
    "_init_",
    "_generate_",
    "_split_",
    "_info",
    "_tokenize",
    "_convert_",
    "on_",
    "setup_",
    "init_",
    "build_",
    "create_",
    "get_model",
    "_prepare_",
    "_build_",
)
_IMPORT_METHODS = frozenset(
    {"__init_subclass__", "__set_name__", "__prepare__", "__class_getitem__", "__mro_entries__"}
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Unit:
    """Code that runs together: the module level, a function's body, or the part for scripts."""

    name: str
    phase: Phase
    owner: str = ""
    parts: list[ast.AST] = field(default_factory=list)


def units(tree: ast.Module, names: Names, *, script: bool) -> list[Unit]:
    """All units with the phase that they are reached in. ``script``: the file is run rather than imported."""
    found = [Unit("module level", Phase.IMPORT)]
    renamed = any(
        isinstance(part, ast.Name) and part.id == "__name__" and not isinstance(part.ctx, ast.Load)
        for part in ast.walk(tree)
    )
    todo: list[tuple[ast.AST, Unit, str]] = [(statement, found[0], "") for statement in reversed(tree.body)]
    while todo:
        part, unit, owner = todo.pop()
        if isinstance(part, ast.arg):  # what stands in an annotation matters only if it is computed
            todo += [(part.annotation, unit, "")] if part.annotation and _computes(part.annotation) else []
            continue
        unit.parts.append(part)
        if isinstance(part, _Function):
            inner = Unit(part.name, _first_phase(part.name, owner), owner)
            if any("atexit.register" in names.resolve(each) for each in part.decorator_list):
                inner.phase = unit.phase
            found.append(inner)
            outside: list[ast.AST] = [
                *part.decorator_list,
                part.args,
                *([part.returns] if part.returns and _computes(part.returns) else []),
            ]
            todo += [(each, unit, owner) for each in outside]
            todo += [(each, inner, "") for each in part.body]
        elif isinstance(part, ast.If) and _is_main(part.test) and not script and not renamed:
            inner = Unit("the part for scripts", Phase.OTHER)
            found.append(inner)
            todo += [(each, inner, "") for each in part.body]
            todo += [(each, unit, owner) for each in part.orelse]
        else:
            inside = (
                part.name
                if isinstance(part, ast.ClassDef)
                else owner
                if isinstance(part, ast.If | ast.Try | ast.With)
                else ""
            )
            if isinstance(part, ast.ClassDef) and _is_metaclass(part):
                inside = f"metaclass {part.name}"
            quiet = _named_only(part)
            todo += [(each, unit, inside) for each in ast.iter_child_nodes(part) if id(each) not in quiet]
    _reach(found, names)
    return found


def _named_only(part: ast.AST) -> set[int]:
    """Annotations and base classes, where a name is only named."""
    named: list[ast.expr] = []
    if isinstance(part, ast.AnnAssign):
        named = [part.annotation]
    elif isinstance(part, ast.ClassDef):
        named = part.bases
    elif isinstance(part, ast.ExceptHandler) and part.type:
        named = [part.type]
    return {id(each) for each in named if not _computes(each)}


def _computes(value: ast.expr) -> bool:
    return any(isinstance(part, ast.Call | ast.NamedExpr | ast.BinOp) for part in ast.walk(value))


def _first_phase(name: str, owner: str) -> Phase:
    special = name.startswith("__") and name.endswith("__")
    if special and (
        name in _IMPORT_METHODS
        or owner.startswith("metaclass ")
        or (not owner and name in ("__getattr__", "__dir__"))
    ):
        return Phase.IMPORT
    if special or name in _ENTRIES or name.startswith(_ENTRY_STARTS):
        return Phase.USED
    return Phase.OTHER


def _is_main(test: ast.expr) -> bool:
    """Exactly ``__name__ == "__main__"``, either way round."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [test.left, *test.comparators]
    names = [side for side in sides if isinstance(side, ast.Name) and side.id == "__name__"]
    texts = [side for side in sides if isinstance(side, ast.Constant) and side.value == "__main__"]
    return len(names) == 1 and len(texts) == 1


def _is_metaclass(part: ast.ClassDef) -> bool:
    names = {
        base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
        for base in part.bases
    }
    return any(name in ("type", "ABCMeta", "EnumMeta", "EnumType") or "Meta" in name for name in names)


def _reach(found: list[Unit], known: Names) -> None:
    """Raise the phase of what is named in a unit to the phase of that unit."""
    by_name: dict[str, list[Unit]] = {}
    by_class: dict[str, list[Unit]] = {}
    for unit in found:
        by_name.setdefault(unit.name, []).append(unit)
        if unit.owner and unit.name.startswith("__"):
            by_class.setdefault(unit.owner.removeprefix("metaclass "), []).append(unit)
    mentions = {id(unit): _mentions(unit, known) for unit in found}
    todo = list(found)
    while todo:
        unit = todo.pop()
        names, made = mentions[id(unit)]
        for other in [o for n in names for o in by_name.get(n, ())] + [
            o for n in made for o in by_class.get(n, ())
        ]:
            if other.phase < unit.phase:
                other.phase = unit.phase
                todo.append(other)


def _mentions(unit: Unit, known: Names) -> tuple[set[str], set[str]]:
    """(functions that are named, classes that are called, or used as decorators or metaclasses)."""
    names: set[str] = set()
    made: set[str] = set()
    for part in unit.parts:
        called: list[ast.expr] = []
        if isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, ast.Attribute) and not known.resolve(part):
            names.add(part.attr)
        elif isinstance(part, ast.Call):
            called = [part.func, *part.args]
            names |= {text for each in part.args for text in known.fold(each) if isinstance(text, str)}
        elif isinstance(part, ast.Subscript):
            names |= {text for text in known.fold(part.slice) if isinstance(text, str)}
        elif isinstance(part, ast.ClassDef | _Function):
            called = list(part.decorator_list)
        if isinstance(part, ast.ClassDef):
            called += [keyword.value for keyword in part.keywords]
        made |= {each.id for each in called if isinstance(each, ast.Name) and each.id in known.classes}
    return names, made
