"""Any images with a faint pattern laid over them: to see what a model owes to how its images were drawn."""

from collections.abc import Callable, Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar, gen_batches

from vaekit.datasets._base import check_option
from vaekit.datasets._squares import reflect
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike

IMAGES_AT_ONCE = 4096


@guarded
def modify_images(
    images: ArrayLike,
    factors: ArrayLike,
    pair: Sequence[int],
    *,
    modification: str | Callable[[np.ndarray], np.ndarray] = "entangling",
    strength: float = 0.03,
    shuffled: bool = False,
    random_state: RandomStateLike = None,
) -> np.ndarray:
    r"""Lay a faint wave over images, whose shape follows two of their factors.

    .. math:: \operatorname{reflect}(x + a\, m(w)), \quad \operatorname{reflect}(x) = x - 2 (x - 1)_+ + 2 (-x)_+, \quad
              m = \tfrac{1}{2} \left( 1 + \sin \pi (c \cos w + r \sin w) \right)

    with r and c the row and column of a pixel, from -1 to 1. It is a cheap stand-in for a manipulation network that was
    trained so that the directions of largest variance follow factors jointly: too faint to see, and enough to change
    what a VAE aligns its latents with. `vaekit.nn.fit_manipulation` trains one; its result is a `modification`, too.

    Parameters
    ----------
    images : array-like of shape (n_samples, height, width) or (n_samples, channels, height, width)
        Images in [0, 1], or bytes, which count from 0 to 255.
    factors : array-like of shape (n_samples, n_factors), int
        Class numbers of the same images.
    pair : pair of int
        The two columns of `factors` that the wave follows.
    modification : {"entangling", "separate", "noise"} or callable, default="entangling"
        What sets the wave: "entangling", the sum of both factors (each as a share of its values), as one angle w;
        "separate", the first factor alone in the left half of the image and the second in the right, so that nothing
        joins them; "noise", the angles of "entangling" shuffled among the images: the same variance, which follows
        nothing. A callable takes the class numbers of the two factors, (n_samples, 2), and gives a pattern for each
        row, of the shape of an image.
    strength : float, default=0.03
        Variance of what is added, summed over pixels, as a share of the variance of these images; at most 0.1.
    shuffled : bool, default=False
        Whether patterns are laid over images of another row: a control with the same noise, which follows nothing.
    random_state : int, RandomState instance or None, default=None
        Draws what is shuffled.

    Returns
    -------
    modified : ndarray of float32 of the shape of the images
        Values in [0, 1].

    Raises
    ------
    ValueError
        If shapes do not go together, values lie outside [0, 1], or an option is out of range.

    See Also
    --------
    make_xy_squares : tiny images that come plain, modified and noisy.
    vaekit.nn.fit_manipulation : trains patterns that make mixing two factors pay.

    References
    ----------
    D. Zietlow, M. Rolinek, G. Martius, "Demystifying inductive biases for (beta-)VAE based architectures", ICML 2021,
    section 4, https://arxiv.org/abs/2102.06822.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.datasets import make_xy_squares, modify_images
    >>> squares = make_xy_squares()
    >>> modified = modify_images(squares.images, squares.factors, (0, 1))
    >>> bool(np.abs(modified - squares.images).max() < 0.3), bool(0 <= modified.min() <= modified.max() <= 1)
    (True, True)
    """
    if not callable(modification):
        check_option("modification", modification, ("entangling", "separate", "noise"))
    check_scalar(strength, "strength", Real, min_val=0, max_val=0.1, include_boundaries="right")
    images, values = _check_images(images), _values(factors, pair)
    if len(images) != len(values):
        raise ValueError(f"{len(images)} images came with {len(values)} rows of factors; there must be one for each.")
    patterns_of = modification if callable(modification) else _waves_of(modification, values, images.shape)
    if shuffled or modification == "noise":
        values = values[make_random_state(random_state).permutation(len(values))]
    a = _amplitude(images, values, patterns_of, strength)
    modified = np.empty(images.shape, dtype=np.float32)
    for rows in gen_batches(len(images), IMAGES_AT_ONCE):
        modified[rows] = reflect(_in_unit_interval(images[rows]) + a * _patterns(patterns_of, values[rows], images))
    return modified


def _waves_of(modification, values, shape):
    """Return the function from class numbers to waves."""
    n_values = values.max(axis=0) + 1

    def waves(some):
        turns = some / n_values
        return _waves(turns if modification == "separate" else np.repeat(turns.sum(axis=1), 2).reshape(-1, 2), shape)

    return waves


def _patterns(patterns_of, values, images):
    """Return what a callable draws, or raise ValueError if that cannot be laid over images."""
    patterns = np.asarray(patterns_of(values))
    try:
        return np.broadcast_to(patterns, (len(values), *images.shape[1:]))
    except ValueError:
        raise ValueError(
            f"modification must give a pattern of shape {images.shape[1:]} for each row, got {patterns.shape} for "
            f"{len(values)} rows."
        ) from None


def _amplitude(images, values, patterns_of, strength):
    """Return a with Var(a m) = strength Var(x), of at most so many images."""
    some = np.linspace(0, len(images) - 1, min(len(images), IMAGES_AT_ONCE)).astype(int)
    of_images = _in_unit_interval(images[some]).var(axis=0).sum()
    of_patterns = _patterns(patterns_of, values[some], images).var(axis=0).sum()
    return np.sqrt(strength * of_images / of_patterns) if of_patterns > 0 else 0.0


def _waves(turns, shape):
    """Return m of each pair of turns, one for either half of the image: (n_samples, [1,] height, width)."""
    height, width = shape[-2:]
    r, c = np.linspace(-1, 1, height)[:, np.newaxis], np.linspace(-1, 1, width)
    w = 2 * np.pi * turns.reshape(-1, 2, *[1] * (len(shape) - 1))
    left, right = ((1 + np.sin(np.pi * (c * np.cos(w[:, i]) + r * np.sin(w[:, i])))) / 2 for i in (0, 1))
    return np.where(c < 0, left, right)


def _values(factors, pair):
    """Return the class numbers of the two factors: (n_samples, 2)."""
    factors, pair = np.asarray(factors), tuple(pair)
    if factors.ndim != 2 or factors.dtype.kind not in "iu":
        raise ValueError(f"factors must be class numbers of shape (n_samples, n_factors), got shape {factors.shape}.")
    if len(pair) != 2 or pair[0] == pair[1] or not all(j in range(factors.shape[1]) for j in pair):
        raise ValueError(f"pair must be two different columns of {factors.shape[1]} factors, got {pair}.")
    return factors[:, list(pair)]


def _check_images(images):
    images = np.asarray(images)
    if images.ndim not in (3, 4) or not images.size:
        raise ValueError(f"images must have shape (n_samples, [channels,] height, width), got {images.shape}.")
    if images.dtype != np.uint8 and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"images must lie in [0, 1], or be bytes; got {images.min()} .. {images.max()}.")
    return images


def _in_unit_interval(images):
    return images / np.float32(255) if images.dtype == np.uint8 else images.astype(np.float32, copy=False)
