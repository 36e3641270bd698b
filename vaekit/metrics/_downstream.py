"""How many labels a representation saves: accuracy of classifiers on the codes, by number of labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.utils import check_consistent_length

from vaekit.metrics._learning import draw_seeds, fit_classifier, seeded_clone, split_rows
from vaekit.metrics._parameters import metric
from vaekit.tables._containers import as_array, join_rows
from vaekit.tables._validation import check_codes, check_counts, check_factors_codes, within_scale
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._typing import RandomStateLike


@guarded
@dataclass(frozen=True)
class DownstreamStudy:
    """Test accuracy by number of labels and by factor.

    Attributes
    ----------
    train_sizes : tuple of int
        Numbers of labelled rows.
    accuracy : ndarray of shape (n_sizes, n_factors)
        Test accuracy per factor.
    """

    train_sizes: tuple
    accuracy: np.ndarray

    __repr__ = short_repr

    @property
    def mean_accuracy(self) -> float | Any:
        """Mean over factors, (n_sizes,)."""
        return self.accuracy.mean(axis=1)

    def sample_efficiency(self, few: int = 100, many: int = 10000) -> float | Any:
        """Mean accuracy with few labels divided by mean accuracy with many; both must be among `train_sizes`."""
        for size in (few, many):
            if size not in self.train_sizes:
                raise ValueError(f"The study has no accuracy at {size} labels; its train_sizes are {self.train_sizes}.")
        with_few, with_many = (self.mean_accuracy[self.train_sizes.index(size)] for size in (few, many))
        return float(with_few / with_many)

    def to_dict(self) -> dict[str, Any]:
        """Columns of a long table, one row per size and factor: ``pandas.DataFrame(study.to_dict())``."""
        n_sizes, n_factors = self.accuracy.shape
        return {
            "train_size": np.repeat(self.train_sizes, n_factors),
            "factor": np.tile(np.arange(n_factors), n_sizes),
            "accuracy": self.accuracy.ravel(),
        }


@metric
def downstream_study(
    factors_train: ArrayLike,
    codes_train: ArrayLike,
    factors_test: ArrayLike,
    codes_test: ArrayLike,
    *,
    train_sizes: Sequence[int] = (10, 100, 1000, 10000),
    classifier: Any = None,
    continuous_factors: str = "error",
    n_bins: int | Literal["auto"] = 20,
    n_jobs: int | None = None,
    random_state: RandomStateLike = None,
) -> DownstreamStudy:
    """Accuracy of classifiers that predict each factor from the codes, by number of labelled rows.

    Parameters
    ----------
    factors_train, factors_test : array-like of shape (n_samples,) or (n_samples, n_factors)
        Ground-truth factors of the rows to learn from and of the rows to score on.
    codes_train, codes_test : array-like of shape (n_samples, n_codes)
        Codes of the same rows.
    train_sizes : sequence of int, default=(10, 100, 1000, 10000)
        Numbers of labelled rows, none beyond the training rows. Smaller sets are parts of larger ones.
    classifier : classifier, default=None
        Fitted once per size and factor; None is gradient boosted trees with scikit-learn's defaults. Where a training
        set holds one class, that class is predicted.
    n_jobs : int or None, default=None
        Classifiers fitted at a time, as in joblib.

    Returns
    -------
    study : DownstreamStudy
        `train_sizes`, `accuracy` of shape (n_sizes, n_factors), `mean_accuracy`, `sample_efficiency()` and
        `to_dict()`.

    Raises
    ------
    ValueError
        If a size is beyond the training rows, or the input is bad.

    References
    ----------
    F. Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
    Representations", ICML 2019, https://arxiv.org/abs/1811.12359 (accuracies at 10, 100, 1000, 10000 labels).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from vaekit.metrics import downstream_study
    >>> factors = np.random.default_rng(0).integers(3, size=(300, 2))
    >>> study = downstream_study(
    ...     factors[:200], factors[:200] * 0.5, factors[200:], factors[200:] * 0.5,
    ...     train_sizes=(20, 200), classifier=DecisionTreeClassifier(), random_state=0)
    >>> study.mean_accuracy
    array([1., 1.])
    >>> study.sample_efficiency(few=20, many=200)
    1.0
    """
    factors_train, factors_test = as_array(factors_train), as_array(factors_test)
    codes_train, codes_test = check_codes(codes_train), check_codes(codes_test)
    check_consistent_length(factors_train, codes_train)
    check_consistent_length(factors_test, codes_test)
    factors, codes = check_factors_codes(
        join_rows(factors_train, factors_test),
        np.concatenate([codes_train, codes_test]),
        continuous_factors=continuous_factors,
        n_bins=n_bins,
        keep_scale=True,
    )
    rng = make_random_state(random_state)
    train, test = np.split(np.arange(len(codes)), [len(codes_train)])
    return _study(factors, codes, rng.permutation(train), test, train_sizes, classifier, n_jobs, rng)


@metric
def sample_efficiency(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    few: int = 100,
    many: int = 10000,
    n_test: int = 5000,
    classifier: Any = None,
    continuous_factors: str = "error",
    n_bins: int | Literal["auto"] = 20,
    n_jobs: int | None = None,
    random_state: RandomStateLike = None,
) -> float:
    """Accuracy from few labels divided by accuracy from many: what of the codes' worth a few labels can use.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes, of at least ``many + n_test`` rows.
    few, many : int, default=100, 10000
        The two numbers of labelled rows.
    n_test : int, default=5000
        Rows to score on.
    classifier : classifier, default=None
        As in :func:`downstream_study`.

    Returns
    -------
    efficiency : float
        Mean accuracy over factors with few labels divided by that with many: above 0, usually at most 1, higher is
        better. Useless codes score near 1 as well, so read it beside the accuracies.

    Raises
    ------
    ValueError
        If there are fewer than ``many + n_test`` rows, or the input is bad.

    See Also
    --------
    downstream_study : the accuracies themselves.

    References
    ----------
    F. Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
    Representations", ICML 2019, https://arxiv.org/abs/1811.12359.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from vaekit.metrics import sample_efficiency
    >>> factors = np.random.default_rng(0).integers(3, size=(300, 2))
    >>> tree = DecisionTreeClassifier()
    >>> sample_efficiency(factors, factors * 0.5, few=20, many=200, n_test=100, classifier=tree, random_state=0)
    1.0
    """
    check_counts(few=few, many=many, n_test=n_test)
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=n_bins, keep_scale=True
    )
    if len(codes) < many + n_test:
        raise ValueError(
            f"sample_efficiency needs many + n_test = {many + n_test} rows, got {len(codes)}: lower many or n_test."
        )
    rng = make_random_state(random_state)
    train, test = split_rows(len(codes), many, n_test, rng)
    return _study(factors, codes, train, test, (few, many), classifier, n_jobs, rng).sample_efficiency(few, many)


def _study(factors, codes, train, test, train_sizes, classifier, n_jobs, rng):
    """Fit on the first rows of `train`, as many as each size says."""
    if not all(isinstance(size, Integral) and 1 <= size <= len(train) for size in train_sizes):
        raise ValueError(
            f"train_sizes must be integers between 1 and the {len(train)} training rows, got {train_sizes}."
        )
    codes = within_scale(codes, least=-20)
    classifier = GradientBoostingClassifier() if classifier is None else classifier
    tasks = [(rows, factor) for rows in (train[:size] for size in train_sizes) for factor in factors.T]
    accuracy = Parallel(n_jobs=n_jobs)(
        delayed(_test_accuracy)(seeded_clone(classifier, seed), codes, factor, rows, test)
        for (rows, factor), seed in zip(tasks, draw_seeds(len(tasks), rng))
    )
    return DownstreamStudy(tuple(train_sizes), np.reshape(accuracy, (len(train_sizes), -1)))


def _test_accuracy(classifier, codes, factor, train, test):
    return fit_classifier(classifier, codes[train], factor[train]).score(codes[test], factor[test])
