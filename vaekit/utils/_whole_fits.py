"""Fits of estimators that stand around others: all of it or nothing, and nothing of what was learned is lost."""

import contextlib
import time
from typing import Any, NamedTuple

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

__all__ = ["Attempt", "attempted", "is_fitted", "reachable", "unchanged_unless_set"]


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


@contextlib.contextmanager
def reachable(fitted):
    """Hand out what was fitted with whatever goes wrong inside: hours of work are no price of a mistake after them."""
    try:
        yield
    except BaseException as error:
        error.fitted = fitted
        error.add_note("What had been fitted by then is the attribute 'fitted' of this error.")
        raise


class Attempt(NamedTuple):
    """What came of one step of several that do not depend on each other.

    Attributes
    ----------
    result : object
        None where it failed.
    error : str or None
        What was raised, as text: it may come from another process, which cannot hand over every error.
    seconds : float
    """

    result: Any
    error: str | None
    seconds: float


def attempted(function, *args, passes_on=()):
    """Call a function; an error of it costs none of the others, unless it is of a kind that passes on, as Ctrl-C is."""
    begin, result, said = time.perf_counter(), None, None
    try:
        result = function(*args)
    except passes_on:
        raise
    except Exception as error:
        said = repr(error)
    return Attempt(result, said, time.perf_counter() - begin)


def is_fitted(estimator):
    """Whether there is something to ask it."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True
