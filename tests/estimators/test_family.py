"""Laws that every estimator keeps: the same bits again, resumable, blind to neighbours, polite to global state."""

import copy
import pickle

import joblib
import numpy as np
import pytest
import torch
from family import (
    IMAGES,
    NAMES,
    WITH_DENSITY,
    WITH_TWO_SPACES,
    WITHOUT_LOG_Q,
    WITHOUT_NOISE,
    X,
    same_bits,
    tiny,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from torch import nn

from vaekit.nn import Custom

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


@pytest.fixture(scope="module")
def fitted():
    """Every estimator, fitted once; tests here must not train them further."""
    return {name: tiny(name).fit(X) for name in NAMES}


def weights(model):
    assert model.active_components_ is not None  # what training came to has been measured
    return {key: value.cpu().numpy().copy() for key, value in model.net_.module_.state_dict().items()}


def same_model(one, other):
    one, other = weights(one), weights(other)
    return one.keys() == other.keys() and all(same_bits(one[key], other[key]) for key in one)


# ------------------------------------------------------------------ randomness


@pytest.mark.parametrize("name", NAMES)
def test_the_same_random_state_gives_the_same_model(name, fitted):
    again = tiny(name).fit(X)
    assert same_model(again, fitted[name])
    assert same_bits(again.transform(X), fitted[name].transform(X))
    assert same_bits(again.sample(5), fitted[name].sample(5))
    assert not same_bits(tiny(name, random_state=1).fit(X).transform(X), again.transform(X))


@pytest.mark.parametrize("seed", [np.random.RandomState(3), None])
def test_a_generator_or_none_gives_another_model_each_time(seed):
    model = tiny("VAE", random_state=seed)
    assert not same_bits(model.fit(X).transform(X), model.fit(X).transform(X))
    assert not same_bits(model.sample(3), model.sample(3))


def test_equal_generators_give_equal_models():
    one, other = (tiny("VAE", random_state=np.random.RandomState(3)).fit(X) for _ in range(2))
    assert same_bits(one.transform(X), other.transform(X))


def use_every_method(model, Z):
    calls = {
        "transform": (X,), "fit_transform": (X,), "partial_fit": (X,), "inverse_transform": (Z,), "sample": (4,),
        "posterior": (X,), "sample_posterior": (X, 2), "score": (X,), "score_samples": (X, 7), "log_prior": (Z,),
        "to_generation_space": (Z,), "to_representation_space": (Z,),
    }  # fmt: skip
    for method, arguments in calls.items():
        if hasattr(model, method):
            getattr(model, method)(*arguments)


@pytest.mark.parametrize(("name", "random_state"), [*((name, 0) for name in NAMES), ("FactorDPVAE", None)])
def test_global_generators_are_neither_read_nor_touched(name, random_state):
    np.random.seed(123)  # noqa: NPY002
    torch.manual_seed(123)
    numpy_state, torch_state = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    model = tiny(name, random_state=random_state, early_stopping=True).fit(X)
    use_every_method(model, model.transform(X))
    for before, after in zip(numpy_state, np.random.get_state()):  # noqa: NPY002
        np.testing.assert_array_equal(before, after)
    assert torch.equal(torch.get_rng_state(), torch_state)


@pytest.mark.parametrize("name", NAMES)
def test_global_generators_decide_nothing(name, fitted):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert same_model(tiny(name).fit(X), fitted[name])


def encoder_with_dropout(event_shape):
    return nn.Sequential(nn.Linear(*event_shape, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3))


def decoder_with_dropout(n_components, event_shape):
    return nn.Sequential(nn.Linear(n_components, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, *event_shape))


def test_modules_of_the_users_own_draw_from_the_estimator():
    network = Custom(encoder_module=encoder_with_dropout, decoder_module=decoder_with_dropout)
    torch.manual_seed(123)
    state = torch.get_rng_state()
    one = tiny("DPVAE", network=network).fit(X)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    other = tiny("DPVAE", network=network).fit(X)
    assert same_model(one, other)
    assert same_bits(one.transform(X[:3]), one.transform(X)[:3])
    assert not same_model(one, tiny("DPVAE", network=network, random_state=1).fit(X))


# ------------------------------------------------------------------ going on


@pytest.mark.parametrize("name", NAMES)
def test_fit_is_so_many_partial_fits(name, fitted):
    in_turns = tiny(name)
    for _ in range(3):
        in_turns.partial_fit(X)
    assert same_bits(in_turns.transform(X), fitted[name].transform(X))
    parameters = [dict(model.net_.module_.named_parameters()) for model in (in_turns, fitted[name])]
    assert all(torch.equal(parameters[0][part], parameters[1][part]) for part in parameters[0])
    assert in_turns.n_steps_ == fitted[name].n_steps_ == 15
    losses = [[row["train_loss"] for row in model.history_] for model in (in_turns, fitted[name])]
    assert losses[0] == losses[1]


def through_joblib(compress):
    def travel(model, folder):
        joblib.dump(model, folder / "model.joblib", compress=compress)
        return joblib.load(folder / "model.joblib")

    return travel


TRAVELS = {
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, folder: copy.deepcopy(model),
    "joblib": through_joblib(0),
    "joblib, compressed": through_joblib(("xz", 3)),
}


@pytest.mark.parametrize(
    ("name", "travel"),
    [(name, travel) for name in NAMES for travel in TRAVELS if "joblib" not in travel or name in ("VAE", "DPVAE")],
)
def test_a_copy_is_the_same_model_and_goes_on_the_same(name, travel, tmp_path):
    model = tiny(name).partial_fit(X)
    twin = TRAVELS[travel](model, tmp_path)
    before = model.transform(X)
    assert same_bits(twin.transform(X), before)
    assert same_bits(twin.sample(3), model.sample(3))
    assert (twin.history_, twin.n_steps_) == (model.history_, model.n_steps_)
    model.partial_fit(X)
    assert same_bits(twin.transform(X), before)  # nothing is shared
    assert same_model(twin.partial_fit(X), model)
    assert [row["epoch"] for row in twin.history_] == [1, 2]


@pytest.mark.parametrize("name", NAMES)
def test_a_clone_is_unfitted_and_fits_the_same(name, fitted):
    twin = clone(fitted[name])
    assert not hasattr(twin, "net_")
    assert said(twin) == said(fitted[name])
    assert same_model(twin.fit(X), fitted[name])


def said(model):
    """Parameters, words by what they print."""
    return {name: repr(value) for name, value in model.get_params().items()}


def test_fitting_changes_no_parameter():
    model = tiny("FactorDPVAE")
    before, given = said(model), model.get_params()
    model.fit(X).partial_fit(X)
    assert said(model) == before
    assert all(value is given[name] for name, value in model.get_params(deep=False).items())


# ------------------------------------------------------------------ one row at a time


def per_row(model, A):
    """Everything that a model says about rows."""
    loc, scale = model.posterior(A)
    said = [model.transform(A), loc, scale, model.inverse_transform(model.transform(A))]
    return [*said, model.score_samples(A), model.score_samples(A, 2)] if hasattr(model, "score_samples") else said


@pytest.mark.parametrize("name", NAMES)
def test_a_row_does_not_depend_on_its_neighbours(name, fitted):
    model, order = fitted[name], np.random.default_rng(0).permutation(len(X))
    everything = per_row(model, X)
    for rows in ([3], order[:20]):
        for alone, among in zip(per_row(model, X[rows]), everything, strict=True):
            assert same_bits(alone, among[rows])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(rows=st.lists(st.integers(0, 34), min_size=1, max_size=70))
@settings(max_examples=10, deadline=None)
def test_whichever_neighbours_it_has(rows, dtype, fitted):
    A, model = X.astype(dtype), fitted["DPVAE"]
    assert same_bits(model.transform(A[rows]), model.transform(A)[rows])
    assert same_bits(model.score_samples(A[rows]), model.score_samples(A)[rows])


def test_nor_does_an_image_or_a_row_beyond_the_first_block():
    model, many = tiny("VAE").fit(X), np.random.default_rng(0).normal(size=(2500, 4))
    assert same_bits(model.transform(many)[2048:2050], model.transform(many[2048:2050]))
    images = np.random.default_rng(0).integers(0, 256, size=(150, 9, 8), dtype=np.uint8)
    model = tiny("VAE", max_epochs=1, batch_size=64).fit(images)
    rows = np.random.default_rng(1).permutation(150)[:70]
    assert same_bits(model.transform(images)[rows], model.transform(images[rows]))


# ------------------------------------------------------------------ shapes


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_types(name, fitted):
    model = fitted[name]
    Z = model.transform(X)
    assert Z.shape == (35, 2)
    assert Z.dtype == np.float64
    assert model.transform(X.astype(np.float32)).dtype == np.float32
    assert model.inverse_transform(Z).shape == model.sample(35).shape == (35, 4)
    assert [array.shape for array in model.posterior(X)] == [(35, 2)] * 2
    assert model.sample_posterior(X, 3).shape == (3, 35, 2)
    assert hasattr(model, "log_posterior") is (name not in WITHOUT_LOG_Q)
    if name not in WITHOUT_LOG_Q:
        assert model.log_posterior(X, model.sample_posterior(X, 3)).shape == (3, 35)
        assert model.log_posterior(X, Z).shape == (35,)
    assert (model.n_components_, model.n_features_in_, model.image_shape_) == (2, 4, None)
    assert model.kl_per_component_.shape == model.active_components_.shape == (2,)
    assert model.active_components_.dtype == bool
    assert model.get_feature_names_out().tolist() == [f"{name.lower()}{i}" for i in range(2)]


@pytest.mark.parametrize("name", NAMES)
def test_images_come_back_as_images(name):
    model = tiny(name, max_epochs=1).fit(IMAGES)
    decoded = model.inverse_transform(model.transform(IMAGES))
    assert decoded.shape == IMAGES.shape
    assert model.sample(3).shape == (3, 9, 8)
    assert np.isfinite(decoded).all()
    assert model.image_shape_ == (9, 8)


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_shapes_of_densities(name, fitted):
    model = fitted[name]
    draws = model.sample_posterior(X, 3)
    for Z, shape in ((draws, (3, 35)), (draws[0], (35,))):
        assert model.log_prior(Z).shape == model.log_likelihood(X, Z).shape == model.log_posterior(X, Z).shape == shape
    assert model.log_prior(draws[:, :7].reshape(3, 7, 1, 2)).shape == (3, 7, 1)
    assert model.score_samples(X).shape == model.score_samples(X, 4).shape == (35,)
    assert isinstance(model.score(X), float)
    for values in (model.score_samples(X), model.log_prior(draws), model.log_likelihood(X, draws)):
        assert values.dtype == np.float64


@pytest.mark.parametrize("name", WITH_TWO_SPACES)
def test_the_two_latent_spaces_are_each_others_inverse(name, fitted):
    model = fitted[name]
    Z = 2 * np.random.default_rng(0).normal(size=(3, 50, 2))
    Z0 = model.to_generation_space(Z)
    assert Z0.shape == Z.shape
    np.testing.assert_allclose(model.to_representation_space(Z0), Z, atol=2e-5)
    np.testing.assert_allclose(model.to_generation_space(model.to_representation_space(Z)), Z, atol=2e-5)
    if model.get_params()["prior"] == "normal":
        np.testing.assert_array_equal(Z0, Z.astype(np.float32))


@pytest.mark.parametrize("name", NAMES)
def test_draws_from_the_posterior_have_its_moments(name, fitted):
    model = fitted[name]
    loc, scale = model.posterior(X[:3])
    draws = model.sample_posterior(X[:3], 4000, random_state=1)
    if name in WITHOUT_NOISE:
        assert not scale.any()
        assert (draws == loc).all()
    else:
        np.testing.assert_allclose(draws.mean(0), loc, atol=5 * scale.max() / 4000**0.5)
        np.testing.assert_allclose(draws.std(0), scale, rtol=0.08)
        assert not same_bits(draws, model.sample_posterior(X[:3], 4000, random_state=2))
    assert same_bits(draws, model.sample_posterior(X[:3], 4000, random_state=1))
