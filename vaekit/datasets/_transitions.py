"""Sequences out of a table of factors: which rows follow each other when some factors move."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import KDTree
from sklearn.utils import Bunch, check_scalar

from vaekit.datasets._base import check_option
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike


@guarded
def make_transitions(
    factors: ArrayLike,
    n_sequences: int = 1000,
    *,
    length: int = 2,
    transition: str = "laplace",
    rate: float = 1.0,
    n_changes: int | None = None,
    random_state: RandomStateLike = None,
) -> Any:
    """Make sequences of rows of a table of factors, in which each row is near the one before it.

    A sequence starts at a random row. With "laplace" transitions every factor moves from its value v to the integer
    nearest to v + e, e Laplace of the rate given, and stays within its values: most factors hardly move, some far. With
    "uniform" ones a few factors, drawn at random, take any of their values, and the others stay. The row with these
    factors comes next; of a table that is no whole grid, the row nearest to them, in steps summed over factors.

    Parameters
    ----------
    factors : array-like of shape (n_rows, n_factors), int
        Class numbers 0, 1, ... in the order of the values they stand for, such as `factors` of a data set here.
    n_sequences : int, default=1000
        Number of sequences.
    length : int, default=2
        Rows of a sequence, at least 2: pairs.
    transition : {"laplace", "uniform"}, default="laplace"
        How factors move.
    rate : float, default=1.0
        Of "laplace", per step of a factor: the larger, the less they move. P(stay) = 1 - exp(-rate / 2), within its
        values.
    n_changes : int, default=None
        Of "uniform", how many factors change; None draws it anew each time, from 1 to all but one.
    random_state : int, RandomState instance or None, default=None
        Draws the sequences.

    Returns
    -------
    sequences : :class:`~sklearn.utils.Bunch`
        rows : ndarray of int64 of shape (n_sequences * length,)
            Row numbers, sequence after sequence: ``images[rows]`` are the observations.
        groups : ndarray of int64 of shape (n_sequences * length,)
            The sequence of each: ``fit(images[rows], groups=groups)``.
        factors : ndarray of shape (n_sequences * length, n_factors)
            ``factors[rows]``.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If the factors are no class numbers, a count is out of range, or a word is unknown.

    References
    ----------
    D. Klindt et al., "Towards nonlinear disentanglement in natural data with temporal sparse coding", ICLR 2021,
    section 4, https://arxiv.org/abs/2007.10930 (Laplace and uniform transitions); F. Locatello et al.,
    "Weakly-supervised disentanglement without compromises", ICML 2020 (changes of a few factors).

    Examples
    --------
    >>> from vaekit.datasets import make_transitions, make_xy_squares
    >>> squares = make_xy_squares()
    >>> pairs = make_transitions(squares.factors, 100, transition="uniform", n_changes=1, random_state=0)
    >>> X, groups = squares.images[pairs.rows], pairs.groups
    >>> X.shape, groups[:6].tolist()
    ((200, 8, 8), [0, 0, 1, 1, 2, 2])
    >>> bool(((pairs.factors[0::2] != pairs.factors[1::2]).sum(axis=1) <= 1).all())
    True
    """
    factors = _check_table(factors)
    check_scalar(n_sequences, "n_sequences", Integral, min_val=1)
    check_scalar(length, "length", Integral, min_val=2)
    check_scalar(rate, "rate", Real, min_val=0, include_boundaries="neither")
    check_option("transition", transition, ("laplace", "uniform"))
    if n_changes is not None:
        check_scalar(n_changes, "n_changes", Integral, min_val=1, max_val=factors.shape[1])
    random_state = make_random_state(random_state)
    sizes, table = factors.max(axis=0) + 1, KDTree(factors)
    rows = [random_state.randint(len(factors), size=n_sequences)]
    for _ in range(length - 1):
        at = factors[rows[-1]]
        if transition == "laplace":
            wanted = _move_all(at, sizes, rate, random_state)
        else:
            wanted = _redraw_some(at, sizes, n_changes, random_state)
        rows.append(table.query(wanted, p=1)[1])
    rows = np.stack(rows, axis=1).ravel().astype(np.int64)
    return Bunch(
        rows=rows,
        groups=np.repeat(np.arange(n_sequences), length),
        factors=factors[rows],
        DESCR=f"Sequences of {length} rows of a table of factors, with {transition} transitions.",
    )


def _check_table(factors):
    factors = np.asarray(factors)
    if factors.ndim != 2 or not factors.size or factors.dtype.kind not in "iu" or factors.min() < 0:
        raise ValueError(
            "factors must be class numbers 0, 1, ... of shape (n_rows, n_factors), such as the factors of a data set "
            f"here; got {factors.dtype} of shape {factors.shape}."
        )
    return factors.astype(np.int64)


def _move_all(at, sizes, rate, random_state):
    """Return round(v + e), e Laplace, within 0 .. size - 1."""
    moved = np.rint(at + random_state.laplace(scale=1 / rate, size=at.shape))
    return np.clip(moved, 0, sizes - 1)


def _redraw_some(at, sizes, n_changes, random_state):
    """Return the factors, of which so many are drawn anew from all their values."""
    n_factors = at.shape[1]
    n_some = random_state.randint(1, max(2, n_factors), size=(len(at), 1)) if n_changes is None else n_changes
    places = random_state.random_sample(at.shape).argsort(axis=1).argsort(axis=1)
    drawn = (random_state.random_sample(at.shape) * sizes).astype(np.int64)
    return np.where(places < n_some, drawn, at)
