"""What `sample` draws has the density that `log_prob` states, for every prior with one."""

import copy

import numpy as np
import pytest
import torch
from scipy.stats import chi2
from world_of_codes import DENSITIES, HARD, SOFT, model_with, rows, trained

from vaekit.exceptions import NoDensityError

REACH, N_BINS, FINE = 7.0, 14, 14
over_densities = pytest.mark.parametrize("word", DENSITIES.values(), ids=DENSITIES)
over_soft = pytest.mark.parametrize("word", SOFT.values(), ids=SOFT)


def noise_for(prior, n, n_components=2, seed=11):
    width = n_components if prior.noise_width is None else prior.noise_width
    return rows(n, width, seed=seed)


def probabilities(prior):
    """Of the cells of a square, from the density at the midpoints of a finer grid."""
    n = N_BINS * FINE
    axis = (torch.arange(n, dtype=torch.float64) + 0.5) * (2 * REACH / n) - REACH
    density = prior.log_prob(torch.cartesian_prod(axis, axis)).exp().reshape(N_BINS, FINE, N_BINS, FINE)
    return (density.sum((1, 3)) * (2 * REACH / n) ** 2).numpy()


@over_densities
@torch.no_grad()
def test_a_histogram_of_draws_is_that_of_the_density(word):
    """Chi-square over the cells of a square in which ten draws are expected, all others being one more."""
    prior, n = trained(word), 4000
    expected = probabilities(prior)
    assert expected.sum() == pytest.approx(1, abs=2e-3)
    drawn = prior.sample(noise_for(prior, n)).numpy()
    edges = np.linspace(-REACH, REACH, N_BINS + 1)
    counts, _, _ = np.histogram2d(*drawn.T, bins=[edges, edges])
    inside = n * expected >= 10
    assert inside.sum() >= 10
    observed = np.append(counts[inside], n - counts[inside].sum())
    wanted = n * np.append(expected[inside], 1 - expected[inside].sum())
    statistic = (np.square(observed - wanted) / wanted)[wanted > 1].sum()
    assert chi2.sf(statistic, df=inside.sum()) > 1e-3


def test_the_histogram_tells_a_wrong_scale():
    """The test above would see draws that are a tenth too wide."""
    prior, n = trained(SOFT["mixture"]), 4000
    with torch.no_grad():
        expected, drawn = probabilities(prior), 1.1 * prior.sample(noise_for(prior, n)).numpy()
    edges = np.linspace(-REACH, REACH, N_BINS + 1)
    counts, inside = np.histogram2d(*drawn.T, bins=[edges, edges])[0], n * expected >= 10
    assert chi2.sf((np.square(counts - n * expected) / (n * expected))[inside].sum(), df=inside.sum()) < 1e-6


@over_densities
@torch.no_grad()
def test_the_density_integrates_to_one_on_a_line(word):
    prior, z = trained(word, n_components=1), torch.linspace(-20, 20, 8001, dtype=torch.float64)
    assert (prior.log_prob(z[:, None]).exp().sum() * 40 / 8000).item() == pytest.approx(1, abs=1e-4)


@over_densities
@torch.no_grad()
def test_rows_are_drawn_and_judged_by_themselves(word):
    prior = trained(word, n_components=3)
    noise = noise_for(prior, 6, n_components=3)
    drawn, z = prior.sample(noise), rows(4, 2, 5, 3)
    torch.testing.assert_close(prior.sample(noise[2:4]), drawn[2:4])
    assert drawn.dtype == z.dtype
    assert prior.log_prob(z).shape == (4, 2, 5)
    torch.testing.assert_close(prior.log_prob(z)[1, 1], prior.log_prob(z[1, 1]))


@over_densities
@torch.no_grad()
def test_nothing_global_is_drawn_from(word):
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    prior = trained(word)
    prior.log_prob(prior.sample(noise_for(prior, 5)))
    again = trained(word)
    assert torch.equal(again.sample(noise_for(prior, 5)), prior.sample(noise_for(prior, 5)))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


@over_densities
@torch.no_grad()
def test_what_was_learned_can_be_kept_and_copied(word):
    prior, z = trained(word), rows(5, 2)
    twin = model_with(word, seed=1)
    state = prior.state_dict()
    twin.prior.load_state_dict(state)
    twin.encoder.load_state_dict(model_with(word).encoder.state_dict())
    twin.posterior.load_state_dict(model_with(word).posterior.state_dict())
    for other in (twin.prior, copy.deepcopy(prior)):
        assert torch.equal(other.log_prob(z), prior.log_prob(z))
        assert torch.equal(other.sample(noise_for(prior, 5)), prior.sample(noise_for(prior, 5)))


@over_soft
def test_gradients_reach_every_parameter_and_the_codes(word):
    prior, z = trained(word), rows(50, 2).requires_grad_()
    prior.log_prob(z).sum().backward()
    assert prior.is_learned
    learned = [p for p in prior.parameters() if p is not getattr(prior, "logits", None) or len(p) > 1]
    assert all(tensor.grad.isfinite().all() and tensor.grad.any() for tensor in [z, *learned])


@over_soft
def test_codes_far_away_keep_everything_finite(word):
    prior = trained(word, 3).float()
    if prior.noise_width and hasattr(prior, "encode"):
        prior.encode.__self__.float()
    z = (1e4 * rows(5, 3).float()).requires_grad_()
    prior.log_prob(z).sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in [z, *prior.parameters()])


@pytest.mark.parametrize("word", {**SOFT, **HARD}.values(), ids={**SOFT, **HARD})
def test_what_is_no_image_of_a_normal_says_so(word):
    prior = trained(word)
    assert not prior.has_spaces
    assert not prior.is_factorised
    for way in (prior.to_generation_space, prior.to_representation_space):
        with pytest.raises(NoDensityError, match="choose prior='decoupled'"):
            way(rows(3, 2))


@over_densities
@torch.no_grad()
def test_weights_that_have_gone_far_astray_leave_draws_that_single_precision_holds(word):
    """A density does not tell of scales that are too large: log sigma of 100 overflows in draws alone."""
    prior = trained(word, n_components=3, distance=100.0)
    drawn = prior.sample(noise_for(prior, 50, n_components=3))
    assert drawn.abs().max() < torch.finfo(torch.float32).max
