"""Missing cells: scikit-learn's conventions, and the exact conditional of a linear-Gaussian world."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from contract import checks_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import AAE, IWAE, VAE, ConditionalVAE
from vaekit.datasets import make_mixed_table
from vaekit.frames import cells_of
from vaekit.impute import VAEImputer

pytestmark = [
    pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning"),
    pytest.mark.filterwarnings("ignore:.*(observed|Early stopping)"),
]
NAN = np.nan


def tiny(**params):
    return VAE(**{"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 2, "random_state": 0, **params})


def with_gaps(X, share, seed=0):
    return np.where(np.random.default_rng(seed).random(X.shape) < share, NAN, X)


RNG = np.random.default_rng(0)
LOADINGS, OFFSET, SCALE = RNG.normal(size=(2, 6)), np.arange(6.0), 0.4


def world(seed, n):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)) @ LOADINGS + OFFSET + SCALE * rng.normal(size=(n, 6))


def conditional(X):
    """Means and deviations of what is missing given what was observed, cell by cell."""
    covariance = LOADINGS.T @ LOADINGS + SCALE**2 * np.eye(6)
    mean, deviation = X.copy(), np.zeros_like(X)
    for i, row in enumerate(X):
        m = np.isnan(row)
        gain = np.linalg.solve(covariance[np.ix_(~m, ~m)], covariance[np.ix_(~m, m)]).T
        mean[i, m] = OFFSET[m] + gain @ (row - OFFSET)[~m]
        deviation[i, m] = np.sqrt(np.diag(covariance[np.ix_(m, m)] - gain @ covariance[np.ix_(~m, m)]))
    return mean, deviation


X = world(0, 60)
GAPS = with_gaps(X, 0.3)


IWAE_IMPUTER = VAEImputer(
    IWAE(n_components=2, max_epochs=2), n_importance_samples=8, add_indicator=True, keep_empty_features=True,
    random_state=1,
)  # fmt: skip


@pytest.mark.parametrize(("estimator", "check"), checks_of(VAEImputer(tiny(), n_importance_samples=8), IWAE_IMPUTER))
def test_contract(estimator, check):
    check(estimator)


# ---------------------------------------------------------------------- conventions


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("draws", [False, True])
def test_observed_cells_come_out_bit_for_bit(dtype, draws):
    rows = GAPS.astype(dtype)
    filled = VAEImputer(tiny(), n_importance_samples=8, sample_posterior=draws).fit_transform(rows)
    known = ~np.isnan(rows)
    assert filled.dtype == dtype
    assert filled[known].tobytes() == rows[known].tobytes()
    assert np.isfinite(filled).all()


def test_means_depend_neither_on_the_day_nor_on_the_company():
    imputer = VAEImputer(tiny(), n_importance_samples=8).fit(GAPS)
    filled = imputer.transform(GAPS)
    assert_array_equal(imputer.transform(GAPS), filled)
    assert_array_equal(imputer.transform(GAPS[[5, 3]]), filled[[5, 3]])
    assert_array_equal(pickle.loads(pickle.dumps(imputer)).transform(GAPS), filled)


def test_draws_differ_from_call_to_call_and_follow_the_seed():
    def draws():
        imputer = VAEImputer(tiny(), n_importance_samples=8, sample_posterior=True, random_state=3).fit(GAPS)
        return [imputer.transform(GAPS) for _ in range(2)]

    first, second = draws()
    assert np.all(first[np.isnan(GAPS)] != second[np.isnan(GAPS)])
    assert_array_equal(draws(), [first, second])


@pytest.mark.parametrize("options", [{}, {"add_indicator": True}, {"keep_empty_features": True},
                                     {"add_indicator": True, "keep_empty_features": True}])  # fmt: skip
def test_columns_are_those_of_the_iterative_imputer(options):
    rows = GAPS.copy()
    rows[:, 2] = NAN
    ours = VAEImputer(tiny(), n_importance_samples=8, **options).fit(rows)
    theirs = IterativeImputer(max_iter=1, **options).fit(rows)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    found, expected = ours.transform(rows), theirs.transform(rows)
    are_indicators = [name.startswith("missing") for name in ours.get_feature_names_out()]
    assert_array_equal(found[:, are_indicators], expected[:, are_indicators])
    if "keep_empty_features" in options:
        assert_array_equal(found[:, 2], 0)


def test_frames_keep_their_names():
    frame = pd.DataFrame(GAPS, columns=list("abcdef"), index=range(7, 67))
    filled = VAEImputer(tiny(), n_importance_samples=8).set_output(transform="pandas").fit_transform(frame)
    assert list(filled.columns) == list("abcdef")
    assert list(filled.index) == list(frame.index)


MIXED = make_mixed_table(30, missing=0.2, random_state=0).data
LIBRARIES = {"pandas": lambda X: X, "polars": pl.from_pandas, "arrow": lambda X: pa.Table.from_pandas(X)}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("asked", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_mixed_tables_come_out_as_the_frames_that_are_asked_for(library, asked, kind):
    rows = LIBRARIES[library](MIXED)
    imputer = VAEImputer(tiny(), n_importance_samples=4, add_indicator=True, random_state=0).fit(rows)
    plain, filled = imputer.transform(rows), imputer.set_output(transform=asked).transform(rows)
    assert type(filled) is kind
    names = list(imputer.get_feature_names_out())
    assert list(filled.columns) == names
    assert [cells_of(filled[name]) for name in names] == [cells_of(plain[name]) for name in names]


@pytest.mark.parametrize("library", LIBRARIES)
def test_tables_without_rows_are_refused(library):
    imputer = VAEImputer(tiny(), n_importance_samples=4).fit(LIBRARIES[library](MIXED))
    with pytest.raises(ValueError, match=r"0 sample\(s\) \(shape=\(0, 8\)\) while a minimum of 1 is required"):
        imputer.transform(LIBRARIES[library](MIXED[:0]))


def test_rows_without_gaps_and_rows_without_a_value():
    imputer = VAEImputer(tiny(), n_importance_samples=8).fit(GAPS)
    assert_array_equal(imputer.transform(X[:3]), X[:3])
    assert np.isfinite(imputer.transform(np.full((1, 6), NAN))).all()


def test_constant_columns_stay_constant():
    rows = GAPS.copy()
    rows[:, 1] = np.where(np.isnan(rows[:, 1]), NAN, 7.0)
    filled = VAEImputer(tiny(max_epochs=100), n_importance_samples=50).fit_transform(rows)
    assert_allclose(filled[:, 1], 7, atol=0.2)


@pytest.mark.parametrize(
    ("params", "rows", "words"),
    [
        ({"n_importance_samples": 0}, GAPS, "n_importance_samples"),
        ({"estimator": AAE()}, GAPS, "'estimator'"),
        ({"estimator": ConditionalVAE()}, GAPS, "'estimator' .* of X alone, and ConditionalVAE is told y"),
        ({"estimator": make_pipeline(StandardScaler(), VAE())}, GAPS, "'estimator' .* and Pipeline has none"),
        ({"estimator": GridSearchCV(VAE(), {})}, GAPS, "'estimator' .* and GridSearchCV has none"),
        ({"sample_posterior": "yes"}, GAPS, "sample_posterior"),
        ({}, np.full((5, 2), NAN), "No cell"),
        ({}, np.array([[np.inf, 1.0], [1.0, 2.0]]), "infinity"),
    ],
)
def test_bad_calls(params, rows, words):
    with pytest.raises(ValueError, match=words):
        VAEImputer(**params).fit(rows)


# ---------------------------------------------------------------------- worlds with a known answer


@pytest.fixture(scope="module")
def fitted():
    """A model with as many latents as the world, and rows it has not seen, a third of whose cells are missing."""
    model = VAE(n_components=2, max_epochs=80, random_state=0)
    rows = world(1, 2000)
    return VAEImputer(model, n_importance_samples=200, random_state=0).fit(with_gaps(rows, 0.3)), world(2, 200)


def test_means_are_the_conditional_ones(fitted):
    """Within three standard errors of the exact mean, over cells, and as good as it in squared error up to 5%."""
    imputer, complete = fitted
    rows = with_gaps(complete, 0.3, seed=1)
    missing = np.isnan(rows)
    mean, deviation = (values[missing] for values in conditional(rows))
    found, truth = imputer.transform(rows)[missing], complete[missing]
    errors = (found - mean) / deviation
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(len(errors))
    assert np.mean((found - truth) ** 2) < 1.05 * np.mean((mean - truth) ** 2)


@pytest.mark.parametrize("seed", range(3))
def test_complete_rows_teach_what_gaps_are(seed):
    x = np.random.default_rng(seed).normal(size=(300, 1))
    imputer = VAEImputer(VAE(n_components=1, max_epochs=70, random_state=seed), n_importance_samples=100)
    filled = imputer.fit(np.hstack([x, 2 * x, -x])).transform([[1, NAN, -1], [NAN, NAN, 1], [NAN, 2, NAN]])
    assert_allclose(filled, [[1, 2, -1], [-1, -2, 1], [1, 2, -1]], atol=0.15)


def test_draws_cover_as_often_as_they_say(fitted):
    imputer, complete = fitted
    complete = complete[:150]
    rows = with_gaps(complete, 0.3, seed=2)
    missing = np.isnan(rows)
    imputer = pickle.loads(pickle.dumps(imputer)).set_params(sample_posterior=True, n_importance_samples=100)
    draws = np.stack([imputer.transform(rows)[missing] for _ in range(39)])
    low, high = np.quantile(draws, [0.05, 0.95], axis=0, method="weibull")
    assert 0.85 < np.mean((low <= complete[missing]) & (complete[missing] <= high)) < 0.95
    assert_allclose(np.mean(draws.std(axis=0) / conditional(rows)[1][missing]), 1, atol=0.1)


def test_half_of_a_real_table():
    """Fewer epochs than the benchmark takes, and better than a line through the columns' means by far."""
    table = load_breast_cancer().data
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    rows = with_gaps(table, 0.5)
    missing = np.isnan(rows)
    imputer = VAEImputer(VAE(max_epochs=60, random_state=0), n_importance_samples=100)
    error, of_means = (
        np.mean((one.fit_transform(rows)[missing] - table[missing]) ** 2) for one in (imputer, SimpleImputer())
    )
    assert error < 0.4 < 0.9 < of_means


# ---------------------------------------------------------------------- frames of several kinds


def types(frame):
    return list(frame.schema.types if hasattr(frame, "itercolumns") else frame.dtypes)


@pytest.fixture(scope="module", params=["pandas", "polars", "pyarrow"])
def mixed(request):
    """An imputer of a frame of each library, the table, and the library."""
    table = make_mixed_table(250, missing=0.1, library=request.param, random_state=0)
    model = VAE(n_components=2, max_epochs=50, random_state=0, column_likelihoods={"visits": "poisson"})
    imputer = VAEImputer(model, n_importance_samples=30, add_indicator=True, random_state=0)
    return imputer.fit(table.data), table, request.param


@pytest.mark.parametrize("draws", [False, True])
def test_mixed_frames_are_filled_with_what_is_possible(mixed, draws):
    """Observed cells stay, categories are right more often than the commonest is, and a second frame is filled, too."""
    imputer, table, library = mixed
    found = imputer.set_params(sample_posterior=draws).transform(table.data)
    assert type(found) is type(table.data)
    assert types(found)[:8] == types(table.data)
    found, complete = (frame if library == "pandas" else frame.to_pandas() for frame in (found, table.complete))
    assert list(found.columns) == [*complete.columns, *(f"missingindicator_{name}" for name in complete.columns)]
    for name, was_missing in zip(complete.columns, table.is_missing.T):
        assert (found[name] == complete[name])[~was_missing].all()
        assert found[name].notna().all()
        np.testing.assert_array_equal(found[f"missingindicator_{name}"], was_missing)
    right = (found["region"].astype(str) == complete["region"].astype(str))[table.is_missing[:, 2]]
    assert draws or right.mean() > 1.3 * complete["region"].value_counts(normalize=True).max()
    later = make_mixed_table(20, missing=0.3, library=library, random_state=1).data
    assert len(imputer.transform(later)) == 20


def test_the_estimator_masks_by_itself():
    imputer = VAEImputer(tiny(), n_importance_samples=8).fit(GAPS)
    assert imputer.estimator_.missing_values == "mask"
    assert imputer.estimator_.transform(GAPS).shape == (60, 2)


def test_empty_columns_of_mixed_frames_are_left_out_or_kept():
    frame = make_mixed_table(40, random_state=0).data.assign(never=np.nan)
    imputer = VAEImputer(tiny(), n_importance_samples=8)
    with pytest.warns(UserWarning, match=r"Columns \[8\] of X have no observed cell"):
        assert "never" not in imputer.fit_transform(frame)
    kept = imputer.set_params(keep_empty_features=True).fit_transform(frame)
    assert (kept["never"] == 0).all()
