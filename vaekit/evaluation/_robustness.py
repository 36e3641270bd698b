"""What becomes of codes and reconstructions when the input is changed."""

import functools
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar

from vaekit.evaluation._fitted import floats, look_into, made_rows, reads_columns, require
from vaekit.features._comparable import comparable_rows
from vaekit.frames import as_frame, codes_of_columns, frame_of_codes
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._containers import as_array
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
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
        these, a function from X to changed rows, or changed rows (such as the same scenes with a shape that the model
        has never seen, as `vaekit.datasets.render_dsprites` draws them).
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
    check_scalar(strength, "strength", Real, min_val=0)
    if metric is not None and factors is None:
        raise ValueError("A metric compares codes with factors: pass 'factors', a row for each of X.")
    X = made_rows(estimator, X)
    if len(X) < 2:
        raise ValueError(f"Robustness is measured beside the variance of codes: pass two rows or more, got {len(X)}.")
    named = transformations if isinstance(transformations, Mapping) else {name: name for name in transformations}
    random_state, codes = make_random_state(random_state), floats(estimator.transform(X))
    columns = estimator.columns_ if reads_columns(estimator) else None
    changed = {name: _changed(X, how, strength, random_state, columns) for name, how in named.items()}
    to_numbers = comparable_rows(X, columns)

    def score(Z):
        return np.nan if metric is None else float(metric(factors, Z))

    def difference(Z, rows):
        return _difference(to_numbers, estimator.inverse_transform(Z), rows)

    plain = difference(codes, X), score(codes)
    return {name: _compared(estimator, X, rows, codes, plain, score, difference) for name, rows in changed.items()}


def _compared(estimator, X, changed, codes, plain, score, difference):
    others = floats(estimator.transform(changed))
    with np.errstate(divide="ignore", invalid="ignore"):  # codes that are one point
        change = float(np.square(others - codes).sum(axis=1).mean() / codes.var(axis=0).sum())
    reconstruction, recovery = (difference(others, rows) for rows in (changed, X))
    return Robustness(change, _correlations(codes, others), reconstruction, recovery, plain[0], score(others), plain[1])


def _correlations(Z, W):
    """Of each column of one with the same column of the other."""
    Z, W = (A - A.mean(axis=0) for A in (Z, W))
    norm = np.sqrt(np.square(Z).sum(axis=0) * np.square(W).sum(axis=0))
    return np.divide((Z * W).sum(axis=0), norm, out=np.full(Z.shape[1], np.nan), where=norm > 0)


def _difference(to_numbers, decoded, X):
    """Root mean square difference of decoded codes from rows, per value."""
    return float(np.sqrt(np.square(to_numbers(decoded) - to_numbers(X)).mean()))


# name: function of X, the strength and a random state; `axis` is None where all values share a scale
TRANSFORMATIONS = {
    "noise": lambda X, strength, draw, axis=None: (
        X + strength * np.nanstd(X, axis=axis) * draw.standard_normal(X.shape)
    ),
    "inverted": lambda X, strength, draw, axis=None: np.nanmax(X, axis=axis) + np.nanmin(X, axis=axis) - X,
}


def _changed(X, how, strength, random_state, columns):
    """Return changed rows, of the type of X."""
    if isinstance(how, str):
        if how not in TRANSFORMATIONS:
            raise ValueError(
                f"transformations knows {list(TRANSFORMATIONS)}, not {how!r}: pass a dict from names to functions or "
                "to changed rows."
            )
        change = _changed_values if columns is None else functools.partial(_changed_columns, columns)
        return change(X, TRANSFORMATIONS[how], strength, random_state)
    rows = how(X) if callable(how) else how
    rows = as_array(rows) if columns is None else as_frame(rows)
    if rows.shape != X.shape:
        raise ValueError(f"Changed rows must have the shape of X, {X.shape}, got {rows.shape}.")
    return rows


def _changed_values(X, transformation, strength, random_state):
    values = X.astype(np.float64) if X.dtype.kind == "f" else X.astype(np.int64)
    rows = np.clip(transformation(values, strength, random_state), np.nanmin(X), np.nanmax(X))
    return (np.rint(rows) if X.dtype.kind != "f" else rows).astype(X.dtype)


def _changed_columns(columns, X, transformation, strength, random_state):
    """Columns of several kinds, each by its own scale; categories by their places in the list."""
    codes = codes_of_columns(columns, X)
    codes = np.where(np.isfinite(codes).any(axis=0), codes, 0.0)
    changed = transformation(codes, strength, random_state, axis=0)
    return as_frame(frame_of_codes(columns, np.clip(changed, np.nanmin(codes, axis=0), np.nanmax(codes, axis=0))))
