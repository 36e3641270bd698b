"""The worst rows, and what is wrong with them."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import make_axes, shorten
from vaekit.inspection._fitted import Fitted, name_features
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_number
from vaekit.utils._containers import as_array, column_names, take_rows
from vaekit.utils._rows import floats
from vaekit.utils._style import in_house_style, robust_limits

__all__ = ["OutlierDisplay"]


@guarded_arithmetic
class OutlierDisplay(Display):
    """Rows of the lowest scores, worst first, each with what its columns contribute.

    Parameters
    ----------
    rows : ndarray of int of shape (n_rows,)
        Numbers of the rows in X.
    scores : ndarray of shape (n_rows,)
        Their scores in nats, ascending.
    contributions : ndarray of shape (n_rows, n_features)
        Of every column to the score of its row, in nats.
    feature_names : sequence of str, default=None
        Names of the columns; None numbers them.
    offset : float, default=None
        Score below which a row is an outlier, where one is known.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    ax_ : matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit import VAE
    >>> from vaekit.inspection import OutlierDisplay
    >>> from vaekit.outlier import VAEOutlierDetector
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> X[7, 2] = 9
    >>> detector = VAEOutlierDetector(VAE(n_components=2, max_epochs=20, random_state=0)).fit(X)
    >>> display = OutlierDisplay.from_estimator(detector, X, n_rows=5)
    >>> int(display.rows[0]), int(display.contributions[0].argmin())
    (7, 2)
    """

    def __init__(
        self,
        *,
        rows: np.ndarray,
        scores: np.ndarray,
        contributions: np.ndarray,
        feature_names: Sequence[str] | None = None,
        offset: float | None = None,
    ) -> None:
        self.rows, self.scores, self.contributions = rows, scores, contributions
        self.feature_names, self.offset = feature_names, offset

    @classmethod
    def from_estimator(cls, estimator: Any, X: ArrayLike, *, n_rows: int = 10) -> Self:
        """Score rows, and explain the worst of them.

        Parameters
        ----------
        estimator : fitted object
            With `score_samples` and `explain`. Pipelines and searches are looked through.
        X : array-like or frame of shape (n_samples, n_features)
            Data.
        n_rows : int, default=10
            How many to show, at least 1.

        Returns
        -------
        display : OutlierDisplay

        Raises
        ------
        ValueError
            If `n_rows` is below 1.
        """
        check_number(n_rows, "n_rows", Integral, min_val=1)
        fitted = Fitted.inside(estimator)
        explain, X = fitted.ask("explain"), fitted.into(X)
        scores = floats(fitted.ask("score_samples")(X))
        worst = np.argsort(scores, kind="stable")[:n_rows]
        names = column_names(X)
        return cls(
            rows=worst,
            scores=scores[worst],
            contributions=as_array(explain(take_rows(X, worst))),
            feature_names=fitted.column_names if names is None else names,
            offset=getattr(fitted.model, "offset_", None),
        )

    @in_house_style
    def plot(self, ax: Any = None, *, cmap: str = "RdBu") -> Self:
        """Draw a row for each of the worst, a cell for each column: red is what makes it one.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        cmap : str, default="RdBu"
            Colour map, its middle at 0.

        Returns
        -------
        display : OutlierDisplay
        """
        n_rows, n_features = self.contributions.shape
        self.figure_, (self.ax_,) = make_axes(ax, 1, size=(2.6 + 0.3 * n_features, 1.5 + 0.26 * n_rows))
        most = np.abs(robust_limits(self.contributions, tail=0.005)).max() or 1.0
        cells = self.ax_.imshow(self.contributions, cmap=cmap, vmin=-most, vmax=most, aspect="auto")
        names = [shorten(name) for name in name_features(self.feature_names, n_features)]
        self.ax_.set_xticks(range(n_features), names, rotation=45, ha="right", rotation_mode="anchor")
        self.ax_.set_yticks(range(n_rows), [self._label(i) for i in range(n_rows)])
        self.ax_.tick_params(length=0)
        self.ax_.spines[:].set_visible(False)
        self.figure_.colorbar(cells, ax=self.ax_, label="contribution to the score (nats)")
        return self

    def _label(self, i):
        """Number and score of a row; a star marks outliers."""
        is_outlier = self.offset is not None and self.scores[i] < self.offset
        return f"row {self.rows[i]}: {self.scores[i]:.4g}{' *' if is_outlier else ''}"
