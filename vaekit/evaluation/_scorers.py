"""Scorers that need no labels: `scorer(estimator, X, y=None)`, greater is better, the same in every call."""

from collections.abc import Callable
from typing import Any

from vaekit.evaluation._collapse import collapse_report
from vaekit.evaluation._fitted import look_into
from vaekit.evaluation._generation import (
    low_posterior_frechet_distance,
    sample_frechet_distance,
    sample_kernel_distance,
    sample_precision_recall,
)
from vaekit.evaluation._kl import kl_decomposition, symmetric_kl
from vaekit.evaluation._likelihood import estimate_nll, reconstruction_error
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._containers import take_rows
from vaekit.utils._rows import evenly_spaced

SEED = 0  # constant, so that two candidates differ by what they are and not by their draws


def neg_symmetric_kl(estimator, X, y=None):
    """Minus the symmetric KL between the aggregate posterior of X and the prior, in nats, with 5000 draws."""
    return -symmetric_kl(estimator, X, random_state=SEED).value


def neg_nll(estimator, X, y=None):
    """Minus the negative log likelihood in nats per row, with 200 importance samples of at most 2000 rows."""
    estimator, X = look_into(estimator, X)
    some = take_rows(X, evenly_spaced(X, 2000))
    return -estimate_nll(estimator, some, 200, SEED)[0].value


def neg_frechet_distance(estimator, X, y=None):
    """Minus the Fréchet distance between X and as many samples, on plain values or principal components of X."""
    return -sample_frechet_distance(estimator, X, random_state=SEED)


def neg_kernel_distance(estimator, X, y=None):
    """Minus the kernel distance between X and as many samples, on plain values or principal components of X."""
    return -sample_kernel_distance(estimator, X, random_state=SEED).value


def neg_low_posterior_frechet_distance(estimator, X, y=None):
    """Minus the Fréchet distance between X and the samples that the encoder reaches least."""
    return -low_posterior_frechet_distance(estimator, X, random_state=SEED).value


def neg_reconstruction_error(estimator, X, y=None):
    """Mean of log p(x | z) in nats per row, at posterior means."""
    return -reconstruction_error(estimator, X, random_state=SEED).value


def neg_total_correlation(estimator, X, y=None):
    """Minus the total correlation of the aggregate posterior of X, in nats."""
    return -kl_decomposition(estimator, X, random_state=SEED).total_correlation.value


def sample_density(estimator, X, y=None):
    """Density of the model's samples among X: fidelity."""
    return sample_precision_recall(estimator, X, random_state=SEED).density


def sample_coverage(estimator, X, y=None):
    """Coverage of X by the model's samples: diversity, in [0, 1]."""
    return sample_precision_recall(estimator, X, random_state=SEED).coverage


def n_active_components(estimator, X, y=None):
    """Count the latents whose posterior means move with X."""
    return collapse_report(estimator, X).n_active


SCORERS = {
    "neg_symmetric_kl": neg_symmetric_kl,
    "neg_nll": neg_nll,
    "neg_frechet_distance": neg_frechet_distance,
    "neg_kernel_distance": neg_kernel_distance,
    "neg_low_posterior_frechet_distance": neg_low_posterior_frechet_distance,
    "neg_reconstruction_error": neg_reconstruction_error,
    "neg_total_correlation": neg_total_correlation,
    "sample_density": sample_density,
    "sample_coverage": sample_coverage,
    "n_active_components": n_active_components,
}


@guarded_arithmetic
def get_unsupervised_scorer_names() -> list[str]:
    """Return the names that `get_unsupervised_scorer` knows.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> from vaekit.evaluation import get_unsupervised_scorer_names
    >>> "neg_symmetric_kl" in get_unsupervised_scorer_names()
    True
    """
    return sorted(SCORERS)


@guarded_arithmetic
def get_unsupervised_scorer(name: str) -> Callable[..., Any]:
    """Return a scorer by name, to be passed as `scoring=`.

    A scorer is a plain function `scorer(estimator, X, y=None)`; `y` is ignored. Greater is better. The seed is
    constant. Pipelines are looked through: X passes the steps before the model, and the number is in the units of
    what the model sees.

    Parameters
    ----------
    name : str
        One of `get_unsupervised_scorer_names()`.

    Returns
    -------
    scorer : callable

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from vaekit import BetaVAE
    >>> from vaekit.evaluation import get_unsupervised_scorer
    >>> search = GridSearchCV(
    ...     BetaVAE(n_components=2, max_epochs=5, random_state=0),
    ...     {"beta": [1, 4]},
    ...     scoring=get_unsupervised_scorer("neg_symmetric_kl"),
    ...     cv=2,
    ... )
    >>> search.fit(load_iris().data).best_params_["beta"] in (1, 4)
    True
    """
    if name not in SCORERS:
        raise ValueError(f"name must be one of {get_unsupervised_scorer_names()}, got {name!r}.")
    return SCORERS[name]
