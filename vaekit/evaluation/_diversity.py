"""How different samples are from each other, also those of one condition."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._estimate import Estimate, mean_estimate
from vaekit.evaluation._fitted import made_rows, require
from vaekit.features._features import feature_map
from vaekit.frames import cells_of, open_table
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._containers import as_array, take_rows
from vaekit.utils._look_through import look_through
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import flat_rows
from vaekit.utils._typing import RandomStateLike

Distance = Callable[[np.ndarray, np.ndarray], ArrayLike]


class Diversity(NamedTuple):
    """What `sample_diversity` returns.

    Attributes
    ----------
    value : float
        Mean distance of two samples of one condition, over conditions.
    standard_error : float
        Of the value, over pairs.
    by_condition : list of Estimate
        The same, condition by condition.
    """

    value: float
    standard_error: float
    by_condition: list[Estimate]

    __repr__ = short_repr


@guarded_arithmetic
def sample_diversity(
    estimator: Any,
    conditions: Sequence[Any] | None = None,
    *,
    n_pairs: int = 200,
    distance: str | Distance = "euclidean",
    features: Any = "flatten",
    random_state: RandomStateLike = None,
) -> Diversity:
    r"""Mean distance between two samples of one condition: how much of its own a model adds to what it was told.

    .. math:: E_y\, E_{x, x' \sim p(\cdot | y)}\, d(x, x')

    A model that gives the same sample for a condition again and again has 0; that of real rows of a class, measured
    with the same distance, is what to aim at.

    Parameters
    ----------
    estimator : fitted object
        With `sample(n_samples, y=..., random_state=...)`, as `ConditionalVAE`. Pipelines and searches are looked
        through, and samples compared as their last step gives them.
    conditions : sequence, array or frame, default=None
        Conditions as `sample` takes them for `y`: labels, numbers or tuples, or a row for each. None are samples
        without a condition.
    n_pairs : int, default=200
        Pairs for each condition; no sample stands in two.
    distance : "euclidean" or callable, default="euclidean"
        Between features; or a function of two equally long arrays of samples that gives one distance for each pair,
        such as `lpips_distance`, which then has the samples as they are.
    features : {"flatten", "auto", "pca"}, fitted transformer, or callable, default="flatten"
        In which samples are compared, as by `sample_frechet_distance`: `InceptionFeatures`, `ClassifierFeatures`, or
        every value.
    random_state : int, RandomState instance or None, default=None
        Decides the samples.

    Returns
    -------
    diversity : Diversity
        `value`, `standard_error`, `by_condition`.

    Raises
    ------
    MissingMethodError
        If the model cannot sample.
    ValueError
        If there are no conditions in the sequence, or a distance gives no number for each pair.

    References
    ----------
    P. Esser, E. Sutter, B. Ommer, "A Variational U-Net for Conditional Appearance and Shape Generation", CVPR 2018,
    section 4.3; J.-Y. Zhu et al., "Toward Multimodal Image-to-Image Translation", NeurIPS 2017, section 5.3 (pairs,
    by LPIPS), https://arxiv.org/abs/1711.11586

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import ConditionalVAE
    >>> from vaekit.evaluation import sample_diversity
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ConditionalVAE(n_components=2, max_epochs=30, random_state=0).fit(X, y)
    >>> len(sample_diversity(model, [0, 1, 2], random_state=0).by_condition)
    3
    """
    model = look_through(estimator)[1]
    require(model, "Diversity", "sample")
    n_pairs = check_count(n_pairs, "n_pairs")
    told = [{}] if conditions is None else [{"y": condition} for condition in _one_by_one(conditions)]
    if not told:
        raise ValueError("conditions must hold one or more; leave it out for samples without a condition.")
    random_state = make_random_state(random_state)
    distances = []
    for condition in told:
        samples = made_rows(model, model.sample(2 * n_pairs, random_state=random_state, **condition))
        distances.append(_distances(samples, n_pairs, distance, features))
    by_condition = [mean_estimate(own) for own in distances]
    return Diversity(*_mean_of(by_condition), by_condition)


def _one_by_one(conditions):
    """Conditions as `sample` takes one: a value, or of a table of several columns, a tuple for each row."""
    table = open_table(conditions)
    if table is None:
        return conditions
    columns = [cells_of(column) for column in table.columns]
    return columns[0] if len(columns) == 1 else list(zip(*columns))


def _mean_of(estimates):
    """Mean and standard error of the mean of independent estimates."""
    values, errors = np.transpose(estimates)
    return float(values.mean()), float(np.sqrt(np.square(errors).sum()) / len(errors))


def _distances(samples, n_pairs, distance, features):
    X, Y = (take_rows(samples, rows) for rows in (slice(n_pairs), slice(n_pairs, None)))
    if distance == "euclidean":
        to_features = feature_map(features, samples)
        X, Y = (flat_rows(as_array(to_features(A))).astype(np.float64) for A in (X, Y))
        return np.linalg.norm(X - Y, axis=1)
    if not callable(distance):
        raise ValueError(f"distance must be 'euclidean' or a function of two arrays of samples, got {distance!r}.")
    values = np.asarray(distance(X, Y), dtype=np.float64)
    if values.shape != (len(X),):
        raise ValueError(f"distance must give {len(X)} numbers, one for each pair, got an array of {values.shape}.")
    return values
