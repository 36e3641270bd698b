"""Densities of many draws: the same numbers, in few transfers."""

import numpy as np
import pytest
import torch

from vaekit import DPVAE
from vaekit.fitted import _codes_at_once, _densities

X = np.random.default_rng(0).normal(size=(300, 5))


@pytest.fixture(scope="module")
def model():
    return DPVAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=2, random_state=0).fit(X)


@pytest.mark.parametrize("values_at_once", [1, 3000, 2**22])
def test_draws_at_once_and_one_by_one_have_the_same_densities(model, values_at_once, monkeypatch):
    Z = model.sample_posterior(X, n_samples=15, random_state=0)
    alone = [(model.log_likelihood(X, z), model.log_prior(z)) for z in Z]
    for module in (_densities, _codes_at_once):
        monkeypatch.setattr(module, "VALUES_AT_ONCE", values_at_once)
    np.testing.assert_array_equal(model.log_likelihood(X, Z), [likelihood for likelihood, _ in alone])
    np.testing.assert_array_equal(model.log_prior(Z), [prior for _, prior in alone])
    some = slice(7, 9)
    np.testing.assert_array_equal(model.log_likelihood(X[some], Z[:, some]), model.log_likelihood(X, Z)[:, some])


def test_many_draws_are_few_transfers(model, monkeypatch):
    moved, from_numpy = [], torch.from_numpy
    monkeypatch.setattr(torch, "from_numpy", lambda array: moved.append(array.nbytes) or from_numpy(array))
    Z = model.sample_posterior(X, n_samples=1000, random_state=0)
    moved.clear()
    model.log_likelihood(X, Z)
    model.log_prior(Z)
    assert len(moved) <= 3  # rows and codes, and codes again; there are 586 blocks
    assert max(moved) <= 4 * _codes_at_once.VALUES_AT_ONCE
