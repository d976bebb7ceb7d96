"""What honest libraries write has no findings: every estimator that fits on small data, every kind of value."""

import argparse
import collections
import datetime
import decimal
import fractions
import io
import ipaddress
import pathlib
import pickle
import re
import sys
import time
import types
import uuid
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.utils import all_estimators

sys.path.insert(0, str(Path(__file__).parent))
from fakes import FakeNode

from quarantine.analyzers.pickle.analyzer import PickleAnalyzer

RECORD = [("a", "i4"), ("b", "f8")]
SPARSE = (
    "csr_matrix",
    "csc_matrix",
    "coo_matrix",
    "bsr_matrix",
    "dia_matrix",
    "dok_matrix",
    "lil_matrix",
    "csr_array",
)
VALUES = {
    "builtins": [
        bytearray(b"q"),
        1j,
        range(3, 9, 2),
        slice(1, 2),
        {1},
        frozenset([1]),
        b"x\xff",
        10**50,
        Ellipsis,
    ],
    "random": [np.random.RandomState(0), np.random.default_rng(0)],
    "scalars": [np.float32(1), np.str_("a"), np.bytes_(b"a"), np.void(b"abc"), np.bool_(1), np.longdouble(1)],
    "dates": [
        np.datetime64("2020-01-01"),
        np.array(["2020"], "M8[D]"),
        datetime.timedelta(3),
        datetime.date(1, 1, 1),
    ],
    "record": np.array([(1, 2.0)], dtype=RECORD),
    "record-scalar": np.array([(1, 2.0)], dtype=RECORD)[0],
    "record-array": np.rec.array([(1, 2.0)], dtype=RECORD),
    "record-with-objects": np.array([(1, "x")], dtype=[("a", "i4"), ("b", "O")]),
    "record-in-record": np.zeros(1, [("a", [("b", "f8"), ("c", "O")])]),
    "record-of-arrays": np.zeros(2, [("a", "f4", (3,))]),
    "record-aligned": np.dtype([("a", "i1"), ("b", "f8")], align=True),
    "titles": np.zeros(1, [(("title", "a"), "f8")]),
    "objects": np.array([1, "a", None, np.float64(1)], object),
    "texts": [np.array(["ab"]), np.array([b"a"]), np.array([""]), np.array([b""])],
    "orders": [np.asfortranarray(np.ones((3, 4))), np.arange(3, dtype=">i4"), np.ones((0, 2))],
    "dtypes": [np.dtype(code) for code in "?bBhHiIlLqQfdgFDGeO"],
    "masked": np.ma.array([1, 2], mask=[0, 1]),
    "matrix": np.matrix([[1]]),
    "collections": [
        collections.defaultdict(list, a=[1]),
        collections.OrderedDict(a=1),
        collections.Counter("aab"),
        collections.deque([1], 3),
    ],
    "numbers": [decimal.Decimal("1.5"), fractions.Fraction(-1, 3), uuid.UUID(int=3)],
    "standard library": [
        ValueError("x"),
        ipaddress.ip_address("10.0.0.1"),
        ipaddress.ip_network("10.0.0.0/8"),
        time.gmtime(0),
        type(None),
        re.I | re.M,
    ],
    "names": [types.SimpleNamespace(a=1), argparse.Namespace(a=1), pathlib.PurePosixPath("a/b")],
    "values": [int, float, str, np.float32, list, dict, np.log1p, np.mean],
    "sparse": [getattr(scipy.sparse, kind)(np.eye(3)) for kind in SPARSE],
}


def findings(data):
    node = FakeNode(data)
    PickleAnalyzer().analyze(node)
    assert node.claims == [(0, len(data))]
    return node.found


@pytest.mark.parametrize("kind", VALUES)
def test_values_by_every_protocol_and_joblib(kind, tmp_path):
    for protocol in range(6):
        assert findings(pickle.dumps(VALUES[kind], protocol)) == []
        joblib.dump(VALUES[kind], tmp_path / "m", protocol=protocol)
        assert findings((tmp_path / "m").read_bytes()) == []


def _fitted(cls):
    base = LogisticRegression()
    data = np.abs(np.random.RandomState(0).rand(40, 5))
    target = np.arange(40) % 2
    for arguments in ((), (base,), ([("a", base), ("b", base)],), (base, {"C": [1.0, 2.0]})):
        try:
            model = cls(*arguments)
        except TypeError:
            continue
        for given in ((data, target), (data[:, :1], target), (data, np.stack([target, 1 - target], 1))):
            try:
                return model.fit(*given)
            except Exception:
                continue
    return None


def test_every_estimator_that_fits_by_pickle_and_joblib(tmp_path):
    fitted = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, cls in all_estimators():
            model = _fitted(cls)
            if model is None:
                continue
            fitted += 1
            joblib.dump(model, tmp_path / "m")
            for data in (pickle.dumps(model, 2), pickle.dumps(model, 5), (tmp_path / "m").read_bytes()):
                assert findings(data) == [], name
    assert fitted > 170


class _Bunch(dict):
    """As in statsmodels 0.13: a dictionary that is its own attributes."""

    def __init__(self, **entries):
        super().__init__(**entries)
        self.__dict__ = self


def test_a_dictionary_that_is_its_own_attributes(monkeypatch):
    tools = types.ModuleType("statsmodels.tools.tools")
    for name in ("statsmodels", "statsmodels.tools", "statsmodels.tools.tools"):
        monkeypatch.setitem(sys.modules, name, tools)
    tools.Bunch = type("Bunch", (_Bunch,), {"__module__": "statsmodels.tools.tools"})
    held = tools.Bunch(order=3)
    assert findings(pickle.dumps(held, 4)) == []
    held["__reduce__"] = 1
    assert findings(pickle.dumps(held, 4)) != []


@pytest.mark.parametrize("held", [io.BytesIO(b"x"), io.StringIO("x")])
def test_files_in_memory(held):
    assert findings(pickle.dumps(held, 4)) == []


def test_data_sets_of_tensors_and_scripted_modules():
    torch = pytest.importorskip("torch")
    whole = torch.utils.data.TensorDataset(torch.arange(3))
    module = torch.nn.Linear(1, 1)
    torch.jit.script(module)
    for value in (whole, torch.utils.data.Subset(whole, [0]), module):
        names = {evidence.get("global") for _, _, evidence in findings(pickle.dumps(value, 4))}
        assert not names - {None}, names


def test_graphs():
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph([(1, 2)])
    assert graph.nodes
    assert graph.edges
    assert graph.adj
    for held in (graph, networkx.path_graph(3), networkx.MultiGraph([(1, 2)])):
        assert findings(pickle.dumps(held, 4)) == []
