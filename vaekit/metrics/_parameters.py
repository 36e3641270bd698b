"""What the parameters mean that several metrics share: told once, and put into the docstring of each that has them."""

import inspect
from typing import TypeVar

from vaekit.utils._ambient import guarded
from vaekit.utils._docstrings import entries, join_sections, split_sections

Metric = TypeVar("Metric")

SHARED = entries("""\
factors : array-like of shape (n_samples,) or (n_samples, n_factors)
    Ground-truth factors.
codes : array-like of shape (n_samples, n_codes)
    Codes, such as posterior means.
features_real : array-like of shape (n_real, n_features)
    Features of data.
features_fake : array-like of shape (n_fake, n_features)
    Features of generated samples.
n_bins : int or "auto", default=20
    Bins of each code. More bins see finer codes and add more bias; fewer bins than a factor has values cap what even a
    perfect code can tell at log(n_bins). "auto" takes as many as tell the values of every factor apart (at least 20, at
    most twice the values, as far as the rows allow) and keeps the values of codes that have no more of them.
    Continuous factors are cut into the same number, with "auto" into 20.
binning : {"uniform", "quantile"}, default="uniform"
    Bins of equal width over the code's own range (the convention of disentanglement_lib), which one outlier can
    stretch, or of equal counts.
continuous_factors : {"error", "bin"}, default="error"
    Refuse continuous factors or cut them into `n_bins` bins of equal width.
estimator : {"bins", "neighbors"}, default="bins"
    Count in bins; or go by the distance of each row to its `n_neighbors`-th nearest (Kraskov et al. 2004; of a
    continuous code and a discrete factor, Ross 2014), which needs no bins: continuous factors are then taken as
    numbers, `n_bins`, `binning` and `continuous_factors` do not matter, and codes of few values are counted.
n_neighbors : int, default=10
    Fewer neighbours have less bias and more variance.
n_train, n_test : int, default=10000, 5000
    Rows to fit and to score on, disjoint and drawn at random; of fewer rows the same shares.
min_group : int, default=2
    Values shared by fewer rows are not held.
average : {"macro", None}, default="macro"
    The mean over factors, or one number per factor.
n_jobs : int or None, default=None
    Factors handled at a time, as in joblib.
random_state : int, RandomState instance or None, default=None
    Source of the draws and splits, and of the randomness of estimators inside.
""")
# of a metric that bins factors alone
FACTOR_BINS = "n_bins : int, default=20\n    Bins of a continuous factor."
RAISES = "ValueError\n    If rows are missing, not finite or of different shape, or factors or options cannot be used."


def metric(function: Metric) -> Metric:
    """Guard a metric, and describe those parameters that its docstring leaves to this file, in their order.

    An entry of its own hides the one told here; so does a section `Raises`.
    """
    names = list(inspect.signature(function).parameters)
    told = dict(SHARED) if "binning" in names else {**SHARED, "n_bins": FACTOR_BINS}
    summary, sections = split_sections(function.__doc__)
    own = entries(sections.get("Parameters", ""))
    described = {name for entry in own for name in entry.split(", ")}
    shared = {entry: text for entry, text in told.items() if _first(entry) in set(names) - described}
    found = {**own, **shared}
    ordered = "\n".join(found[entry] for entry in sorted(found, key=lambda entry: names.index(_first(entry))))
    sections = {"Raises": RAISES, **sections, "Parameters": ordered}
    function.__doc__ = join_sections(summary, sections)
    return guarded(function)


def _first(entry):
    """Return the first name of an entry that may describe several."""
    return entry.split(", ")[0]
