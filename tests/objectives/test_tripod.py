"""Tripod: its terms are the two functions, its weights follow schedules, and what cannot stand beside it says so."""

import numpy as np
import pytest
import torch
from objective_world import inputs_of, look, make_net
from sklearn.mixture import GaussianMixture

from vaekit import VAE, TripodVAE
from vaekit.exceptions import IncompatibleChoiceError, ScheduleWarning
from vaekit.functional import hessian_penalty, multi_information
from vaekit.objectives import Tripod, Warmup
from vaekit.priors import PostHoc

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
X = np.random.default_rng(0).normal(size=(60, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
TINY = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 5, "batch_size": 20, "random_state": 0}


@pytest.mark.parametrize("parameters", [{}, {"bandwidth": 0.4, "step": 0.5, "n_directions": 3}])
def test_the_terms_are_those_of_the_functions(parameters):
    objective = Tripod(klm_weight=3, nhp_weight=7, **parameters)
    net, inputs = make_net(objective), inputs_of(objective)
    terms = look(net, inputs)
    model, x = net.module_, inputs.batches["first"].x
    z = model.encode(x).rsample(inputs.noise["posterior"])
    n = objective.n_directions
    drawn = [torch.stack(inputs.noise[name].chunk(n, 1)) for name in ("signs", "directions")]
    klm = multi_information(z, objective.bandwidth).mean()
    nhp = hessian_penalty(model.decode, z, *drawn, objective.step)
    torch.testing.assert_close(terms["multi_information"], klm)
    torch.testing.assert_close(terms["hessian_penalty"], nhp)
    torch.testing.assert_close(terms["train"], terms["reconstruction"] + 3 * klm + 7 * nhp)


def test_without_weights_it_is_an_autoencoder():
    objective = Tripod(klm_weight=0, nhp_weight=0)
    terms = look(make_net(objective))
    assert terms["train"] == terms["reconstruction"]
    assert "hessian_penalty" not in terms


def test_weights_follow_schedules():
    objective = Tripod(klm_weight=Warmup(value=4, steps=8), nhp_weight=Warmup(value=2, steps=4))
    assert objective.weights(2, 10) == {"klm_weight": 1, "nhp_weight": 1}
    assert objective.weights(9, 10) == {"klm_weight": 4, "nhp_weight": 2}
    with pytest.warns(ScheduleWarning, match="'nhp_weight' was to reach 2 after 900 steps"):
        TripodVAE(nhp_weight=Warmup(value=2, steps=900), **TINY).fit(X)


def dots(n_places=10):
    """A dot of 2 x 2 pixels at every place of a dark image: a decoder first learns that images are dark."""
    rows = np.zeros((n_places, n_places, n_places + 1, n_places + 1), dtype=np.uint8)
    for i, j in np.ndindex(n_places, n_places):
        rows[i, j, i : i + 2, j : j + 2] = 1
    return rows.reshape(n_places**2, -1)


def test_codes_of_sparse_images_do_not_end_in_a_corner():
    """The mean image alone costs 17.4 nats; codes that every step drives outwards stay there for good."""
    how = {**TINY, "hidden_layer_sizes": (32, 32), "learning_rate": 0.01, "max_epochs": 80, "batch_size": 25}
    model = TripodVAE(klm_weight=0.0, nhp_weight=0.0, likelihood="bernoulli", **how).fit(dots())
    assert model.history_[-1]["reconstruction"] < 14
    assert [len(np.unique(column)) > 5 for column in model.transform(dots()).T] == [True, True]


POST_HOC = PostHoc(estimator=GaussianMixture(n_components=2))
ONE_FACTOR = X[:, :1] @ np.ones((1, 4)) + 0.05 * X  # both latents want to tell it


@pytest.mark.parametrize(
    ("data", "weight", "term"),
    [(ONE_FACTOR, {"klm_weight": 20.0}, "multi_information"), (X, {"nhp_weight": 100.0}, "hessian_penalty")],
)
def test_each_penalty_lowers_what_it_penalises(data, weight, term):
    longer = {**TINY, "max_epochs": 60, "activation": "tanh", "learning_rate": 0.01}
    plain = TripodVAE(**{"klm_weight": 0.0, "nhp_weight": 1e-9, **longer}).fit(data)
    penalised = TripodVAE(**{"klm_weight": 0.0, "nhp_weight": 1e-9, **longer, **weight}).fit(data)
    assert penalised.history_[-1][term] < 0.75 * plain.history_[-1][term]


@pytest.mark.parametrize("posterior_family", ["normal", "full_normal", "iaf", "fixed_scale", "implicit", "quantized"])
def test_it_takes_every_posterior(posterior_family):
    model = VAE(objective="tripod", posterior_family=posterior_family, prior=POST_HOC, **TINY).fit(X)
    assert np.isfinite(model.sample(20)).all()
    assert hasattr(model, "score") is (posterior_family not in ("implicit", "quantized"))


def test_a_learned_prior_is_trained_by_its_density():
    model = TripodVAE(prior="elementwise_flow", posterior_family="fixed_scale", **TINY).fit(X)
    assert model.history_[-1]["negative_log_prior"] < model.history_[0]["negative_log_prior"]


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (VAE(objective="tripod", prior="decoupled", **TINY), "set prior_weight=1"),
        (TripodVAE(prior="generator", **TINY), "choose prior='normal' or 'decoupled', or prior='grid'"),
        (TripodVAE(posterior_family="normal", **TINY), "choose posterior_family='quantized', or prior='normal'"),
    ],
)
def test_what_cannot_stand_together_teaches_the_remedy(model, match):
    with pytest.raises(IncompatibleChoiceError, match=match):
        model.fit(X)


@pytest.mark.parametrize(
    "wrong", [{"klm_weight": -1}, {"nhp_weight": None}, {"bandwidth": 0}, {"n_directions": 1}, {"step": 0}]
)
def test_errors_name_the_parameter(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"The '{name}' parameter of Tripod must be"):
        Tripod(**wrong).validated()
    with pytest.raises(ValueError, match=f"The '{name}' parameter of TripodVAE must be"):
        TripodVAE(**wrong).fit(X)
