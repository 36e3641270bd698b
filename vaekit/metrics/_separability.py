"""Linear separability."""

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from scipy.special import entr
from sklearn.svm import LinearSVC

from vaekit.metrics._learning import standardize
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import check_factors_codes


@metric
def linear_separability_loss(
    factors: ArrayLike, codes: ArrayLike, *, multi_valued: str = "error", n_jobs: int | None = None
) -> float:
    r"""Linear separability: what remains unknown of binary attributes after a hyperplane each.

    .. math:: \exp \sum_k H(Y_k | X_k)

    where Y_k is the k-th attribute and X_k its prediction by a linear support vector machine on the codes, fitted and
    counted on the same rows.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes. The support vector machine is penalised (``C=1``) and sees them standardised, so that their scale and
        origin do not matter. For a decoupled prior both spaces can be asked: `transform(X)` and
        `to_generation_space(transform(X))`.
    multi_valued : {"error", "one_vs_rest"}, default="error"
        Refuse a factor of more than two values, or take each of its values as an attribute.

    Returns
    -------
    loss : float
        Between 1 (every attribute is separable) and 2 ** n_attributes, lower is better. By chance, the exponential of
        the summed entropies of the attributes: 2 ** n_attributes if both values of each are equally common.

    Raises
    ------
    ValueError
        If a factor has more than two values and `multi_valued` does not allow it, or the input is bad.

    References
    ----------
    T. Karras, S. Laine, T. Aila, "A Style-Based Generator Architecture for Generative Adversarial Networks", CVPR
    2019, section 4.2, https://arxiv.org/abs/1812.04948 (there of generated samples, under a trained classifier of
    attributes).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import linear_separability_loss
    >>> attribute = np.array([0, 0, 1, 1])
    >>> round(linear_separability_loss(attribute, attribute[:, np.newaxis]), 3)
    1.0
    """
    factors, codes = check_factors_codes(factors, codes)
    codes, attributes = standardize(codes, slice(None)), _binary_attributes(factors, multi_valued)
    counts = Parallel(n_jobs=n_jobs)(delayed(_count_predictions)(attribute, codes) for attribute in attributes)
    return separability_of_counts(np.array(counts))


def separability_of_counts(counts):
    """Return exp(sum of H(label | prediction)) of tables of counts (n_attributes, 2, 2), rows the predictions."""
    return float(np.exp(sum(conditional_entropy(table) for table in counts)))


def conditional_entropy(counts):
    """Entropy of the column given the row of a table of counts, in nats: H(row, column) - H(row)."""
    joint = counts / counts.sum()
    return entr(joint).sum() - entr(joint.sum(axis=1)).sum()


def _binary_attributes(factors, multi_valued):
    if multi_valued not in ("error", "one_vs_rest"):
        raise ValueError(f"multi_valued must be 'error' or 'one_vs_rest', got {multi_valued!r}.")
    several = np.flatnonzero(factors.max(axis=0) > 1).tolist()
    if several and multi_valued == "error":
        raise ValueError(
            f"Factors {several} have more than two values: linear separability is about binary attributes; pass "
            "multi_valued='one_vs_rest' to take each value as one."
        )
    return [factor == value for factor in factors.T for value in range(1 if factor.max() == 1 else 0, factor.max() + 1)]


def _count_predictions(attribute, codes):
    predicted = LinearSVC(dual=False, random_state=0).fit(codes, attribute).predict(codes)
    return [[np.sum((predicted == x) & (attribute == y)) for y in (False, True)] for x in (False, True)]
