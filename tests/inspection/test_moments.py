"""Axes of dates and durations: what stands beside them."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from vaekit.inspection import TableSamplesDisplay
from vaekit.inspection._moments import Moments

mpl.use("Agg")
DAY = 86_400e6


def labels(moments, values):
    figure, axes = plt.subplots(figsize=(2.2, 1.7))
    axes.plot(moments.place(values), values)
    moments.label(axes.xaxis)
    figure.canvas.draw()
    found = [label.get_text() for label in axes.get_xticklabels() if label.get_text()]
    axes.set_xticks([])
    figure.canvas.draw()
    plt.close(figure)
    return found


@pytest.mark.parametrize(
    ("days", "words"),
    [((18262, 18992), "20"), ((18262, 18265), "-0"), ((18262, 18262.2), ":"), ((-9000, -2000), "19")],
)
def test_dates_are_dates(days, words):
    values = np.array([*days, np.nan]) * DAY
    found = labels(Moments("date", values), values)
    assert found
    assert all(words in label for label in found)


@pytest.mark.parametrize(
    ("most", "unit"),
    [(90 * DAY, " d"), (30 * 3600e6, " h"), (90 * 60e6, " min"), (45e6, " s"), (2e5, " ms"), (7, " µs")],
)
def test_durations_have_a_unit(most, unit):
    values = np.array([0.0, most, np.nan])
    found = labels(Moments("duration", values), values)
    assert found
    assert all(label.endswith(unit) for label in found)


@pytest.mark.parametrize("moment", ["", "date", "duration"])
def test_nothing_is_drawn_as_it_is(moment):
    assert np.isnan(Moments(moment, np.array([np.nan])).place(np.array([np.nan]))).all()


def test_dates_beyond_all_calendars_are_numbers():
    values = np.array([0.0, 1e19])
    np.testing.assert_array_equal(Moments("date", values).place(values), values)


def test_panels_of_a_table_have_dates_words_and_units():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, 60), unit="D"),
            "wait": pd.to_timedelta(rng.integers(0, 300, 60), unit="min"),
            "member": pd.array(rng.random(60) > 0.5, dtype="boolean"),
            "n": pd.array(rng.integers(0, 9, 60), dtype="Int64"),
        }
    ).where(rng.random((60, 4)) > 0.1)
    display = TableSamplesDisplay.from_arrays(X, X[:30]).plot()
    display.figure_.canvas.draw()
    day, wait, member, n = ([label.get_text() for label in axes.get_xticklabels()] for axes in display.axes_)
    assert all(label.startswith("20") for label in day)
    assert all(label.endswith(" h") for label in wait)
    assert {"True", "False"} <= set(member)
    assert display.kinds[3] is None
    assert "2" in "".join(n)
    display.plot(kind="pairs", features=["day", "member", "wait"]).figure_.canvas.draw()
    plt.close("all")
