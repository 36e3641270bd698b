"""Fits of estimators that stand around others: all of it or nothing, and nothing of what was learned is lost."""

import contextlib

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

__all__ = ["is_fitted", "unchanged_unless_set"]


@contextlib.contextmanager
def unchanged_unless_set(estimator, name):
    """Give an estimator its attributes back if anything goes wrong inside before this attribute was set anew."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        if vars(estimator).get(name) is before.get(name):
            vars(estimator).clear()
            vars(estimator).update(before)
        raise


def is_fitted(estimator):
    """Whether there is something to ask it."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True
