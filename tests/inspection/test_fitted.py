"""Displays of rows take tables of numbers, words, truths, dates and gaps: a category is as many columns of 0 and 1."""

import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from known_display import faults_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

import vaekit.inspection as look
from vaekit import VAE
from vaekit.datasets import make_mixed_table
from vaekit.outlier import VAEOutlierDetector

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning", "ignore::UserWarning")
DRAWS = {"random_state": 0}
HAS = np.arange(60) % 3 == 0
NAMES = [
    "income", "age", "region = north", "region = south", "region = west", "plan = free", "plan = pro", "plan = team",
    "grade = low", "grade = mid", "grade = high", "grade = top", "member", "visits", "joined"]  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    X = make_mixed_table(60, missing=0.1, random_state=0).data
    return X, VAE(n_components=2, max_epochs=1, missing_values="mask", random_state=0).fit(X)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


DISPLAYS = {
    "traversal": lambda m, X: look.TraversalDisplay.from_estimator(m, X, row=0, components=[0, 1]),
    "pairs": lambda m, X: look.TraversalDisplay.from_pairs(m, X[:2], X[2:4]),
    "reconstruction": lambda m, X: look.ReconstructionDisplay.from_estimator(m, X),
    "interpolation": lambda m, X: look.InterpolationDisplay.from_estimator(m, X[:2], X[2:4]),
    "interpolation among rows": lambda m, X: look.InterpolationDisplay.from_estimator(m, X[:2], X[2:4], X=X),
    "attribute": lambda m, X: look.AttributeDisplay.from_estimator(m, X, HAS),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_a_display_of_rows(fitted, name):
    X, model = fitted
    display = DISPLAYS[name](model, X).plot()
    assert list(display.feature_names) == NAMES
    decoded = display.reconstructions if name == "reconstruction" else display.decoded
    assert decoded.shape[-1] == len(NAMES)
    assert np.isfinite(decoded).all()
    assert_array_equal(decoded[..., 2:5].sum(axis=-1), 1)  # one region each
    assert faults_of(display.figure_) == []


def test_numbers_are_those_of_the_cells(fitted):
    X, model = fitted
    display = look.ReconstructionDisplay.from_estimator(model, X)
    shown = dict(zip(NAMES, display.X.T))
    assert_allclose(shown["income"], X["income"].to_numpy(dtype=float, na_value=np.nan))
    assert_array_equal(shown["plan = pro"] == 1, (X["plan"] == "pro").to_numpy(dtype=bool, na_value=False))
    assert_array_equal(np.isnan(shown["plan = pro"]), X["plan"].isna())
    known = X["joined"].notna().to_numpy()
    assert_allclose(shown["joined"][known], X["joined"][known].to_numpy().astype("datetime64[D]").astype(float))
    errors = np.nanmean((display.X - display.reconstructions) ** 2, axis=0)
    assert_allclose(display.r2, 1 - errors / np.nanvar(display.X, axis=0))


def test_differences_are_of_what_is_known(fitted):
    X, model = fitted
    display = look.AttributeDisplay.from_estimator(model, X, HAS)
    is_pro = X["plan"] == "pro"
    shares = [is_pro[rows & X["plan"].notna()].mean() for rows in (HAS, ~HAS)]
    assert display.difference[NAMES.index("plan = pro")] == pytest.approx(shares[0] - shares[1])


def test_samples_of_a_table_are_drawn_as_tables(fitted):
    X, model = fitted
    display = look.SamplesDisplay.from_estimator(model, X, n_samples=40, **DRAWS).plot(features=["plan", "income"])
    assert list(display.feature_names) == list(X.columns)
    assert [ax.get_title().split()[0] for ax in display.axes_] == ["plan", "income"]
    assert faults_of(display.figure_) == []


def test_a_map_tells_of_cells(fitted):
    X, model = fitted
    page = look.LatentMap.from_estimator(model, X, HAS, **DRAWS).to_html()
    words = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["words"]
    assert len(words) == 60
    told = [line for lines in words for line in lines]
    assert any(re.fullmatch(r"region = [a-z]+ \(decoded [a-z]+\)", line) for line in told)
    assert any(re.fullmatch(r"income = \S+ \(decoded \S+\)", line) for line in told)
    assert not any(re.search("nan|NaT|None", line) for line in told)


def test_reasons_name_cells_as_people_write_them(fitted):
    X, model = fitted
    detector = VAEOutlierDetector(model).fit(X)
    display = look.OutlierScoresDisplay.from_estimator(detector, X, n_rows=60)
    told = ", ".join(display.reasons)
    assert "00:00:00" not in told
    assert not re.search(r"= (nan|<NA>|NaT|None)\b", told)
    assert re.search(r"joined = \d{4}-\d\d-\d\d(,|$)", told)


@pytest.fixture(scope="module")
def encoded():
    X = pd.DataFrame({"size": np.arange(12.0), "kind": ["a", "b", "c"] * 4})
    steps = ColumnTransformer([("kind", OneHotEncoder(sparse_output=False), ["kind"])], remainder="passthrough")
    return X, make_pipeline(steps, VAE(n_components=2, max_epochs=1, random_state=0)).fit(X)


WITH_SAMPLES = {
    **{name: show for name, show in DISPLAYS.items() if name not in ("pairs", "attribute")},
    "attribute": lambda m, X: look.AttributeDisplay.from_estimator(m, X, HAS[: len(X)]),
    "map": lambda m, X: look.LatentMap.from_estimator(m, X),
    "samples": lambda m, X: look.SamplesDisplay.from_estimator(m, X),
    "samples of tables": lambda m, X: look.TableSamplesDisplay.from_estimator(m, X, n_samples=5),
}


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_steps_without_a_way_back_are_named(encoded, name):
    X, pipeline = encoded
    with pytest.raises(AttributeError, match="ColumnTransformer before the model has no inverse_transform: pass the"):
        WITH_SAMPLES[name](pipeline, X)
    WITH_SAMPLES[name](pipeline[-1], pipeline[:-1].transform(X))  # the remedy


@pytest.mark.parametrize("name", [name for name in WITH_SAMPLES if name != "samples of tables"])  # which shows words
def test_steps_that_read_words_are_named(encoded, name):
    X, _ = encoded
    pipeline = make_pipeline(OrdinalEncoder(), VAE(n_components=2, max_epochs=1, random_state=0)).fit(X)
    with pytest.raises(ValueError, match=r"pass the model itself and rows as it sees them \(pipeline\[-1\]"):
        WITH_SAMPLES[name](pipeline, X)


class Learned:
    """Codes are the rows; a prior that can be sampled, and no map to a normal one."""

    def sample_posterior(self, X, random_state):
        return X[None]

    def sample_prior(self, n_samples, random_state):
        return random_state.uniform(size=(n_samples, 2))


def test_draws_of_a_prior_without_a_map_are_its_own():
    display = look.AggregatePosteriorDisplay.from_estimator(Learned(), np.eye(2), n_prior_samples=50, **DRAWS)
    assert display.prior.shape == (50, 2)
    assert 0 <= display.prior.min() < display.prior.max() <= 1
    with pytest.raises(AttributeError, match="to_generation_space"):
        look.AggregatePosteriorDisplay.from_estimator(Learned(), np.eye(2), space="generation", **DRAWS)
