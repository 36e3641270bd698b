"""What a code costs and what it leaves out."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from vaekit.evaluation._estimate import Estimate, mean_estimate
from vaekit.evaluation._fitted import floats, look_into, require
from vaekit.exceptions import MissingMethodError, NoDensityError
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._typing import RandomStateLike
from vaekit.utils._warnings import warn_user
from vaekit.utils._whole_fits import attempted, reachable


class RateDistortion(NamedTuple):
    """What `rate_distortion` returns, each `(value, standard_error)` in nats per row.

    Attributes
    ----------
    rate : Estimate
        E KL[q(z|x) || p(z)]: what the code costs.
    distortion : Estimate
        E -log p(x|z): what is left to say about x.
    negative_elbo : Estimate
        Their sum.
    """

    rate: Estimate
    distortion: Estimate
    negative_elbo: Estimate

    __repr__ = short_repr


UNKNOWN = RateDistortion(*[Estimate(np.nan, np.nan)] * 3)


@guarded_arithmetic
def rate_distortion(
    estimator: Any, X: ArrayLike, *, n_samples: int = 1, random_state: RandomStateLike = None
) -> RateDistortion:
    r"""Rate and distortion of a fitted model: one point of the curve that models of other strengths make.

    .. math::
        R = E_x E_{q(z|x)} \left[ \log q(z|x) - \log p(z) \right], \qquad
        D = E_x E_{q(z|x)} \left[ -\log p(x|z) \right], \qquad -\text{ELBO} = R + D

    Parameters
    ----------
    estimator : fitted object
        With `sample_posterior`, `log_posterior`, `log_prior` and `log_likelihood`. Pipelines and searches are looked
        through.
    X : array-like of shape (n_rows, ...)
        Data; held-out rows tell what a code costs that was not made for them.
    n_samples : int, default=1
        Posterior draws of each row.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.

    Returns
    -------
    point : RateDistortion
        `rate`, at least 0 in expectation, `distortion`, and `negative_elbo`, their sum. A model of a larger beta has a
        lower rate and a higher distortion; on one row of the plane a lower sum is better.

    Raises
    ------
    NoDensityError, MissingMethodError
        If the model has no such densities.

    References
    ----------
    A. A. Alemi, B. Poole, I. Fischer, J. V. Dillon, R. A. Saurous, K. Murphy, "Fixing a Broken ELBO", ICML 2018,
    equations 2-4, https://arxiv.org/abs/1711.00464

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import rate_distortion
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> rate, distortion, negative_elbo = rate_distortion(vae, X, random_state=0)
    >>> abs(rate.value + distortion.value - negative_elbo.value) < 1e-6
    True
    """
    estimator, X = look_into(estimator, X)
    needs = "sample_posterior", "log_posterior", "log_prior", "log_likelihood"
    require(estimator, "A rate and a distortion", *needs)
    n_samples = check_count(n_samples, "n_samples")
    Z = floats(estimator.sample_posterior(X, n_samples=n_samples, random_state=make_random_state(random_state)))
    Z = Z.reshape(n_samples, -1, Z.shape[-1])
    log_prior = floats(estimator.log_prior(Z.reshape(-1, Z.shape[-1]))).reshape(n_samples, -1)
    rate = np.mean(floats(estimator.log_posterior(X, Z)) - log_prior, axis=0)
    distortion = -np.mean(floats(estimator.log_likelihood(X, Z)), axis=0)
    return RateDistortion(*map(mean_estimate, (rate, distortion, rate + distortion)))


class RateDistortionCurve(NamedTuple):
    """What `rate_distortion_curve` returns; arrays of shape (n_values,), in nats per row.

    Attributes
    ----------
    values : list
        Of the parameter.
    rate, distortion, negative_elbo : ndarray
        As of `RateDistortion`, one for each value.
    points : list of RateDistortion
        The same with standard errors.
    estimators : list
        The fitted models; None for one whose fit failed.
    """

    values: list
    rate: np.ndarray
    distortion: np.ndarray
    negative_elbo: np.ndarray
    points: list
    estimators: list

    __repr__ = short_repr


@guarded_arithmetic
def rate_distortion_curve(
    estimator: Any,
    X: ArrayLike,
    values: Sequence[Any],
    *,
    parameter: str = "beta",
    X_test: ArrayLike | None = None,
    n_samples: int = 1,
    random_state: RandomStateLike = None,
) -> RateDistortionCurve:
    """Fit a copy of a model for each value of a strength, and measure what its codes cost and leave out.

    Parameters
    ----------
    estimator : estimator
        Not fitted, and left as it is; copies have its `random_state`.
    X : array-like of shape (n_rows, ...)
        Data that the copies are fitted to.
    values : sequence
        Values of the parameter.
    parameter : str, default="beta"
        Its name, as `set_params` takes it (`"vae__beta"` in a pipeline, `"objective__kl"`).
    X_test : array-like of shape (n_test_rows, ...), default=None
        Rows on which rate and distortion are measured; None are those of the fit.
    n_samples : int, default=1
        Posterior draws of each row.
    random_state : int, RandomState instance or None, default=None
        Decides the draws, the same for each value where it is a number.

    Returns
    -------
    curve : RateDistortionCurve
        `values`, `rate`, `distortion`, `negative_elbo`, `points`, `estimators`. A value whose model cannot be fitted,
        or not be measured, has NaN and a warning that says why.

    Raises
    ------
    NoDensityError, MissingMethodError
        If the model has no such densities. What was fitted by then is the attribute `fitted` of this error, or of
        whatever else ends the curve, as Ctrl-C does.
    ValueError
        If there is no value, or no such parameter, before anything is fitted; or if no model could be measured.

    References
    ----------
    As of `rate_distortion`, section 4.

    Examples
    --------
    >>> from vaekit import BetaVAE
    >>> from vaekit.evaluation import rate_distortion_curve
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> curve = rate_distortion_curve(BetaVAE(n_components=2, max_epochs=20, random_state=0), X, [0.1, 30])
    >>> bool(curve.rate[0] > curve.rate[1])
    True
    """
    values = list(values)
    if not values:
        raise ValueError("values must hold one or more values of the parameter.")
    models = [clone(estimator).set_params(**{parameter: value}) for value in values]
    measure = functools.partial(
        rate_distortion, n_samples=check_count(n_samples, "n_samples"), random_state=random_state
    )
    measured_on, fitted, points, errors = X if X_test is None else X_test, [], [], []
    with reachable(fitted):
        for value, model in zip(values, models):
            told = attempted(model.fit, X)
            fitted.append(told.result)
            if told.error is None:
                told = attempted(measure, model, measured_on, passes_on=(MissingMethodError, NoDensityError))
            points.append(told.result if told.error is None else UNKNOWN)
            if told.error is not None:
                errors.append(told.error)
                warn_user(f"{parameter}={value!r} has no point of the curve, and counts as NaN: {told.error}")
        if len(errors) == len(values):
            raise ValueError(f"No model could be fitted and measured: {'; '.join(dict.fromkeys(errors))}")
    columns = np.array([[part.value for part in point] for point in points]).T
    return RateDistortionCurve(values, *columns, points, fitted)
