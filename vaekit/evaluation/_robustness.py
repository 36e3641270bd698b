"""What becomes of codes and reconstructions when the input is changed."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar

from vaekit.evaluation._fitted import floats, look_into, require
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._containers import as_array
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import flat_rows
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
        Root mean square difference of the decoded codes of x' from x', per value, in the units of X.
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
        between them (inverted colours); neither leaves the range of X. In a dict, by a name of one's own: one of
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
    X = as_array(X)
    if len(X) < 2:
        raise ValueError(f"Robustness is measured beside the variance of codes: pass two rows or more, got {len(X)}.")
    named = transformations if isinstance(transformations, Mapping) else {name: name for name in transformations}
    random_state, codes = make_random_state(random_state), floats(estimator.transform(X))
    changed = {name: _changed(X, how, strength, random_state) for name, how in named.items()}

    def score(Z):
        return np.nan if metric is None else float(metric(factors, Z))

    plain = _difference(estimator, codes, X), score(codes)
    return {name: _compared(estimator, X, rows, codes, plain, score) for name, rows in changed.items()}


def _compared(estimator, X, changed, codes, plain, score):
    others = floats(estimator.transform(changed))
    with np.errstate(divide="ignore", invalid="ignore"):  # codes that are one point
        change = float(np.square(others - codes).sum(axis=1).mean() / codes.var(axis=0).sum())
    reconstruction, recovery = (_difference(estimator, others, rows) for rows in (changed, X))
    return Robustness(change, _correlations(codes, others), reconstruction, recovery, plain[0], score(others), plain[1])


def _correlations(Z, W):
    """Of each column of one with the same column of the other."""
    Z, W = (A - A.mean(axis=0) for A in (Z, W))
    norm = np.sqrt(np.square(Z).sum(axis=0) * np.square(W).sum(axis=0))
    return np.divide((Z * W).sum(axis=0), norm, out=np.full(Z.shape[1], np.nan), where=norm > 0)


def _difference(estimator, codes, X):
    """Root mean square difference of decoded codes from rows, per value."""
    decoded = flat_rows(as_array(estimator.inverse_transform(codes))).astype(np.float64)
    return float(np.sqrt(np.square(decoded - flat_rows(X)).mean()))


# name: function of X, the strength and a random state
TRANSFORMATIONS = {
    "noise": lambda X, strength, draw: X + strength * X.std() * draw.standard_normal(X.shape),
    "inverted": lambda X, strength, draw: X.max() + X.min() - X,
}


def _changed(X, how, strength, random_state):
    """Return changed rows, of the type of X."""
    if isinstance(how, str):
        if how not in TRANSFORMATIONS:
            raise ValueError(
                f"transformations knows {list(TRANSFORMATIONS)}, not {how!r}: pass a dict from names to functions or "
                "to changed rows."
            )
        values = X.astype(np.float64) if X.dtype.kind == "f" else X.astype(np.int64)
        rows = np.clip(TRANSFORMATIONS[how](values, strength, random_state), X.min(), X.max())
        return (np.rint(rows) if X.dtype.kind != "f" else rows).astype(X.dtype)
    rows = as_array(how(X) if callable(how) else how)
    if rows.shape != X.shape:
        raise ValueError(f"Changed rows must have the shape of X, {X.shape}, got {rows.shape}.")
    return rows
