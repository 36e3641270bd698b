"""Values beside their mask: only those that were observed count."""

import numpy as np
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from settings_of_words import setting

from vaekit.impute._observed import ObservedNormal, OfValues, Units, beside_mask
from vaekit.likelihoods import Normal
from vaekit.nn import MLP

RNG = np.random.default_rng(0)
X = np.where(RNG.random((20, 3)) < 0.4, np.nan, RNG.normal(size=(20, 3)))
TOLD = torch.from_numpy(beside_mask(X))
DECODED = torch.from_numpy(RNG.normal(size=(20, 3)))


def built():
    return ObservedNormal().build(setting((6,))).double()


def test_units_are_those_of_the_observed_values():
    units = Units(X)
    assert_allclose(np.nanmean(units.of(X), axis=0), 0, atol=1e-12)
    assert_allclose(np.nanstd(units.of(X), axis=0), 1)
    assert_allclose(units.back(units.of(X)), X)
    assert_array_equal(Units(np.array([[3.0], [3.0]])).of(np.array([[3.0]])), [[0.0]])


def test_what_is_missing_is_nothing_to_the_encoder():
    assert_array_equal(TOLD[:, :3].numpy(), np.nan_to_num(X))
    encoder, _ = OfValues(network=MLP(hidden_layer_sizes=(5,))).encoder(setting((6,)))
    flipped = TOLD.clone()
    flipped[:, 3:] = 1 - flipped[:, 3:]
    assert_array_equal(*(encoder(rows.float()).detach().numpy() for rows in (TOLD, flipped)))


def test_density_is_that_of_the_observed_values():
    likelihood = built().eval()
    likelihood.log_scale[:] = torch.tensor([0.1, -0.5, 0.3])
    densities = norm.logpdf(X, DECODED.numpy(), np.exp([0.1, -0.5, 0.3]))
    assert_allclose(likelihood.log_prob(DECODED, TOLD).numpy(), np.nansum(densities, axis=1), rtol=1e-6)
    draws = DECODED.expand(4, 20, 3)
    assert likelihood.log_prob(draws, TOLD).shape == (4, 20)


def test_scale_is_that_of_the_observed_errors():
    likelihood = built().train()
    likelihood.log_prob(DECODED, TOLD)
    observed = likelihood.take_observed()
    assert_allclose(observed, likelihood.statistics(DECODED, TOLD))
    likelihood.settle(observed)
    expected = np.sqrt(np.nanmean((X - DECODED.numpy()) ** 2, axis=0))
    assert_allclose(likelihood.log_scale.exp().numpy(), expected, rtol=1e-4)


def test_rows_without_gaps_have_the_density_of_the_normal():
    rows = torch.from_numpy(RNG.normal(size=(20, 3)))
    ours, theirs = built(), Normal(scale="per_feature").build(setting((3,))).double()
    told = torch.from_numpy(beside_mask(rows.numpy()))
    assert_allclose(ours.train().log_prob(DECODED, told), theirs.train().log_prob(DECODED, rows), rtol=1e-6)
    for one, x in ((ours, told), (theirs, rows)):
        one.settle(one.statistics(DECODED, x))
    assert_allclose(ours.eval().log_prob(DECODED, told), theirs.eval().log_prob(DECODED, rows), rtol=1e-6)
