"""Choosing among models by how well they agree, without factors."""

import contextlib
import functools
import itertools
from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import ParameterGrid
from sklearn.utils.parallel import Parallel, delayed

from vaekit.batching import batched_fits
from vaekit.estimators._pickles import CheckedPickles
from vaekit.metrics import udr_scores
from vaekit.model_selection._best_model import BestModelMixin
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._containers import take_rows, unwrap
from vaekit.utils._look_through import look_through
from vaekit.utils._random import make_random_state, random_state_names
from vaekit.utils._repr import short_repr
from vaekit.utils._sklearn import HasMethods, Interval, StrOptions, fit_context
from vaekit.utils._typing import RandomStateLike
from vaekit.utils._warnings import warn_user
from vaekit.utils._weights import checked_weights, fitted_with, in_proportion
from vaekit.utils._whole_fits import attempted, reachable


class UDRRanking(NamedTuple):
    """Scores of models in the order given, and their numbers from best to worst."""

    scores: np.ndarray
    order: np.ndarray

    __repr__ = short_repr


@guarded_arithmetic
def udr_ranking(
    estimators: Any, X: ArrayLike, *, method: str = "lasso", kl_threshold: float = 0.01, n_jobs: int | None = None
) -> UDRRanking:
    """Rank fitted models by how well each agrees with the others (unsupervised disentanglement ranking).

    Parameters
    ----------
    estimators : sequence of fitted transformers
        At least two, such as fits that differ by their seed. Latents that hold no more than `kl_threshold` nats are
        left out of models that have `kl_per_component_`; searches and pipelines (their last steps) are looked through.
    X : array-like of shape (n_samples, ...)
        Rows to encode, the same for all.
    method : {"lasso", "spearman"}, default="lasso"
        How two codes are related, see :func:`vaekit.metrics.udr_scores`.
    kl_threshold : float, default=0.01
        In nats per row.
    n_jobs : int or None, default=None
        Models compared at a time, as in joblib.

    Returns
    -------
    ranking : UDRRanking
        `scores` of shape (n_models,), higher is better, and `order`, the best model first.

    Raises
    ------
    ValueError
        If there are fewer than two models.

    References
    ----------
    S. Duan et al., "Unsupervised Model Selection for Variational Disentangled Representation Learning", ICLR 2020,
    https://arxiv.org/abs/1905.12614.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import FastICA
    >>> from vaekit.model_selection import udr_ranking
    >>> X = np.random.default_rng(0).uniform(size=(300, 3))
    >>> models = [FastICA(2, random_state=seed).fit(X) for seed in range(3)]
    >>> udr_ranking(models, X).order.shape
    (3,)
    """
    codes = [estimator.transform(X) for estimator in estimators]
    divergences = [_kl_per_component(estimator) for estimator in estimators]
    scores = udr_scores(codes, method=method, kl_per_component=divergences, kl_threshold=kl_threshold, n_jobs=n_jobs)
    return UDRRanking(scores, np.argsort(-scores, kind="stable"))


@guarded_arithmetic
class UDRSearch(CheckedPickles, BestModelMixin, MetaEstimatorMixin, BaseEstimator):
    """Search of parameters by unsupervised disentanglement ranking: no factors, no held-out rows.

    Every candidate of the grid is fitted with the same few seeds. A candidate on whose codes its own seeds agree, up
    to their order and sign, has found something that does not depend on the seed; its score is the mean
    :func:`vaekit.metrics.udr_scores` of its models.

    Parameters
    ----------
    estimator : transformer
        With a `random_state`, its own or that of a step; seeds are set on all there are.
    param_grid : dict or list of dict
        Candidates, as in :class:`sklearn.model_selection.GridSearchCV`.
    n_models : int, default=5
        Seeds per candidate, at least 2. More make the scores steadier.
    method : {"lasso", "spearman"}, default="lasso"
        How two codes are related.
    kl_threshold : float, default=0.01
        Latents of estimators with `kl_per_component_` that hold no more nats per row are left out.
    n_jobs : int or None, default=None
        Fits at a time, as in joblib; None trains those that are alike as one program (:func:`vaekit.batched_fits`).
    random_state : int, RandomState instance or None, default=None
        Source of the seeds.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        A row per candidate, with scikit-learn's keys: `params`, `param_*`, `split{i}_test_score` (of the i-th seed),
        `mean_test_score`, `std_test_score`, `rank_test_score`.
    best_index_ : int
        The candidate of the highest mean score.
    best_params_ : dict
        Its parameters.
    best_score_ : float
        Its mean score, between 0 and 1 for ranks and close to that for the lasso.
    best_estimator_ : estimator
        Its model of the highest score, already fitted on all of `X`.

    Notes
    -----
    The search is a transformer that stands for its best model: `transform`, `inverse_transform`, `predict`,
    `score_samples`, `get_feature_names_out`, `set_output` and their like are that model's, where it has them. Ctrl-C
    ends the search. A fit that raises makes its candidate's scores NaN, with a warning, and such a candidate is not
    chosen; nor is one whose codes cannot be compared. With ``checkpoint=Checkpoint(folder, shared=True)`` in the
    estimator, fits that have ended are not repeated when a search that was killed is called again. Codes are compared
    on the rows of the fit, as in the paper. Agreement is not truth: an estimator that finds the same mixed codes
    whatever its seed scores as well as one that finds the factors.

    References
    ----------
    S. Duan et al., "Unsupervised Model Selection for Variational Disentangled Representation Learning", ICLR 2020,
    section 4, https://arxiv.org/abs/1905.12614.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import FastICA
    >>> from vaekit.model_selection import UDRSearch
    >>> X = np.random.default_rng(0).uniform(size=(300, 3))
    >>> search = UDRSearch(FastICA(), {"n_components": [1, 3]}, n_models=2, random_state=0).fit(X)
    >>> sorted(search.best_params_)
    ['n_components']
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "transform"])],
        "param_grid": [dict, list],
        "n_models": [Interval(Integral, 2, None, closed="left")],
        "method": [StrOptions({"lasso", "spearman"})],
        "kl_threshold": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        n_models: int = 5,
        method: str = "lasso",
        kl_threshold: float = 0.01,
        n_jobs: int | None = None,
        random_state: RandomStateLike = None,
    ) -> None:
        self.estimator = estimator
        self.param_grid = param_grid
        self.n_models = n_models
        self.method = method
        self.kl_threshold = kl_threshold
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit every candidate with every seed and keep the best model.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows to fit on and to encode.
        y : array-like of shape (n_samples,), default=None
            Passed on to estimators that learn from it; the ranking has no use for it.
        sample_weight : array-like of shape (n_samples,), default=None
            Passed on to every fit; codes are compared on rows drawn in proportion to it.

        Returns
        -------
        self : UDRSearch
            The fitted search.

        Raises
        ------
        ValueError
            If the estimator has no `random_state`, or no parameter of a name in the grid; before anything is fitted. If
            no candidate was fitted with every seed, or none could be compared: the fitted models are then the attribute
            `fitted` of the error, a list for each candidate.
        """
        candidates = list(ParameterGrid(self.param_grid))
        seeds = make_random_state(self.random_state).randint(np.iinfo(np.int32).max, size=self.n_models).tolist()
        counted = _counted(X, sample_weight)
        groups = self._fitted(candidates, seeds, X, y, sample_weight)
        with reachable(groups):
            scores = np.array([self._score(*each, counted) for each in zip(candidates, groups)])
            if np.isnan(scores.mean(axis=1)).all():
                raise ValueError("No candidate was fitted with every seed and compared; the warnings above say why.")
        self.cv_results_ = _results(candidates, scores)
        self.best_index_ = int(np.nanargmax(scores.mean(axis=1)))
        self.best_params_ = candidates[self.best_index_]
        self.best_score_ = float(scores[self.best_index_].mean())
        self.best_estimator_ = groups[self.best_index_][scores[self.best_index_].argmax()]
        return self

    def _fitted(self, candidates, seeds, *told):
        """A list of models for each candidate, None where a fit failed."""
        models = [_seeded(self.estimator, params, seed) for params in candidates for seed in seeds]
        fits = (delayed(attempted)(fitted_with, model, *told) for model in models)
        with batched_fits() if self.n_jobs is None else contextlib.nullcontext():
            attempts = Parallel(n_jobs=self.n_jobs)(fits)
        for attempt, (params, seed) in zip(attempts, itertools.product(candidates, seeds)):
            if attempt.error is not None:
                warn_user(f"The fit of {params} with seed {seed} failed: {attempt.error}", FitFailedWarning)
        models = [attempt.result for attempt in attempts]
        return [models[start : start + len(seeds)] for start in range(0, len(models), len(seeds))]

    def _score(self, params, models, X):
        unknown = np.full(len(models), np.nan)
        if any(model is None for model in models):
            return unknown
        how = {"method": self.method, "kl_threshold": self.kl_threshold, "n_jobs": self.n_jobs}
        attempt = attempted(functools.partial(udr_ranking, models, X, **how))
        if attempt.error is not None:
            warn_user(f"The models of {params} could not be compared, and count as NaN: {attempt.error}")
        return unknown if attempt.error is not None else attempt.result.scores


def _kl_per_component(estimator):
    """Nats per latent of the model inside a search or a pipeline; None where there are none."""
    return getattr(look_through(estimator).model, "kl_per_component_", None)


def _seeded(estimator, params, seed):
    """A copy to be fitted."""
    model = clone(estimator).set_params(**clone(params, safe=False))
    seeded = random_state_names(model)
    if not seeded:
        raise ValueError(f"UDRSearch compares seeds, and {type(estimator).__name__} has no random_state.")
    return model.set_params(**dict.fromkeys(seeded, seed))


def _counted(X, sample_weight):
    """Rows, each as often as it counts among as many."""
    if sample_weight is None:
        return X
    rows = X if hasattr(X, "shape") else unwrap(X)
    weight = checked_weights(sample_weight, rows.shape[0])
    return rows if weight is None else take_rows(rows, in_proportion(weight, rows.shape[0]))


def _results(candidates, scores):
    """Arrange scores (n_candidates, n_models) as scikit-learn's searches do."""
    mean = scores.mean(axis=1)
    names = sorted({name for params in candidates for name in params})
    return {
        **{f"param_{name}": _column(name, candidates) for name in names},
        "params": candidates,
        **{f"split{i}_test_score": split for i, split in enumerate(scores.T)},
        "mean_test_score": mean,
        "std_test_score": scores.std(axis=1),
        "rank_test_score": rankdata(-np.nan_to_num(mean, nan=-np.inf), method="min").astype(np.int32),
    }


def _column(name, candidates):
    """One parameter of all candidates, masked where a candidate does not have it."""
    column = np.ma.masked_all(len(candidates), dtype=object)
    for i, params in enumerate(candidates):
        if name in params:
            column[i] = params[name]
    return column
