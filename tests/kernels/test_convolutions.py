"""Convolutions of many models are torch's of each: values, and all that is asked for on the way back."""

import pytest
import torch
from many_models import DEVICE, convolutions_run_here
from torch.nn import functional

from vaekit.kernels import are_at_hand, doubled, halved, kernel_gradient

pytestmark = pytest.mark.triton

PRECISIONS = {torch.float32: 1e-6 if DEVICE == "cpu" else 1e-3, torch.bfloat16: 1e-2}
WORLDS = [  # models, batch, channels of big and small images, height, width of the big ones; type
    ((2, 3, 1, 5, 8, 6), torch.float32), ((2, 3, 1, 5, 8, 6), torch.bfloat16), ((1, 2, 3, 4, 9, 7), torch.float32),
    ((1, 1, 20, 70, 2, 3), torch.float32),
]  # fmt: skip


@pytest.fixture(autouse=True)
def here():
    with convolutions_run_here():
        yield


@pytest.fixture(params=WORLDS, ids=str)
def world(request):
    """Big and small images, kernels, and a bias for each; not contiguous, as a network may hand them over."""
    (n_models, batch, channels, small_channels, height, width), dtype = request.param
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape):
        return torch.randn(n_models, *shape, generator=generator).to(DEVICE, dtype)

    big, small = drawn(batch, height, width, channels), drawn(batch, small_channels, height // 2, width // 2)
    kernel = drawn(small_channels, channels, 4, 4)
    return big.permute(0, 1, 4, 2, 3), small, kernel, drawn(small_channels), drawn(channels)


def of_each(function, *stacks):
    return torch.stack([function(*(part.double() for part in own)) for own in zip(*stacks)])


def assert_close(found, exact):
    """Relative to the norm, as sums are."""
    assert found.shape == exact.shape
    assert (found.double() - exact).norm() <= PRECISIONS[found.dtype] * exact.norm()


def test_halved_is_a_convolution(world):
    big, _, kernel, bias, _ = world
    exact = of_each(lambda x, w, b: functional.conv2d(x, w, b, stride=2, padding=1), big, kernel, bias)
    assert_close(halved(big, kernel, bias), exact)


def test_doubled_is_a_transposed_convolution(world):
    big, small, kernel, _, bias = world
    more = tuple(side % 2 for side in big.shape[-2:])
    exact = of_each(
        lambda x, w, b: functional.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=more),
        small, kernel, bias,
    )  # fmt: skip
    assert_close(doubled(small, kernel, bias, *big.shape[-2:]), exact)


def test_gradients_are_those_of_the_convolution(world):
    big, small, kernel, *_ = world

    def gradients(x, w, g):
        x, w = x.clone().requires_grad_(), w.clone().requires_grad_()
        by = torch.autograd.grad(functional.conv2d(x, w, stride=2, padding=1), (x, w), g)
        return torch.cat([part.reshape(-1) for part in by])

    exact = of_each(gradients, big, kernel, small).split([big[0].numel(), kernel[0].numel()], 1)
    assert_close(doubled(small, kernel, None, *big.shape[-2:]), exact[0].view(big.shape))
    assert_close(kernel_gradient(big, small), exact[1].view(kernel.shape))


def test_neighbours_do_not_touch_a_model():
    big, kernel = torch.ones(2, 1, 1, 4, 4, device=DEVICE), torch.ones(2, 1, 1, 4, 4, device=DEVICE)
    big[1] = torch.nan
    assert halved(big, kernel, None)[0].isfinite().all()
    assert halved(big, kernel, None)[1].isnan().all()


def test_they_are_for_cuda_devices():
    assert are_at_hand(torch.device("cuda"))
    assert not are_at_hand(torch.device("mps"))
