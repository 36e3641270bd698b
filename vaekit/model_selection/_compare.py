"""Several models, several seeds, several scores: one table."""

import contextlib
import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils.parallel import Parallel, delayed

from vaekit.batching import batched_fits
from vaekit.model_selection._comparison import Comparison, ComparisonRun
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._random import random_state_names
from vaekit.utils._told import about
from vaekit.utils._warnings import warn_user
from vaekit.utils._whole_fits import attempted

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
    error_score: float | str = math.nan,
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
    error_score : "raise" or float, default=nan
        What stands for a score that raises, and for all scores of a fit that does, each with a warning, as in
        :func:`sklearn.model_selection.cross_validate`. "raise" passes on the first error, and gives up the rest.

    Returns
    -------
    comparison : Comparison
        A line per model, seed and score, and paired statistics of them.

    Raises
    ------
    ValueError
        If there are no models or no seeds, one is there twice, or `test_size` leaves too few rows; before anything is
        fitted, if `scorers` are none; if not one score could be told.
    TypeError
        If there are no `scorers`, and a model has no `score`.

    Notes
    -----
    Fits of models with ``checkpoint=Checkpoint(folder, shared=True)`` that have ended are not repeated when a
    comparison that was killed is called again.

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
    if isinstance(error_score, bool) or not (error_score == "raise" or isinstance(error_score, Real)):
        raise ValueError(f"The 'error_score' parameter must be 'raise' or a number, got {error_score!r}.")
    if not named:
        raise ValueError(
            "The 'models' parameter is empty; pass a dict of names to estimators, or a list of estimators."
        )
    with about("scorers"):  # before anything is fitted
        for model in named.values():
            check_scoring(model, scoring=scorers)
    splits = {seed: _split(X, y, test_size, seed) for seed in seeds}
    fits = (
        delayed(_trial)(str(name), model, seed, splits[seed], scorers, Exception if error_score == "raise" else ())
        for name, model in named.items()
        for seed in seeds
    )
    with batched_fits() if n_jobs is None else contextlib.nullcontext():
        trials = Parallel(n_jobs=n_jobs)(fits)
    return Comparison(_lines(trials, error_score), _overlap(test_size, splits))


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


FIT, SCORER = 0, 1


class _Trial(NamedTuple):
    """What came of a model with a seed: scores by name; what failed, by the name of the score, or `FIT` or `SCORER`."""

    name: str
    seed: int
    fit_time: float
    scores: dict
    failures: dict


def _trial(name, model, seed, split, scorers, passes_on):
    """Fit a seeded copy on its part, and score it on the other."""
    train, y_train, test, y_test = split
    model = clone(model)
    model.set_params(**dict.fromkeys(random_state_names(model), seed))
    fit = attempted(model.fit, *_given(train, y_train), passes_on=passes_on)
    if fit.error is not None:
        return _Trial(name, seed, fit.seconds, {}, {FIT: fit.error})
    return _Trial(name, seed, fit.seconds, *_scores(model, _given(test, y_test), scorers, passes_on))


def _given(X, y):
    return (X,) if y is None else (X, y)


def _scores(model, given, scorers, passes_on):
    """Numbers by the names of their scorers, and what failed."""
    score = check_scoring(model, scoring=scorers, raise_exc=bool(passes_on))
    said = attempted(score, model, *given, passes_on=passes_on)
    if said.error is not None:
        return {}, {SCORER: said.error}
    values = said.result if isinstance(said.result, Mapping) else {_name_of(scorers): said.result}
    # several scorers of scikit-learn give the text of what they raise
    failures = {name: value.strip().splitlines()[-1] for name, value in values.items() if isinstance(value, str)}
    told = {name: value for name, value in values.items() if name not in failures}
    numbers = {name: attempted(float, value, passes_on=passes_on) for name, value in told.items()}
    failures |= {name: number.error for name, number in numbers.items() if number.error is not None}
    return {name: number.result for name, number in numbers.items() if name not in failures}, failures


def _lines(trials, error_score):
    """A line for each score of each trial; warnings of what failed."""
    if not any(trial.scores for trial in trials):
        errors = dict.fromkeys(error for trial in trials for error in trial.failures.values())
        raise ValueError(f"No model could be fitted and scored: {'; '.join(errors)}")
    for trial in trials:
        for which, error in trial.failures.items():
            what = {FIT: "fit", SCORER: "score"}.get(which, f"score {which!r}")
            words = f"The {what} of {trial.name!r} with seed {trial.seed} failed, and counts as {error_score}: {error}"
            warn_user(words, FitFailedWarning if which is FIT else UserWarning)
    told = dict.fromkeys(name for trial in trials for name in (*trial.scores, *trial.failures))
    names = [name for name in told if name not in (FIT, SCORER)]
    return [
        ComparisonRun(trial.name, trial.seed, name, trial.scores.get(name, error_score), trial.fit_time)
        for trial in trials
        for name in names
    ]


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
