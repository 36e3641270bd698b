"""Mutual information by nearest neighbours: no bins, for continuous codes and factors; no checks."""

import numpy as np
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

from vaekit.metrics._learning import standardize
from vaekit.tables._discretize import automatic_bins, number_values
from vaekit.tables._validation import check_counts


def takes_few_values(codes, factors, continuous):
    """Tell the codes whose values repeat and are no more than automatic bins: neighbours are no use, counts are."""
    most = max(automatic_bins(len(codes)), 1 + int(factors[:, ~continuous].max(initial=0)))
    return number_values(codes).max(axis=0) < min(len(codes) / 2, most)


def neighbour_information(factors, continuous, codes, n_neighbors):
    r"""Mutual information of each code with each factor, and what each factor tells of itself by the same estimate.

    .. math:: I(z; v) = \psi(n) + \psi(k) - \langle \psi(n_z + 1) + \psi(n_v + 1) \rangle

    with k neighbours within a distance of each row, and n_z and n_v rows within that distance in z or in v alone. Of a
    factor v of labels, 0, 1, ..., neighbours are those with the same label, and n_v their number. Codes of few values
    are counted against labels. Returns (n_codes, n_factors) and (n_factors,): the entropy of labels, and of a number
    the largest that the estimate can give, about log(n / k).
    """
    check_counts(n_neighbors=n_neighbors)
    if n_neighbors >= len(codes):
        raise ValueError(f"n_neighbors must be below the number of rows ({len(codes)}), got {n_neighbors}.")
    discrete = takes_few_values(codes, factors, continuous)
    codes = np.where(discrete, number_values(codes), standardize(codes, slice(None)))
    factors = list(zip(factors.T, continuous))
    told = [[_information_about(*v, *z, n_neighbors) for v in factors] for z in zip(codes.T, discrete)]
    of_itself = [_information_about(*v, v[0], not v[1], n_neighbors) for v in factors]
    return np.array(told), np.array(of_itself)


def _information_about(factor, is_continuous, code, is_discrete, n_neighbors):
    """Mutual information of one code and one factor; a pair of equal columns has that of the factor with itself."""
    if not is_continuous and not is_discrete and factor.max() + 1 == len(factor):
        return 0.0  # no label has a neighbour
    estimate = mutual_info_regression if is_continuous else mutual_info_classif
    target = factor if is_continuous else factor.astype(np.intp)
    options = {"discrete_features": bool(is_discrete), "n_neighbors": n_neighbors, "random_state": 0}
    return estimate(code[:, np.newaxis], target, **options)[0]
