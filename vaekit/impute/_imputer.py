"""Missing cells from the cells that were observed, by importance sampling."""

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.impute import MissingIndicator
from sklearn.utils.validation import check_is_fitted

from vaekit.estimators import VAE
from vaekit.estimators._columns import encoded_table, mixed_table
from vaekit.estimators._pickles import CheckedPickles
from vaekit.fitted import impute
from vaekit.frames import filled, kept_columns, missing_cells, open_table, with_flags
from vaekit.likelihoods import Normal
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._containers import unwrap
from vaekit.utils._look_through import refuse_if_told
from vaekit.utils._random import make_random_state
from vaekit.utils._sklearn import HasMethods, Interval, as_set_output, fit_context, validate_data
from vaekit.utils._typing import RandomStateLike
from vaekit.utils._warnings import warn_user
from vaekit.utils._weights import checked_weights, fitted_with
from vaekit.utils._whole_fits import is_fitted, unchanged_unless_set

__all__ = ["VAEImputer"]

HIDDEN_SHARE = 0.5  # of the cells of complete rows
HIDDEN_LAYER_SIZES, MAX_EPOCHS = (128,), 400  # of the default model: gaps leave little to learn a deep one from


@guarded_arithmetic
class VAEImputer(CheckedPickles, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill missing cells by a variational autoencoder that learns from the observed ones.

    With z_l ~ q(z | x_o) and weights w_l proportional to p(x_o | z_l) p(z_l) / q(z_l | x_o), a missing cell becomes

        E[x_m | x_o] = sum_l w_l E[x_m | z_l],

    or with `sample_posterior` a draw of p(x_m | z_l), l drawn in proportion to w_l. Conventions are those of
    :class:`sklearn.impute.IterativeImputer`: observed cells come out bit for bit, and new rows are filled by the model
    that was fitted once.

    Parameters
    ----------
    estimator : estimator of `vaekit` with a density, default=None
        The model, trained on the observed cells; None is `VAE(hidden_layer_sizes=(128,), max_epochs=400)`, as gaps
        leave little to learn a deeper one from. It is cloned, never fitted itself. Its likelihood is a normal with a
        scale for each column, of the observed cells alone; to its encoder a missing cell is the mean of its column.
    n_importance_samples : int, default=1000
        Codes drawn for each row. More are closer to the conditional mean or the conditional distribution of the model.
    sample_posterior : bool, default=False
        Whether cells are drawn from their conditional distribution, for multiple imputation: each call of `transform`
        draws anew. Otherwise they are its mean.
    add_indicator : bool, default=False
        Whether columns that say which cells were missing are added, for columns in which `fit` saw some.
    keep_empty_features : bool, default=False
        Whether columns without one observed cell in `fit` are kept, filled with 0; otherwise they are left out.
    random_state : int, RandomState instance or None, default=None
        Seeds the model, if not None, and the draws.

    Attributes
    ----------
    estimator_ : estimator
        The fitted model, of the columns that hold anything.
    indicator_ : MissingIndicator or None
        What adds the indicators.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, when X had string names.

    Notes
    -----
    An encoder that has seen few gaps does not know what to make of them: where most rows have none, all are trained on
    twice, and the second time half of the cells are hidden of those without one.

    References
    ----------
    P.-A. Mattei, J. Frellsen, "MIWAE: Deep Generative Modelling and Imputation of Incomplete Data Sets", ICML 2019,
    https://arxiv.org/abs/1812.02633, eqs. 10 and 12.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit import VAE
    >>> from vaekit.impute import VAEImputer
    >>> x = np.random.default_rng(0).normal(size=(300, 1))
    >>> X = np.hstack([x, 2 * x, -x])
    >>> model = VAE(n_components=1, max_epochs=100, random_state=0)
    >>> VAEImputer(model).fit(X).transform([[1.0, np.nan, -1.0]]).round()
    array([[ 1.,  2., -1.]])
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "score_samples", "inverse_transform"]), None],
        "n_importance_samples": [Interval(Integral, 1, None, closed="left")],
        "sample_posterior": ["boolean"],
        "add_indicator": ["boolean"],
        "keep_empty_features": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_importance_samples: int = 1000,
        sample_posterior: bool = False,
        add_indicator: bool = False,
        keep_empty_features: bool = False,
        random_state: RandomStateLike = None,
    ) -> None:
        self.estimator = estimator
        self.n_importance_samples = n_importance_samples
        self.sample_posterior = sample_posterior
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Train the model on the observed cells.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or frame with columns of several kinds
            Data; NaN, None, NaT or null where a cell is missing.
        y : Ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts.

        Returns
        -------
        self : VAEImputer
            The fitted imputer.

        Raises
        ------
        ValueError
            If no cell was observed.

        Notes
        -----
        What ends the model's training early (Ctrl-C, an error in a callback) passes on, and leaves the imputer fitted
        with what was learned by then; what is refused leaves it as it was.
        """
        with unchanged_unless_set(self, "estimator_"):
            self._fit(X, sample_weight)
        return self

    def _fit(self, X, sample_weight):
        self.random_state_ = make_random_state(self.random_state)
        model = self._model()
        table = mixed_table(model, X, reset=True)
        rows, is_missing = self._rows_of(X, table, reset=True)
        self._is_known = ~is_missing.all(axis=0)
        if not self._is_known.any():
            raise ValueError("No cell of X was observed: there is nothing to learn from.")
        self._warn_of_empty_columns()
        self.indicator_ = MissingIndicator(error_on_new=False).fit(_marked(is_missing)) if self.add_indicator else None
        weight, n_rows = checked_weights(sample_weight, len(is_missing)), len(is_missing)
        if table is None:
            rows = _with_hidden_cells(rows[:, self._is_known])
            is_twice = len(rows) > n_rows
        else:
            rows = table._replace(encoded_as=_with_hidden_cells_of_columns)
            is_twice = _hidden_cells(is_missing) is not None
        weight = np.tile(weight, 2) if is_twice and weight is not None else weight
        try:
            fitted_with(model, rows, None, weight)
        finally:
            if is_fitted(model):  # whatever ended its training
                self.estimator_ = model

    def _rows_of(self, X, table, reset):
        """Rows as an array, None for a table of several kinds of columns; and which cells are missing."""
        if table is None:
            X = self._checked(X, reset)
            return X, np.isnan(X)
        validate_data(self, table.native, reset=reset, skip_check_array=True)
        return None, missing_cells(table)

    def _prototype(self):
        default = VAE(hidden_layer_sizes=HIDDEN_LAYER_SIZES, max_epochs=MAX_EPOCHS)
        return default if self.estimator is None else self.estimator

    def _model(self):
        model = clone(self._prototype())
        if not hasattr(model, "missing_values"):
            raise ValueError(
                f"The 'estimator' parameter of VAEImputer must be a model with 'missing_values', such as VAE, and "
                f"{type(model).__name__} has none: put other steps before the imputer in a pipeline, and search over "
                "its 'estimator__...' parameters."
            )
        refuse_if_told(model, self)
        words = {"likelihood": Normal(scale="per_feature")} if model.likelihood == "auto" else {}
        if self.random_state is not None:
            words["random_state"] = self.random_state_.randint(np.iinfo(np.int32).max)
        if model.standardize == "auto":
            words["standardize"] = "column"
        return model.set_params(missing_values="mask", **words)

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Fill the missing cells.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or frame with columns of several kinds
            Data; NaN, None, NaT or null where a cell is missing.

        Returns
        -------
        filled : ndarray of shape (n_samples, n_features_out), or frame
            Observed cells as they were. A frame of the same library where columns are of several kinds; its cells are
            filled with what is possible: the likeliest category, whole counts, dates.
        """
        check_is_fitted(self)
        table = mixed_table(self.estimator_, X, reset=False)
        rows, is_missing = self._rows_of(X, table, reset=False)
        complete = self._filled(rows, is_missing) if table is None else self._filled_table(table, is_missing)
        kept = kept_columns(complete, self._are_kept)
        if self.indicator_ is not None:
            kept = self._with_flags(kept, self.indicator_.transform(_marked(is_missing)))
        return as_set_output(self, kept)

    def _with_flags(self, rows, flags):
        return with_flags(rows, self.get_feature_names_out()[-flags.shape[1] :] if flags.shape[1] else [], flags)

    def _filled(self, X, is_missing):
        """An array, its gaps filled; columns of which nothing is known with 0."""
        filled, known = np.where(is_missing & ~self._is_known, 0.0, X).astype(X.dtype), X[:, self._is_known]
        rows = np.flatnonzero(np.isnan(known).any(axis=1))
        if len(rows):
            values = self._drawn(known[rows])
            filled[np.ix_(rows, self._is_known)] = np.where(np.isnan(known[rows]), values, known[rows])
        return filled

    def _filled_table(self, table, is_missing):
        """A frame, its gaps filled with possible values: the likeliest category, whole counts."""
        rows, columns = encoded_table(self.estimator_, table, reset=False), self.estimator_.model_.blueprint.columns
        has_gap = np.isnan(rows).any(axis=1)
        if has_gap.any():
            rows[has_gap] = self._drawn(rows[has_gap])
        rows[:, ~self._is_known[columns.owners]] = 0.0
        return filled(table, open_table(columns.decode(rows, np.zeros_like(is_missing))), is_missing)

    def _drawn(self, rows):
        random_state = self.random_state_ if self.sample_posterior else None
        return impute(self.estimator_.model_, rows, self.n_importance_samples, random_state)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X; None are those seen in `fit`, or x0, x1, ...

        Returns
        -------
        names : ndarray of str objects
            Those of indicators begin with `missingindicator_`.
        """
        check_is_fitted(self)
        names = super().get_feature_names_out(input_features)
        kept = names[self._are_kept]
        return kept if self.indicator_ is None else np.hstack([kept, self.indicator_.get_feature_names_out(names)])

    @property
    def _are_kept(self):
        return self._is_known | self.keep_empty_features

    def _checked(self, X, reset):
        return validate_data(
            self, unwrap(X), reset=reset, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", copy=reset,
            ensure_min_samples=2 if reset else 1,
        )  # fmt: skip

    def _warn_of_empty_columns(self):
        if not self._is_known.all() and not self.keep_empty_features:
            empty = np.flatnonzero(~self._is_known).tolist()
            warn_user(
                f"Columns {empty} of X have no observed cell, and are left out; keep_empty_features=True fills them "
                "with 0."
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _with_hidden_cells(X):
    """Rows twice, the second time with half of the cells hidden of those without a gap, where these are the most."""
    is_hidden = _hidden_cells(np.isnan(X))
    return X if is_hidden is None else np.vstack([X, np.where(is_hidden, np.nan, X)])


def _with_hidden_cells_of_columns(columns, rows):
    """The same for a table, of which a column takes several numbers."""
    is_hidden = _hidden_cells(columns.cells(rows))
    return rows if is_hidden is None else np.vstack([rows, np.where(is_hidden[:, columns.owners], np.nan, rows)])


def _hidden_cells(is_missing):
    is_complete = ~is_missing.any(axis=1)
    if is_complete.mean() <= 0.5:
        return None
    is_hidden = np.random.RandomState(0).uniform(size=is_missing.shape) < HIDDEN_SHARE
    return is_hidden & is_complete[:, np.newaxis]


def _marked(is_missing):
    return np.where(is_missing, np.nan, 0.0)
