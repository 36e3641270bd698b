"""The mixed table has the dependence that it announces, in frames of every library."""

import numpy as np
import pytest

from vaekit.datasets import make_mixed_table


def test_columns_follow_the_hidden_numbers():
    table = make_mixed_table(20_000, random_state=0)
    frame, (first, second) = table.complete, table.latents.T
    np.testing.assert_allclose(frame["income"] - 30 - 8 * first, 0, atol=10)
    assert np.std(frame["income"] - 30 - 8 * first) == pytest.approx(2, rel=0.02)
    assert np.corrcoef(frame["age"].astype(float), second)[0, 1] == pytest.approx(10 / np.hypot(10, 3), abs=0.01)
    assert np.mean(frame["visits"] / np.exp(1 + 0.6 * second)) == pytest.approx(1, abs=0.02)
    near = np.abs(first - 0.5) < 0.1
    assert frame["member"][near].mean() == pytest.approx(1 / (1 + np.exp(-1.5)), abs=0.03)
    days = (frame["joined"] - np.datetime64("2020-01-01")).dt.days
    assert np.std(days - 300 - 90 * first) == pytest.approx(10, rel=0.02)
    assert list(frame["grade"].cat.categories) == ["low", "mid", "high", "top"]
    assert frame["grade"].cat.ordered


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_gaps_are_where_it_says(library):
    table = make_mixed_table(300, missing=0.2, library=library, random_state=0)
    assert type(table.data).__module__.partition(".")[0] == library
    frame = table.data if library == "pandas" else table.data.to_pandas()
    np.testing.assert_array_equal(frame.isna(), table.is_missing)
    assert table.is_missing.mean() == pytest.approx(0.2, abs=0.03)
    again = make_mixed_table(300, missing=0.2, library=library, random_state=0)
    assert again.data.equals(table.data)
    assert not again.complete.equals(table.data)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"missing": 1.5}, "missing == 1.5"), ({"n_samples": 0}, "n_samples == 0"), ({"library": "excel"}, "'library'")],
)
def test_bad_calls(options, words):
    with pytest.raises(ValueError, match=words):
        make_mixed_table(**options)
