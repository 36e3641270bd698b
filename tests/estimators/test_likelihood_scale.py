"""The public scale of the noise: its units, its shape, what it is after training."""

import pickle

import numpy as np
import pytest
from family import IMAGES, NAMES, X, tiny
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError

from vaekit import VAE
from vaekit.likelihoods import Laplace, Normal

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
WINE = np.tile(load_wine().data, (10, 1))  # a draw of the posterior for each row: more of them
UNITS = np.array([1.0, 1e-3, 1e4, 7.0])
GREY = IMAGES.astype(np.float64)
WORDS = {
    "normal": Normal(), "per feature": Normal(scale="per_feature"), "learned": Normal(scale="learned"),
    "laplace": Laplace(), "learned per feature": Laplace(scale="learned_per_feature"), "squared error": "squared_error",
}  # fmt: skip
over_words = pytest.mark.parametrize("likelihood", WORDS.values(), ids=WORDS)


def scale_of(rows, **params):
    return tiny("VAE", **params).fit(rows).likelihood_scale_


@over_words
@pytest.mark.parametrize("c", [0.01, 3.0, 1e6])
def test_it_is_in_the_units_of_the_data(likelihood, c):
    np.testing.assert_allclose(
        scale_of(c * X, likelihood=likelihood), c * scale_of(X, likelihood=likelihood), rtol=1e-4
    )


@over_words
def test_a_scale_to_each_column_has_the_column_s_unit(likelihood):
    words = {"likelihood": likelihood, "standardize": "column"}
    scales = scale_of(X * UNITS, **words)
    assert scales.shape == (4,)
    np.testing.assert_allclose(scales, UNITS * scale_of(X, **words), rtol=1e-4)


@pytest.mark.parametrize(
    ("rows", "params", "shape"),
    [
        (X, {}, None),
        (X[:, :1], {}, None),
        (X, {"likelihood": Normal(scale="per_feature")}, (4,)),
        (X[:, :1], {"likelihood": Normal(scale="per_feature")}, (1,)),
        (X, {"standardize": "column"}, (4,)),
        (X[:, :1], {"standardize": "column"}, (1,)),
        (X, {"standardize": None}, None),
        (X * UNITS, {}, (4,)),  # ranges so far apart that columns have a unit each
        (GREY, {}, None),
        (GREY, {"likelihood": Normal(scale="per_feature")}, (9, 8)),
        (GREY, {"standardize": "column"}, (9, 8)),
        (GREY[:, None], {"likelihood": Laplace(scale="per_feature")}, (1, 9, 8)),
    ],
)
def test_it_is_a_number_or_one_for_each_feature(rows, params, shape):
    scale = scale_of(rows, **params)
    assert isinstance(scale, float) if shape is None else scale.shape == shape
    assert np.all(np.asarray(scale) > 0)


@pytest.mark.parametrize("rows", [X, X * UNITS, GREY], ids=["table", "wide table", "images"])
@pytest.mark.parametrize("standardize", ["auto", "column", None])
@pytest.mark.parametrize("word", [Normal, Laplace])
def test_a_fixed_scale_is_itself(word, standardize, rows):
    np.testing.assert_allclose(scale_of(rows, likelihood=word(scale=0.3), standardize=standardize), 0.3, rtol=1e-5)


def test_a_bernoulli_has_none_and_an_untrained_model_neither():
    assert not hasattr(tiny("VAE").fit(X > 2), "likelihood_scale_")
    with pytest.raises(AttributeError, match="Bernoulli has no scale: its noise is decided by its mean"):
        tiny("VAE").fit(IMAGES).likelihood_scale_  # noqa: B018
    with pytest.raises(NotFittedError):
        tiny("VAE").likelihood_scale_  # noqa: B018
    assert not hasattr(tiny("VAE"), "likelihood_scale_")


def mean_errors(model, rows, power):
    """Mean of |x - m|^power in each feature, m decoded from draws of the posterior."""
    decoded = [model.inverse_transform(Z) for Z in model.sample_posterior(rows, n_samples=10, random_state=5)]
    return np.mean([np.abs(rows - m) ** power for m in decoded], axis=(0, 1)) ** (1 / power)


@pytest.mark.parametrize(
    ("likelihood", "power"),
    [("normal", 2), (Normal(scale="per_feature"), 2), (Laplace(scale="per_feature"), 1), ("squared_error", 2)],
)
def test_it_is_the_error_of_sampled_reconstructions(likelihood, power):
    """Means over columns of different units are taken in these units, the standardised ones."""
    model = VAE(n_components=3, likelihood=likelihood, standardize="column", max_epochs=10, random_state=0).fit(WINE)
    errors, unit = mean_errors(model, WINE, power), WINE.std(axis=0)
    if isinstance(likelihood, str):
        errors = unit * np.mean((errors / unit) ** power) ** (1 / power)
    np.testing.assert_allclose(model.likelihood_scale_, errors, rtol=0.06)


def test_images_have_the_error_of_their_pixels():
    model = tiny("VAE", max_epochs=50).fit(GREY)
    errors = mean_errors(model, GREY, 2)
    assert model.likelihood_scale_ == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_parts_settle_where_fit_settles(name):
    at_once, in_parts = tiny(name).fit(X), tiny(name)
    for _ in range(3):
        in_parts.partial_fit(X)
    back = pickle.loads(pickle.dumps(in_parts))
    assert in_parts.likelihood_scale_ == back.likelihood_scale_ == at_once.likelihood_scale_


@over_words
def test_whatever_is_asked_first_sees_the_settled_scale(likelihood):
    """After `partial_fit` nothing is measured until somebody asks: every question is one."""

    def in_parts():
        return tiny("VAE", likelihood=likelihood).partial_fit(X).partial_fit(X)

    scale = in_parts().likelihood_scale_
    asked = {
        "score_samples": (X,), "sample": (5,), "sample_likelihood": (X[:, :2],), "log_likelihood": (X, X[:, :2]),
    }  # fmt: skip
    for method, arguments in asked.items():
        model, other = in_parts(), in_parts()
        np.testing.assert_array_equal(other.likelihood_scale_, scale)
        np.testing.assert_array_equal(getattr(model, method)(*arguments), getattr(other, method)(*arguments))
        np.testing.assert_array_equal(model.likelihood_scale_, scale)
