"""Keras configurations: what Keras ships is quiet, what it would import, call or read otherwise is reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corpora.benign.keras import hdf5
from corpora.malicious.keras import archive, model
from quarantine.analyzers.keras import KerasAnalyzer
from quarantine.analyzers.node import WalkNode
from quarantine.formats.source import BytesSource
from quarantine.ruleset import load_rules
from tests.analyzers.walking import Walked, walked

EXAMPLES = [(r.id, e) for r in load_rules().all() if r.id.startswith(("keras-", "hdf5-")) for e in r.examples]


def rules(document: object, name: str = "config.json") -> set[str]:
    return walked(name, json.dumps(document).encode()).rules


def layer(name: str, module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def function(module: str | None, name: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda x: getattr(x, "name", x))
def test_each_rule_matches_its_examples_and_misses_the_near_ones(rule: str, example: Any) -> None:
    assert (rule in walked(example.file, example.content).rules) == example.triggers


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.layers", "Dense"), ("keras", "Sequential"), ("keras.src.models.functional", "Functional"),
        ("keras.src.ops.numpy", "Mean"), ("keras.initializers", "GlorotUniform"), ("keras.losses", "Huber"),
        ("keras.optimizers", "Adam"), ("keras.engine.functional", "Functional"), ("keras", "DTypePolicy"),
        ("tf_keras.src.engine.functional", "Functional"), ("keras.optimizers.legacy", "Adam"), (None, "Custom>Adam"),
        (None, "InputLayer"), (None, "Model"), ("keras.src.activations.activations", "ReLU"),
        ("keras.optimizers.schedules", "ExponentialDecay"), ("tensorflow.keras.layers", "Conv2D"),
    ],
)  # fmt: skip
def test_classes_of_keras_of_any_version_are_known(module: str | None, name: str) -> None:
    assert rules(model(layer(name, module))) == set()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "relu"), ("keras.activations", "gelu"), ("keras.losses", "mean_squared_error"),
        ("builtins", "accuracy"), ("keras.metrics", "categorical_accuracy"),
        ("keras.src.activations.activations", "silu"),
    ],
)  # fmt: skip
def test_functions_of_keras_are_known(module: str, name: str) -> None:
    assert rules(model(layer("Dense", activation=function(module, name)))) == set()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"), ("builtins", "exec"), ("builtins", "__import__"), ("subprocess", "Popen"),
        ("pickle", "loads"),
        ("keras.utils", "get_file"), ("keras.src.utils.file_utils", "get_file"), ("keras.models", "load_model"),
        ("keras.src.utils.python_utils", "func_load"),
        ("keras.src.saving.serialization_lib", "deserialize_keras_object"),
        ("tensorflow.keras.utils", "get_file"), ("keras.api.utils", "get_file"),
        ("keras._tf_keras.keras.utils", "get_file"),
        ("keras.config", "enable_unsafe_deserialization"), ("keras.datasets.mnist", "load_data"),
        ("keras.applications", "ResNet50"), ("torch", "load"), ("numpy", "load"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_class", [False, True])
def test_what_reads_writes_fetches_or_runs_is_dangerous(module: str, name: str, as_class: bool) -> None:
    held = layer(name, module) if as_class else function(module, name)
    assert "keras-gadget" in rules(model(layer("Dense", activation=held)))


@pytest.mark.parametrize(
    "held",
    [
        layer("Mine", "project.layers"), layer("Mine", None), {**layer("Mine", None), "registered_name": "p>Mine"},
        function("builtins", "my_loss"), function(None, "my_loss"), layer("NewLayer", "keras.layers"),
        layer("TFOpLambda", None, function="quantum.measure"), layer("Dense", "keras_evil.layers"),
        layer("Lookup", "tensorflow.python.ops"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_for_a_person_to_decide(held: Any) -> None:
    assert rules(model(layer("Dense", activation=held))) == {"keras-custom-class"}


def test_every_place_of_a_document_is_read() -> None:
    bad = function("os", "system")
    for document in (
        [bad],
        {"a": {"b": [[bad]]}},
        {**model(layer("Dense")), "compile_config": {"loss": {"o": bad}}},
    ):
        assert "keras-gadget" in rules(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_configurations_are_read_in_every_encoding_that_keras_takes(encoding: str) -> None:
    text = json.dumps(model(function("os", "system"))).encode(encoding)
    assert "keras-gadget" in walked("model.keras", archive(text)).rules


def test_the_parts_of_a_keras_archive_are_what_the_loader_takes_them_for() -> None:
    good = json.dumps(model(layer("Dense", units=1))).encode()
    found = walked("model.keras", archive(good))
    assert found.silent
    assert found.artifacts["model.keras"].format == "keras"
    assert not walked("model.keras", archive(good, b"PK not HDF5")).silent


@pytest.mark.parametrize("name", ["model_config", "training_config"])
def test_configurations_in_attributes_are_read(name: str) -> None:
    text = json.dumps(model(function("os", "system")))
    assert "keras-gadget" in walked("model.h5", hdf5(lambda file: file.attrs.__setitem__(name, text))).rules


def test_yaml_of_old_keras_is_quiet_and_read() -> None:
    text = "class_name: Sequential\nconfig:\n- class_name: Dense\n  config:\n"
    text += "    batch_input_shape: !!python/tuple [null, 4]\n"
    assert walked("model.yaml", text.encode()).rules == set()
    assert "keras-lambda" in walked("model.yaml", text.replace("Dense", "Lambda").encode()).rules


def test_hostile_depth_and_cycles_end() -> None:
    deep = b'{"class_name":' * 50_000
    assert not walked("config.json", deep).silent
    assert "analyzer-crashed" not in walked("model.yaml", b"class_name: " + b"[" * 300_000).rules
    cycle = b"a: &a\n  class_name: Dense\n  config: *a\n"
    assert "analyzer-crashed" not in walked("model.yaml", cycle).rules


def test_other_documents_with_a_class_name_are_quiet() -> None:
    assert rules({"labels": [{"class_name": "cat"}, {"class_name": "dog", "id": 2}]}) == set()


def test_shards_of_keras_weights_must_be_there() -> None:
    def index(shard: str) -> dict[str, object]:
        return {"metadata": {}, "weight_map": {"/layers/dense/vars": [shard]}}

    assert "index-shard-missing" in rules(index("../../other.h5"), "model.weights.json")
    assert "index-shard-missing" in rules(index("missing.weights.h5"), "model.weights.json")


def test_a_name_without_a_module_is_only_looked_up_for_a_saved_model() -> None:
    def held(module: str | None) -> set[str]:
        found = Walked()
        node = WalkNode("m/saved_model.pb!metadata.json", BytesSource(json.dumps(layer("Mine", module)).encode()), 1,
                        found.take, ())  # fmt: skip
        KerasAnalyzer().analyze(node)
        return found.rules

    assert held(None) == set()
    assert held("project.layers") == {"keras-custom-class"}
    assert rules(model(layer("Mine", None))) == {"keras-custom-class"}
