"""The informations that a family of scores is made of: between codes and factors, and of each."""

from typing import NamedTuple

import numpy as np

from vaekit.metrics._neighbours import neighbour_information
from vaekit.tables._discretize import discretize, entropies, mutual_information
from vaekit.tables._validation import check_bins, check_factors_codes, check_mixed_factors_codes, pool_draws


class Information(NamedTuple):
    """Mutual information (n_codes, n_factors), what each factor tells of itself, and the codes' bins, if any."""

    shared: np.ndarray
    of_factors: np.ndarray
    bins: np.ndarray | None = None

    @property
    def shares(self):
        """Of what there is to know about each factor, the share that each code knows: (n_codes, n_factors), 0 to 1."""
        return np.minimum(self.shared / self.of_factors, 1.0)


def measure_information(
    factors, codes, n_bins, binning, continuous_factors, estimator="bins", n_neighbors=10, **limits
):
    """Check factors and codes, and measure their informations by one of the two estimators."""
    if estimator not in ("bins", "neighbors"):
        raise ValueError(f"estimator must be 'bins' or 'neighbors', got {estimator!r}.")
    factors, codes = pool_draws(factors, codes)
    if estimator == "neighbors":
        return Information(*neighbour_information(*check_mixed_factors_codes(factors, codes, **limits), n_neighbors))
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=check_bins(n_bins), **limits
    )
    bins = discretize(codes, n_bins, binning, factors)
    return Information(mutual_information(bins, factors), entropies(factors), bins)
