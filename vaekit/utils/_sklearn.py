"""The one door to scikit-learn's private helpers."""

from sklearn.base import _fit_context as fit_context
from sklearn.utils._available_if import _AvailableIfDescriptor as AvailableIf
from sklearn.utils._param_validation import (
    HasMethods,
    Hidden,
    Interval,
    InvalidParameterError,
    Options,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
)
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
    "fit_context",
    "validate_data",
    "validate_parameter_constraints",
]
