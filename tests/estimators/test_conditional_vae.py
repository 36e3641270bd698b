"""Models that are told something about every row."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from vaekit import VAE, ConditionalVAE
from vaekit.datasets import make_two_moons
from vaekit.exceptions import IncompatibleChoiceError, NoDensityError
from vaekit.words import Setting

MOONS = make_two_moons(1200, random_state=0)
X, Y = MOONS.data, MOONS.factors[:, 0].astype(int)


@pytest.fixture(scope="module")
def model():
    return ConditionalVAE(n_components=2, max_epochs=100, learning_rate=3e-3, random_state=0).fit(X, Y)


def test_samples_lie_on_the_moon_that_was_asked_for(model):
    nearest = KNeighborsClassifier(5).fit(X, Y)
    for y in (0, 1):
        assert np.mean(nearest.predict(model.sample(1000, y=y)) == y) >= 0.99
    mixed = np.arange(1000) % 2
    assert np.mean(nearest.predict(model.sample(1000, y=mixed)) == mixed) >= 0.99


def test_the_density_is_that_of_the_condition(model):
    """The bound of rows told their own moon beats that of rows told the other, and a model told nothing."""
    right, wrong = model.score(X, Y), model.score(X, 1 - Y)
    assert right > wrong + 2
    assert right > VAE(n_components=2, max_epochs=100, learning_rate=3e-3, random_state=0).fit(X).score(X) + 0.3


def test_a_row_depends_on_its_own_condition_alone(model):
    whole, y = model.score_samples(X, Y), np.array(Y)
    for rows in (slice(7, 8), slice(100, 300)):
        np.testing.assert_array_equal(model.score_samples(X[rows], y[rows]), whole[rows])
        np.testing.assert_array_equal(model.transform(X[rows], y[rows]), model.transform(X, y)[rows])
    Z = model.transform(X, Y)
    np.testing.assert_allclose(
        model.log_likelihood(X, Z, Y)[5:9], model.log_likelihood(X[5:9], Z[5:9], Y[5:9]), rtol=1e-12
    )
    draws = model.sample_posterior(X[:6], Y[:6], n_samples=3, random_state=0)
    assert draws.shape == (3, 6, 2)
    assert model.log_posterior(X[:6], draws, Y[:6]).shape == (3, 6)


def test_the_prior_is_a_flow_for_every_condition(model):
    """log p(z | y) = log N(g_y(z); 0, I) + log |det dg_y / dz|, and draws go there and back."""
    prior, y = model.model_.module.prior, torch.eye(2)[torch.arange(50) % 2]
    z = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    given = prior.given(y)
    z0, log_det = given(z)
    back, log_det_back = given.inverse(z0)
    torch.testing.assert_close(back, z, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(log_det, -log_det_back, atol=1e-4, rtol=1e-4)
    jacobian = torch.stack([
        torch.autograd.functional.jacobian(lambda one, c=c: prior.given(c[None])(one[None])[0][0], one)
        for one, c in zip(z[:5], y)
    ])  # fmt: skip
    torch.testing.assert_close(jacobian.det().abs().log(), log_det[:5], atol=1e-4, rtol=1e-3)
    normal = torch.distributions.Normal(0.0, 1.0).log_prob(z0).sum(-1)
    torch.testing.assert_close(given.log_prob(z), normal + log_det)
    codes = model.transform(X, Y)
    np.testing.assert_allclose(model.to_representation_space(model.to_generation_space(codes, Y), Y), codes, atol=1e-3)
    np.testing.assert_allclose(model.log_prior(codes, Y)[:50].mean(), model.log_prior(codes[:50], Y[:50]).mean())


def test_a_prior_that_is_told_nothing_has_no_density(model):
    with pytest.raises(NoDensityError, match="pass 'y'"):
        model.model_.module.prior.log_prob(torch.zeros(1, 2))
    with pytest.raises(ValueError, match="use ConditionalVAE"):
        VAE(prior="conditional_flow").fit(X)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("prior", "told"),
    [("conditional_normal", (True, True)), ("normal", (True, True)), ("decoupled", (False, True)),
     ("conditional_flow", (False, False))],
)  # fmt: skip
def test_what_is_told_is_a_choice(prior, told):
    model = ConditionalVAE(
        n_components=2, prior=prior, condition_encoder=told[0], condition_decoder=told[1], max_epochs=3, random_state=0
    ).fit(X, Y)
    differs = not np.array_equal(model.transform(X[:9], 0), model.transform(X[:9], 1))
    assert differs == told[0]
    Z = model.transform(X[:9], 0)
    assert (not np.array_equal(model.inverse_transform(Z, 0), model.inverse_transform(Z, 1))) == told[1]
    assert np.isfinite(model.score(X, Y))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_conditions_are_labels_numbers_or_both():
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"site": rng.choice(["north", "south"], 400), "age": rng.normal(40, 10, 400)})
    model = ConditionalVAE(n_components=2, max_epochs=3, random_state=0).fit(X[:400], y)
    assert model.model_.blueprint.condition_width == 3
    np.testing.assert_allclose(model.conditions_.encode(y, 400)[:, 2].std(), 1, rtol=1e-5)
    one = model.sample(4, y=("north", 40.0), random_state=0)
    same = pd.DataFrame({"site": ["north"] * 4, "age": [40.0] * 4})
    np.testing.assert_array_equal(one, model.sample(4, y=same, random_state=0))
    for wrong, words in [(("west", 40.0), "not fitted with"), (("north",), "1 columns"), (y[:3], "3 conditions")]:
        with pytest.raises(ValueError, match=words):
            model.sample(4, y=wrong)


def test_without_y_samples_have_the_conditions_of_the_data(model):
    uneven = ConditionalVAE(n_components=2, max_epochs=30, random_state=0).fit(
        np.vstack([X[Y == 0], X[Y == 1][:100]]), np.r_[np.zeros((Y == 0).sum(), int), np.ones(100, int)]
    )
    share = KNeighborsClassifier(5).fit(X, Y).predict(uneven.sample(4000, random_state=0)).mean()
    assert share == pytest.approx(100 / (100 + (Y == 0).sum()), abs=0.03)
    with pytest.raises(ValueError, match="requires y"):
        clone(model).fit(X)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_it_travels_and_goes_on():
    model = ConditionalVAE(n_components=2, max_epochs=3, early_stopping=True, random_state=0).fit(X, Y)
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.transform(X, Y), model.transform(X, Y))
    np.testing.assert_array_equal(back.sample(5, y=1), model.sample(5, y=1))
    np.testing.assert_array_equal(back.partial_fit(X, Y).transform(X, Y), model.partial_fit(X, Y).transform(X, Y))
    codes = make_pipeline(ConditionalVAE(n_components=2, condition_encoder=False, max_epochs=30, random_state=0),
                          LogisticRegression())  # fmt: skip
    assert codes.fit(X, Y).score(X, Y) > 0.6


def test_a_forest_recognises_the_class_of_samples():
    """Digits: 90% asked for."""
    from sklearn.datasets import load_digits

    D, y = load_digits(return_X_y=True)
    model = ConditionalVAE(n_components=8, max_epochs=40, learning_rate=3e-3, random_state=0).fit(D, y)
    forest = RandomForestClassifier(100, random_state=0).fit(D, y)
    asked = np.arange(1000) % 10
    assert np.mean(forest.predict(model.sample(1000, y=asked, random_state=0)) == asked) >= 0.9


def test_width_of_a_condition_is_part_of_the_setting():
    from vaekit.priors import ConditionalNormal

    prior = ConditionalNormal().build(
        Setting(event_shape=(2,), n_components=3, generator=torch.Generator(), condition_shape=(4,))
    )
    z, c = torch.randn(6, 3), torch.randn(6, 4)
    assert prior.is_factorised
    torch.testing.assert_close(  # it begins at N(0, I)
        prior.given(c).log_prob(z), torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
    )


def test_a_prior_made_of_encodings_wants_an_encoder_that_is_told_nothing():
    with pytest.raises(IncompatibleChoiceError, match="condition_encoder=False"):
        ConditionalVAE(prior="vamp", max_epochs=1).fit(X[:50], Y[:50])
    ConditionalVAE(prior="vamp", condition_encoder=False, max_epochs=1).fit(X[:50], Y[:50])


def test_rows_with_weights_leave_a_mean_condition_for_rows_about_which_nothing_is_known():
    weight = np.arange(50) % 3
    model = ConditionalVAE(n_components=2, max_epochs=1, random_state=0).fit(X[:50], Y[:50], sample_weight=weight)
    np.testing.assert_allclose(model.conditions_.mean[1], np.average(Y[:50], weights=weight), rtol=1e-6)
    assert np.isfinite(model.transform(X[:5])).all()
