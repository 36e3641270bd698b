"""Samples of a table over its data: column by column, in pairs, and in what goes together."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, MUTED, draw_cells, draw_points, make_axes, shorten
from vaekit.inspection._fitted import Fitted, choose_features
from vaekit.inspection._moments import Moments
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_number
from vaekit.utils._containers import take_rows
from vaekit.utils._noise import noise_choice
from vaekit.utils._random import make_random_state
from vaekit.utils._style import DIVERGING, in_house_style, robust_limits
from vaekit.utils._typing import RandomStateLike

__all__ = ["TableSamplesDisplay"]

N_BINS = 30
MOST_PANELS, MOST_PAIRS, MOST_WORDS = 12, 4, 12


@guarded_arithmetic
class TableSamplesDisplay(Display):
    """Samples of a table, laid over the data: marginals, pairs of columns, associations.

    Parameters
    ----------
    X, samples : ndarray of float of shape (n_rows, n_features)
        Data and what the model made up; words as the numbers of their kinds.
    feature_names : sequence of str
        Names of the columns.
    kinds : sequence of (sequence of str or None)
        The words of each column; None for columns of numbers.
    associations, associations_of_samples : ndarray of shape (n_features, n_features)
        Of every two columns: Pearson's r of numbers, the correlation ratio of numbers and words, Cramér's V of words.
    moments : sequence of {"", "date", "duration"}, default=None
        What the numbers of each column are microseconds of (dates: since 1970), which is how they are drawn.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.inspection import TableSamplesDisplay
    >>> X = np.random.default_rng(0).normal(size=(100, 2)) @ [[1, 1], [0, 1]]
    >>> display = TableSamplesDisplay.from_arrays(X, X[:50], feature_names=["height", "weight"])
    >>> display.associations.shape
    (2, 2)
    """

    def __init__(
        self,
        *,
        X: np.ndarray,
        samples: np.ndarray,
        feature_names: Sequence[str],
        kinds: Sequence[Any],
        associations: np.ndarray,
        associations_of_samples: np.ndarray,
        moments: Sequence[str] | None = None,
    ) -> None:
        self.moments = [""] * len(kinds) if moments is None else moments
        self.X, self.samples, self.feature_names, self.kinds = X, samples, feature_names, kinds
        self.associations, self.associations_of_samples = associations, associations_of_samples

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        n_samples: int = 1000,
        categorical_features: Any = "from_dtype",
        random_state: RandomStateLike = None,
        noise: bool | str = "auto",
    ) -> Self:
        """Draw samples, and as many rows of X.

        Parameters
        ----------
        estimator : fitted object
            With `sample(n_samples, random_state)`. Pipelines and searches are looked through, and samples brought back
            through the earlier steps.
        X : array-like or frame of shape (n_rows, n_features)
            Data: numbers, words, booleans, dates, gaps.
        n_samples : int, default=1000
            Number of samples, at least 1.
        categorical_features : "from_dtype", or array-like of names, numbers or bool, default="from_dtype"
            Columns whose values are words, and have no order.
        random_state : int, RandomState instance or None, default=None
            Decides both.
        noise : bool or "auto", default="auto"
            Whether samples are draws of p(x | z) or its means, as in the model's own `sample`.

        Returns
        -------
        display : TableSamplesDisplay
        """
        check_number(n_samples, "n_samples", Integral, min_val=1)
        fitted, random_state = Fitted.inside(estimator), make_random_state(random_state)
        sample = fitted.ask("sample")
        made = sample(n_samples, random_state=random_state, **noise_choice(sample, noise))
        made = made if fitted.before is None else fitted.undone(made)
        X = fitted.rows(X)
        rows = random_state.permutation(len(X))[:n_samples]
        chosen = take_rows(X, np.sort(rows))
        names = None if fitted.columns is not None else fitted.feature_names
        return cls.from_arrays(chosen, made, categorical_features=categorical_features, feature_names=names)

    @classmethod
    def from_arrays(
        cls,
        X: ArrayLike,
        samples: ArrayLike,
        *,
        categorical_features: Any = "from_dtype",
        feature_names: Sequence[str] | None = None,
    ) -> Self:
        """Compare two tables.

        Parameters
        ----------
        X, samples : array-like or frame of shape (n_rows, n_features)
            Data, and rows that were made.
        categorical_features : "from_dtype", or array-like of names, numbers or bool, default="from_dtype"
            Columns whose values are words, and have no order.
        feature_names : sequence of str, default=None
            Names of columns that have none.

        Returns
        -------
        display : TableSamplesDisplay
        """
        from vaekit.evaluation._mixed_table import mixed_tables

        tables = mixed_tables(categorical_features, X=X, samples=samples)
        is_named = feature_names is not None and not hasattr(X, "columns")
        names = feature_names if is_named else tables[0].names
        return cls(
            X=tables[0].values,
            samples=tables[1].values,
            feature_names=[str(name) for name in names],
            kinds=[list(words) or None for words in tables[0].words],
            associations=association_matrix(tables[0]),
            associations_of_samples=association_matrix(tables[1]),
            moments=list(tables[0].moments),
        )

    @in_house_style
    def plot(self, ax: Any = None, *, kind: str = "marginals", features: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, or as many as there are panels, default=None
            Where to draw; None is a new figure.
        kind : {"marginals", "pairs", "associations"}, default="marginals"
            A panel for each column, with data and samples over each other; a panel for every two columns; or the
            associations of the data, those of the samples and their difference.
        features : int or str, or sequence of them, default=None
            Columns to draw, by number or by name. None is those whose marginals differ most, 12 at most; of pairs,
            four; all of them for associations.

        Returns
        -------
        display : TableSamplesDisplay

        Raises
        ------
        ValueError
            If there is no such kind or column.
        """
        drawings = {"marginals": self._draw_marginals, "pairs": self._draw_pairs, "associations": self._draw_matrices}
        if kind not in drawings:
            raise ValueError(f"kind must be one of {sorted(drawings)}, got {kind!r}.")
        most = {"marginals": MOST_PANELS, "pairs": MOST_PAIRS}.get(kind, len(self.kinds))
        chosen = self._worst(most) if features is None else choose_features(features, list(self.feature_names))
        drawings[kind](ax, chosen)
        return self

    @property
    def distances(self) -> np.ndarray:
        """Of every column: the largest difference of distribution functions, of words the total variation."""
        from vaekit.evaluation._mixed_table import MixedTable
        from vaekit.evaluation._table_parts import column_distances

        n_kinds = tuple(len(words) if words else 0 for words in self.kinds)
        tables = (MixedTable(values, n_kinds, tuple(self.feature_names)) for values in (self.X, self.samples))
        return column_distances(*tables)

    def _worst(self, most):
        """Numbers of the columns that differ most, in their order."""
        return np.sort(np.argsort(-self.distances, kind="stable")[:most]).tolist()

    def _draw_marginals(self, ax, features):
        self.figure_, self.axes_ = make_axes(ax, len(features), size=(2.2, 1.7), wrap=4)
        for axes, feature, distance in zip(self.axes_, features, self.distances[features]):
            self._draw_marginal(axes, feature)
            axes.set_title(f"{shorten(self.feature_names[feature])}  ({distance:.2f})", fontsize=9)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
        self._draw_legend(ax, "in brackets: largest difference of the distributions")

    def _draw_marginal(self, axes, feature):
        values, words = (rows[:, feature] for rows in (self.X, self.samples)), self.kinds[feature]
        if words:
            draw_shares(axes, *values, words)
        else:
            moments = self._moments(feature)
            draw_histograms(axes, *map(moments.place, values))
            moments.label(axes.xaxis)

    def _moments(self, feature):
        return Moments(self.moments[feature], self.X[:, feature], self.samples[:, feature])

    def _draw_pairs(self, ax, features):
        n = len(features)
        self.figure_, self.axes_ = make_axes(ax, n * n, size=(1.7, 1.6), wrap=n)
        for axes, place in zip(self.axes_.ravel(), np.ndindex(n, n)):
            row, column = (features[i] for i in place)
            if row == column:
                self._draw_marginal(axes, row)
            else:
                self._draw_pair(axes, column, row)
            axes.set_xlabel(shorten(self.feature_names[column], 14) if place[0] == n - 1 else "")
            axes.set_ylabel(shorten(self.feature_names[row], 14) if place[1] == 0 else "")
            axes.set(xticks=[], yticks=[])
        self._draw_legend(ax)

    def _draw_pair(self, axes, column, row):
        n_rows = min(len(self.X), len(self.samples))  # neither hides the other
        for values, colour in ((self.samples[:n_rows], COLORS[1]), (self.X[:n_rows], "0.3")):
            known = values[:, [column, row]]
            known = known[np.isfinite(known).all(axis=1)]
            draw_points(axes, known + self._jitter(len(known), column, row), color=colour, s=4)
        limits = (robust_limits(np.r_[self.X[:, d], self.samples[:, d]], 0.005, 0.05) for d in (column, row))
        axes.set(**{
            name: limit if self.kinds[d] is None else (-0.6, len(self.kinds[d]) - 0.4)
            for name, limit, d in zip(("xlim", "ylim"), limits, (column, row))
        })  # fmt: skip

    def _jitter(self, n_rows, *columns):
        """Points of words are spread around their number, always in the same way."""
        spread = np.random.default_rng(0).uniform(-0.3, 0.3, (n_rows, 2))
        return spread * [self.kinds[d] is not None for d in columns]

    def _draw_matrices(self, ax, features):
        grid = np.ix_(features, features)
        data, samples = self.associations[grid], self.associations_of_samples[grid]
        names = [self.feature_names[i] for i in features]
        side = 1.4 + 0.26 * len(names)
        self.figure_, self.axes_ = make_axes(ax, 3, size=(side, side))
        error = np.abs(samples - data)[np.triu_indices(len(names), 1)]
        titles = ["data", "samples", f"samples less data (mean |·| {error.mean() if len(error) else 0:.2f})"]
        for i, (axes, values, title) in enumerate(zip(self.axes_, (data, samples, samples - data), titles)):
            picture = draw_cells(axes, values, rows=names, columns=names, cmap=DIVERGING, limits=(-1, 1),
                                 form=".1f")  # fmt: skip
            axes.set(title=title, aspect="equal")
            if i:
                axes.set_yticks([])
        self.figure_.colorbar(picture, ax=list(self.axes_), label="association", shrink=0.7)

    def _draw_legend(self, ax, note=""):
        """Say which is which: above a figure of its own, in the first panel of others."""
        handles = [_patch(MUTED, "data"), _patch(COLORS[1], "samples")]
        if ax is None:
            self.figure_.legend(handles=handles, loc="outside upper center", ncols=2, title=note or None)
        else:
            self.axes_[0].legend(handles=handles)


def draw_histograms(ax, values, samples):
    """Draw the histograms of numbers over each other, on limits that far values do not move."""
    known = [column[np.isfinite(column)] for column in (values, samples)]
    limits = robust_limits(np.concatenate(known), 0.002, 0.02)
    edges = np.linspace(*limits, N_BINS + 1)
    clipped = [np.clip(column, *limits) for column in known]
    ax.hist(clipped[0], bins=edges, density=len(clipped[0]) > 0, color=MUTED, alpha=0.6, label="data")
    ax.hist(clipped[1], bins=edges, density=len(clipped[1]) > 0, color=COLORS[1], histtype="step", linewidth=1.4,
            label="samples")  # fmt: skip
    ax.set_xlim(limits)


def draw_shares(ax, values, samples, words):
    """Draw the shares of words beside each other, the most frequent first."""
    shares = np.stack([np.bincount(column.astype(int), minlength=len(words)) / len(column) for column in
                       (values, samples)])  # fmt: skip
    order = np.argsort(-shares[0], kind="stable")[:MOST_WORDS]
    for offset, share, colour in zip((-0.2, 0.2), shares, (MUTED, COLORS[1])):
        ax.bar(np.arange(len(order)) + offset, share[order], width=0.38, color=colour)
    ax.set_xticks(range(len(order)), [shorten(words[i], 9) for i in order], fontsize=7,
                  rotation=45 if len(order) > 3 else 0)  # fmt: skip


def association_matrix(table):
    """Associations of every two columns of a table as a symmetric matrix, 1 of a column with itself."""
    from vaekit.evaluation._table_parts import associations

    n = len(table.n_kinds)
    above = np.zeros((n, n))
    above[np.triu_indices(n, 1)] = associations(table)
    return above + above.T + np.eye(n)


def _patch(colour, label):
    from matplotlib.patches import Patch

    return Patch(color=colour, label=label)
