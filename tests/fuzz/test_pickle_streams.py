"""Streams put together at random: the analyzer never raises, and no name that some machine imports goes unreported.

The oracles are small machines of their own: CPython's two, with stand-ins that share no code with the analyzer, and
the opcode listing of pickletools.
"""

import io
import pickle
import pickletools
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpora import opcodes as op

sys.path.insert(0, str(Path(__file__).parents[1] / "analyzers" / "pickle"))
from fakes import FakeNode

from quarantine.analyzers.pickle.analyzer import PickleAnalyzer
from quarantine.analyzers.pickle.names import Standing, judge

NAMES = [
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("numpy", "dtype"),
    ("functools", "partial"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("torch.storage", "_load_from_bytes"),
    ("copyreg", "_reconstructor"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("__builtin__", "set"),
    ("some.library", "thing"),
    ("os", "path.join"),
]
PIECES = [
    *(op.name(*name) for name in NAMES),
    *(op.stack_name(*name) for name in NAMES),
    *(op.text(part) for name in NAMES[-5:] for part in name),
    op.MARK, op.TUPLE, op.TUPLE1, op.TUPLE2, op.EMPTY_TUPLE, op.EMPTY_DICT, op.EMPTY_LIST, op.REDUCE, op.NEWOBJ,
    op.NEWOBJ_EX, op.OBJ, op.BUILD, op.POP, op.DUP, op.MEMOIZE, op.APPEND, op.APPENDS, op.SETITEM, op.NONE,
    op.STACK_GLOBAL, op.put(0), op.put(1), op.get(0), op.get(1), op.small(0), op.raw(b"x"), b"F1_0\n", b"F1.0\n",
    b"I001\n", b"\x95\3\0\0\0\0\0\0\0", b"\x82\1", b"Pid\n", b"Q", b"\x97", b"S'a'\n", b"u", b"d", b"l", b"1",
    b"\x8f", b"\x90",
]  # fmt: skip
STREAMS = st.builds(
    lambda version, pieces, end: op.proto(version) + b"".join(pieces) + end,
    st.integers(0, 5),
    st.lists(st.sampled_from(PIECES), max_size=40),
    st.sampled_from(
        [op.STOP, b"", b"\xff", op.STOP + b"\0", op.STOP + op.stream(op.name("posix", "system"))]
    ),
)
CALLS = st.builds(
    lambda calls, version: op.stream(b"".join(calls), version),
    st.lists(
        st.builds(
            lambda name, args, after: op.call(op.name(*name), *args) + after,
            st.sampled_from(NAMES),
            st.lists(st.sampled_from([op.NONE, op.text("a"), *(op.name(*n) for n in NAMES)]), max_size=3),
            st.sampled_from([b"", op.POP, op.MEMOIZE, op.EMPTY_DICT + op.BUILD]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(2, 5),
)


class Anything:
    """A stand-in that takes everything."""

    def __new__(cls, *_args, **_keywords):
        return object.__new__(cls)

    def __init__(self, *_args, **_keywords):
        pass

    def __call__(self, *_args, **_keywords):
        return Anything()

    def __setstate__(self, _):
        pass

    def __setitem__(self, *_):
        pass

    append = extend = add = __setstate__


def imported(machine, data):
    """Every name that a machine imports before it ends or breaks."""
    names = []

    class Oracle(machine):
        def find_class(self, module, name):
            names.append((module, name))
            return type("Named", (Anything,), {})

        def persistent_load(self, _):
            return Anything()

    try:
        Oracle(io.BytesIO(data), encoding="latin1").load()
    except Exception:
        return names
    return names


def listed(data):
    """The operands of every GLOBAL and INST opcode up to where pickletools stops."""
    names = []
    try:
        for code, argument, _ in pickletools.genops(data):
            if code.name in ("GLOBAL", "INST"):
                names.append(tuple(argument.split(" ", 1)))
    except Exception:
        return names
    return names


def look(data):
    node = FakeNode(data)
    PickleAnalyzer().analyze(node)
    return node


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(STREAMS, CALLS))
def test_every_name_that_a_machine_imports_is_reported(data):
    node = look(data)
    reported = {evidence.get("global") for _, _, evidence in node.found}
    for names in (imported(pickle.Unpickler, data), imported(pickle._Unpickler, data), listed(data)):
        for module, name in names:
            if judge(module, name).standing is not Standing.GOOD:
                assert f"{module}.{name}" in reported


@settings(max_examples=300, deadline=None)
@given(STREAMS, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6))
def test_damaged_streams_are_judged_and_never_pass_unclaimed(data, edits):
    damaged = bytearray(data)
    for at, value in edits:
        # No opcode that asks for a long memo or a long string: those limits are the jail's.
        if damaged and value not in b"rj\x8d\x8eBTX\x96\x8b":
            damaged[at % len(damaged)] = value
    node = look(bytes(damaged))
    assert node.found or node.claims == [(0, len(damaged))]
