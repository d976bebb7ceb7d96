import io
import pickle
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from fakes import FakeNode

from quarantine.analyzers.pickle.analyzer import PickleAnalyzer

RULES = Path(__file__).resolve().parents[3] / "rules"
SEEDS = [pickle.dumps({"a": [1, 2.5, "x", b"y"], "b": print}, p) for p in range(6)]


def look(data):
    node = FakeNode(data)
    PickleAnalyzer().analyze(node)
    return node


def examples():
    for path in sorted(RULES.glob("pickle-*.yaml")):
        rule = yaml.safe_load(path.read_text())
        for example in rule["examples"]:
            yield pytest.param(
                rule["id"],
                bytes.fromhex(example["hex"]),
                example["triggers"],
                id=f"{rule['id']}-{example['name']}",
            )


@pytest.mark.parametrize(("rule", "data", "triggers"), examples())
def test_each_rule_matches_its_example_and_misses_the_near_one(rule, data, triggers):
    assert (rule in look(data).rules) == triggers


@pytest.mark.parametrize("protocol", range(6))
def test_builtin_and_numpy_data_has_no_findings_and_is_all_claimed(protocol):
    import numpy as np

    value = {
        "a": [1, {2}, b"x", 1j, frozenset([3]), bytearray(b"q")],
        "b": np.arange(9.0),
        "c": np.float32(1),
        "r": np.random.RandomState(0),
    }
    data = pickle.dumps(value, protocol)
    node = look(data)
    assert node.found == []
    assert node.claims == [(0, len(data))]


@pytest.mark.parametrize("compress", [0])
def test_joblib_pipelines_have_no_findings(tmp_path, compress):
    import joblib
    import numpy as np
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x = np.random.RandomState(0).rand(30, 4)
    y = np.arange(30) % 2
    kinds = [
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(2),
        GradientBoostingClassifier(n_estimators=2),
        SVC(),
        KNeighborsClassifier(algorithm="kd_tree"),
        MLPClassifier((3,), max_iter=2),
    ]
    for model in kinds:
        model.fit(x, y)
        joblib.dump(model, tmp_path / "m", compress=compress)
        for data in ((tmp_path / "m").read_bytes(), pickle.dumps(model)):
            node = look(data)
            assert node.found == []
            assert node.claims == [(0, len(data))]


def test_payload_never_runs_and_the_call_is_told(tmp_path):
    canary = tmp_path / "canary"
    data = b"cposix\nsystem\n(Vtouch " + str(canary).encode() + b"\ntR."
    node = look(data)
    assert not canary.exists()
    (evidence,) = [e for r, _, e in node.found if r == "pickle-global-dangerous"]
    assert evidence["call"] == f"posix.system('touch {canary}')"


class Names(pickle.Unpickler):
    def find_class(self, module, name):
        self.names.append((module, name))
        raise EOFError


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4))
def test_mutated_streams_never_raise_and_no_import_is_missed(seed, edits):
    data = bytearray(seed)
    for at, value in edits:
        data[at % len(data)] = value
    data = bytes(data)
    if any(op in data for op in (b"r", b"j")) and any(v in (0x72, 0x6A) for _, v in edits):
        return
    reader = Names(io.BytesIO(data), encoding="latin1")
    reader.names = []
    try:
        reader.load()
    except Exception:
        pass
    node = look(data)
    if reader.names:
        assert node.found
