"""Numbers and times as a person writes them."""

import numpy as np
import pandas as pd
import pytest

from vaekit.experiments._words import duration, spread

SPREADS = {
    "as many places as two digits of the deviation have": ([0.0358, 0.0515, 0.0201], "", "0.036 ± 0.016"),
    "no more than three digits of the mean": ([0.763, 0.758, 0.768], "", "0.763 ± 0.005"),
    "but for a smaller deviation": ([2.6300, 2.6304, 2.6310], "", "2.6305 ± 0.0005"),
    "no exponents": ([2060, 2400, 1700], ".3g", "2,050 ± 350"),
    "a mean within its deviation": ([0.02, 0.9, -0.8], "", "0.04 ± 0.85"),
    "as it is asked for": ([1, 2, 3], ".1f", "2.0 ± 1.0"),
    "a deviation has no sign": ([1, 2, 3], "+.1f", "+2.0 ± 1.0"),
    "a deviation that would be nought": ([0.049, 0.05, 0.051], ".2f", "0.0500 ± 0.0010"),
    "none": ([1, 1], ".1f", "1.0 ± 0.0"),
    "nought": ([0, 0], "", "0 ± 0"),
    "a whole one": ([4, np.nan], "", "4 (one seed)"),
    "one": ([4, np.nan], ".1f", "4.0 (one seed)"),
    "what rounding leaves of none": ([0.0475, 0.0475 + 1e-17], "", "0.0475 ± 0.0000"),
    "an exponent where a person has one": ([1e-6, 2e-6], "", "1.5e-06 ± 7.07e-07"),
    "without end": ([np.inf, 1], "", "inf ± ?"),
    "nothing": ([np.nan], "", ""),
}


@pytest.mark.parametrize(("values", "form", "text"), SPREADS.values(), ids=SPREADS)
def test_a_mean_has_as_many_places_as_its_spread_allows(values, form, text):
    assert spread(pd.Series(values, dtype=float), form) == text


def test_times_are_told_in_their_own_units():
    seconds = (0.2, 1, 90, 1876, 5400, 156_600, 10_008_000)
    assert list(map(duration, seconds)) == [
        "less than a second", "1 second", "90 seconds", "31 minutes", "1.5 hours", "43.5 hours", "2,780 hours",
    ]  # fmt: skip
