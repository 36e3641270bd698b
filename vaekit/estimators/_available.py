"""Which methods an estimator has: those that the words of its prior and of its posterior have what it takes for."""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils.metaestimators import available_if

from vaekit.estimators._words import POSTERIORS, PRIORS
from vaekit.exceptions import NoDensityError

__all__ = ["if_model_has_bound", "if_posterior_has_density", "if_prior_has_density", "if_prior_has_spaces"]

Method = TypeVar("Method", bound=Callable[..., Any])


def _says(estimator, parameter, name):
    """What the word that a parameter stands for says of itself; words that nobody knows are refused in `fit`."""
    word, words = getattr(estimator, parameter), {"prior": PRIORS, "posterior_family": POSTERIORS}[parameter]
    return getattr(words.get(word) if isinstance(word, str) else word, name, True)


def _prior_has_density(estimator):
    if not _says(estimator, "prior", "has_density"):
        raise NoDensityError(
            f"prior={estimator.prior!r} can only be sampled: it has no density; choose prior='decoupled'."
        )
    return True


def _prior_has_spaces(estimator):
    if not _says(estimator, "prior", "has_spaces"):
        raise NoDensityError(
            f"prior={estimator.prior!r} has no generation space that codes could be taken to; choose prior='decoupled'."
        )
    return True


def _posterior_has_density(estimator):
    if not _says(estimator, "posterior_family", "has_density"):
        raise NoDensityError(
            f"posterior_family={estimator.posterior_family!r} has no density, it can only be sampled; choose "
            "posterior_family='normal'."
        )
    return True


def if_prior_has_density(method: Method) -> Method:
    """Mark a method that a prior known through its draws alone cannot have."""
    return available_if(_prior_has_density)(method)


def if_prior_has_spaces(method: Method) -> Method:
    """Mark a method that a prior without a map to a normal cannot have."""
    return available_if(_prior_has_spaces)(method)


def if_posterior_has_density(method: Method) -> Method:
    """Mark a method that a posterior known through its draws alone cannot have."""
    return available_if(_posterior_has_density)(method)


def if_model_has_bound(method: Method) -> Method:
    """Mark a method that takes a density of the prior and one of the posterior."""
    return available_if(lambda estimator: _prior_has_density(estimator) and _posterior_has_density(estimator))(method)
