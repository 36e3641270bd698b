"""What a table of samples is measured by: columns, associations, detection, use, privacy."""

import itertools

import numpy as np
from scipy.stats import ks_2samp
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from vaekit.evaluation._neighbours import nearest_neighbours

__all__ = [
    "associations",
    "closest_records",
    "column_distances",
    "detection_auc",
    "use_of_training",
]

N_TREES = 200
N_FOLDS = 5


def column_distances(table, other):
    """Largest difference of the distribution functions of numbers, total variation of words, both in [0, 1]."""
    columns = zip(table.values.T, other.values.T, table.n_kinds)
    return np.array([_total_variation(x, y, n) if n else _kolmogorov(x, y) for x, y, n in columns])


def _kolmogorov(x, y):
    """What is missing counts as a value beyond all others."""
    return ks_2samp(*(np.nan_to_num(column, nan=np.inf, posinf=np.inf) for column in (x, y)), method="asymp").statistic


def _total_variation(x, y, n_kinds):
    shares = [np.bincount(column.astype(int), minlength=n_kinds) / len(column) for column in (x, y)]
    return 0.5 * np.abs(shares[0] - shares[1]).sum()


def associations(table):
    """Of every two columns: Pearson's r of numbers, the correlation ratio of numbers and words, Cramér's V of words."""
    blocks = table.coordinates(*table.units())
    pairs = itertools.combinations(range(len(blocks)), 2)
    return np.array([_association(blocks[i], blocks[j], table.n_kinds[i], table.n_kinds[j]) for i, j in pairs])


def _association(x, y, n_words_x, n_words_y):
    if n_words_x and n_words_y:
        return _cramers_v(x > 0, y > 0)
    if n_words_x:
        return _correlation_ratio(x > 0, y[:, 0])
    if n_words_y:
        return _correlation_ratio(y > 0, x[:, 0])
    covariance = np.cov(x[:, 0], y[:, 0])
    return _ratio(covariance[0, 1], np.sqrt(covariance[0, 0] * covariance[1, 1]))


def _correlation_ratio(is_kind, x):
    """Deviation of the means of the kinds, as a share of the whole deviation."""
    counts = is_kind.sum(axis=0)
    means = is_kind.T @ x / np.maximum(counts, 1)
    return np.sqrt(_ratio(counts @ (means - x.mean()) ** 2, len(x) * x.var()))


def _cramers_v(is_kind, is_other):
    counts = is_kind.T.astype(float) @ is_other
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    chi2 = np.sum((counts - expected) ** 2 / expected)
    return np.sqrt(_ratio(chi2, counts.sum() * (min(counts.shape) - 1)))


def _ratio(part, whole):
    """part / whole, 0 of columns that do not vary."""
    return float(part / whole) if whole > 1e-12 else 0.0


def detection_auc(table, other, seed):
    """Area under the curve of a forest that tells the rows of one table from another's, on rows it has not seen."""
    rows, labels = np.concatenate([table.values, other.values]), np.repeat([0, 1], [len(table), len(other)])
    folds = StratifiedKFold(min(N_FOLDS, len(table), len(other)), shuffle=True, random_state=seed)
    forest = RandomForestClassifier(N_TREES, random_state=seed)
    return roc_auc_score(labels, cross_val_predict(forest, rows, labels, cv=folds, method="predict_proba")[:, 1])


def use_of_training(table, test, targets, seed):
    """How well forests that learn from a table predict each target of other rows: 0 is guessing, 1 is perfect.

    R^2 of numbers, balanced accuracy of words above that of guessing; what is worse than guessing counts as that.
    """
    return np.array([max(0.0, _skill(table, test, target, seed)) for target in targets])


def _skill(table, test, target, seed):
    is_words = table.n_kinds[target] > 0
    (x, y), (x_test, y_test) = (_around(part, target) for part in (table, test))
    forest = (RandomForestClassifier if is_words else RandomForestRegressor)(N_TREES // 2, random_state=seed)
    predicted = forest.fit(x, y).predict(x_test)
    if not is_words:
        return r2_score(y_test, predicted)
    by_chance = 1 / len(np.unique(y_test))
    return _ratio(_balanced_accuracy(y_test, predicted) - by_chance, 1 - by_chance)


def _balanced_accuracy(y, predicted):
    """Mean recall of the kinds that occur; a kind that is predicted and does not occur has none."""
    return balanced_accuracy_score(y, np.where(np.isin(predicted, y), predicted, -1.0)) if len(y) else 0.0


def _around(table, target):
    """All other columns, and the target, of the rows that have one."""
    known = np.isfinite(table.values[:, target])
    rows = table.values[known]
    return np.delete(rows, target, axis=1), rows[:, target]


def closest_records(samples, train, test):
    """`nearest_neighbours` in deviations of the training rows; two words are one deviation apart."""
    units = train.units()
    blocks = [np.concatenate(table.coordinates(*units), axis=1) for table in (samples, train, test)]
    return nearest_neighbours(blocks[0], blocks[1], X_test=blocks[2])
