"""Quantised codes: points of the grid, under every objective that needs draws alone; densities are not there."""

import pickle

import numpy as np
import pytest
import torch
from settings_of_words import setting
from sklearn.base import clone

from vaekit import (
    AAE,
    AVB,
    DIPVAE,
    IWAE,
    VAE,
    WAE,
    BetaTCVAE,
    FactorVAE,
    FlowPriorVAE,
    InfoVAE,
    LearnedPriorAAE,
    SlowVAE,
    TripodVAE,
    fit_many,
)
from vaekit.engine._kinds import kind_of_step
from vaekit.exceptions import IncompatibleChoiceError, NoDensityError
from vaekit.functional import quantize
from vaekit.objectives import AggregateDivergence, TargetKL
from vaekit.posteriors import Quantized
from vaekit.utils._torch import make_generator

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
X = np.random.default_rng(0).normal(size=(60, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
TINY = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 3, "batch_size": 20, "random_state": 0}
GRID = np.linspace(-1, 1, 12)


def rows(*shape):
    return torch.randn(shape, generator=make_generator(0), dtype=torch.float64)


def test_every_draw_is_the_point():
    head = Quantized(n_values=4).build(setting(n_features=6)).double()
    features = 3 * rows(5, 6)
    q = head(features)
    torch.testing.assert_close(q.loc, quantize(head.layer(features), 4), rtol=0, atol=0)
    assert torch.equal(q.rsample(rows(7, 5, 3)), q.loc.expand(7, 5, 3))
    assert not q.scale.any()
    assert q.is_deterministic
    assert not q.has_density
    assert q.in_precision(torch.float32).loc.dtype == torch.float32
    with pytest.raises(NoDensityError, match="choose posterior_family='normal'"):
        q.log_prob(q.loc)


def test_a_gradient_reaches_the_encoder():
    head = Quantized().build(setting(n_features=6)).double()
    head(rows(5, 6)).rsample(rows(5, 3)).square().sum().backward()
    assert head.layer.weight.grad.all()


# ---------------------------------------------------------------------- in estimators

MODELS = {
    "WAE": WAE(),
    "WAE, grid": WAE(prior="grid"),
    "WAE, post hoc": WAE(prior="post_hoc").set_params(prior__estimator__n_components=2),
    "AAE": AAE(prior="grid"),
    "Prior-AAE": LearnedPriorAAE(),
    "Tripod": TripodVAE(),
    "InfoVAE without KL": InfoVAE(alpha=1),
    "density ratio": VAE(objective=AggregateDivergence(divergence="density_ratio")),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_trains_is_asked_and_is_kept(name):
    model = clone(MODELS[name]).set_params(posterior_family="quantized", **TINY | {"max_epochs": 10}).fit(X)
    assert model.history_[-1]["reconstruction"] < model.history_[0]["reconstruction"]
    codes = model.transform(X)
    assert np.abs(codes[..., None] - GRID).min(-1).max() < 1e-6
    np.testing.assert_array_equal(model.sample_posterior(X, 3), np.broadcast_to(codes, (3, *codes.shape)))
    assert not model.posterior(X).scale.any()
    assert np.isinf(model.kl_per_component_).all()
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.sample(4), model.sample(4))
    np.testing.assert_array_equal(twin.partial_fit(X).transform(X), model.partial_fit(X).transform(X))


@pytest.mark.parametrize("model", [WAE(posterior_family="quantized"), WAE(posterior_family=Quantized()), TripodVAE()])
def test_methods_that_take_a_density_of_codes_are_not_there(model):
    assert [name for name in ("score", "score_samples", "log_posterior") if hasattr(model, name)] == []
    assert hasattr(model, "sample")
    if isinstance(model, WAE):
        assert hasattr(model, "log_likelihood")
        with pytest.raises(AttributeError) as error:
            model.score_samples(X)
        assert "has no density" in str(error.value.__cause__)


@pytest.mark.parametrize(
    "model",
    [VAE(), FactorVAE(), BetaTCVAE(), DIPVAE(kind="i"), InfoVAE(), IWAE(), FlowPriorVAE(), SlowVAE(), AVB(),
     AVB(adaptive_contrast=False), VAE(objective=TargetKL(kl=1)), VAE(objective="capacity")],
    ids=lambda model: repr(model)[:40],
)  # fmt: skip
def test_what_needs_a_density_refuses(model):
    model = clone(model).set_params(posterior_family="quantized", **TINY)
    with pytest.raises(IncompatibleChoiceError, match="posterior_family="):
        model.fit(X)


def test_codes_without_noise_have_no_divergence_that_a_critic_could_learn():
    with pytest.raises(IncompatibleChoiceError, match="infinite for codes without noise"):
        AVB(posterior_family="fixed_scale", **TINY).set_params(posterior_family__scale=0.0).fit(X)


def test_the_number_of_values_is_reached_by_name():
    model = TripodVAE(**TINY).set_params(posterior_family__n_values=2).fit(X)
    assert set(np.unique(model.transform(X))) <= {-1, 1}
    assert set(np.unique(model.sample_prior(50))) <= {-1, 1}
    for wrong in (1, 2.5):
        with pytest.raises(ValueError, match="'n_values' parameter of Quantized"):
            TripodVAE(posterior_family=Quantized(n_values=wrong)).fit(X)


# ---------------------------------------------------------------------- kinds of steps


def test_a_traced_step_gives_the_same_model_and_so_do_models_side_by_side(monkeypatch):
    eager = TripodVAE(**TINY).fit(X)
    monkeypatch.setattr("vaekit.engine._kinds.FEWEST_TRACED", 0)
    traced = TripodVAE(**TINY).fit(X)
    assert kind_of_step(traced.net_, False) == "traced"
    assert eager.history_[-1]["train_loss"] == pytest.approx(traced.history_[-1]["train_loss"], rel=1e-4)
    one, other = (TripodVAE(**TINY).set_params(random_state=seed) for seed in (0, 1))
    fit_many([one, other], X)
    np.testing.assert_array_equal(one.transform(X), traced.transform(X))
