import math

import pytest
import torch
from golden_batch import assert_golden, double, normal_quantiles
from torch.nn.functional import cross_entropy

from vaekit.functional import (
    binary_discriminator_loss,
    density_ratio,
    discriminator_loss,
    non_saturating_loss,
    normal_log_density,
)

JOINT = double([1, 0], [0.5, 2], [-1, -3])
PERMUTED = double([0, 1], [2, -1], [0.3, 0.3])


def test_golden_logits():
    assert_golden(density_ratio(JOINT).mean(), 0.5)
    assert_golden(discriminator_loss(JOINT, PERMUTED), 1.0327665327)


def test_two_logits_are_the_cross_entropy_of_two_classes():
    joint, permuted = torch.zeros(3, dtype=torch.long), torch.ones(3, dtype=torch.long)
    expected = 0.5 * cross_entropy(JOINT, joint) + 0.5 * cross_entropy(PERMUTED, permuted)
    torch.testing.assert_close(discriminator_loss(JOINT, PERMUTED), expected)


def test_a_discriminator_that_knows_nothing():
    nothing = torch.zeros(4)
    assert binary_discriminator_loss(nothing, nothing).item() == pytest.approx(math.log(4))
    assert discriminator_loss(torch.ones(4, 2), torch.ones(4, 2)).item() == pytest.approx(math.log(2))
    assert density_ratio(torch.ones(4, 2)).tolist() == [0, 0, 0, 0]


def test_the_best_logit_is_the_log_density_ratio():
    prior, posterior = (double(0), double(0)), (double(1), double(0.25).log())
    z_prior, z_posterior = normal_quantiles(2000), 1 + 0.5 * normal_quantiles(2000)

    def loss(shift, slope):
        def logit(z):
            return normal_log_density(z, *prior) - normal_log_density(z, *posterior) + shift + slope * z

        return binary_discriminator_loss(logit(z_prior), logit(z_posterior))

    best = torch.zeros((), dtype=torch.float64)
    assert max(map(abs, torch.func.grad(loss, argnums=(0, 1))(best, best))) < 1e-3
    assert all(loss(best + shift, best + slope) > loss(best, best) for shift, slope in [(0.1, 0), (0, 0.1), (0, -0.1)])


def test_gradients_survive_a_discriminator_that_is_sure():
    logits = torch.tensor([-1e4, 0.0, 1e4], requires_grad=True)
    (non_saturating_loss(logits) + binary_discriminator_loss(logits, -logits)).backward()
    assert logits.grad.isfinite().all()
    torch.testing.assert_close(logits.grad * 3, torch.tensor([-3.0, -1.5, 0.0]))  # 1 from each of the three terms


def test_an_encoder_that_fools_the_discriminator_has_no_loss():
    assert non_saturating_loss(torch.full((3,), 50.0)).item() == pytest.approx(0)
    assert non_saturating_loss(torch.full((3,), -50.0)).item() == pytest.approx(50)
