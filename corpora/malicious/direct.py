"""Pickles that name a dangerous function outright, by each opcode that can. Assembled, never loaded."""

from __future__ import annotations

from corpora import opcodes as op
from corpora.case import Case, Content, hostile

CALLED = (
    "os.system",
    "posix.system",
    "nt.system",
    "os.popen",
    "os.execv",
    "posix.execv",
    "os.spawnl",
    "subprocess.Popen",
    "subprocess.run",
    "subprocess.check_output",
    "subprocess.getoutput",
    "builtins.eval",
    "builtins.exec",
    "__builtin__.eval",
    "builtins.compile",
    "builtins.__import__",
    "builtins.getattr",
    "builtins.open",
    "runpy.run_path",
    "runpy._run_code",
    "importlib.import_module",
    "pty.spawn",
    "webbrowser.open",
    "ctypes.CDLL",
    "timeit.timeit",
    "cProfile.run",
    "pdb.run",
    "bdb.Bdb",
    "code.InteractiveInterpreter",
    "shutil.rmtree",
    "shutil.copyfile",
    "socket.create_connection",
    "asyncio.run",
    "_posixsubprocess.fork_exec",
    "multiprocessing.util.spawnv_passfds",
    "pip._internal.main",
    "torch.hub.load",
    "numpy.testing._private.utils.runstring",
    "logging.config.dictConfig",
    "trace.Trace",
    "doctest.debug_script",
    "idlelib.pyshell.ModifiedInterpreter",
    "urllib.request.urlopen",
)


def _called(dotted: str) -> Content:
    module, _, attribute = dotted.rpartition(".")
    return lambda folder: op.stream(op.call(op.name(module, attribute), op.text(op.touch(folder))))


def cases() -> list[Case]:
    """One case a function, then one an opcode."""
    rules = ("pickle-global-*", "pickle-*")
    found = [
        hostile(
            f"direct-{d.replace('.', '-').replace('_', '')}-{i}",
            "model.pkl",
            _called(d),
            f"GLOBAL and REDUCE of {d}",
            rules,
            "review" if d in UNUSUAL else "reject",
        )
        for i, d in enumerate(CALLED)
    ]
    forms: dict[str, Content] = {
        "stack-global": lambda f: op.stream(
            op.call(op.stack_name("posix", "system"), op.text(op.touch(f))), 4
        ),
        "inst": lambda f: b"(V" + op.touch(f).encode() + b"\niposix\nsystem\n.",
        "obj": lambda f: op.stream(op.MARK + op.name("posix", "system") + op.text(op.touch(f)) + op.OBJ),
        "newobj": lambda f: op.stream(
            op.name("subprocess", "Popen") + op.text(op.touch(f)) + op.TUPLE1 + op.NEWOBJ
        ),
        "newobj-ex": lambda f: op.stream(
            op.name("subprocess", "Popen") + op.text(op.touch(f)) + op.TUPLE1 + op.EMPTY_DICT + op.NEWOBJ_EX,
            4,
        ),
        "build-on-function": lambda f: op.stream(
            op.name("posix", "system")
            + op.EMPTY_DICT
            + op.text("__name__")
            + op.text("x")
            + op.SETITEM
            + op.BUILD
        ),
        "build-on-module": lambda f: op.stream(
            op.call(op.name("builtins", "__import__"), op.text("os")) + op.EMPTY_DICT + op.BUILD
        ),
        "build-on-class": lambda f: op.stream(
            op.name("collections", "OrderedDict")
            + op.EMPTY_DICT
            + op.text("__setstate__")
            + op.name("posix", "system")
            + op.SETITEM
            + op.BUILD
            + op.text(op.touch(f))
            + op.BUILD
        ),
        "getattr-chain": lambda f: op.stream(
            op.call(
                op.call(
                    op.name("builtins", "getattr"),
                    op.call(op.name("builtins", "__import__"), op.text("os")),
                    op.text("system"),
                ),
                op.text(op.touch(f)),
            )
        ),
        "protocol-0": lambda f: b"cposix\nsystem\n(V" + op.touch(f).encode() + b"\ntR.",
        "reference-only": lambda f: op.stream(op.name("os", "system")),
        "dotted-attribute": lambda f: op.stream(
            op.call(op.stack_name("pathlib", "os.system"), op.text(op.touch(f))), 4
        ),
    }
    found += [hostile(f"opcode-{n}", "model.pkl", c, f"payload by {n}", rules) for n, c in forms.items()]
    return found


UNUSUAL = frozenset(
    {
        "nt.system",
        "bdb.Bdb",
        "trace.Trace",
        "doctest.debug_script",
        "idlelib.pyshell.ModifiedInterpreter",
        "numpy.testing._private.utils.runstring",
        "torch.hub.load",
        "logging.config.dictConfig",
        "asyncio.run",
        "multiprocessing.util.spawnv_passfds",
        "code.InteractiveInterpreter",
        "shutil.copyfile",
        "urllib.request.urlopen",
        "pip._internal.main",
    }
)
"""Names for which a scanner may also say 'unknown' (review): default deny stops them all the same."""
