"""How much a model's samples look like data."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._aggregate_posterior import AggregatePosterior
from vaekit.evaluation._fitted import look_into, require
from vaekit.evaluation._pockets import prior_candidates
from vaekit.evaluation._sampling import decode_codes, draw_samples
from vaekit.features._features import feature_map
from vaekit.metrics import (
    KernelDistance,
    PrecisionRecallScores,
    frechet_distance,
    kernel_distance,
    precision_recall_scores,
)
from vaekit.metrics._frechet import FeatureMoments, distance_of_moments
from vaekit.tables._feature_sets import open_features
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._containers import take_rows
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import count_rows
from vaekit.utils._typing import RandomStateLike

MOST_SAMPLES = 5000


class LowPosteriorFrechet(NamedTuple):
    """What `low_posterior_frechet_distance` returns.

    Attributes
    ----------
    value : float
        Distance of the low-posterior samples from the data.
    plain : float
        Distance of as many samples taken as they came.
    n_samples : int
        How many.
    """

    value: float
    plain: float
    n_samples: int

    __repr__ = short_repr


@guarded_arithmetic
def sample_frechet_distance(
    estimator: Any,
    X: ArrayLike,
    features: Any = "auto",
    n_samples: int | None = None,
    *,
    random_state: RandomStateLike = None,
    noise: bool | str = "auto",
) -> float:
    """Fréchet distance between data and a model's samples (the FID, on features of your choice).

    Parameters
    ----------
    estimator : fitted object
        With `sample(n_samples, random_state)`. Pipelines and searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data.
    features : {"auto", "flatten", "pca"}, fitted transformer, or callable, default="auto"
        What is compared. "flatten" takes every value as a feature; "pca" the leading principal components of X, at most
        50, found from at most 2000 evenly spaced rows; "auto" is "flatten" for at most 50 values, else "pca".
        Of a frame of several kinds of columns, values are numbers and dates in deviations of X, and categories at
        distance 1 from each other. What is missing is the mean of its column, in samples where rows of X have a gap.
        `ClassifierFeatures` and `InceptionFeatures` are transformers. Of a pipeline, features see what the model sees:
        fit them on the output of the steps before it, `pipeline[:-1].transform(X)` where it is the last. Fitted on X
        itself they would be far off, without an error. Of rows that stay on a disk, and of more than 128 MiB of
        features, a transformer is handed some at a time.
    n_samples : int, default=None
        Samples to draw; None is as many as X has rows, at most 5000.
    random_state : int, RandomState instance or None, default=None
        Decides the samples.
    noise : bool or "auto", default="auto"
        Whether samples are draws of p(x | z) or its means, as in the model's own `sample`.

    Returns
    -------
    distance : float
        At least 0, lower is better, in squared units of the features. Compare at equal features, `n_samples` and rows.

    Raises
    ------
    MissingMethodError
        If the model does not sample.

    See Also
    --------
    vaekit.metrics.frechet_distance : the same for features that were computed before.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import sample_frechet_distance
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> sample_frechet_distance(vae, X, random_state=0) > 0
    True
    """
    random_state = make_random_state(random_state)
    X, sampled, to_features = _data_and_samples(estimator, X, features, n_samples, random_state, noise)
    return frechet_distance(to_features.of(X), to_features.of(sampled))


@guarded_arithmetic
def sample_kernel_distance(
    estimator: Any,
    X: ArrayLike,
    features: Any = "auto",
    n_samples: int | None = None,
    *,
    n_subsets: int = 100,
    subset_size: int | None = None,
    random_state: RandomStateLike = None,
    noise: bool | str = "auto",
) -> KernelDistance:
    """Kernel distance between data and a model's samples (the KID, on features of your choice).

    Parameters
    ----------
    estimator : fitted object
        With `sample(n_samples, random_state)`. Pipelines and searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data.
    features, n_samples, noise
        As in `sample_frechet_distance`.
    n_subsets, subset_size
        As in `vaekit.metrics.kernel_distance`.
    random_state : int, RandomState instance or None, default=None
        Decides the samples and the subsets.

    Returns
    -------
    distance : KernelDistance
        `value`, 0 in expectation for samples of the data's own distribution whatever the number of rows, lower is
        better; and its `standard_error`, over rows and samples.

    Raises
    ------
    MissingMethodError
        If the model does not sample.

    See Also
    --------
    vaekit.metrics.kernel_distance : the same for features that were computed before.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import sample_kernel_distance
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> sample_kernel_distance(vae, X, random_state=0).value > 0
    True
    """
    random_state = make_random_state(random_state)
    X, sampled, to_features = _data_and_samples(estimator, X, features, n_samples, random_state, noise)
    subsets = {"n_subsets": n_subsets, "subset_size": subset_size, "random_state": random_state}
    return kernel_distance(to_features.of(X), to_features.of(sampled), **subsets)


@guarded_arithmetic
def sample_precision_recall(
    estimator: Any,
    X: ArrayLike,
    features: Any = "auto",
    n_samples: int | None = None,
    *,
    k: int = 5,
    random_state: RandomStateLike = None,
    noise: bool | str = "auto",
) -> PrecisionRecallScores:
    """Precision, recall, density and coverage of a model's samples.

    Parameters
    ----------
    estimator : fitted object
        With `sample(n_samples, random_state)`. Pipelines and searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data; at most as many rows as there are samples are taken, at random.
    features, n_samples, random_state, noise
        As in `sample_frechet_distance`.
    k : int, default=5
        Which neighbour sets the radius.

    Returns
    -------
    scores : PrecisionRecallScores
        `precision`, `recall`, `density`, `coverage`; higher is better. Decoded means (`noise=False`, and images by
        default) lack the noise of data, which raises precision and lowers recall.

    Raises
    ------
    MissingMethodError
        If the model does not sample.

    See Also
    --------
    vaekit.metrics.precision_recall_scores : the same for features that were computed before.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import sample_precision_recall
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> 0 <= sample_precision_recall(vae, X, random_state=0).coverage <= 1
    True
    """
    random_state = make_random_state(random_state)
    X, sampled, to_features = _data_and_samples(estimator, X, features, n_samples, random_state, noise)
    some = np.sort(random_state.permutation(count_rows(X))[: len(sampled)])
    return precision_recall_scores(to_features.of(take_rows(X, some)), to_features.of(sampled), k=k)


@guarded_arithmetic
def low_posterior_frechet_distance(
    estimator: Any,
    X: ArrayLike,
    features: Any = "auto",
    n_samples: int | None = None,
    *,
    n_candidates: int | None = None,
    random_state: RandomStateLike = None,
    noise: bool | str = "auto",
    aggregate_posterior: AggregatePosterior | None = None,
) -> LowPosteriorFrechet:
    """Fréchet distance between data and the samples that the encoder reaches least, beside the plain one.

    Both take `n_samples` draws of the prior, decoded alike: one the candidates of lowest log q(z), the other
    the first candidates as they came. The gap tells what pockets cost.

    Parameters
    ----------
    estimator : fitted object
        As for `low_posterior_samples`. Pipelines and searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data; their encodings make q(z).
    features : {"auto", "flatten", "pca"}, fitted transformer, or callable, default="auto"
        As in `sample_frechet_distance`.
    n_samples : int, default=None
        Samples on either side; None is as many as X has rows, at most 5000.
    n_candidates : int, default=None
        Draws to choose from; None is ten times as many.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.
    noise : bool or "auto", default="auto"
        Whether codes are decoded to draws of p(x | z) or to its means, as in the model's own `sample`.
    aggregate_posterior : AggregatePosterior, default=None
        That of X, where it was made before.

    Returns
    -------
    distances : LowPosteriorFrechet
        `value`, `plain` and `n_samples`; lower is better.

    Raises
    ------
    NoDensityError, MissingMethodError
        If the model has no posterior density, or cannot decode.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020, section 5.1,
    https://arxiv.org/abs/1911.10506 (the share of candidates is left open there).

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import low_posterior_frechet_distance
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> low_posterior_frechet_distance(vae, X, random_state=0).n_samples
    150
    """
    estimator, X = look_into(estimator, X)
    require(estimator, "The low-posterior Fréchet distance", "inverse_transform")
    n_samples, random_state = _default_count(n_samples, X), make_random_state(random_state)
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    candidates, log_q = prior_candidates(estimator, q, n_samples, n_candidates, random_state)
    lowest = np.argsort(log_q, kind="stable")[:n_samples]
    to_features = feature_map(features, X)
    real = FeatureMoments.of_set(open_features(to_features.of(X), "features_real"))
    chosen = candidates[lowest], candidates[:n_samples]
    decoded = (decode_codes(estimator, Z, random_state, noise) for Z in chosen)
    fakes = (FeatureMoments.of_set(open_features(to_features.of(rows), "features_fake")) for rows in decoded)
    return LowPosteriorFrechet(*(distance_of_moments(real, fake) for fake in fakes), n_samples)


def _data_and_samples(estimator, X, features, n_samples, random_state, noise):
    estimator, X = look_into(estimator, X)
    sampled = draw_samples(estimator, _default_count(n_samples, X), random_state, noise)
    return X, sampled, feature_map(features, X)


def _default_count(n_samples, X):
    n_samples = min(count_rows(X), MOST_SAMPLES) if n_samples is None else n_samples
    return check_count(n_samples, "n_samples")
