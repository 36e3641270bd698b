"""Patterns that make mixing two factors pay, or parting them."""

import math

import numpy as np
import pytest
import torch

from vaekit.datasets import make_xy_squares, modify_images
from vaekit.nn import fit_manipulation
from vaekit.nn._manipulation import PRECISION, TURN, Pair, _mean_images

SQUARES = make_xy_squares()
IMAGES, FACTORS = SQUARES.images, SQUARES.factors


@pytest.fixture(scope="module")
def entangling():
    return fit_manipulation(IMAGES, FACTORS, (0, 1), n_steps=60, random_state=0)


def test_mixing_pays_where_it_was_asked_for_and_parting_where_that_was(entangling):
    parting = fit_manipulation(IMAGES, FACTORS, (0, 1), kind="disentangling", n_steps=60, random_state=0)
    assert np.mean(entangling.advantage[-20:]) > np.mean(parting.advantage[-20:]) + 0.2


def test_patterns_are_faint_and_of_both_factors(entangling):
    cells = IMAGES.reshape(6, 6, 12, 8, 8).mean(axis=2).reshape(36, 8, 8)
    patterns = entangling.patterns.reshape(36, 8, 8)
    assert entangling.patterns.shape == (6, 6, 8, 8)
    assert patterns.var(axis=0).sum() == pytest.approx(0.03 * cells.var(axis=0).sum(), rel=1e-4)
    np.testing.assert_allclose(patterns.min(axis=0), 0, atol=1e-6)
    for axis in (0, 1):
        assert entangling.patterns.std(axis=axis).max() > 0.01


def test_images_of_the_same_two_values_have_the_same_pattern(entangling):
    dark = 0.2 + 0.2 * IMAGES
    added = modify_images(dark, FACTORS, (0, 1), modification=entangling) - dark
    expected = entangling.patterns[FACTORS[:, 0], FACTORS[:, 1]]
    assert np.corrcoef(added.ravel(), expected.ravel())[0, 1] == pytest.approx(1, abs=1e-4)
    assert added.var(axis=0).sum() == pytest.approx(0.03 * dark.var(axis=0).sum(), rel=1e-3)
    shuffled = modify_images(dark, FACTORS, (0, 1), modification=entangling, shuffled=True, random_state=0) - dark
    assert shuffled.var(axis=0).sum() == pytest.approx(added.var(axis=0).sum(), rel=1e-3)
    assert np.abs(np.corrcoef(shuffled.ravel(), added.ravel())[0, 1]) < 0.9


def test_the_loss_of_a_pair_by_hand():
    """PRECISION / 2 E|x - D|^2 / Var x + 1/2 E sum_j (v_j^2 + s_j^2 - 1 - log s_j^2), v = turn w."""
    pair = Pair(TURN, 3, torch.Generator().manual_seed(0))
    w, x, noise = torch.tensor([[1.0, 1.0], [-1.0, 1.0]]), torch.rand(2, 3), torch.zeros(2, 2)
    v = torch.tensor([[math.sqrt(2), 0.0], [0.0, math.sqrt(2)]])
    with torch.no_grad():
        error = (x - pair.decoder(v)).square().sum(1).mean() / x.var(dim=0, correction=0).sum()
        kl = 0.5 * (2 + 2 * (math.exp(-2) - 1 + 2))
        torch.testing.assert_close(pair.loss(x, w, noise), 0.5 * PRECISION * error + kl)


def test_seeds_decide_and_global_state_stays(entangling):
    before = torch.get_rng_state()
    twin = fit_manipulation(IMAGES, FACTORS, (0, 1), n_steps=60, random_state=0)
    np.testing.assert_array_equal(twin.patterns, entangling.patterns)
    assert torch.equal(torch.get_rng_state(), before)


def test_mean_images_of_bytes_and_channels():
    means, w = _mean_images(np.stack([IMAGES] * 2, axis=1), FACTORS, (3, 2))
    assert means.shape == (12, 2, 8, 8)
    np.testing.assert_allclose(means[5, 1], IMAGES[(FACTORS[:, 3] == 1) & (FACTORS[:, 2] == 2)].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(w[[0, -1]], [[-math.sqrt(3)] * 2, [math.sqrt(3)] * 2], rtol=1e-6)
    as_bytes, _ = _mean_images(np.rint(255 * IMAGES).astype(np.uint8), FACTORS, (0, 1))
    np.testing.assert_allclose(as_bytes, _mean_images(IMAGES, FACTORS, (0, 1))[0], atol=2e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pair": (0, 0)}, "pair must be two different columns of 4 factors"),
        ({"images": IMAGES[:5]}, "as many rows of factors"),
        ({"images": IMAGES[:40], "factors": FACTORS[:40]}, "Each pair of values of the two factors must occur"),
        ({"factors": FACTORS / 2}, "factors must be class numbers"),
        ({"kind": "both"}, "'kind' parameter must be one of"),
        ({"strength": 0}, "strength == 0, must be > 0"),
        ({"n_steps": 0}, "n_steps == 0, must be >= 1"),
        ({"learning_rate": 0}, "learning_rate == 0, must be > 0"),
    ],
)
def test_errors_name_the_parameter(options, words):
    with pytest.raises(ValueError, match=words):
        fit_manipulation(**{"images": IMAGES, "factors": FACTORS, "pair": (0, 1), **options})
