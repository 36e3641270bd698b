"""A model that went through a file is the same one."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline

from tests.helpers.family import IMAGES, NAMES, WITH_DENSITY, X, same_bits, tiny
from vaekit.nn import MLP, ConvNet
from vaekit.objectives import TotalCorrelation, Warmup
from vaekit.persistence import Checkpoint, load, save
from vaekit.priors import Decoupled, MixtureOfNormals, PostHoc

DATA = {"table": X, "bytes": IMAGES, "shares": IMAGES / 255}
SMALL = ConvNet(channels=2, hidden_layer_sizes=(8,))


def through_a_file(model, tmp_path, **words):
    save(model, tmp_path / "model.vaekit")
    return load(tmp_path / "model.vaekit", **words)


def assert_same_answers(model, other, X):
    assert same_bits(other.transform(X), model.transform(X))
    assert same_bits(other.sample(5, random_state=1), model.sample(5, random_state=1))
    assert same_bits(other.kl_per_component_, model.kl_per_component_)
    if type(model).__name__ in WITH_DENSITY:
        assert same_bits(other.score_samples(X[:3]), model.score_samples(X[:3]))


def assert_same(model, other, X):
    """Codes, samples, scores and books are the same, and so is what comes of training both further."""
    assert type(other) is type(model)
    assert (other.n_steps_, other.history_) == (model.n_steps_, model.history_)
    assert re.sub("0x.*", "", repr(other)) == re.sub("0x.*", "", repr(model))
    assert set(vars(other)) == set(vars(model))
    assert_same_answers(model, other, X)
    assert_same_answers(model.partial_fit(X), other.partial_fit(X), X)


# shares are bytes but for what is done to them before the network, which is the same for all: they take turns
CASES = [(name, data) for n, name in enumerate(NAMES) for data in ("table", ("bytes", "shares")[n % 2])]


@pytest.mark.parametrize(("name", "data"), CASES)
def test_every_estimator(name, data, tmp_path):
    params = {} if data == "table" else {"network": SMALL}
    model = tiny(name, max_epochs=1, **params).fit(DATA[data])
    assert_same(model, through_a_file(model, tmp_path), DATA[data])


TOLD = {
    "labels": np.array(["a", "b"], dtype=object)[np.arange(len(X)) % 2],
    "whole numbers": np.arange(len(X)) % 3,
    "numbers": X[:, 0],
    "columns": np.column_stack([np.arange(len(X)) % 2, X[:, 1]]),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_model_that_is_told_conditions(name, tmp_path):
    y = TOLD[name]
    model = tiny("ConditionalVAE").fit(X, y)
    other = through_a_file(model, tmp_path)
    for _ in range(2):
        assert same_bits(other.transform(X, y), model.transform(X, y))
        assert same_bits(other.score_samples(X[:3], y[:3]), model.score_samples(X[:3], y[:3]))
        assert same_bits(other.sample(4, random_state=0), model.sample(4, random_state=0))
        model.partial_fit(X, y)
        other.partial_fit(X, y)


def test_an_encoder_alone(tmp_path):
    model = tiny("PCL").fit(X)
    other = through_a_file(model, tmp_path)
    assert same_bits(other.transform(X), model.transform(X))
    assert same_bits(other.partial_fit(X).transform(X), model.partial_fit(X).transform(X))


SETTINGS = {
    "early stopping in parts": {"early_stopping": True, "n_iter_no_change": 1},
    "nested words": {"objective": TotalCorrelation(gamma=Warmup(value=3.0)), "prior": Decoupled(n_couplings=2)},
    "a random state that moves on": {"random_state": np.random.RandomState(3)},
    "no seed": {"random_state": None},
    "a device": {"device": torch.device("cpu")},
    "a mixture": {"prior": MixtureOfNormals(n_modes=3)},
    "a fitted mixture": {"prior": PostHoc(estimator=GaussianMixture(2))},
    "a kernel density": {"prior": PostHoc(estimator=KernelDensity(bandwidth=0.5))},
    "a bayesian mixture": {"prior": PostHoc(estimator=BayesianGaussianMixture(n_components=2))},
    "vamp": {"prior": "vamp"},
    "flow matching": {"prior": "flow_matching"},
    "autoregressive": {"posterior_family": "iaf", "prior": "maf"},
    "splines": {"prior": "neural_spline"},
    "networks": {"network": MLP(hidden_layer_sizes=[7, 5])},
    "columns": {"standardize": "column", "likelihood": "laplace"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_kind_of_parameter(name, tmp_path):
    model = tiny("VAE", **SETTINGS[name]).fit(X)
    assert_same(model, through_a_file(model, tmp_path), X)
    in_a_pipeline = through_a_file(make_pipeline(model), tmp_path)
    assert same_bits(in_a_pipeline.transform(X), model.transform(X))


def test_names_of_columns_and_a_folder(tmp_path):
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = tiny("VAE", checkpoint=Checkpoint(folder=tmp_path / "checkpoints")).fit(frame)
    other = through_a_file(model, tmp_path)
    assert list(other.feature_names_in_) == list("abcd")
    assert other.checkpoint.folder == tmp_path / "checkpoints"
    assert through_a_file(make_pipeline(model), tmp_path)[-1].checkpoint.folder == str(tmp_path / "checkpoints")
    assert same_bits(other.transform(frame), model.transform(frame))
    with pytest.raises(ValueError, match="feature names"):
        other.transform(frame.rename(columns={"a": "z"}))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_not_fitted(name, tmp_path):
    model = tiny(name, callbacks=[])
    other = through_a_file(model, tmp_path)
    assert repr(other) == repr(model.set_params(callbacks=None))
    assert same_bits(other.fit(X).transform(X), model.fit(X).transform(X))
