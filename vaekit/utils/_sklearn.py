"""The one door to scikit-learn's private helpers."""

import functools
import operator
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from sklearn import get_config
from sklearn.base import _fit_context
from sklearn.utils._available_if import _AvailableIfDescriptor as AvailableIf
from sklearn.utils._param_validation import (
    HasMethods,
    Hidden,
    InvalidParameterError,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._param_validation import Interval as IntervalWithTruths
from sklearn.utils._param_validation import Options as OptionsWithTruths
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import validate_data

__all__ = [
    "AvailableIf",
    "HasMethods",
    "Hidden",
    "Interval",
    "InvalidParameterError",
    "Options",
    "RealNotInt",
    "StrOptions",
    "as_set_output",
    "check_sample_weight",
    "fit_context",
    "validate_data",
    "validate_parameter_constraints",
]


class Interval(IntervalWithTruths):
    """Numbers from one end to another; True and False, which Python takes for integers, are none."""

    def is_satisfied_by(self, val):
        """Whether a value is what was asked for."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)


class Options(OptionsWithTruths):
    """Single values; True and False are no numbers here, either."""

    def is_satisfied_by(self, val):
        """Whether a value is what was asked for."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)


# values of the parameters of estimators when they were checked: a check takes as long as a small step of training
CHECKED: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

Method = TypeVar("Method", bound=Callable[..., Any])


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
    """scikit-learn's decorator of `fit`, which checks parameters; a type checker sees the method as it is written."""
    checking = _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)
    return lambda method: _checked_each_time(checking(method)) if method.__name__ == "partial_fit" else checking(method)


def _checked_each_time(partial_fit):
    """scikit-learn checks the parameters of a `partial_fit` in its first call alone; they may have changed since."""

    @functools.wraps(partial_fit)
    def checked(estimator, *args, **kwargs):
        values = [getattr(estimator, name, None) for name in estimator._parameter_constraints]
        if not get_config()["skip_parameter_validation"] and not _are_the_same(values, CHECKED.get(estimator)):
            estimator._validate_params()
            CHECKED[estimator] = values
        return partial_fit(estimator, *args, **kwargs)

    return checked


def _are_the_same(values, others):
    return others is not None and all(map(operator.is_, values, others))


def as_set_output(estimator, frame):
    """A frame in the library that `set_output` asks for, where scikit-learn, which makes frames of arrays, cannot.

    It makes pandas' of anything with `pandas.DataFrame`, which reads no frame of polars or Arrow.
    """
    asked = _get_output_config("transform", estimator)["dense"]
    return frame.to_pandas() if asked == "pandas" and hasattr(frame, "to_pandas") else frame
