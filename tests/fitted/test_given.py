"""Importance resampling of codes: what weights are worth, and who is drawn."""

import numpy as np
import pytest

from vaekit.fitted._given import _chosen, effective_size


@pytest.mark.parametrize(
    ("weights", "size"), [([1, 1, 1, 1], 4), ([0, 0, 5], 1), ([1, 1, 2], 16 / 6), ([3], 1), ([2, 2, 0, 0], 2)]
)
def test_the_effective_size_is_that_of_equal_weights(weights, size):
    with np.errstate(divide="ignore"):
        log_weights = np.log(np.array(weights, dtype=float))
    assert effective_size(log_weights) == pytest.approx(size)
    assert effective_size(log_weights - 1e4) == pytest.approx(size)


def test_codes_are_drawn_in_proportion_to_their_weights():
    shares = np.array([0.5, 0.2, 0.0, 0.3])
    with np.errstate(divide="ignore"):
        chosen = _chosen(np.log(shares) + 800, 20_000, np.random.RandomState(0))
    found = np.bincount(chosen, minlength=4) / 20_000
    assert found[2] == 0
    assert (np.abs(found - shares) <= 3 * np.sqrt(shares * (1 - shares) / 20_000)).all()


@pytest.mark.parametrize("log_weights", [[-np.inf, -np.inf], [np.nan, -np.inf]])
def test_what_has_no_probability_is_refused(log_weights):
    assert effective_size(np.array(log_weights)) == 0
    with pytest.raises(ValueError, match="no probability under any code"):
        _chosen(np.array(log_weights), 3, np.random.RandomState(0))
