"""What becomes of codes and reconstructions when the input is changed."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._changed_rows import change_of
from vaekit.evaluation._fitted import encoding, look_into, made_rows, reads_columns, require
from vaekit.features._comparable import comparable_rows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_number
from vaekit.utils._containers import take_rows
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import flat_rows, row_blocks
from vaekit.utils._typing import RandomStateLike

Transformation = Callable[[np.ndarray], ArrayLike]


class Robustness(NamedTuple):
    """What `robustness` returns for each transformation.

    Attributes
    ----------
    code_change : float
        Mean squared distance of the codes of x and x', as a share of the variance of codes: 0 where nothing changes,
        2 where a code has no more to do with the row.
    correlations : ndarray of shape (n_components,)
        Between the codes of x and x', latent by latent; NaN for one that does not move.
    reconstruction : float
        Root mean square difference of the decoded codes of x' from x', per value, in the units of X; of a frame of
        several kinds of columns in deviations of each.
    recovery : float
        The same from x: below `reconstruction` where the model takes x' for x.
    plain : float
        The same of x itself, from x.
    score, plain_score : float
        The metric of the codes of x' and of x; NaN without one.
    """

    code_change: float
    correlations: np.ndarray
    reconstruction: float
    recovery: float
    plain: float
    score: float
    plain_score: float

    __repr__ = short_repr


@guarded_arithmetic
def robustness(
    estimator: Any,
    X: ArrayLike,
    transformations: Sequence[str] | Mapping[str, str | Transformation | ArrayLike] = ("noise", "inverted"),
    *,
    strength: float = 0.5,
    factors: ArrayLike | None = None,
    metric: Callable[[ArrayLike, np.ndarray], float] | None = None,
    random_state: RandomStateLike = None,
) -> dict[str, Robustness]:
    r"""Change the input of a fitted model, and see what its codes and reconstructions make of it.

    .. math:: \text{code change} = \frac{E\, |\mu(x') - \mu(x)|^2}{E\, |\mu(x) - \bar\mu|^2}

    Parameters
    ----------
    estimator : fitted object
        With `transform` and `inverse_transform`. Pipelines and searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data, at least two rows.
    transformations : sequence of names, or dict, default=("noise", "inverted")
        "noise" adds independent normal noise, "inverted" exchanges the least and the largest value of X and all
        between them (inverted colours); neither leaves the range of X. Of a frame of several kinds each column is
        changed by itself, categories by their order. In a dict, by a name of one's own: one of
        these, a function from X to changed rows (of rows that stay on a disk: from some of them), or changed rows
        (such as the same scenes with a shape that the model has never seen, as `vaekit.datasets.render_dsprites` draws
        them).
    strength : float, default=0.5
        Deviation of "noise", as a share of the deviation of all values of X.
    factors : array-like of shape (n_rows, n_factors), default=None
        Ground truth for `metric`.
    metric : callable, default=None
        `metric(factors, codes)`, such as those of `vaekit.metrics`, to be compared before and after.
    random_state : int, RandomState instance or None, default=None
        Draws the noise.

    Returns
    -------
    results : dict of str to Robustness
        `code_change`, `correlations`, `reconstruction`, `recovery`, `plain`, `score`, `plain_score`, by the names of
        the transformations.

    Raises
    ------
    MissingMethodError
        If the model cannot encode or decode.
    ValueError
        If a transformation is unknown or gives rows of another shape, or a metric comes without factors.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import robustness
    >>> X = load_digits().data[:300]
    >>> vae = VAE(n_components=4, max_epochs=20, random_state=0).fit(X)
    >>> results = robustness(vae, X, random_state=0)
    >>> results["noise"].code_change < results["inverted"].code_change
    True
    """
    estimator, X = look_into(estimator, X)
    require(estimator, "Robustness", "transform", "inverse_transform")
    check_number(strength, "strength", Real, min_val=0)
    if metric is not None and factors is None:
        raise ValueError("A metric compares codes with factors: pass 'factors', a row for each of X.")
    encode = encoding(estimator, X)
    X = X if getattr(X, "stays_on_disk", False) else made_rows(estimator, X)
    if len(X) < 2:
        raise ValueError(f"Robustness is measured beside the variance of codes: pass two rows or more, got {len(X)}.")
    named = transformations if isinstance(transformations, Mapping) else {name: name for name in transformations}
    random_state, codes = make_random_state(random_state), encode(X)
    columns = estimator.columns_ if reads_columns(estimator) else None
    pairs = _Pairs(estimator, X, columns, encode)
    changes = {name: change_of(X, pairs.blocks, how, strength, random_state, columns) for name, how in named.items()}

    def score(Z):
        return np.nan if metric is None else float(metric(factors, Z))

    plain = pairs.apart([pairs.squares(codes[rows], own) for rows, own in pairs])[0], score(codes)
    return {name: _compared(pairs, change, codes, plain, score) for name, change in changes.items()}


class _Pairs:
    """Rows and what becomes of them, some at a time: of a frame, or with gaps, all of them.

    Parameters
    ----------
    estimator : fitted object
    X : array, frame, or rows that stay on a disk
    columns : Columns or None
    encode : callable
        From rows to codes.
    """

    def __init__(self, estimator, X, columns, encode):
        self.estimator, self.encode, self.X, self._to_numbers = estimator, encode, X, comparable_rows(X, columns)
        self.blocks = list(row_blocks(X)) if self._to_numbers is flat_rows else [slice(0, len(X))]

    def __iter__(self):
        return ((rows, take_rows(self.X, rows)) for rows in self.blocks)

    def squares(self, Z, *others):
        """Squared differences per value of decoded codes from rows of several kinds, added up over rows."""
        decoded = self._to_numbers(self.estimator.inverse_transform(Z))
        return [np.square(decoded - self._to_numbers(rows)).mean(axis=1).sum() for rows in others]

    def apart(self, squares):
        """Root mean square differences of rows of each kind."""
        return np.sqrt(np.sum(squares, axis=0) / len(self.X)).tolist()


def _compared(pairs, change, codes, plain, score):
    others, squares = np.empty_like(codes), []
    for rows, own in pairs:
        changed = change(rows, own)
        others[rows] = pairs.encode(changed)
        squares.append(pairs.squares(others[rows], changed, own))
    with np.errstate(divide="ignore", invalid="ignore"):  # codes that are one point
        moved = float(np.square(others - codes).sum(axis=1).mean() / codes.var(axis=0).sum())
    reconstruction, recovery = pairs.apart(squares)
    return Robustness(moved, _correlations(codes, others), reconstruction, recovery, plain[0], score(others), plain[1])


def _correlations(Z, W):
    """Of each column of one with the same column of the other."""
    Z, W = (A - A.mean(axis=0) for A in (Z, W))
    norm = np.sqrt(np.square(Z).sum(axis=0) * np.square(W).sum(axis=0))
    return np.divide((Z * W).sum(axis=0), norm, out=np.full(Z.shape[1], np.nan), where=norm > 0)
