"""VampPrior: identities of a mixture of encodings, in training and after it."""

import pickle

import numpy as np
import pytest
import torch
from golden_batch import LOC, LOGVAR, Z, assert_golden
from sklearn.base import clone
from world_of_codes import ROWS, model_with, rows, trained

from vaekit import VAE
from vaekit.evaluation import AggregatePosterior
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.posteriors import FixedScale, FullNormal, InverseAutoregressive, NormalParameters
from vaekit.priors import VampPrior
from vaekit.priors._vamp import started_from

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 5)) + 0.3 * rng.normal(size=(300, 5))
TINY = {"n_components": 2, "hidden_layer_sizes": (16,), "max_epochs": 5, "random_state": 0}


def with_encodings(prior, loc, logvar):
    prior.encode = lambda x: NormalParameters(loc, logvar)
    return prior


def test_goldens():
    prior = with_encodings(model_with(VampPrior(n_pseudo_inputs=2), 3).prior, LOC[:2], LOGVAR[:2])
    assert_golden(prior.log_prob(Z), -3.1549910105, -3.0598843169, -6.4932648013, -5.0008032656)
    q = NormalParameters(LOC, LOGVAR)
    assert_golden((q.log_prob(Z) - prior.log_prob(Z)).mean(), 1.0092550561)


def test_one_encoding_at_the_origin_is_a_standard_normal():
    zero = torch.zeros(1, 3, dtype=torch.float64)
    prior, z = with_encodings(model_with(VampPrior(n_pseudo_inputs=1), 3).prior, zero, zero), rows(20, 3)
    torch.testing.assert_close(prior.log_prob(z), torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1))


@pytest.mark.parametrize("posterior", [None, FullNormal(), InverseAutoregressive()], ids=str)
def test_with_all_rows_it_is_the_aggregate_posterior(posterior):
    """log q(z) by hand; and log p(z) lies between its largest part and that part's weight below it."""
    model = model_with(VampPrior(n_pseudo_inputs=len(ROWS)), posterior=posterior)
    z = rows(7, 2)
    with torch.no_grad():
        parts = torch.stack([model.encode(row[None].float().double()).log_prob(z[:, None])[:, 0] for row in ROWS])
        found, largest = model.prior.log_prob(z), parts.amax(0)
    torch.testing.assert_close(found, parts.logsumexp(0) - np.log(len(ROWS)))
    assert (found <= largest).all()
    assert (found >= largest - np.log(len(ROWS))).all()


def test_pseudo_inputs_start_from_rows_and_stay_in_their_range():
    prior = trained(VampPrior(n_pseudo_inputs=5), distance=100.0)
    start = model_with(VampPrior(n_pseudo_inputs=5)).prior.pseudo_inputs
    assert all((row == ROWS.float()).all(1).any() for row in start.float())
    assert (prior.inputs() >= ROWS.float().amin(0) - 1e-5).all()
    assert (prior.inputs() <= ROWS.float().amax(0) + 1e-5).all()
    prior.inputs().sum().backward()
    assert (prior.pseudo_inputs.grad == 1).all()


def test_pseudo_inputs_that_share_a_row_are_kept_apart():
    few, noise = rows(3, 4), rows(8, 4, seed=2)
    started = started_from(few, noise)
    assert len(torch.unique(started, dim=0)) == 8
    assert (torch.cdist(started, few).amin(1) < 0.5).all()


@pytest.fixture(scope="module", params=["normal", "full_normal", "iaf"])
def model(request):
    return VAE(prior=VampPrior(n_pseudo_inputs=10), posterior_family=request.param, **TINY).fit(X)


def test_the_trained_prior_is_that_of_its_pseudo_inputs(model):
    """From the public `log_posterior` of the pseudo-inputs, in the units of X."""
    with torch.no_grad():
        u = model.net_.module_.prior.inputs().cpu().numpy()
    u, Z = model.model_.blueprint.preprocessing.to_data(u), model.sample_prior(50, random_state=1)
    q = AggregatePosterior.from_estimator(model, u)
    np.testing.assert_allclose(model.log_prior(Z), q.log_density(Z), rtol=1e-3, atol=1e-3)


def test_it_can_be_kept_copied_and_trained_further(model):
    twin, Z = pickle.loads(pickle.dumps(model)), model.transform(X)
    for ask in (lambda m: m.log_prior(Z), lambda m: m.sample(20), lambda m: m.score_samples(X)):
        np.testing.assert_array_equal(ask(twin), ask(model))
    before = twin.log_prior(Z)
    assert not np.array_equal(twin.partial_fit(X).log_prior(Z), before)
    np.testing.assert_array_equal(clone(model).fit(X).log_prior(Z), model.log_prior(Z))


def test_it_learns_and_bounds_better_than_a_normal():
    plain, vamp = (VAE(prior=prior, **{**TINY, "max_epochs": 60}).fit(X) for prior in ("normal", "vamp"))
    assert vamp.score(X) > plain.score(X)


def test_bytes_and_images_too():
    images = np.random.default_rng(0).integers(0, 256, size=(40, 8, 8), dtype=np.uint8)
    model = VAE(prior=VampPrior(n_pseudo_inputs=4), network="mlp", **TINY).fit(images)
    assert np.isfinite(model.score(images))
    assert model.net_.module_.prior.inputs().min() >= 0
    assert model.net_.module_.prior.inputs().max() <= 1


def test_posteriors_without_density_are_refused():
    with pytest.raises(IncompatibleChoiceError, match="deterministic encoder's have no density"):
        VAE(prior="vamp", posterior_family=FixedScale(scale=0), **TINY).fit(X)
