"""The display of the worst rows, over a density whose contributions are known."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import VAE
from vaekit.exceptions import NoDensityError
from vaekit.impute import VAEImputer
from vaekit.inspection import LatentMap, LeakageDisplay, LossCurveDisplay, OutlierDisplay, OutlierScoresDisplay
from vaekit.outlier import VAEOutlierDetector
from vaekit.utils._look_through import look_through

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


@pytest.mark.parametrize("imputer", [VAEImputer, IterativeImputer])
def test_imputers_are_no_models_of_codes(imputer):
    pipeline = make_pipeline(imputer(sample_posterior=True), StandardNormal())
    before, model = look_through(pipeline)
    assert isinstance(model, StandardNormal)
    assert isinstance(before[0], imputer)


class OfWords(StandardNormal):
    """One that reads a column of words, as a detector of a pipeline that encodes it does."""

    def explain(self, X):
        return np.column_stack([X["size"], -(X["kind"] == "rare")])


@pytest.mark.parametrize("display", [OutlierDisplay, OutlierScoresDisplay])
def test_words_are_for_the_model_to_read(display):
    frame = pd.DataFrame({"size": [0.0, 0, 0], "kind": ["common", "rare", "common"]})
    shown = display.from_estimator(OfWords(), frame, n_rows=1)
    assert_array_equal(shown.rows, [1])
    assert list(shown.feature_names) == ["size", "kind"]


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
def test_what_cannot_be_shown_is_said():
    detector = VAEOutlierDetector(VAE(n_components=1, hidden_layer_sizes=(4,), max_epochs=1, random_state=0)).fit(X)
    with pytest.raises(AttributeError, match=r"'history_', .* pass its estimator_"):
        LossCurveDisplay.from_estimator(detector)
    with pytest.raises(NoDensityError, match="Leakage needs transform and log_prior"):
        LeakageDisplay.from_estimator(StandardNormal(), X)
    with pytest.raises(ValueError, match="one component is no map"):
        LatentMap.from_estimator(detector.estimator_, X)
    with pytest.raises(ValueError, match="n_rows"):
        OutlierDisplay.from_estimator(StandardNormal(), X, n_rows=0)
    with pytest.raises(AttributeError, match="'explain'"):
        OutlierDisplay.from_estimator(StandardScaler().fit(X), X)
