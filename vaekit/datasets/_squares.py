"""Small images of squares, plain or slightly modified: to see what a model owes to how its images were drawn."""

import numpy as np
from sklearn.utils import check_scalar

from vaekit.datasets._base import bunch_or_pair, check_option
from vaekit.datasets._grid import grid_factors
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state

SIDE = 8
FACTORS = ("x", "y", "size", "intensity")
VALUES = (np.linspace(2, 6, 6), np.linspace(2, 6, 6), np.linspace(2, 4, 3), np.linspace(0.4, 1, 4))
SIZES = tuple(len(values) for values in VALUES)
DESCR = """Squares: grey 8 x 8 images of a square with independent position (x, y), size and intensity. Modified images
carry a faint wave whose direction is set by x and y together; noisy ones carry the same wave in a random direction."""


def reflect(images):
    """Return values reflected into [0, 1]: x - 2 max(x - 1, 0) + 2 max(-x, 0), for x in [-1, 2]."""
    return images - 2 * np.maximum(images - 1, 0) + 2 * np.maximum(-images, 0)


def _coverage(centre, width):
    """Return which share of each pixel an interval covers, (n_samples, SIDE)."""
    left = np.arange(SIDE)
    lower, upper = (centre - width / 2)[:, None], (centre + width / 2)[:, None]
    return np.clip(np.minimum(left + 1, upper) - np.maximum(left, lower), 0, None)


def _draw(factors):
    """Return squares with these factors: the outer product of their coverages, (n_samples, SIDE, SIDE)."""
    x, y, size, intensity = (values[column] for values, column in zip(VALUES, factors.T))
    return intensity[:, None, None] * _coverage(y, size)[:, :, None] * _coverage(x, size)[:, None, :]


def _wave(direction):
    """Return m(w), a wave (1 + sin(pi (c cos w + r sin w))) / 2 over the image [-1, 1]^2, for angles w.

    It is not negative: on a black background, reflection would make a wave and its opposite the same.
    """
    r = c = np.linspace(-1, 1, SIDE)
    w = direction[:, None, None]
    return (1 + np.sin(np.pi * (c * np.cos(w) + r[:, None] * np.sin(w)))) / 2


def _direction(factors):
    """Return the angle that x and y set together: it turns once as either runs through its values."""
    return 2 * np.pi * (factors[:, 0] / SIZES[0] + factors[:, 1] / SIZES[1])


def _amplitude(strength):
    """Return a with Var(a m) = strength Var(x), both variances over the whole grid, summed over pixels."""
    grid = grid_factors(SIZES)
    return np.sqrt(strength * _draw(grid).var(axis=0).sum() / _wave(_direction(grid)).var(axis=0).sum())


@guarded
def make_xy_squares(n_samples=None, *, modification="none", strength=0.03, random_state=None, return_X_y=False):
    """Make small images of squares, as they are or with a faint wave laid over them.

    The images are x, or reflect(x + a m(w)): m is a plane wave of direction w, and a is such that the wave adds
    `strength` of the images' variance. In "modified" images w is 2 pi times the sum of the two positions (each as a
    fraction of its range), so that the wave follows two factors jointly; in "noise" images w is drawn at random from
    the same directions. Values outside [0, 1] are reflected into it.

    Parameters
    ----------
    n_samples : int, default=None
        Number of distinct images drawn at random from the grid of 432; None gives the grid itself.
    modification : {"none", "modified", "noise"}, default="none"
        What is laid over the images.
    strength : float, default=0.03
        Variance of what is laid over, as a fraction of the variance of the images, at most 0.1.
    random_state : int, RandomState instance or None, default=None
        Chooses the sample, and the directions of "noise".
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    squares : :class:`~sklearn.utils.Bunch`
        images : ndarray of float64 of shape (n_samples, 8, 8)
            Grey values in [0, 1].
        factors : ndarray of int64 of shape (n_samples, 4)
            The place of each image in the grid.
        factor_names : tuple of str
            x, y, size, intensity.
        factor_sizes : tuple of int
            6, 6, 3, 4.
        factor_values : tuple of ndarray
            Centre from left and from top and side, in pixels; grey value.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If `modification` is another word, `strength` out of range, or `n_samples` exceeds the grid.

    References
    ----------
    A small stand-in for the modified images of D. Zietlow, M. Rolinek and G. Martius, "Demystifying inductive biases
    for (beta-)VAE based architectures", ICML 2021.

    Examples
    --------
    >>> from vaekit.datasets import make_xy_squares
    >>> plain = make_xy_squares()
    >>> modified = make_xy_squares(modification="modified")
    >>> plain.images.shape, bool(abs(modified.images - plain.images).max() < 0.3)
    ((432, 8, 8), True)
    """
    check_option("modification", modification, ("none", "modified", "noise"))
    check_scalar(strength, "strength", (int, float), min_val=0, max_val=0.1)
    random_state = make_random_state(random_state)
    factors = grid_factors(SIZES, n_samples, random_state)
    images = _draw(factors)
    if modification == "modified":
        images = reflect(images + _amplitude(strength) * _wave(_direction(factors)))
    elif modification == "noise":
        directions = _direction(grid_factors(SIZES))[random_state.randint(np.prod(SIZES), size=len(factors))]
        images = reflect(images + _amplitude(strength) * _wave(directions))
    return bunch_or_pair(
        return_X_y,
        images=images,
        factors=factors,
        factor_names=FACTORS,
        factor_sizes=SIZES,
        factor_values=VALUES,
        DESCR=DESCR,
    )
