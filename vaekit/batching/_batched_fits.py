"""A context, and a function, in which many fits are trained together."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from joblib import parallel_config
from joblib.parallel import get_active_backend
from numpy.typing import ArrayLike
from sklearn.utils.parallel import Parallel, delayed

from vaekit.batching._backend import CompanyBackend
from vaekit.batching._baton import Baton

__all__ = ["batched_fits", "fit_many"]


@contextlib.contextmanager
def batched_fits() -> Iterator[None]:
    """Context in which searches and cross-validations train their candidates together.

    Unchanged callers that go through joblib (`GridSearchCV`, `cross_validate`, nested searches, `BaggingClassifier`)
    run their fits in threads, one at a time, whatever their `n_jobs`. Estimators of this library park there before
    every epoch, and those that are alike (one structure; any weights of the loss, learning rates, seeds and rows) take
    it as one program, 20 at a time on a CPU, 256 on a CUDA device. Each is the model that it would be alone, and so are
    its scores: on a CPU to the last bit, on a CUDA device but for last digits, which depend on who trains beside it.

    Notes
    -----
    Estimators inside pipelines and searches train together, too. Convolutional nets train together on a CUDA device: as
    branches of one graph, eight at a time, each taking its own steps; or, with Triton installed and all sides halved by
    kernels of 4 (`ConvNet` for images whose sides are halved together), as a program of up to 48, in the estimators'
    `precision`. What cannot be batched runs alone: convolutional nets on a CPU, nets on other devices, modules or
    objectives of your own, estimators with `callbacks`. Rows that are equal are stored once. A candidate that fails
    fails alone, and `error_score` holds. Ctrl-C stops all of them and passes on. The `mean_fit_time` of a search
    counts the time that a fit waits for others, so that all candidates seem to take as long as the whole search.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> import vaekit
    >>> X = vaekit.datasets.make_two_moons(200, random_state=0).data
    >>> search = GridSearchCV(vaekit.BetaVAE(n_components=1, max_epochs=2, random_state=0), {"beta": [1, 4]}, cv=2)
    >>> with vaekit.batched_fits():
    ...     search = search.fit(X)
    >>> sorted(search.best_params_)
    ['beta']
    """
    if isinstance(get_active_backend()[0], CompanyBackend):
        yield
        return
    baton = Baton()
    try:
        with parallel_config(backend=CompanyBackend(baton)):
            yield
    finally:
        baton.stop(baton.tasks)


def fit_many(
    estimators: Sequence[Any], X: Any, y: ArrayLike | Sequence[ArrayLike] | None = None, **told: Any
) -> list[Any]:
    """Fit many estimators, those that are alike as one program.

    Parameters
    ----------
    estimators : sequence of estimators
        Alike or not; also pipelines and searches that hold such. They are fitted in place.
    X : array-like of shape (n_samples, ...), or list of such
        Rows for all of them; a list or tuple has rows for each.
    y : array-like of shape (n_samples,), or list of such, default=None
        Passed on to estimators that learn from it; a list of one each where X is one.
    **told
        What else their `fit` is told about rows, `sample_weight=` and `groups=`; lists of one each where X is one.

    Returns
    -------
    estimators : list of estimators
        The same objects, fitted: each as its own `fit` with the same seed would leave it (on a CPU to the last bit, on
        a CUDA device but for rounding: see :func:`vaekit.batched_fits`).

    Raises
    ------
    ValueError
        If there is not an X, a y or what else is told for each; if an estimator is there twice.

    Notes
    -----
    An error of one fit is raised once the others are done, which are then fitted; Ctrl-C stops all of them, each with
    what it had learned. See :func:`vaekit.batched_fits` for what is trained together and what is not.

    Examples
    --------
    >>> import vaekit
    >>> X = vaekit.datasets.make_two_moons(200, random_state=0).data
    >>> models = [vaekit.BetaVAE(n_components=1, beta=beta, max_epochs=2, random_state=0) for beta in (1, 2, 4)]
    >>> [model.beta for model in vaekit.fit_many(models, X)]
    [1, 2, 4]
    """
    estimators = list(estimators)
    if len({id(estimator) for estimator in estimators}) < len(estimators):
        raise ValueError("The 'estimators' parameter holds an estimator twice; clone it to fit it again.")
    given = {"X": X, "y": y, **{name: value for name, value in told.items() if value is not None}}
    if isinstance(X, (list, tuple)):
        columns = [_one_each(name, value, len(estimators)) for name, value in given.items()]
    else:
        columns = [[value] * len(estimators) for value in given.values()]
    calls = [dict(zip(given, values)) for values in zip(*columns)]
    with batched_fits():
        errors = Parallel()(delayed(_error_of_fit)(*fit) for fit in zip(estimators, calls))
    for error in errors:
        if error is not None:
            raise error
    return estimators


def _one_each(name, values, n_estimators):
    if values is None:
        return [None] * n_estimators
    if not isinstance(values, (list, tuple)) or len(values) != n_estimators:
        raise ValueError(
            f"The {name!r} parameter must hold one {name} for each of the {n_estimators} estimators, as X is a list; "
            "pass an array to fit all of them on the same rows."
        )
    return values


def _error_of_fit(estimator, call):
    """Fit; return what is raised, or None."""
    X, y, told = call.pop("X"), call.pop("y"), call
    try:
        estimator.fit(X, **told) if y is None else estimator.fit(X, y, **told)
    except Exception as error:
        return error
    return None
