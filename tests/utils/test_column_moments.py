"""Moments of parts, joined, are those of all rows."""

import numpy as np
import pytest

from vaekit.utils import _column_moments
from vaekit.utils._column_moments import ColumnMoments

IMAGES = np.random.default_rng(0).integers(0, 255, (40, 18)).astype(np.uint8)
TABLE = np.random.default_rng(0).normal(size=(300, 5))


@pytest.mark.parametrize(
    "X",
    [
        TABLE,
        TABLE.astype(np.float32) + np.float32(1000),
        TABLE * [1, 1e150, 1e-170, 0, 1e300],
        IMAGES,
        np.arange(1200, dtype=np.int8).reshape(300, 4),
        TABLE > 0,
        np.full((30, 2), 0.1),
        np.arange(10**6, 10**6 + 900).reshape(300, 3),
    ],
    ids=["table", "offset", "scales", "bytes", "signed bytes", "bool", "constant", "integers"],
)
@pytest.mark.parametrize("n_parts", [1, 7])
def test_moments_of_parts_are_those_of_all(X, n_parts, monkeypatch):
    monkeypatch.setattr(_column_moments, "EXACT_ROWS", 13)
    parts = [ColumnMoments.of(part) for part in np.array_split(X, n_parts)]
    found = parts[0]
    for part in parts[1:]:
        found = found.joined(part)
    unit = np.abs(X).max(axis=0).astype(float)
    unit[unit == 0] = 1
    exact = X / unit
    assert found.n_rows == len(X)
    np.testing.assert_array_equal(found.low, X.min(axis=0))
    np.testing.assert_array_equal(found.high, X.max(axis=0))
    np.testing.assert_allclose(found.mean / unit, exact.mean(axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.deviation / unit, exact.std(axis=0), rtol=1e-6, atol=0)
    is_constant = found.low == found.high
    np.testing.assert_array_equal(found.mean[is_constant], X[0][is_constant])
    assert not found.deviation[is_constant].any()
