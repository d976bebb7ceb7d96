"""Write small Core ML models: coremltools 9.0, scikit-learn 1.5.2, numpy 2.2, Linux.

Run from the repository root: ``python corpora/makers/coreml.py``. It writes ``corpora/made/coreml``.
"""

from __future__ import annotations

from pathlib import Path

import coremltools as ct
import numpy as np
from coremltools.converters.mil import Builder as mb
from coremltools.models import datatypes
from coremltools.models.neural_network import NeuralNetworkBuilder, quantization_utils
from sklearn import ensemble, linear_model, pipeline, preprocessing, svm, tree
from sklearn.datasets import load_iris

TARGET = Path(__file__).parents[1] / "made" / "coreml"


def sklearn() -> None:
    """Models of scikit-learn, each a kind of its own."""
    x, y = load_iris(return_X_y=True)
    names = ["a", "b", "c", "d"]
    models = {
        "logistic": linear_model.LogisticRegression(max_iter=200, solver="liblinear", multi_class="ovr").fit(
            x, y
        ),
        "tree": tree.DecisionTreeClassifier(max_depth=3).fit(x, y),
        "forest": ensemble.RandomForestRegressor(3, max_depth=3).fit(x, y),
        "svm": svm.SVC(probability=True).fit(x[::5], y[::5]),
        "pipeline": pipeline.make_pipeline(
            preprocessing.StandardScaler(), linear_model.LinearRegression()
        ).fit(x, y),
    }
    for name, model in models.items():
        converted = ct.converters.sklearn.convert(model, names, "y")
        converted.author, converted.license = "nobody", "none"
        converted.save(str(TARGET / f"{name}.mlmodel"))


def network() -> None:
    """A neural network of the old kind, in floats and quantised."""
    rng = np.random.default_rng(0)
    builder = NeuralNetworkBuilder(
        [("image", datatypes.Array(3, 8, 8))], [("y", datatypes.Array(4))], disable_rank5_shape_mapping=False
    )
    builder.add_convolution(
        "conv",
        3,
        4,
        3,
        3,
        1,
        1,
        "valid",
        1,
        W=rng.random((3, 3, 3, 4)),
        b=np.zeros(4),
        has_bias=True,
        input_name="image",
        output_name="c",
    )
    builder.add_activation("relu", "RELU", "c", "r")
    builder.add_flatten("flat", 0, "r", "f")
    builder.add_inner_product("fc", rng.random((4, 144)), np.zeros(4), 144, 4, True, "f", "y")
    model = ct.models.MLModel(builder.spec, skip_model_load=True)
    model.save(str(TARGET / "network.mlmodel"))
    small = quantization_utils.quantize_weights(model, 16)
    ct.models.utils.save_spec(
        getattr(small, "get_spec", lambda: small)(), str(TARGET / "network-half.mlmodel")
    )


def programs() -> None:
    """ML programs in packages, of several versions, with weights in a file and compressed ones."""
    rng = np.random.default_rng(0)
    weight = rng.random((64, 32)).astype(np.float32)

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 32))])
    def linear(x: object) -> object:
        x = mb.linear(x=x, weight=weight, bias=np.zeros(64, np.float32), name="fc")
        x = mb.relu(x=x)
        x = mb.reshape(x=x, shape=[1, 8, 8])
        return mb.reduce_mean(x=x, axes=[2], keep_dims=False, name="y")

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 3, 8, 8))])
    def conv(x: object) -> object:
        x = mb.conv(x=x, weight=rng.random((8, 3, 3, 3)).astype(np.float32), pad_type="same")
        x = mb.cond(
            pred=mb.greater(x=mb.reduce_sum(x=x, axes=[0, 1, 2, 3], keep_dims=False), y=0.0),
            _true_fn=lambda: mb.add(x=x, y=1.0),
            _false_fn=lambda: mb.sub(x=x, y=1.0),
        )
        return mb.softmax(x=x, axis=1, name="y")

    for name, program, target in (
        ("linear-15", linear, ct.target.iOS15),
        ("conv-16", conv, ct.target.iOS16),
    ):
        model = ct.convert(
            program, convert_to="mlprogram", minimum_deployment_target=target, skip_model_load=True
        )
        model.save(str(TARGET / f"{name}.mlpackage"))
    config = ct.optimize.coreml.OptimizationConfig(
        ct.optimize.coreml.OpPalettizerConfig(nbits=4, weight_threshold=100)
    )
    model = ct.convert(
        linear, convert_to="mlprogram", minimum_deployment_target=ct.target.iOS16, skip_model_load=True
    )
    ct.optimize.coreml.palettize_weights(model, config).save(str(TARGET / "palette.mlpackage"))
    config = ct.optimize.coreml.OptimizationConfig(
        ct.optimize.coreml.OpLinearQuantizerConfig(weight_threshold=100)
    )
    ct.optimize.coreml.linear_quantize_weights(model, config).save(str(TARGET / "int8.mlpackage"))
    classic = ct.convert(linear, convert_to="neuralnetwork", skip_model_load=True)
    classic.save(str(TARGET / "linear-classic.mlmodel"))


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    sklearn()
    network()
    programs()
