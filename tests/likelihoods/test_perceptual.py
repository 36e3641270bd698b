"""Distances in feature maps: by hand, equal to a squared error where features are values, a cost of training alone."""

import copy
import pickle

import numpy as np
import pytest
import torch
from settings_of_words import setting
from sklearn.base import clone
from torch import nn

from vaekit import IWAE, VAE
from vaekit.exceptions import UnreadableFileError
from vaekit.likelihoods import Bernoulli, Laplace, Normal, Perceptual, SquaredError
from vaekit.persistence import load, save
from vaekit.utils._torch import make_generator

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
X = np.random.default_rng(0).normal(3, 2, size=(40, 5))
IMAGES = np.random.default_rng(1).integers(0, 256, size=(30, 6, 6), dtype=np.uint8)


def rows(*shape, seed=1):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


def values(x):
    return x


def differences(images):
    return [images.diff(dim=-1), images.diff(dim=-2)]


def layers(n_inputs=5):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(n_inputs, 7), nn.Tanh(), nn.Dropout(0.5))


def tiny(likelihood, **params):
    return VAE(
        likelihood=likelihood, n_components=2, hidden_layer_sizes=(8,), max_epochs=3, random_state=0, batch_size=16
    ).set_params(**params)


def build(word, event_shape=(5,), **told):
    return word.validated().build(setting(event_shape, **told)).double()


# ---------------------------------------------------------------------- the cost


def test_a_distance_by_hand():
    """Two maps of two pixels each, in the units of X: x = 2 x' + 1."""
    likelihood = build(
        Perceptual(features=lambda x: {"a": x**2, "b": x.sum((1, 2, 3))}, weight=0.5, pixels=None),
        (1, 1, 2), unit=2.0, offset=1.0,
    )  # fmt: skip
    x, m = torch.tensor([[[[0.0, 1.0]]]]).double(), torch.tensor([[[[1.0, 0.0]]]]).double()  # (1, 3) and (3, 1)
    assert likelihood.train().log_prob(m, x).tolist() == [-0.5 * ((1 - 9) ** 2 + (9 - 1) ** 2)]
    assert likelihood.log_prob(m + 0.5, x).tolist() == [-0.5 * ((1 - 16) ** 2 + (9 - 4) ** 2 + (4 - 6) ** 2)]


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_values_as_features_are_the_squared_error(scale):
    """Up to the constant of a Normal of variance 1/2."""
    decoded, x = rows(4, 5), rows(4, 5, seed=2)
    one = build(Perceptual(features=values, weight=1 / scale**2, pixels=None), unit=scale, offset=7.0).train()
    two = build(SquaredError()).train()
    constant = 5 / 2 * np.log(np.pi)
    torch.testing.assert_close(one.log_prob(decoded, x), two.log_prob(decoded, x) + constant, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(one.take_observed(), two.take_observed())


def test_a_unit_and_an_offset_for_each_column():
    unit, offset = np.array([1.0, 2.0, 3.0]), np.array([5.0, 0.0, -1.0])
    seen = []
    likelihood = build(
        Perceptual(features=lambda x: seen.append(x.detach()) or x), (3,), unit=unit, offset=offset
    ).train()
    likelihood.log_prob(torch.ones(1, 3).double(), torch.zeros(1, 3).double())
    assert [x.tolist() for x in seen] == [[[6, 2, 2]], [[5, 0, -1]]]


PIXELS = {"squared_error": SquaredError(), "normal": Normal(), "laplace": Laplace(), "bernoulli": Bernoulli()}


@pytest.mark.parametrize("pixels", PIXELS)
def test_it_is_added_to_the_pixels_in_training_alone(pixels):
    plain, decoded = build(PIXELS[pixels]), rows(4, 5)
    likelihood = build(Perceptual(features=values, weight=2.0, pixels=pixels))
    x = (rows(4, 5, seed=2) > 0).double()
    cost = 2 * (x - plain.mean(decoded)).square().sum(1)
    torch.testing.assert_close(likelihood.train().log_prob(decoded, x), plain.train().log_prob(decoded, x) - cost)
    torch.testing.assert_close(likelihood.eval().log_prob(decoded, x), plain.eval().log_prob(decoded, x))
    assert likelihood.eval().sample(decoded, rows(4, 5)).equal(plain.sample(decoded, rows(4, 5)))


def test_without_weight_it_is_the_pixels():
    plain, other = tiny("normal").fit(X), tiny(Perceptual(features=values, weight=0, pixels="normal")).fit(X)
    np.testing.assert_allclose(other.score_samples(X), plain.score_samples(X), rtol=1e-5)


def test_leading_axes_of_samples_are_kept():
    likelihood = build(Perceptual(features=differences), (1, 4, 3)).train()
    decoded, x = rows(3, 2, 4, 1, 4, 3), rows(4, 1, 4, 3, seed=2)
    together = likelihood.log_prob(decoded, x)
    assert together.shape == (3, 2, 4)
    torch.testing.assert_close(together[1, 0], likelihood.log_prob(decoded[1, 0], x))


# ---------------------------------------------------------------------- features that are modules


def test_a_module_is_copied_and_never_trained():
    module = layers()
    before = copy.deepcopy(module.state_dict())
    model = tiny(Perceptual(features=module, weight=5.0)).fit(X)
    likelihood = model.net_.module_.likelihood
    assert [name for name, _ in likelihood.named_parameters()] == []
    assert set(likelihood.state_dict()) == {"pixels.log_scale"}  # a pickle has the weights once, in the word
    held = likelihood._held[0]
    assert held is not module
    assert not held.training
    assert module.training
    for state in (held.state_dict(), module.state_dict()):
        assert all(torch.equal(state[name], before[name]) for name in before)


def test_it_goes_with_the_model_to_another_type_or_device():
    likelihood = build(Perceptual(features=layers()))
    assert {p.dtype for p in likelihood._held[0].parameters()} == {torch.float64}
    assert {p.device.type for p in likelihood.to("meta")._held[0].parameters()} == {"meta"}


# ---------------------------------------------------------------------- in estimators

WORDS = {
    "function": (lambda: Perceptual(features=differences, weight=1e-3, pixels="bernoulli"), IMAGES),
    "module": (lambda: Perceptual(features=layers(), weight=3.0), X),
    "module alone": (lambda: Perceptual(features=layers(), pixels=None), X),
    "convolution": (lambda: Perceptual(features=nn.Conv2d(1, 3, 3), weight=1e-4, pixels=Normal()), IMAGES),
}


@pytest.mark.parametrize("name", WORDS)
def test_copies_pickles_and_files(name, tmp_path):
    word, data = WORDS[name][0](), WORDS[name][1]
    model = tiny(word, max_epochs=6).fit(data)
    assert model.history_[-1]["reconstruction"] < model.history_[0]["reconstruction"]
    assert np.isfinite(model.score_samples(data)).all()
    save(model, tmp_path / "model")
    with pytest.raises(UnreadableFileError, match=r"load\(path, likelihood=\.\.\.\)"):
        load(tmp_path / "model")
    twins = [
        pickle.loads(pickle.dumps(model)), copy.deepcopy(model), clone(model).fit(data),
        load(tmp_path / "model", likelihood=word),
    ]  # fmt: skip
    model.partial_fit(data)
    for twin in twins:
        np.testing.assert_array_equal(twin.partial_fit(data).transform(data), model.transform(data))


def test_features_change_what_is_learned_and_the_bound_is_one_of_pixels():
    plain, model = tiny("squared_error").fit(X), tiny(Perceptual(features=layers(), weight=5.0)).fit(X)
    assert not np.allclose(plain.transform(X), model.transform(X))
    Z = model.transform(X)
    errors = X - model.inverse_transform(Z)
    expected = -0.5 * (errors / model.likelihood_scale_) ** 2 - np.log(model.likelihood_scale_ * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(model.log_likelihood(X, Z), expected.sum(1), rtol=1e-4)


def test_an_importance_weighted_bound_takes_it():
    model = IWAE(likelihood=Perceptual(features=values), n_components=2, max_epochs=2, random_state=0).fit(X)
    assert np.isfinite(model.score(X))


def test_parameters_are_reached_by_name():
    model = tiny(Perceptual(features=values)).set_params(likelihood__pixels="normal", likelihood__pixels__scale=0.3)
    assert repr(model.likelihood.pixels) == "Normal(scale=0.3)"
    model.set_params(likelihood__weight=7).fit(X)
    with pytest.raises(ValueError, match="likelihood__weight"):
        model.set_params(likelihood__weight=8).partial_fit(X)


@pytest.mark.parametrize(
    ("features", "match"),
    [
        (None, "'features' parameter of Perceptual must be an instance of"),
        (lambda x: x.sum(), r"with a row for every row.*shape \(\)"),
        (lambda x: [x, "text"], "Got a str"),
        (lambda x: x.long(), "type torch.int64"),
        (lambda x: x.detach(), "let a gradient pass"),
    ],
)
def test_errors_name_the_parameter(features, match):
    with pytest.raises(ValueError, match=match):
        tiny(Perceptual(features=features)).fit(X)


@pytest.mark.parametrize("wrong", [{"weight": -1}, {"pixels": "text"}, {"pixels": 3}])
def test_wrong_parameters_are_named(wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter of Perceptual"):
        tiny(Perceptual(features=values, **wrong)).fit(X)
