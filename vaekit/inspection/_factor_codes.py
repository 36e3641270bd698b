"""Which code tells of which factor."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import entropy

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import draw_cells, make_axes
from vaekit.inspection._fitted import Fitted
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._containers import as_array
from vaekit.utils._random import make_random_state
from vaekit.utils._style import in_house_style
from vaekit.utils._typing import RandomStateLike

__all__ = ["FactorCodeDisplay"]

MOST_ROWS = 3000  # on which boosted trees learn importances
MOST_CODES = 25


@guarded_arithmetic
class FactorCodeDisplay(Display):
    """Factors against codes: how much each code tells of each factor, and how much it matters for predicting it.

    A disentangled representation has one dark cell in each row and in each column.

    Parameters
    ----------
    information : ndarray of shape (n_codes, n_factors)
        Mutual information, as a share of the factor's entropy.
    importance : ndarray of shape (n_codes, n_factors), default=None
        Importance of a code for predicting a factor, those of a factor summing to 1 (DCI).
    factor_names : sequence of str, default=None
        Names of the factors; None numbers them.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for each matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.inspection import FactorCodeDisplay
    >>> factors = np.random.default_rng(0).integers(3, size=(300, 2))
    >>> display = FactorCodeDisplay.from_arrays(factors, factors[:, ::-1] * 0.5, importance=False)
    >>> display.information.round(1)
    array([[0., 1.],
           [1., 0.]])
    """

    def __init__(
        self,
        *,
        information: np.ndarray,
        importance: np.ndarray | None = None,
        factor_names: Sequence[str] | None = None,
    ) -> None:
        self.information, self.importance, self.factor_names = information, importance, factor_names

    @classmethod
    def from_estimator(cls, estimator: Any, X: ArrayLike, factors: ArrayLike, **options: Any) -> Self:
        """Encode rows, and measure their codes.

        Parameters
        ----------
        estimator : fitted object
            With `transform`. Pipelines and searches are looked through.
        X : array-like of shape (n_rows, ...)
            Data.
        factors : array-like of shape (n_rows, n_factors)
            Their factors.
        **options
            As in `from_arrays`.

        Returns
        -------
        display : FactorCodeDisplay
        """
        return cls.from_arrays(factors, Fitted.inside(estimator).encode(X), **options)

    @classmethod
    def from_arrays(
        cls,
        factors: ArrayLike,
        codes: ArrayLike,
        *,
        factor_names: Sequence[str] | None = None,
        importance: bool = True,
        continuous_factors: str = "error",
        random_state: RandomStateLike = 0,
    ) -> Self:
        """Measure codes.

        Parameters
        ----------
        factors : array-like or frame of shape (n_rows, n_factors)
            Factors, none of them of one value only.
        codes : array-like of shape (n_rows, n_codes)
            Codes.
        factor_names : sequence of str, default=None
            Names of the factors; None takes a frame's.
        importance : bool, default=True
            Whether to measure importances, too, by boosted trees on 3000 rows at most.
        continuous_factors : {"error", "bin"}, default="error"
            Refuse continuous factors, or cut them into bins.
        random_state : int, RandomState instance or None, default=0
            Chooses the rows of the trees, and seeds them.

        Returns
        -------
        display : FactorCodeDisplay
        """
        from vaekit.metrics import mutual_info_matrix

        names = getattr(factors, "columns", None) if factor_names is None else factor_names
        factors, codes = as_array(factors), as_array(codes)
        factors = factors.reshape(len(factors), -1)
        varies = [len(np.unique(column)) > 1 for column in factors.T]
        factors = factors[:, varies]
        options = {"continuous_factors": continuous_factors}
        information = mutual_info_matrix(factors, codes, **options)
        return cls(
            information=information / np.maximum(_entropies(factors, continuous_factors), 1e-12),
            importance=_importance(factors, codes, options, random_state) if importance else None,
            factor_names=None if names is None else [str(name) for name, keep in zip(names, varies) if keep],
        )

    @in_house_style
    def plot(self, ax: Any = None, *, cmap: str = "Blues") -> Self:
        """Draw codes as rows, factors as columns; of many codes, those that tell most.

        Parameters
        ----------
        ax : matplotlib Axes or one for each matrix, default=None
            Where to draw; None is a new figure.
        cmap : str, default="Blues"
            Colour map.

        Returns
        -------
        display : FactorCodeDisplay
        """
        matrices = {"mutual information\n(share of the factor's entropy)": self.information}
        if self.importance is not None:
            matrices["importance for\npredicting it (DCI)"] = self.importance
        n_factors = self.information.shape[1]
        shown = np.sort(np.argsort(-self.information.max(axis=1), kind="stable")[:MOST_CODES])
        names = [f"factor {i}" for i in range(n_factors)] if self.factor_names is None else self.factor_names
        size = (max(2.6, 1.0 + 0.5 * n_factors), 1.3 + 0.24 * len(shown))
        self.figure_, self.axes_ = make_axes(ax, len(matrices), size=size)
        for axes, (title, values) in zip(self.axes_, matrices.items()):
            rows = [f"$z_{{{i}}}$" for i in shown]
            draw_cells(axes, values[shown], rows=rows, columns=names, cmap=cmap, limits=(0, 1))
            axes.set_title(title, fontsize=9)
        return self


def _entropies(factors, continuous_factors):
    """Entropy of each factor in nats: what mutual information cannot exceed."""
    if continuous_factors != "bin":
        return np.array([entropy(np.unique(column, return_counts=True)[1]) for column in factors.T])
    from vaekit.metrics import mutual_info_matrix

    return np.diag(mutual_info_matrix(factors, factors.astype(float), continuous_factors=continuous_factors))


def _importance(factors, codes, options, random_state):
    """Importances by trees; None where there are too few factors or codes to speak of one among several."""
    from vaekit.metrics import dci_scores

    if factors.shape[1] < 2 or codes.shape[1] < 2:
        return None
    rng = make_random_state(random_state)
    rows = rng.permutation(len(codes))[:MOST_ROWS]
    n_train = int(0.7 * len(rows))
    sizes = {"n_train": n_train, "n_test": len(rows) - n_train}
    importance = dci_scores(factors[rows], codes[rows], random_state=rng, **sizes, **options).importance
    return importance / np.maximum(importance.sum(axis=0), 1e-12)
