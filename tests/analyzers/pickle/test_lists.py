"""The lists of names: each constraint exists, what is dangerous stays so, and what restores honest objects is not."""

import json
from pathlib import Path

import pytest

from quarantine.analyzers.pickle.constraints import NAMES
from quarantine.analyzers.pickle.names import Standing, constraint_for, judge

GLOBALS = Path(__file__).resolve().parents[3] / "rules" / "globals"
DANGEROUS = [
    "os.system", "posix.system", "builtins.eval", "subprocess.Popen", "pty.spawn", "runpy.run_path", "code.interact",
    "pip._internal.main", "idlelib.run.Executive", "lib2to3.pgen2.grammar.Grammar", "distutils.spawn.spawn",
    "torch.jit.unsupported_tensor_ops.execWrapper", "torch.utils.collect_env.run",
    "torch.fx.graph_module.reduce_graph_module",
    "torch.utils._config_module.ConfigModule", "numpy.f2py.crackfortran.myeval",
    "numpy.testing._private.utils.runstring",
    "pandas.io.pickle.read_pickle", "cloudpickle.cloudpickle._make_function", "dill._dill._create_function",
    "dill._dill._eval_repr", "ray.cloudpickle.loads", "six.moves.builtins.eval", "operator.methodcaller",
    "types.CodeType",
    "weakref.finalize", "logging.config.dictConfig", "uuid._get_command_stdout", "site.addsitedir",
    "joblib.numpy_pickle.load",
    "transformers.pipelines.pipeline", "huggingface_hub.hf_hub_download", "mlflow.pyfunc.load_model",
    "keras.models.load_model",
]  # fmt: skip


def lists():
    for path in sorted(GLOBALS.glob("*.json")):
        if path.name != "known_bad.json":
            for names in json.loads(path.read_text()).values():
                yield path.name, set(names.values())
    for path in sorted((GLOBALS / "packages").glob("*.json")):
        yield path.name, set(json.loads(path.read_text()))


def test_every_constraint_in_the_lists_exists():
    for name, constraints in lists():
        assert constraints <= NAMES, name


@pytest.mark.parametrize("dotted", DANGEROUS)
def test_a_gadget_is_dangerous_by_its_name(dotted):
    module, _, name = dotted.rpartition(".")
    assert judge(module, name).standing is Standing.DANGEROUS


@pytest.mark.parametrize("module", ["warnings", "statistics", "textwrap", "heapq"])
def test_a_function_of_the_standard_library_is_dangerous_once_called(module):
    assert judge(module, "some_function").called
    assert not judge(module, "SomeClass").called


@pytest.mark.parametrize(
    ("module", "name"),
    [("acme", "helper.launch"), ("acme", "_os.fork"), ("acme", "Class.__init__"), ("acme.subprocess", "x")],
)
def test_a_name_that_leads_through_a_module_is_dangerous(module, name):
    assert judge(module, name).standing is Standing.DANGEROUS


def test_a_class_in_a_class_is_only_unknown():
    assert judge("acme", "Outer.Inner").standing is Standing.UNKNOWN


def test_a_package_list_does_not_speak_for_others():
    assert constraint_for("transformers.training_args", "TrainingArguments") == "closed"
    assert constraint_for("transformer.training_args", "TrainingArguments") is None
    assert constraint_for("../transformers.training_args", "TrainingArguments") is None
