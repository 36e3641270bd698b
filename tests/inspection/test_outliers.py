"""The display of the worst rows, over a density whose contributions are known."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit.inspection import OutlierDisplay

NAMES = ["width", "height", "depth"]
X = np.random.default_rng(0).normal(size=(30, 3))
X[[4, 11], [2, 0]] = 9, -7


class StandardNormal:
    """A detector whose columns contribute what they are."""

    offset_ = -20.0

    def fit(self, X, y=None):
        return self

    def explain(self, X):
        return -0.5 * np.square(np.asarray(X))

    def score_samples(self, X):
        return self.explain(X).sum(axis=1)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("container", [np.asarray, lambda X: pd.DataFrame(X, columns=NAMES, index=range(100, 130)),
                                       lambda X: pl.DataFrame(X, schema=NAMES)])  # fmt: skip
def test_the_worst_rows_come_first_with_their_columns(container):
    display = OutlierDisplay.from_estimator(StandardNormal(), container(X), n_rows=4)
    assert_array_equal(display.rows[:2], [4, 11])
    assert_array_equal(display.contributions[:2].argmin(axis=1), [2, 0])
    assert np.all(np.diff(display.scores) >= 0)
    display.plot().figure_.canvas.draw()
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels == (NAMES if container is not np.asarray else ["feature 0", "feature 1", "feature 2"])
    rows = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert [row.endswith("*") for row in rows] == [True, True, False, False]


def test_pipelines_are_looked_through():
    frame = pd.DataFrame(100 + 5 * X, columns=NAMES)
    pipeline = make_pipeline(StandardScaler(), StandardNormal()).fit(frame)
    display = OutlierDisplay.from_estimator(pipeline, frame, n_rows=2)
    assert_array_equal(display.rows, [4, 11])
    assert list(display.feature_names) == NAMES


def test_what_cannot_be_shown_is_said():
    with pytest.raises(ValueError, match="n_rows"):
        OutlierDisplay.from_estimator(StandardNormal(), X, n_rows=0)
    with pytest.raises(AttributeError, match="'explain'"):
        OutlierDisplay.from_estimator(StandardScaler().fit(X), X)
