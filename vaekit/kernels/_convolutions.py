"""Convolutions of many models at once, for kernels of 4, stride 2, padding 1, as operations of torch.

For each model m, with i = 2 h + kh - 1 and j = 2 w + kw - 1,

    halved:            small[b, s, h, w] = sum over c, kh, kw of big[b, c, i, j] kernel[s, c, kh, kw] + bias[s]
    doubled:           big[b, c, i, j] = sum over s and all (h, w, kh, kw) of that pixel, of small kernel, + bias[c]
    kernel_gradient:   kernel[s, c, kh, kw] = sum over b, h, w of big[b, c, i, j] small[b, s, h, w]

`halved` is torch's `conv2d`, `doubled` its `conv_transpose2d`, with the same kernels; each is the gradient by the input
of the other, and the third that by the kernel of both. All tensors have the models in front; results have their
channels last in memory.
"""

import functools
import importlib
import importlib.util

import torch
from torch import Tensor

__all__ = ["are_at_hand", "doubled", "halved", "kernel_gradient"]

BLOCK_OF_ROWS, BLOCK_OF_SUM, BLOCK_OF_CHANNELS = 128, 64, 64
ENOUGH_PROGRAMS = 1056  # that keep a GPU busy: 8 for each of 132 processors
DEVICES = {"cuda"}  # types of devices that they are for


def are_at_hand(device):
    """Whether there is a compiler for them (Triton), and a device that they are for."""
    return device.type in DEVICES and _has_triton()


@functools.cache
def _has_triton():
    return importlib.util.find_spec("triton") is not None


def _launch(name, grid, first, *others, **how):
    """Run a kernel where its tensors are: Triton takes the current device, whatever it is handed."""
    kernels = importlib.import_module("vaekit.kernels._triton_convolutions")
    with torch.cuda.device_of(first):
        getattr(kernels, name)[grid](first, *others, **how)


@torch.library.custom_op("vaekit::halved", mutates_args=())
def halved(big: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve images of half the sides, rounded down.

    Parameters
    ----------
    big : Tensor of shape (n_models, batch, big_channels, height, width)
    kernel : Tensor of shape (n_models, small_channels, big_channels, 4, 4)
    bias : Tensor of shape (n_models, small_channels), optional

    Returns
    -------
    small : Tensor of shape (n_models, batch, small_channels, height // 2, width // 2)
    """
    n_models, batch, channels, height, width = big.shape
    n_h, n_w, small_channels = height // 2, width // 2, kernel.shape[1]
    weight = kernel.permute(0, 3, 4, 2, 1).contiguous()
    small = big.new_empty(n_models, batch, n_h, n_w, small_channels)
    n_rows, blocks = batch * n_h * n_w, _blocks(16 * channels, small_channels)
    grid = (_n_blocks(n_rows, blocks["BLOCK_R"]), n_models, _n_blocks(small_channels, blocks["BLOCK_N"]))
    _launch(
        "halve_kernel", grid,
        big, weight, weight if bias is None else bias.contiguous(), small, n_rows, n_h, n_w, height, width,
        *big.stride(), C=channels, S=small_channels, HAS_BIAS=bias is not None, **blocks, **_how(big),
    )  # fmt: skip
    return small.permute(0, 1, 4, 2, 3)


@torch.library.custom_op("vaekit::doubled", mutates_args=())
def doubled(small: Tensor, kernel: Tensor, bias: Tensor | None, height: int, width: int) -> Tensor:
    """Convolve, transposed, images of twice the sides (and one more pixel, where these are odd).

    Parameters
    ----------
    small : Tensor of shape (n_models, batch, small_channels, height // 2, width // 2)
    kernel : Tensor of shape (n_models, small_channels, big_channels, 4, 4)
    bias : Tensor of shape (n_models, big_channels), optional
    height, width : int

    Returns
    -------
    big : Tensor of shape (n_models, batch, big_channels, height, width)
    """
    n_models, batch, small_channels, n_h, n_w = small.shape
    channels = kernel.shape[2]
    weight = kernel.permute(0, 3, 4, 1, 2).contiguous()
    big = small.new_empty(n_models, batch, height, width, channels)
    n_rows, blocks = batch * ((height + 1) // 2) * ((width + 1) // 2), _blocks(4 * small_channels, channels)
    grid = (_n_blocks(n_rows, blocks["BLOCK_R"]), n_models, 4 * _n_blocks(channels, blocks["BLOCK_N"]))
    _launch(
        "double_kernel", grid,
        small, weight, weight if bias is None else bias.contiguous(), big, batch, n_h, n_w, height, width,
        *small.stride(), C=channels, S=small_channels, HAS_BIAS=bias is not None, **blocks, **_how(small),
    )  # fmt: skip
    return big.permute(0, 1, 4, 2, 3)


@torch.library.custom_op("vaekit::kernel_gradient", mutates_args=())
def kernel_gradient(big: Tensor, small: Tensor) -> Tensor:
    """Sum products of the pixels of big and small images, tap by tap.

    Parameters
    ----------
    big : Tensor of shape (n_models, batch, big_channels, height, width)
    small : Tensor of shape (n_models, batch, small_channels, height // 2, width // 2)

    Returns
    -------
    kernel : Tensor of shape (n_models, small_channels, big_channels, 4, 4)
    """
    n_models, batch, channels, height, width = big.shape
    _, _, small_channels, n_h, n_w = small.shape
    n_rows, blocks = batch * n_h * n_w, _blocks(16 * channels, small_channels, rows=64)
    n_k, n_out = _n_blocks(16 * channels, blocks["BLOCK_K"]), _n_blocks(small_channels, blocks["BLOCK_N"])
    n_shares = max(1, min(ENOUGH_PROGRAMS // (n_models * n_k * n_out), n_rows // blocks["BLOCK_R"], 64))
    shares = big.new_empty(n_shares, n_models, 4, 4, channels, small_channels, dtype=torch.float32)
    _launch(
        "gradient_kernel", (n_k, n_models, n_shares * n_out),
        big, small, shares, n_models, n_rows, _n_blocks(n_rows, n_shares), n_h, n_w, height, width,
        *big.stride(), *small.stride(), C=channels, S=small_channels, **blocks, **_how(big),
    )  # fmt: skip
    return shares.sum(0).to(big.dtype).permute(0, 4, 3, 1, 2)


def _n_blocks(number, size):
    return -(-number // size)


def _blocks(n_summed, n_channels, rows=BLOCK_OF_ROWS):
    return {"BLOCK_R": rows, "BLOCK_K": _power_of_two(n_summed, BLOCK_OF_SUM),
            "BLOCK_N": _power_of_two(n_channels, BLOCK_OF_CHANNELS)}  # fmt: skip


def _power_of_two(number, most):
    """The next power of two, of those that units for products of matrices take."""
    return max(16, min(most, 1 << (number - 1).bit_length()))


def _how(images):
    """How products are taken: single precision as torch's own convolutions take them, and without a pipeline of loads.

    With one, compilers of single precision have given wrong gradients.
    """
    is_ieee = not images.is_cuda or torch.backends.cudnn.conv.fp32_precision == "ieee"
    is_short = images.dtype != torch.float32
    return {
        "IS_WIDE": not images.is_cuda,
        "PRECISION": "ieee" if is_ieee else "tf32",
        "num_stages": 3 if is_short else 1,
    }
