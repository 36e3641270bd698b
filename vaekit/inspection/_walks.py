"""Ways through latent space: straight, along an arc, and in the direction of an attribute."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._fitted import Fitted
from vaekit.utils._ambient import guarded, guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._containers import as_array

SMALLEST_SINE = 1e-6  # of an angle that still has an arc


@guarded
def lerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> np.ndarray:
    r"""Straight lines from rows to rows.

    .. math:: (1 - t)\, a + t\, b

    Parameters
    ----------
    a, b : array-like of shape (n_rows, n_components)
        Where the lines start and end.
    t : array-like of shape (n_steps,)
        Shares of the way; beyond 0 and 1 the lines go on.

    Returns
    -------
    walks : ndarray of shape (n_rows, n_steps, n_components)
        The points of each line.

    Examples
    --------
    >>> from vaekit.inspection import lerp
    >>> lerp([[0.0, 0.0]], [[1.0, 2.0]], [0, 0.5, 1])
    array([[[0. , 0. ], [0.5, 1. ], [1. , 2. ]]])
    """
    a, b, t = _ends_and_shares(a, b, t)
    return (1 - t) * a + t * b


@guarded
def slerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> np.ndarray:
    r"""Great arcs around the origin from rows to rows, which keep to the distances that normal draws have.

    .. math::
        \frac{\sin((1 - t)\, \omega)}{\sin \omega}\, a + \frac{\sin(t\, \omega)}{\sin \omega}\, b, \qquad
        \cos \omega = \frac{a \cdot b}{|a|\, |b|}

    Parameters
    ----------
    a, b : array-like of shape (n_rows, n_components)
        Where the arcs start and end.
    t : array-like of shape (n_steps,)
        Shares of the angle.

    Returns
    -------
    walks : ndarray of shape (n_rows, n_steps, n_components)
        The points of each arc; of a straight line where the ends have one direction or opposite ones.

    References
    ----------
    K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985, section 3.3.

    Examples
    --------
    >>> from vaekit.inspection import slerp
    >>> slerp([[1.0, 0.0]], [[0.0, 1.0]], [0, 0.5, 1]).round(3)
    array([[[1.   , 0.   ], [0.707, 0.707], [0.   , 1.   ]]])
    """
    a, b, t = _ends_and_shares(a, b, t)
    cosine = np.sum(a * b, axis=-1, keepdims=True) / (_length(a) * _length(b))
    omega = np.arccos(np.clip(cosine, -1, 1))
    arc = (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)
    return np.where(np.sin(omega) > SMALLEST_SINE, arc, (1 - t) * a + t * b)


PATHS = {"slerp": slerp, "lerp": lerp}
SPACES = ("generation", "representation")


@guarded_arithmetic
def latent_walk(
    estimator: Any,
    X_from: ArrayLike,
    X_to: ArrayLike,
    *,
    n_steps: int = 9,
    path: str = "slerp",
    space: str = "generation",
) -> np.ndarray:
    """Codes on the way from each row of one set to the row of another.

    Parameters
    ----------
    estimator : fitted object
        With `transform` and, for generation space, `to_generation_space` and `to_representation_space`. Pipelines and
        searches are looked through.
    X_from, X_to : array-like of shape (n_pairs, ...)
        Where the walks start and end.
    n_steps : int, default=9
        Points along each walk, both ends among them.
    path : {"slerp", "lerp"}, default="slerp"
        :func:`slerp` or :func:`lerp`.
    space : {"generation", "representation"}, default="generation"
        The space the walk is made in. In generation space codes are spread as the prior's draws are, so that arcs
        suit it; in representation space, where distances mean nothing under a learned prior, straight lines.

    Returns
    -------
    codes : ndarray of shape (n_pairs, n_steps, n_components)
        In representation space, whichever the walk was made in: ``inverse_transform(codes[0])`` decodes a walk.

    Raises
    ------
    ValueError
        If there is no such path or space, or `X_from` and `X_to` differ in number.

    See Also
    --------
    vaekit.inspection.TraversalDisplay.from_pairs : draws such walks.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import DPVAE
    >>> from vaekit.inspection import latent_walk
    >>> X = load_iris().data
    >>> model = DPVAE(n_components=2, max_epochs=2, random_state=0).fit(X)
    >>> latent_walk(model, X[:3], X[-3:], n_steps=5).shape
    (3, 5, 2)
    """
    check_path(path, space)
    fitted = Fitted.inside(estimator)
    ends = [fitted.encode(X) for X in (X_from, X_to)]
    return walk_between(fitted, *ends, check_count(n_steps, "n_steps"), path, space)


def walk_between(fitted, codes_from, codes_to, n_steps, path, space):
    """Return the codes (n_pairs, n_steps, n_components) between codes, along a path in one of the two spaces."""
    if len(codes_from) != len(codes_to):
        raise ValueError(
            f"X_from and X_to must have as many rows, one walk for each pair; got {len(codes_from)} and "
            f"{len(codes_to)}."
        )
    t = np.linspace(0, 1, n_steps)
    if space == "representation":
        return PATHS[path](codes_from, codes_to, t)
    there, back = fitted.ask("to_generation_space"), fitted.ask("to_representation_space")
    walks = PATHS[path](as_array(there(codes_from)), as_array(there(codes_to)), t)
    return as_array(back(walks))


@guarded_arithmetic
def attribute_vector(estimator: Any, X: ArrayLike, has_attribute: ArrayLike) -> np.ndarray:
    """Direction of an attribute in representation space: the mean code of rows that have it minus that of the others.

    Parameters
    ----------
    estimator : fitted object
        With `transform`. Pipelines and searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data.
    has_attribute : array-like of shape (n_rows,), bool
        Which rows have the attribute: some, and not all.

    Returns
    -------
    direction : ndarray of shape (n_components,)
        ``inverse_transform(transform(X) + direction)`` gives rows the attribute, minus it takes it away.

    Raises
    ------
    ValueError
        If `has_attribute` is not one truth value per row, or all rows are of one kind.

    Notes
    -----
    What goes together with the attribute in X is in its direction, too: a direction from rows where it is independent
    of all else is cleaner.

    References
    ----------
    A. B. L. Larsen, S. K. Soenderby, H. Larochelle, O. Winther, "Autoencoding beyond Pixels Using a Learned Similarity
    Metric", ICML 2016, section 4.2, https://arxiv.org/abs/1512.09300; R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing
    Sample Generation for Regularized VAEs", ACCV 2020, section 5.3, https://arxiv.org/abs/1911.10506.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> from vaekit.inspection import attribute_vector
    >>> X, species = load_iris(return_X_y=True)
    >>> vae = VAE(n_components=2, max_epochs=2, random_state=0).fit(X)
    >>> attribute_vector(vae, X, species == 0).shape
    (2,)
    """
    codes, has = Fitted.inside(estimator).encode(X), as_array(has_attribute)
    if has.shape != (len(codes),) or not np.isin(has, (0, 1)).all():
        raise ValueError(f"has_attribute must be one truth value for each of {len(codes)} rows, got shape {has.shape}.")
    has = has.astype(bool)
    if has.all() or not has.any():
        raise ValueError("has_attribute must tell some rows from others: all rows are of one kind.")
    return codes[has].mean(axis=0) - codes[~has].mean(axis=0)


def check_path(path, space):
    """Refuse a path or a space that there is not."""
    if path not in PATHS or space not in SPACES:
        raise ValueError(
            f"path must be one of {sorted(PATHS)} and space 'generation' or 'representation', got {path!r} and "
            f"{space!r}."
        )


def _ends_and_shares(a, b, t):
    """Return ends (n_rows, 1, n_components) and shares (n_steps, 1) that broadcast to walks."""
    a, b, t = (as_array(values).astype(np.float64, copy=False) for values in (a, b, t))
    if a.ndim != 2 or a.shape != b.shape or t.ndim != 1:
        raise ValueError(
            f"Walks go from rows to as many rows, in shares (n_steps,); got {a.shape}, {b.shape}, {t.shape}."
        )
    return a[:, np.newaxis], b[:, np.newaxis], t[:, np.newaxis]


def _length(rows):
    return np.linalg.norm(rows, axis=-1, keepdims=True)
