"""The Hessian penalty against autograd's Hessians, on decoders of which every second derivative is known."""

import pytest
import torch

from vaekit.functional import hessian_penalty
from vaekit.functional._hessian import curvatures
from vaekit.utils._torch import make_generator

N_ROWS, N_DIRECTIONS = 5, 6


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


A = drawn(4, 3, 3, seed=1)
Z, SIGNS, DIRECTIONS = drawn(N_ROWS, 3), drawn(N_DIRECTIONS, N_ROWS, 3, seed=2), drawn(N_DIRECTIONS, N_ROWS, 3, seed=3)
DECODERS = {
    "quadratic": lambda z: torch.einsum("...i,oij,...j->...o", z, A, z) + z @ drawn(3, 4, seed=4) + 1,
    "bilinear": lambda z: torch.stack([z[..., 0] * z[..., 1], z[..., 1] * z[..., 2]], -1),
    "images": lambda z: torch.einsum("...i,oij,...j->...o", z, A, z).unflatten(-1, (2, 2)),
    "smooth": lambda z: torch.tanh(z @ drawn(3, 2, seed=5)),
}
EXACT = {"quadratic": 0.1, "bilinear": 1.7, "images": 0.1, "smooth": 1e-4}  # lengths of the differences


def by_autograd(decoder, z, v):
    """v'Hv of each number for a row, (n_directions, n_outputs)."""
    n_outputs = decoder(z).numel()
    hessians = [torch.autograd.functional.hessian(lambda z, o=o: decoder(z).flatten()[o], z) for o in range(n_outputs)]
    return torch.stack([torch.einsum("ni,ij,nj->n", v, H, v) for H in hessians], -1)


@pytest.mark.parametrize("name", DECODERS)
def test_curvatures_are_those_of_the_hessian(name):
    found = curvatures(DECODERS[name], Z, DIRECTIONS, EXACT[name])
    expected = torch.stack([by_autograd(DECODERS[name], Z[i], DIRECTIONS[:, i]) for i in range(N_ROWS)], 1)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", DECODERS)
def test_the_penalty_is_the_ratio_of_their_variances(name):
    scale = Z.std(0, correction=0)

    def variance(v):
        values = [by_autograd(DECODERS[name], Z[i], v[:, i]) for i in range(N_ROWS)]
        return torch.stack([value.var(0, correction=0).mean() for value in values]).mean()

    expected = variance(scale * SIGNS.sign()) / (variance(scale * DIRECTIONS) + 1e-10)
    found = hessian_penalty(DECODERS[name], Z, SIGNS, DIRECTIONS, EXACT[name])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_a_product_by_hand():
    """x = z_1 z_2: v'Hv = 2 v_1 v_2, so both deviations of the codes cancel."""
    signs, directions = SIGNS[..., :2], DIRECTIONS[..., :2]
    mixed, drawn = (2 * v.prod(-1) for v in (signs.sign(), directions))
    expected = mixed.var(0, correction=0).mean() / drawn.var(0, correction=0).mean()
    found = hessian_penalty(lambda z: z.prod(-1, keepdim=True), Z[:, :2] * torch.tensor([3.0, 0.2]), signs, directions)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    "decoder",
    [
        lambda z: torch.stack([z[..., 0].exp() + z[..., 1].sin(), z[..., 2] ** 3 - z[..., 0].abs()], -1),
        lambda z: z @ drawn(3, 7, seed=6),
        lambda z: torch.ones_like(z),
    ],
    ids=["a sum of functions", "linear", "constant"],
)
def test_latents_that_act_one_by_one_have_none(decoder):
    assert hessian_penalty(decoder, Z, SIGNS, DIRECTIONS, 0.5).item() == pytest.approx(0, abs=1e-12)


def test_many_directions_give_the_share_of_mixed_derivatives():
    """sum_{k != l} H_kl^2 / sum_{k, l} H_kl^2, in deviations of the codes."""
    n = 10_000
    z = Z.repeat(n, 1)  # the deviations of Z, and two directions for each of many rows
    signs, directions = drawn(2, len(z), 3, seed=7), drawn(2, len(z), 3, seed=8)
    scale = Z.std(0, correction=0)
    H = (A + A.mT) * scale[:, None] * scale
    share = 1 - H.diagonal(dim1=1, dim2=2).square().sum() / H.square().sum()
    found = hessian_penalty(DECODERS["quadratic"], z, signs, directions)
    assert found.item() == pytest.approx(share.item(), rel=0.02)


def test_scale_of_the_codes_does_not_matter():
    scale = torch.tensor([0.01, 3.0, 40.0], dtype=torch.float64)
    found = hessian_penalty(lambda z: DECODERS["smooth"](z / scale), Z * scale, SIGNS, DIRECTIONS)
    torch.testing.assert_close(found, hessian_penalty(DECODERS["smooth"], Z, SIGNS, DIRECTIONS))
