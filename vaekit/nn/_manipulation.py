"""A network that draws faint patterns, trained so that an autoencoder prefers to mix two factors, or to part them."""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from vaekit.nn._mlp import mlp
from vaekit.utils._ambient import guarded
from vaekit.utils._checks import check_number
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import OneLine
from vaekit.utils._torch import make_generator, to_array
from vaekit.utils._typing import RandomStateLike

__all__ = ["Manipulation", "fit_manipulation"]

WIDTH = 64
TURN = torch.tensor([[1.0, 1.0], [-1.0, 1.0]]) / math.sqrt(2)  # by 45 degrees
PRECISION = 100.0  # of reconstructions, as a multiple of the images' summed variance: what a code's noise is weighed by
KINDS = {"entangling": 1.0, "disentangling": -1.0}


class Manipulation(NamedTuple):
    """What `fit_manipulation` returns, and `modify_images` takes for its `modification`.

    Attributes
    ----------
    patterns : ndarray of float32 of shape (n_values_0, n_values_1, *image_shape)
        m(w) of every pair of values of the two factors. The least value of each pixel is 0: reflected on a black
        background, a pattern and its opposite would be the same.
    advantage : list of float
        In each step, the loss of the pair that parts the factors minus that of the pair that mixes them, in nats per
        image: positive where mixing pays.
    """

    patterns: np.ndarray
    advantage: list[float]

    def __call__(self, values: ArrayLike) -> np.ndarray:
        """Patterns of rows of two class numbers (n_samples, 2)."""
        first, second = np.asarray(values).T
        return self.patterns[first, second]


class Pair(OneLine, nn.Module):
    """An encoder whose means are a fixed turn of the factors, and the decoder that goes with it.

    Parameters
    ----------
    turn : Tensor of shape (2, 2)
        The identity parts the factors; a turn by 45 degrees mixes them.
    n_pixels : int
        Values of an image.
    generator : torch.Generator
        Draws the decoder's weights.
    """

    def __init__(self, turn: torch.Tensor, n_pixels: int, generator: torch.Generator) -> None:
        super().__init__()
        self.register_buffer("turn", turn)
        self.log_scale = nn.Parameter(torch.full((2,), -1.0))
        self.decoder = mlp((2, WIDTH, n_pixels), "tanh", "torch", generator)

    def loss(self, images: torch.Tensor, w: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """-E_q log p(x | v) + KL(q(v | x) || N(0, I)) up to a constant, q(v | x) = N(turn w, diag exp(log_scale)^2)."""
        v = w @ self.turn.T
        decoded = self.decoder(v + self.log_scale.exp() * noise)
        variance = images.var(dim=0, correction=0).sum().detach()
        reconstruction = 0.5 * PRECISION * (images - decoded).square().sum(-1).mean() / variance
        kl = 0.5 * (v.square() + (2 * self.log_scale).exp() - 1 - 2 * self.log_scale).sum(-1).mean()
        return reconstruction + kl


@guarded
def fit_manipulation(
    images: ArrayLike,
    factors: ArrayLike,
    pair: Sequence[int],
    *,
    kind: str = "entangling",
    strength: float = 0.03,
    n_steps: int = 500,
    learning_rate: float = 3e-3,
    random_state: RandomStateLike = None,
) -> Manipulation:
    r"""Train a network to draw faint patterns that decide how an autoencoder lays out two factors.

    Two pairs of encoder and decoder see the mean image of each pair of values, with the pattern laid over it,
    :math:`\bar x(w) + m(w)`. Their latents are noisy versions of the factors w: of the factors themselves in the pair
    that parts them, of their sum and difference in the pair that mixes them. Noise scales and decoders minimise each
    pair's own negative bound on the likelihood; the manipulation network minimises

    .. math:: L_{\text{mixing}} - L_{\text{parting}}

    or the opposite, and its patterns are held to a small share of the images' variance. A VAE is free to choose
    between the two layouts, and takes the one of the lower loss.

    Parameters
    ----------
    images : array-like of shape (n_samples, [channels,] height, width)
        Images in [0, 1], or bytes, which count from 0 to 255.
    factors : array-like of shape (n_samples, n_factors), int
        Class numbers of the same images.
    pair : pair of int
        The two columns of `factors`. Each pair of values must occur.
    kind : {"entangling", "disentangling"}, default="entangling"
        Whether mixing shall pay, or parting: the second makes a control that is as faint, with as much training.
    strength : float, default=0.03
        Variance of the patterns, summed over pixels, as a share of that of the mean images; at most 0.1.
    n_steps : int, default=500
        Steps of Adam, of the pairs and of the network in turn.
    learning_rate : float, default=3e-3
        Step size.
    random_state : int, RandomState instance or None, default=None
        Decides weights and noise.

    Returns
    -------
    manipulation : Manipulation
        `patterns`, `advantage`; callable, for `modify_images`.

    Raises
    ------
    ValueError
        If shapes do not go together, a pair of values does not occur, or an option is out of range.

    See Also
    --------
    vaekit.datasets.modify_images : lays the patterns over images, or shuffled among them as a noise control.

    Notes
    -----
    The advantage is that of the two pairs, which are held to their layouts; a VAE may find a third one. On the 8 x 8
    squares of `make_xy_squares` (positions, strength .05, seeds 0 to 2) mixing was ahead by .41, .28 and .22 nats under
    "entangling" and by -.05, -.04 and .01 under "disentangling". A beta-VAE with four latents did not follow in each of
    the seeds, and in one of them turned further under the same patterns on other images: its own seed decides as much
    (the study `manipulation`).

    References
    ----------
    D. Zietlow, M. Rolinek, G. Martius, "Demystifying inductive biases for (beta-)VAE based architectures", ICML 2021,
    section 4 and supplement, https://arxiv.org/abs/2102.06822; networks, sizes and step counts are ours.

    Examples
    --------
    >>> from vaekit.datasets import make_xy_squares, modify_images
    >>> from vaekit.nn import fit_manipulation
    >>> squares = make_xy_squares()
    >>> manipulation = fit_manipulation(squares.images, squares.factors, (0, 1), n_steps=20, random_state=0)
    >>> modify_images(squares.images, squares.factors, (0, 1), modification=manipulation).shape
    (432, 8, 8)
    """
    if kind not in KINDS:
        raise ValueError(f"The 'kind' parameter must be one of {list(KINDS)}. Got {kind!r} instead.")
    check_number(strength, "strength", Real, min_val=0, max_val=0.1, include_boundaries="right")
    check_number(n_steps, "n_steps", Integral, min_val=1)
    check_number(learning_rate, "learning_rate", Real, min_val=0, include_boundaries="neither")
    means, w = _mean_images(np.asarray(images), np.asarray(factors), tuple(pair))
    generator = make_generator(make_random_state(random_state).randint(2**31))
    flat = torch.from_numpy(means.reshape(len(w), -1))
    patterns, advantage = _train(flat, w, KINDS[kind], strength, n_steps, learning_rate, generator)
    patterns = patterns - patterns.amin(dim=0)
    grid = [int(np.max(np.asarray(factors)[:, j])) + 1 for j in pair]
    return Manipulation(to_array(patterns).reshape(*grid, *means.shape[1:]), advantage)


def _train(images, w, sign, strength, n_steps, learning_rate, generator):
    """Patterns of each pair of values (n_cells, n_pixels), and the advantage of mixing over the steps."""
    n_pixels = images.shape[1]
    pairs = [Pair(turn, n_pixels, generator) for turn in (torch.eye(2), TURN)]
    network = mlp((2, WIDTH, n_pixels), "tanh", "torch", generator)
    of_pairs = torch.optim.Adam([p for one in pairs for p in one.parameters()], learning_rate)
    of_network = torch.optim.Adam(network.parameters(), learning_rate)
    advantage = []

    def losses():
        noise, laid = torch.randn(w.shape, generator=generator), _faint(network(w), images, strength)
        return [one.loss(images + laid, w, noise) for one in pairs]

    with torch.enable_grad():
        for _ in range(n_steps):
            for optimizer, loss_of in ((of_pairs, lambda p, m: p + m), (of_network, lambda p, m: sign * (m - p))):
                parting, mixing = losses()
                optimizer.zero_grad()
                loss_of(parting, mixing).backward()
                optimizer.step()
            advantage.append((parting - mixing).item())
        return _faint(network(w), images, strength).detach(), advantage


def _faint(patterns, images, strength):
    """Patterns of mean 0 whose variance is a share of the images'."""
    centred = patterns - patterns.mean(dim=0)
    share = images.var(dim=0, correction=0).sum() / centred.square().mean(dim=0).sum()
    return centred * (strength * share).sqrt()


def _mean_images(images, factors, pair):
    """Mean image of each pair of values, the second running fastest, and the values from -sqrt(3) to sqrt(3)."""
    if images.ndim not in (3, 4) or len(images) != len(factors) or not len(images):
        raise ValueError(
            f"images must have shape (n_samples, [channels,] height, width), with as many rows of factors, got "
            f"{images.shape} and {factors.shape}."
        )
    if factors.ndim != 2 or factors.dtype.kind not in "iu":
        raise ValueError(f"factors must be class numbers of shape (n_samples, n_factors), got shape {factors.shape}.")
    if len(pair) != 2 or pair[0] == pair[1] or not all(j in range(factors.shape[1]) for j in pair):
        raise ValueError(f"pair must be two different columns of {factors.shape[1]} factors, got {pair}.")
    values = factors[:, list(pair)]
    sizes = values.max(axis=0) + 1
    cells = np.ravel_multi_index(values.T, sizes)
    counts = np.bincount(cells, minlength=math.prod(sizes))
    if not counts.all() or min(sizes) < 2:
        raise ValueError("Each pair of values of the two factors must occur, and each factor have two values or more.")
    sums = np.zeros((len(counts), *images.shape[1:]))
    np.add.at(sums, cells, images / (255 if images.dtype == np.uint8 else 1))
    means = sums / counts.reshape(-1, *[1] * (images.ndim - 1))
    axes = [np.linspace(-1, 1, size) * math.sqrt(3) for size in sizes]
    w = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return means.astype(np.float32), torch.from_numpy(w).float()
