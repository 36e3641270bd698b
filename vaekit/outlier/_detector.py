"""Outliers are rows of low density."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from vaekit.estimators import VAE
from vaekit.estimators._pickles import CheckedPickles
from vaekit.outlier._contributions import ReferenceRows, contributions_of_columns
from vaekit.outlier._mosaic import alike, as_given, dense, opened
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._containers import take_rows
from vaekit.utils._look_through import look_through, refuse_if_told, refuse_unless_taken
from vaekit.utils._random import make_random_state, random_state_names
from vaekit.utils._sklearn import HasMethods, Interval, StrOptions, fit_context
from vaekit.utils._typing import RandomStateLike, RowsLike
from vaekit.utils._weights import checked_weights, fitted_with, in_proportion
from vaekit.utils._whole_fits import is_fitted, reachable, unchanged_unless_set

__all__ = ["VAEOutlierDetector"]

MAX_EPOCHS = 300  # of the default density
FINENESS = 8  # draws for a row with a weight: its share is right to an eighth of a row
FENCE = 1.5  # interquartile ranges below the first quartile (Tukey)


@guarded_arithmetic
class VAEOutlierDetector(CheckedPickles, OutlierMixin, BaseEstimator):
    """Outliers by the density of a variational autoencoder.

    A row's score is a lower bound on its log p(x), in nats; rows whose score lies below `offset_` are outliers.

    Parameters
    ----------
    estimator : estimator with `fit` and `score_samples`, default=None
        The density: any VAE of this library that has one, a pipeline that ends in one, or another density estimator;
        None is `VAE(max_epochs=300)`, as tables with outliers are small, and an epoch of theirs a few steps. It is
        cloned, never fitted itself.
    contamination : "auto" or float, default="auto"
        Where the line is drawn. A float in (0, 0.5] is the share of the training rows that are to lie below. `"auto"`
        presumes no share: rows are outliers that lie further below the first quartile of the training scores than 1.5
        times the distance between the quartiles.
    n_importance_samples : int or None, default=None
        None scores by the evidence lower bound; a number by the importance-weighted bound with that many samples of the
        posterior: closer to log p(x), and dearer.
    random_state : int, RandomState instance or None, default=None
        Seeds the estimator and whatever is seeded inside it; None leaves their own seeds as they are.

    Attributes
    ----------
    estimator_ : estimator
        The fitted density.
    offset_ : float
        The line: `decision_function` is `score_samples` less this.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, when X had string names.

    See Also
    --------
    vaekit.inspection.OutlierDisplay : The worst rows, and what is wrong with them.

    Notes
    -----
    Fitted on clean rows this detects novelties, fitted on rows with outliers among them, outliers; few among many do
    little harm, as a model of limited capacity spends it on what is common.

    References
    ----------
    J. An, S. Cho, "Variational Autoencoder based Anomaly Detection using Reconstruction Probability", 2015, whose score
    is the bound without its KL. J. Tukey, "Exploratory Data Analysis", 1977, on the fence.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit import VAE
    >>> from vaekit.outlier import VAEOutlierDetector
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> detector = VAEOutlierDetector(VAE(n_components=2, max_epochs=20, random_state=0)).fit(X)
    >>> detector.predict([[0, 0, 0], [0, 9, 0]])
    array([ 1, -1])
    >>> int(detector.explain([[0, 9, 0]]).argmin())
    1
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "score_samples"]), None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "n_importance_samples": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        contamination: float | str = "auto",
        n_importance_samples: int | None = None,
        random_state: RandomStateLike = None,
    ) -> None:
        self.estimator = estimator
        self.contamination = contamination
        self.n_importance_samples = n_importance_samples
        self.random_state = random_state

    def _prototype(self):
        return VAE(max_epochs=MAX_EPOCHS) if self.estimator is None else self.estimator

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: RowsLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the density, and draw the line through the scores of the same rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or whatever the estimator takes
            Data, with few outliers or none.
        y : Ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts, in the density and in the quantiles that draw the line.

        Returns
        -------
        self : VAEOutlierDetector
            The fitted detector.

        Notes
        -----
        What ends the density's training early (Ctrl-C, an error in a callback) passes on, and leaves the detector
        fitted with what was learned by then; what is refused leaves it as it was. Where a density was trained and its
        scores cannot be told (no memory, Ctrl-C), it is the attribute `fitted` of the error.
        """
        model = clone(self._prototype())
        refuse_if_told(model, self)
        if self.random_state is not None:
            random_state = make_random_state(self.random_state)
            seeds = {name: random_state.randint(np.iinfo(np.int32).max) for name in random_state_names(model)}
            model.set_params(**seeds)
        if self.n_importance_samples is not None:
            refuse_unless_taken(model, "score_samples", "n_importance_samples")
        with unchanged_unless_set(self, "offset_"):
            try:
                fitted_with(model, X, None, sample_weight)
            except BaseException:
                if is_fitted(model):
                    self._draw_line(model, X, sample_weight)
                raise
            self._draw_line(model, X, sample_weight)
        return self

    def _draw_line(self, model, X, sample_weight):
        """Take a fitted density, and the line through the scores of the rows."""
        with reachable(model):
            self._take(model, X, sample_weight)

    def _take(self, model, X, sample_weight):
        self.estimator_ = model
        scores = self._log_density(X)
        weight, table = checked_weights(sample_weight, len(scores)), opened(X)
        counted = scores if weight is None else scores[in_proportion(weight, FINENESS * len(scores))]
        if weight is not None:
            kept = np.flatnonzero(weight)
            table, scores = take_rows(table, kept), scores[kept]
        self._reference = ReferenceRows.among(table, scores).packed() if len(table.shape) == 2 else None
        self.offset_ = _fence(counted) if self.contamination == "auto" else _share(counted, self.contamination)

    def score_samples(self, X: RowsLike) -> np.ndarray:
        """Lower bound on log p(x) for every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            In nats; the lower, the less a row belongs.
        """
        check_is_fitted(self)
        return self._log_density(X)

    def _log_density(self, X):
        if self.n_importance_samples is None:
            return np.asarray(self.estimator_.score_samples(X))
        before, model = look_through(self.estimator_)
        rows = X if before is None else before.transform(X)
        return np.asarray(model.score_samples(rows, n_importance_samples=self.n_importance_samples))

    def decision_function(self, X: RowsLike) -> np.ndarray:
        """Score less `offset_`: negative for outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            In nats.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: RowsLike) -> np.ndarray:
        """Tell outliers from inliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.

        Returns
        -------
        labels : ndarray of int of shape (n_samples,)
            -1 for outliers, 1 for inliers.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def explain(self, X: RowsLike, *, n_orders: int = 2) -> Any:
        """What every column contributes to a row's score, in nats.

        A row x is compared with r, the inlier among the training rows that it is most like. From r to x the columns are
        exchanged one after the other, and each is credited with what the score changes,

            c_d = mean over orders of [score(columns before d and d from x, rest from r) - score(the same, d from r)]
                  + score(r) / n_features,

        the Shapley values of the score, estimated by `n_orders` random orders and their reverses (so that they are
        exact for a quadratic score, a normal density's). They sum to the score, whatever the orders.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            Rows of a table.
        n_orders : int, default=2
            Random orders, each taken forwards and backwards; the work is `2 * n_orders * n_features` scores for a row.

        Returns
        -------
        contributions : ndarray or frame of shape (n_samples, n_features)
            The lowest is what is least normal about a row; rows sum to `score_samples(X)`. A frame with the columns'
            names where a frame came in.

        Raises
        ------
        ValueError
            If X is no table, or `n_orders` no positive integer.

        References
        ----------
        S. Lundberg, S.-I. Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017,
        https://arxiv.org/abs/1705.07874, eq. 8; E. Strumbelj, I. Kononenko, "Explaining prediction models and
        individual predictions with feature contributions", 2014, on the sampling of orders.
        """
        check_is_fitted(self)
        n_orders = check_count(n_orders, "n_orders")
        scores, table = self.score_samples(X), opened(X)
        if len(table.shape) != 2:
            raise ValueError(
                f"explain is about the columns of a table, got X of shape {table.shape}; look at images beside their "
                "reconstructions, with vaekit.inspection.ReconstructionDisplay."
            )
        reference = self._reference.unpacked()
        if sparse.issparse(table) or sparse.issparse(reference.rows):
            table, reference = dense(table), reference._replace(rows=dense(reference.rows))
        rows = alike(table, reference.rows)
        shares = contributions_of_columns(self.score_samples, rows, scores, reference, n_orders)
        return as_given(shares, table)

    @property
    def n_features_in_(self):
        """Number of columns that the density was fitted on."""
        return self._of_density("n_features_in_")

    @property
    def feature_names_in_(self):
        """Names of the columns that the density was fitted on, where these had names."""
        return self._of_density("feature_names_in_")

    @property
    def columns_(self):
        """What the columns of a table of several kinds were read as; None for matrices."""
        return getattr(self.estimator_, "columns_", None)

    def _of_density(self, name):
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no {name} before fit.")
        return getattr(self.estimator_, name)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "offset_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._prototype()).input_tags
        return tags


def _fence(scores):
    low, high = np.quantile(scores, [0.25, 0.75])
    return float(low - FENCE * (high - low))


def _share(scores, contamination):
    return float(np.percentile(scores, 100 * contamination))
