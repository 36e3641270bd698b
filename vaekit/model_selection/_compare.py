"""Several models, several seeds, several scores: one table."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils.parallel import Parallel, delayed

from vaekit.batching import batched_fits
from vaekit.model_selection._comparison import Comparison, ComparisonRun
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._random import random_state_names
from vaekit.utils._told import about

__all__ = ["compare"]


@guarded_arithmetic
def compare(
    models: Mapping[str, Any] | Sequence[Any],
    X: Any,
    y: ArrayLike | None = None,
    *,
    scorers: Any = None,
    seeds: int | Sequence[int] = 5,
    test_size: float | int = 0.25,
    n_jobs: int | None = None,
) -> Comparison:
    """Fit models with the same few seeds on the same rows, and score each on the rows that were held out.

    Each seed splits the rows anew, once for all models, and is every model's `random_state`: so scores are paired, and
    what is a difference of models is told from luck.

    Parameters
    ----------
    models : dict of str to estimator, or sequence of estimators
        Estimators, pipelines or searches; they are cloned. A sequence is named by class and by the parameters in which
        models of one class differ.
    X : array-like of shape (n_samples, ...)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_factors), default=None
        Labels or factors, handed to `fit` and to scorers.
    scorers : str, callable, list or dict, default=None
        As `scoring` of :func:`sklearn.model_selection.cross_validate`; None is each model's own `score`.
    seeds : int or sequence of int, default=5
        So many seeds (0, 1, ...), or the seeds themselves.
    test_size : float or int, default=0.25
        Share or number of rows held out by each seed; 0 fits and scores on all rows, as studies of disentanglement do.
    n_jobs : int or None, default=None
        Fits at a time, as in joblib; None trains those that are alike as one program (:func:`vaekit.batched_fits`).

    Returns
    -------
    comparison : Comparison
        A line per model, seed and score, and paired statistics of them.

    Raises
    ------
    ValueError
        If there are no models or no seeds, one is there twice, or `test_size` leaves too few rows; before anything is
        fitted, if `scorers` are none.
    TypeError
        If there are no `scorers`, and a model has no `score`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from vaekit import VAE
    >>> from vaekit.model_selection import compare
    >>> X = load_iris().data
    >>> comparison = compare({"PCA": PCA(2), "VAE": VAE(n_components=2, max_epochs=2)}, X, seeds=2)
    >>> comparison.models, comparison.scores.keys()
    (['PCA', 'VAE'], dict_keys(['score']))
    >>> comparison.scores["score"].shape
    (2, 2)
    """
    named = models if isinstance(models, Mapping) else _named(list(models))
    seeds = _checked_seeds(seeds)
    if not named:
        raise ValueError(
            "The 'models' parameter is empty; pass a dict of names to estimators, or a list of estimators."
        )
    with about("scorers"):  # before anything is fitted
        for model in named.values():
            check_scoring(model, scoring=scorers)
    splits = {seed: _split(X, y, test_size, seed) for seed in seeds}
    fits = (
        delayed(_run)(str(name), model, seed, splits[seed], scorers) for name, model in named.items() for seed in seeds
    )
    with batched_fits() if n_jobs is None else contextlib.nullcontext():
        runs = Parallel(n_jobs=n_jobs)(fits)
    return Comparison([line for lines in runs for line in lines], _overlap(test_size, splits))


def _checked_seeds(seeds):
    seeds = list(range(seeds)) if isinstance(seeds, Integral) else list(seeds)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"The 'seeds' parameter must be a positive int or different seeds, got {seeds!r}.")
    return seeds


def _split(X, y, test_size, seed):
    """Rows and targets to fit on, and those to score on."""
    if test_size == 0:
        return X, y, X, y
    if y is None:
        train, test = train_test_split(X, test_size=test_size, random_state=seed)
        return train, None, test, None
    train, test, y_train, y_test = train_test_split(X, y, test_size=test_size, random_state=seed)
    return train, y_train, test, y_test


def _overlap(test_size, splits):
    """Rows held out for each that is trained on: how far the trainings of two seeds are from independent."""
    train, _, test, _ = next(iter(splits.values()))
    return 0.0 if test_size == 0 else _n_rows(test) / _n_rows(train)


def _n_rows(X):
    return X.shape[0] if hasattr(X, "shape") else len(X)


def _run(name, model, seed, split, scorers):
    """Fit a seeded copy on its part; return a line for each score on the other."""
    train, y_train, test, y_test = split
    model = clone(model)
    model.set_params(**dict.fromkeys(random_state_names(model), seed))
    begin = time.perf_counter()
    model.fit(train) if y_train is None else model.fit(train, y_train)
    seconds = time.perf_counter() - begin
    score = check_scoring(model, scoring=scorers)
    said = score(model, test) if y_test is None else score(model, test, y_test)
    said = said if isinstance(said, Mapping) else {_name_of(scorers): said}
    return [ComparisonRun(name, seed, which, float(value), seconds) for which, value in said.items()]


def _name_of(scorer):
    """What a lone score is called."""
    if isinstance(scorer, str):
        return scorer
    function = getattr(scorer, "_score_func", scorer)
    return "score" if scorer is None else getattr(function, "__name__", "score")


# ---------------------------------------------------------------------- names


def _named(models):
    """Name models by their class, and by the parameters in which those of one class differ."""
    names = [_name(model, [other for other in models if type(other) is type(model)]) for model in models]
    if len(set(names)) < len(names):
        raise ValueError("The 'models' parameter holds a model twice; pass a dict of names to estimators.")
    return dict(zip(names, models))


def _name(model, alike):
    params = [_told(other) for other in alike]
    differing = [key for key in _told(model) if len({own.get(key) for own in params}) > 1]
    told = ", ".join(f"{key}={_told(model)[key]}" for key in differing)
    return f"{type(model).__name__}({told})" if told else type(model).__name__


def _told(model):
    """Parameters that are no estimators themselves, as text."""
    return {key: repr(value) for key, value in model.get_params().items() if not hasattr(value, "get_params")}
