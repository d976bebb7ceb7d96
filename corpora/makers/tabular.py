"""Pickles of tabular libraries, as many estimators as there are: one file each, small models, fixed seeds.

Run with the interpreter of an environment that has some of the libraries; what cannot be imported is left out:

    /tmp/venv/bin/python corpora/makers/tabular.py OUT_DIRECTORY

Checked with scikit-learn 1.1.3, 1.2.2, 1.4.2 and 1.9.1; pandas 1.5.3, 2.2.3 and 3.1.1; NumPy 1.23.5, 1.26.4 and 2.4.6;
xgboost 1.7.6, 2.1.4 and 3.2.0; lightgbm 3.3.5, 4.0.0, 4.3.0 and 4.7.0; catboost 1.2.7 and newer; statsmodels 0.13.5
and 0.14; gensim 4.3; nltk, hmmlearn, imbalanced-learn, category_encoders, mlxtend, polars, prophet as of those.
"""

from __future__ import annotations

import importlib
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Maker = Callable[[], Any]


def _data() -> tuple[Any, Any, Any]:
    import numpy as np

    random = np.random.RandomState(0)
    x = random.rand(40, 4)
    return x, (x[:, 0] + x[:, 1] > 1).astype(int), x[:, 0] * 2 + x[:, 1]


def _of(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def estimators() -> Iterator[tuple[str, Maker]]:
    """Every public estimator of scikit-learn that fits the small table, with default settings."""
    from sklearn.utils import all_estimators

    x, label, target = _data()
    for name, cls in all_estimators():

        def make(cls: Any = cls) -> Any:
            for y in (label, target, None):
                try:
                    return cls().fit(x, y)
                except (ValueError, TypeError, AttributeError):
                    continue
            return cls()

        yield f"sklearn-{name}", make


def composed() -> Iterator[tuple[str, Maker]]:
    """Estimators that hold other ones, functions, sparse tables or text."""
    import numpy as np

    x, label, target = _data()
    text = ["a model of text", "another text", "words and words", "more of text"] * 10

    def built(build: Callable[[Callable[..., Any]], Any], data: Any = x, y: Any = label) -> Maker:
        return lambda: build(_of).fit(data, y)

    def tree(of: Any, **more: Any) -> Any:
        return of("sklearn.tree", "DecisionTreeClassifier")(max_depth=2, **more)

    def logistic(of: Any) -> Any:
        return of("sklearn.linear_model", "LogisticRegression")()

    yield (
        "pipeline",
        built(
            lambda of: of("sklearn.pipeline", "make_pipeline")(
                of("sklearn.preprocessing", "StandardScaler")(),
                of("sklearn.decomposition", "PCA")(2),
                logistic(of),
            )
        ),
    )
    yield (
        "function-log1p",
        built(
            lambda of: of("sklearn.pipeline", "make_pipeline")(
                of("sklearn.preprocessing", "FunctionTransformer")(np.log1p, inverse_func=np.expm1),
                logistic(of),
            )
        ),
    )
    yield (
        "tfidf",
        built(
            lambda of: of("sklearn.pipeline", "make_pipeline")(
                of("sklearn.feature_extraction.text", "TfidfVectorizer")(ngram_range=(1, 2)), logistic(of)
            ),
            text,
        ),
    )
    yield (
        "hashing-naive-bayes",
        built(
            lambda of: of("sklearn.pipeline", "make_pipeline")(
                of("sklearn.feature_extraction.text", "HashingVectorizer")(
                    n_features=64, alternate_sign=False
                ),
                of("sklearn.feature_extraction.text", "TfidfTransformer")(),
                of("sklearn.naive_bayes", "MultinomialNB")(),
            ),
            text,
        ),
    )
    yield (
        "sparse-knn",
        built(
            lambda of: of("sklearn.pipeline", "make_pipeline")(
                of("sklearn.feature_extraction.text", "CountVectorizer")(),
                of("sklearn.neighbors", "KNeighborsClassifier")(),
            ),
            text,
        ),
    )
    yield (
        "sparse-svc",
        built(
            lambda of: of("sklearn.pipeline", "make_pipeline")(
                of("sklearn.feature_extraction.text", "CountVectorizer")(),
                of("sklearn.svm", "SVC")(probability=True),
            ),
            text,
        ),
    )
    for kind in ("kd_tree", "ball_tree"):
        yield (
            f"knn-{kind}",
            built(lambda of, kind=kind: of("sklearn.neighbors", "KNeighborsClassifier")(algorithm=kind)),
        )
    yield (
        "random-state",
        built(
            lambda of: of("sklearn.ensemble", "RandomForestClassifier")(
                3, random_state=np.random.RandomState(1)
            )
        ),
    )
    yield (
        "grid-search",
        built(
            lambda of: of("sklearn.model_selection", "GridSearchCV")(tree(of), {"max_depth": [1, 2]}, cv=2)
        ),
    )
    yield (
        "grid-search-kfold",
        built(
            lambda of: of("sklearn.model_selection", "GridSearchCV")(
                tree(of),
                {"max_depth": [1]},
                cv=of("sklearn.model_selection", "StratifiedKFold")(2),
                scoring="f1",
            )
        ),
    )
    yield (
        "random-search",
        built(
            lambda of: of("sklearn.model_selection", "RandomizedSearchCV")(
                logistic(of), {"C": of("scipy.stats", "uniform")(0.1, 1)}, n_iter=2, cv=2, random_state=0
            )
        ),
    )
    yield (
        "random-search-loguniform",
        built(
            lambda of: of("sklearn.model_selection", "RandomizedSearchCV")(
                logistic(of),
                {
                    "C": of("scipy.stats", "loguniform")(0.1, 1),
                    "max_iter": of("scipy.stats", "randint")(50, 99),
                },
                n_iter=2,
                cv=2,
                random_state=0,
            )
        ),
    )
    yield (
        "own-scorer",
        built(
            lambda of: of("sklearn.model_selection", "GridSearchCV")(
                tree(of),
                {"max_depth": [1]},
                cv=2,
                scoring=of("sklearn.metrics", "make_scorer")(of("sklearn.metrics", "f1_score")),
            )
        ),
    )
    for kind in ("sigmoid", "isotonic"):
        yield (
            f"calibrated-{kind}",
            built(
                lambda of, kind=kind: of("sklearn.calibration", "CalibratedClassifierCV")(
                    tree(of), method=kind, cv=2
                )
            ),
        )
    yield (
        "voting",
        built(lambda of: of("sklearn.ensemble", "VotingClassifier")([("a", tree(of)), ("b", logistic(of))])),
    )
    yield (
        "stacking",
        built(
            lambda of: of("sklearn.ensemble", "StackingClassifier")(
                [("a", tree(of)), ("b", logistic(of))], cv=2
            )
        ),
    )
    yield (
        "union",
        built(
            lambda of: of("sklearn.pipeline", "make_union")(
                of("sklearn.decomposition", "PCA")(1), of("sklearn.feature_selection", "SelectKBest")(k=1)
            )
        ),
    )
    yield (
        "mutual-information",
        built(
            lambda of: of("sklearn.feature_selection", "SelectKBest")(
                of("sklearn.feature_selection", "mutual_info_classif"), k=1
            )
        ),
    )
    yield (
        "chi2",
        built(
            lambda of: of("sklearn.feature_selection", "SelectKBest")(
                of("sklearn.feature_selection", "chi2"), k=1
            )
        ),
    )
    yield (
        "multi-output",
        built(
            lambda of: of("sklearn.multioutput", "MultiOutputClassifier")(tree(of)),
            x,
            np.c_[label, 1 - label],
        ),
    )
    yield (
        "chain",
        built(
            lambda of: of("sklearn.multioutput", "ClassifierChain")(logistic(of)), x, np.c_[label, 1 - label]
        ),
    )
    yield "one-vs-rest", built(lambda of: of("sklearn.multiclass", "OneVsRestClassifier")(logistic(of)))
    yield (
        "gaussian-process",
        built(
            lambda of: of("sklearn.gaussian_process", "GaussianProcessRegressor")(
                of("sklearn.gaussian_process.kernels", "ConstantKernel")(1.0)
                * of("sklearn.gaussian_process.kernels", "RBF")()
                + of("sklearn.gaussian_process.kernels", "WhiteKernel")(0.1)
            )
        ),
    )
    yield (
        "kernel-zoo",
        built(
            lambda of: of("sklearn.gaussian_process", "GaussianProcessRegressor")(
                of("sklearn.gaussian_process.kernels", "Matern")()
                + of("sklearn.gaussian_process.kernels", "RationalQuadratic")() ** 2
                + of("sklearn.gaussian_process.kernels", "DotProduct")()
                + of("sklearn.gaussian_process.kernels", "ExpSineSquared")()
            )
        ),
    )
    for loss in ("poisson", "quantile", "absolute_error"):
        more = {"quantile": 0.5} if loss == "quantile" else {}
        yield (
            f"hist-{loss}",
            built(
                lambda of, loss=loss, more=more: of("sklearn.ensemble", "HistGradientBoostingRegressor")(
                    loss=loss, max_iter=2, max_leaf_nodes=4, **more
                ),
                x,
                target,
            ),
        )
    for loss in ("hinge", "log_loss", "modified_huber", "squared_error", "perceptron", "epsilon_insensitive"):
        yield (
            f"sgd-{loss}",
            built(lambda of, loss=loss: of("sklearn.linear_model", "SGDClassifier")(loss=loss)),
        )
    for loss in ("huber", "quantile", "absolute_error", "squared_error"):
        yield (
            f"boosting-{loss}",
            built(
                lambda of, loss=loss: of("sklearn.ensemble", "GradientBoostingRegressor")(
                    loss=loss, n_estimators=2
                ),
                x,
                target,
            ),
        )
    yield (
        "transformed-target",
        built(
            lambda of: of("sklearn.compose", "TransformedTargetRegressor")(
                of("sklearn.linear_model", "Ridge")(), func=np.log1p, inverse_func=np.expm1
            ),
            x,
            target,
        ),
    )
    yield "isolation", built(lambda of: of("sklearn.ensemble", "IsolationForest")(3))
    yield "bunch", lambda: _of("sklearn.utils", "Bunch")(a=1, model=tree(_of))
    yield (
        "quantile-transformer",
        built(
            lambda of: of("sklearn.preprocessing", "QuantileTransformer")(
                n_quantiles=10, output_distribution="normal"
            )
        ),
    )
    yield (
        "cross-validated",
        built(
            lambda of: of("sklearn.linear_model", "LogisticRegressionCV")(
                cv=of("sklearn.model_selection", "KFold")(2)
            )
        ),
    )
    yield "spline", built(lambda of: of("sklearn.preprocessing", "SplineTransformer")())


def tables() -> Iterator[tuple[str, Maker]]:
    """pandas' tables, and estimators that were fitted on one."""
    import numpy as np
    import pandas as pd

    x, label, target = _data()

    def table() -> Any:
        return pd.DataFrame(
            {
                "n": x[:, 0],
                "i": label,
                "s": ["a", "b"] * 20,
                "c": pd.Categorical(["u", "v"] * 20),
                "t": pd.date_range("2020-01-01", periods=40),
                "b": label > 0,
            }
        )

    def columns(of: Any) -> Any:
        return of("sklearn.compose", "ColumnTransformer")(
            [
                (
                    "n",
                    of("sklearn.pipeline", "make_pipeline")(
                        of("sklearn.impute", "SimpleImputer")(),
                        of("sklearn.preprocessing", "StandardScaler")(),
                    ),
                    ["n", "i"],
                ),
                ("c", of("sklearn.preprocessing", "OneHotEncoder")(handle_unknown="ignore"), ["s", "c"]),
            ],
            remainder="drop",
        )

    yield "pandas-frame", table
    yield "pandas-series", lambda: table()["s"]
    yield (
        "pandas-mixed",
        lambda: {"frame": table().head(2), "mean": table()["n"].mean(), "type": table().dtypes},
    )
    yield "pandas-zoned", lambda: table()["t"].dt.tz_localize("UTC")
    yield "pandas-zoned-berlin", lambda: table()["t"].dt.tz_localize("Europe/Berlin")
    yield "pandas-periods", lambda: table().set_index(pd.period_range("2020-01", periods=40, freq="M"))
    yield "pandas-deltas", lambda: table()["t"] - table()["t"].iloc[0]
    yield "pandas-intervals", lambda: pd.cut(table()["n"], 3)
    yield "pandas-multi", lambda: table().set_index(["s", "i"])
    yield "pandas-grouped", lambda: table().groupby("s")[["n", "i"]].agg("mean")
    yield "pandas-nullable", lambda: table()[["i", "b", "s", "n"]].convert_dtypes(convert_string=True)
    yield (
        "pandas-scalars",
        lambda: [
            pd.Timestamp("2020-01-01"),
            pd.Timedelta("1D"),
            pd.NaT,
            pd.NA,
            pd.Period("2020-01"),
            pd.Interval(0, 1),
            pd.Timestamp("2020-01-01", tz="UTC"),
            pd.offsets.Day(2),
            pd.offsets.MonthEnd(),
            pd.offsets.BusinessDay(),
            pd.DateOffset(months=1),
        ],
    )
    yield "pandas-sparse", lambda: pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])})
    yield "pandas-empty", pd.DataFrame
    yield "pandas-range", lambda: pd.RangeIndex(5)
    yield "pandas-timed", lambda: pd.Series(target, index=pd.date_range("2020", periods=40, freq="D"))
    yield "pandas-dates", lambda: pd.DatetimeIndex(["2020-01-01"])
    yield "pandas-uints", lambda: pd.Index(np.array([1, 2], "uint64"))
    yield (
        "column-transformer",
        lambda: _of("sklearn.pipeline", "make_pipeline")(
            columns(_of), _of("sklearn.linear_model", "LogisticRegression")()
        ).fit(table(), label),
    )
    yield (
        "column-passthrough",
        lambda: _of("sklearn.compose", "make_column_transformer")(
            (_of("sklearn.preprocessing", "OrdinalEncoder")(), ["s"]), remainder="passthrough"
        ).fit(table()[["s", "n"]]),
    )
    yield (
        "column-selector",
        lambda: _of("sklearn.compose", "make_column_transformer")(
            (
                _of("sklearn.preprocessing", "MinMaxScaler")(),
                _of("sklearn.compose", "make_column_selector")(dtype_include=np.number),
            )
        ).fit(table()[["n", "i"]]),
    )
    yield (
        "pandas-output",
        lambda: (
            _of("sklearn.preprocessing", "StandardScaler")()
            .set_output(transform="pandas")
            .fit(table()[["n", "i"]])
        ),
    )


def boosters() -> Iterator[tuple[str, Maker]]:
    """xgboost's, lightgbm's and catboost's wrappers and boosters."""
    x, label, target = _data()
    small = {"n_estimators": 3, "max_depth": 2}
    for name in ("XGBClassifier", "XGBRegressor", "XGBRFClassifier"):
        yield f"xgboost-{name}", lambda name=name: _of("xgboost", name)(**small).fit(x, label)
    yield "xgboost-XGBRanker", lambda: _of("xgboost", "XGBRanker")(**small).fit(x, label, group=[20, 20])
    yield (
        "xgboost-evaluated",
        lambda: _of("xgboost", "XGBClassifier")(eval_metric="logloss", **small).fit(
            x, label, eval_set=[(x, label)], verbose=False
        ),
    )
    yield (
        "xgboost-stopping",
        lambda: _of("xgboost", "XGBClassifier")(
            callbacks=[_of("xgboost.callback", "EarlyStopping")(2)], **small
        ).fit(x, label, eval_set=[(x, label)], verbose=False),
    )
    yield (
        "xgboost-linear",
        lambda: _of("xgboost", "XGBRegressor")(booster="gblinear", n_estimators=2).fit(x, target),
    )
    yield "xgboost-dart", lambda: _of("xgboost", "XGBRegressor")(booster="dart", **small).fit(x, target)
    yield (
        "xgboost-Booster",
        lambda: _of("xgboost", "train")({"max_depth": 2}, _of("xgboost", "DMatrix")(x, label), 2),
    )
    few = {"n_estimators": 3, "num_leaves": 4, "verbose": -1}
    for name in ("LGBMClassifier", "LGBMRegressor"):
        yield f"lightgbm-{name}", lambda name=name: _of("lightgbm", name)(**few).fit(x, label)
    yield "lightgbm-LGBMRanker", lambda: _of("lightgbm", "LGBMRanker")(**few).fit(x, label, group=[20, 20])
    yield (
        "lightgbm-evaluated",
        lambda: _of("lightgbm", "LGBMClassifier")(**few).fit(x, label, eval_set=[(x, label)]),
    )
    yield (
        "lightgbm-Booster",
        lambda: _of("lightgbm", "train")(
            {"num_leaves": 4, "verbose": -1}, _of("lightgbm", "Dataset")(x, label), 2
        ),
    )
    quiet = {"iterations": 3, "depth": 2, "verbose": False, "allow_writing_files": False}
    for name in ("CatBoostClassifier", "CatBoostRegressor", "CatBoost"):
        yield (
            f"catboost-{name}",
            lambda name=name: (
                _of("catboost", name)(quiet) if name == "CatBoost" else _of("catboost", name)(**quiet)
            ).fit(x, label),
        )
    for library, name, more in (
        ("xgboost", "XGBClassifier", small),
        ("lightgbm", "LGBMClassifier", few),
        ("catboost", "CatBoostClassifier", quiet),
    ):
        yield (
            f"pipeline-{library}",
            lambda library=library, name=name, more=more: _of("sklearn.pipeline", "make_pipeline")(
                _of("sklearn.preprocessing", "StandardScaler")(), _of(library, name)(**more)
            ).fit(x, label),
        )
        yield (
            f"search-{library}",
            lambda library=library, name=name, more=more: _of("sklearn.model_selection", "GridSearchCV")(
                _of(library, name)(**more), {"learning_rate": [0.1, 0.2]}, cv=2
            ).fit(x, label),
        )


def others() -> Iterator[tuple[str, Maker]]:  # noqa: PLR0915 - a list, one line each
    """Libraries beside scikit-learn."""
    import numpy as np
    import pandas as pd

    x, label, target = _data()
    frame = pd.DataFrame(x, columns=list("abcd"))
    api = "statsmodels.api"
    yield "statsmodels-ols", lambda: _of(api, "OLS")(target, _of(api, "add_constant")(x)).fit()
    yield (
        "statsmodels-frame",
        lambda: _of(api, "OLS")(pd.Series(target), _of(api, "add_constant")(frame)).fit(),
    )
    yield "statsmodels-logit", lambda: _of(api, "Logit")(np.arange(40) % 2, x).fit(disp=0)
    yield "statsmodels-glm", lambda: _of(api, "GLM")(label, x, family=_of(api, "families").Binomial()).fit()
    yield (
        "statsmodels-poisson",
        lambda: _of(api, "GLM")(label, x, family=_of(api, "families").Poisson()).fit(),
    )
    yield (
        "statsmodels-formula",
        lambda: _of("statsmodels.formula.api", "ols")(
            "y ~ a + I(b ** 2) + C(k)", frame.assign(y=target, k=label)
        ).fit(),
    )
    yield "statsmodels-robust", lambda: _of(api, "RLM")(target, x).fit()
    yield "statsmodels-quantile", lambda: _of(api, "QuantReg")(target, x).fit()
    yield (
        "statsmodels-arima",
        lambda: _of("statsmodels.tsa.arima.model", "ARIMA")(target, order=(1, 0, 0)).fit(),
    )
    yield (
        "statsmodels-arima-removed",
        lambda: _of("statsmodels.tsa.arima.model", "ARIMA")(
            pd.Series(target, index=pd.date_range("2020", periods=40, freq="D")), order=(1, 1, 0)
        ).fit(),
    )
    yield "statsmodels-sarimax", lambda: _of(api, "tsa").SARIMAX(target, order=(1, 0, 0)).fit(disp=0)
    yield (
        "statsmodels-smoothing",
        lambda: _of("statsmodels.tsa.holtwinters", "ExponentialSmoothing")(target).fit(),
    )
    yield (
        "statsmodels-seasonal",
        lambda: _of("statsmodels.tsa.holtwinters", "ExponentialSmoothing")(
            pd.Series(target, index=pd.date_range("2020", periods=40, freq="D")),
            trend="add",
            seasonal="add",
            seasonal_periods=4,
        ).fit(),
    )
    yield "statsmodels-var", lambda: _of(api, "tsa").VAR(x).fit(1)
    yield "statsmodels-mixed", lambda: _of(api, "MixedLM")(target, x, groups=label).fit()
    for module, name in (
        ("over_sampling", "SMOTE"),
        ("over_sampling", "RandomOverSampler"),
        ("over_sampling", "ADASYN"),
        ("under_sampling", "RandomUnderSampler"),
        ("under_sampling", "TomekLinks"),
        ("under_sampling", "NearMiss"),
        ("combine", "SMOTETomek"),
        ("combine", "SMOTEENN"),
    ):
        yield (
            f"imblearn-{name}",
            lambda module=module, name=name: _of("imblearn.pipeline", "make_pipeline")(
                _of(f"imblearn.{module}", name)(), _of("sklearn.tree", "DecisionTreeClassifier")(max_depth=2)
            ).fit(x, np.arange(40) % 3 > 1),
        )
    for name in (
        "BalancedRandomForestClassifier",
        "EasyEnsembleClassifier",
        "RUSBoostClassifier",
        "BalancedBaggingClassifier",
    ):
        yield (
            f"imblearn-{name}",
            lambda name=name: _of("imblearn.ensemble", name)(n_estimators=2).fit(x, label),
        )
    for name in ("GaussianHMM", "GMMHMM"):
        yield f"hmmlearn-{name}", lambda name=name: _of("hmmlearn.hmm", name)(2, n_iter=2).fit(x)
    texts = [["human", "interface", "computer"], ["graph", "trees"], ["graph", "minors", "trees"]] * 3
    few = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 1}
    yield "gensim-word2vec", lambda: _of("gensim.models", "Word2Vec")(texts, **few)
    yield "gensim-vectors", lambda: _of("gensim.models", "Word2Vec")(texts, **few).wv
    yield "gensim-fasttext", lambda: _of("gensim.models", "FastText")(texts, bucket=10, **few)
    yield (
        "gensim-doc2vec",
        lambda: _of("gensim.models", "Doc2Vec")(
            [_of("gensim.models.doc2vec", "TaggedDocument")(t, [i]) for i, t in enumerate(texts)], **few
        ),
    )
    yield "gensim-dictionary", lambda: _of("gensim.corpora", "Dictionary")(texts)

    def bags() -> tuple[Any, Any]:
        words = _of("gensim.corpora", "Dictionary")(texts)
        return [words.doc2bow(t) for t in texts], words

    yield "gensim-tfidf", lambda: _of("gensim.models", "TfidfModel")(bags()[0])
    yield "gensim-lda", lambda: _of("gensim.models", "LdaModel")(bags()[0], 2, bags()[1], random_state=0)
    yield "gensim-lsi", lambda: _of("gensim.models", "LsiModel")(bags()[0], bags()[1], 2)
    yield "gensim-phrases", lambda: _of("gensim.models.phrases", "Phrases")(texts, min_count=1)
    yield "gensim-phraser", lambda: _of("gensim.models.phrases", "Phrases")(texts, min_count=1).freeze()
    named = [({"a": i % 2, "b": i % 3}, str(i % 2)) for i in range(12)]
    yield "nltk-bayes", lambda: _of("nltk", "NaiveBayesClassifier").train(named)
    yield "nltk-tree", lambda: _of("nltk", "DecisionTreeClassifier").train(named)
    yield "nltk-maxent", lambda: _of("nltk", "MaxentClassifier").train(named, max_iter=2, trace=0)
    yield "nltk-unigram", lambda: _of("nltk", "UnigramTagger")([[("a", "X"), ("b", "Y")]])
    yield (
        "nltk-bigram",
        lambda: _of("nltk", "BigramTagger")(
            [[("a", "X"), ("b", "Y")]], backoff=_of("nltk", "DefaultTagger")("X")
        ),
    )
    yield "nltk-frequencies", lambda: _of("nltk", "FreqDist")("abc")
    yield "nltk-conditional", lambda: _of("nltk", "ConditionalFreqDist")([("a", "b"), ("a", "c")])
    yield "nltk-perceptron", _perceptron
    yield "nltk-language-model", _language
    words = pd.DataFrame({"a": ["u", "v"] * 20, "b": x[:, 0]})
    for name in (
        "TargetEncoder",
        "OrdinalEncoder",
        "OneHotEncoder",
        "BinaryEncoder",
        "CountEncoder",
        "WOEEncoder",
        "LeaveOneOutEncoder",
        "CatBoostEncoder",
        "JamesSteinEncoder",
        "HashingEncoder",
        "GLMMEncoder",
        "MEstimateEncoder",
        "HelmertEncoder",
        "SumEncoder",
        "BaseNEncoder",
    ):
        yield (
            f"encoders-{name}",
            lambda name=name: _of("category_encoders", name)(cols=["a"]).fit(words, label),
        )
    for module, name in (
        ("EnsembleVoteClassifier", "EnsembleVoteClassifier"),
        ("StackingClassifier", "StackingClassifier"),
    ):
        del module
        yield (
            f"mlxtend-{name}",
            lambda name=name: _of("mlxtend.classifier", name)(
                **(
                    {"clfs": [_of("sklearn.linear_model", "LogisticRegression")()]}
                    if name.startswith("Ens")
                    else {
                        "classifiers": [_of("sklearn.linear_model", "LogisticRegression")()],
                        "meta_classifier": _of("sklearn.linear_model", "LogisticRegression")(),
                    }
                )
            ).fit(x, label),
        )
    yield (
        "mlxtend-selector",
        lambda: _of("mlxtend.feature_selection", "SequentialFeatureSelector")(
            _of("sklearn.linear_model", "LogisticRegression")(), k_features=2, cv=2
        ).fit(x, label),
    )
    yield (
        "mlxtend-transactions",
        lambda: _of("mlxtend.preprocessing", "TransactionEncoder")().fit([["a", "b"], ["b"]]),
    )
    yield "polars-frame", lambda: _of("polars", "DataFrame")({"a": [1, 2], "b": ["x", None]})
    yield "polars-series", lambda: _of("polars", "Series")("a", [1.5, 2.5])
    yield "polars-schema", lambda: _of("polars", "DataFrame")({"a": [1, 2], "b": ["x", None]}).schema
    yield (
        "prophet",
        lambda: _of("prophet", "Prophet")().fit(
            pd.DataFrame({"ds": pd.date_range("2020", periods=40), "y": target})
        ),
    )


def _perceptron() -> Any:
    tagger = _of("nltk.tag.perceptron", "PerceptronTagger")(load=False)
    tagger.train([[("a", "X"), ("b", "Y")]] * 5, nr_iter=1)
    return tagger


def _language() -> Any:
    from nltk.lm import Laplace
    from nltk.lm.preprocessing import padded_everygram_pipeline

    model = Laplace(2)
    model.fit(*padded_everygram_pipeline(2, [["a", "b"], ["b", "a"]]))
    return model


def arrays() -> Iterator[tuple[str, Maker]]:
    """NumPy's and SciPy's own values."""
    import numpy as np
    import scipy.sparse

    eye = np.eye(3)
    for kind in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil"):
        yield f"sparse-{kind}", lambda kind=kind: getattr(scipy.sparse, f"{kind}_matrix")(eye)
        yield f"sparse-array-{kind}", lambda kind=kind: getattr(scipy.sparse, f"{kind}_array")(eye)
    for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        yield f"generator-{name}", lambda name=name: np.random.Generator(getattr(np.random, name)(1))
    yield "generator-default", lambda: np.random.default_rng(1)
    yield "random-state-old", lambda: np.random.RandomState(1)
    yield "seed-sequence", lambda: np.random.SeedSequence(1)
    yield (
        "arrays",
        lambda: [
            eye,
            np.float32(1),
            np.array(["a", "bc"]),
            np.array([1, "x", None], object),
            eye.T,
            np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]),
            np.datetime64("2020-01-01"),
            np.ma.masked_array([1, 2], [0, 1]),
            np.matrix([[1]]),
            np.arange(3, dtype=">i4"),
        ],
    )
    yield "ufuncs", lambda: [np.log1p, np.sqrt, np.add, np.exp]
    yield (
        "numpy-functions",
        lambda: [np.mean, np.median, np.std, np.nanmean, np.percentile, np.argmax, np.clip, np.round],
    )
    yield "dtypes", lambda: [np.dtype("float32"), np.float64, np.dtype([("a", "i4")]), np.int64]
    yield "polynomial", lambda: np.polynomial.Polynomial([1, 2])
    yield "poly1d", lambda: np.poly1d([1, 2])
    for name in (
        "interp1d",
        "CubicSpline",
        "PchipInterpolator",
        "UnivariateSpline",
        "RegularGridInterpolator",
        "RBFInterpolator",
        "Akima1DInterpolator",
        "LinearNDInterpolator",
        "NearestNDInterpolator",
    ):
        yield f"interpolate-{name}", lambda name=name: _interpolator(name)
    yield "scipy-kdtree", lambda: _of("scipy.spatial", "cKDTree")(eye)
    yield "scipy-KDTree", lambda: _of("scipy.spatial", "KDTree")(eye)
    yield "scipy-kde", lambda: _of("scipy.stats", "gaussian_kde")(np.random.RandomState(0).rand(2, 20))
    yield (
        "scipy-frozen",
        lambda: [_of("scipy.stats", n)(loc=1) for n in ("norm", "expon", "uniform")],
    )
    yield "scipy-result", lambda: _of("scipy.optimize", "minimize")(lambda v: (v**2).sum(), [1.0])
    yield "scipy-rotation", lambda: _of("scipy.spatial.transform", "Rotation").from_quat([0, 0, 0, 1])


def _interpolator(name: str) -> Any:
    import numpy as np

    grid = np.linspace(0, 1, 6)
    cls = _of("scipy.interpolate", name)
    points = np.random.RandomState(0).rand(8, 2)
    if name == "RegularGridInterpolator":
        return cls((grid, grid), np.outer(grid, grid))
    if name.endswith("NDInterpolator") or name == "RBFInterpolator":
        return cls(points, points[:, 0])
    return cls(grid, grid**2)


def main(folder: Path) -> None:
    """Write ``NAME.pkl`` for every value, and ``NAME.joblib`` for those that hold arrays."""
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    for group in (arrays, estimators, composed, tables, boosters, others):
        try:
            makers = list(group())
        except ImportError as error:
            print(f"{group.__name__}: {error}")
            continue
        for name, make in makers:
            try:
                value = make()
                (folder / f"{name}.pkl").write_bytes(pickle.dumps(value))
            except Exception as error:  # a version that lacks the estimator, or cannot pickle it
                print(f"{name}: {type(error).__name__}: {str(error)[:100]}")
                continue
            try:
                import joblib

                joblib.dump(value, folder / f"{name}.joblib")
            except ImportError:
                continue


if __name__ == "__main__":
    main(Path(sys.argv[1]))
