"""Tables as people have them, through every method of an estimator."""

import copy
import datetime
import decimal
import math
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from family import NAMES, same_bits, tiny
from numpy.polynomial.hermite_e import hermegauss
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from vaekit import VAE, ConditionalVAE
from vaekit.datasets import make_mixed_table
from vaekit.exceptions import VaekitWarning
from vaekit.frames import open_table
from vaekit.likelihoods import Categorical, Likelihood, LikelihoodSpec, Normal, Poisson, Product
from vaekit.persistence import Checkpoint, load, save
from vaekit.words import spec

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

LIBRARIES = ["pandas", "polars", "pyarrow"]
TABLES = {library: make_mixed_table(40, missing=0.1, library=library, random_state=0) for library in LIBRARIES}
FRAME, COMPLETE = TABLES["pandas"].data, TABLES["pandas"].complete
MASK = {"missing_values": "mask", "column_likelihoods": {"visits": "poisson"}}


def few(X):
    return X[:5] if not hasattr(X, "itercolumns") else X.slice(0, 5)


def types(X):
    return list(X.schema.types) if hasattr(X, "itercolumns") else list(X.dtypes)


@pytest.fixture(scope="module")
def model():
    return tiny("VAE", **MASK).fit(FRAME)


# ---------------------------------------------------------------------- in and out


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_frame_goes_in_and_frames_come_out(library):
    X = TABLES[library].data
    model = tiny("VAE", **MASK, column_bounds={"age": (20, 60)}).fit(X)
    assert (model.n_features_in_, list(model.feature_names_in_)) == (8, list(FRAME.columns))
    codes = model.transform(X)
    assert codes.shape == (40, 2)
    assert np.isfinite(codes).all()
    for made in (model.sample(30), model.inverse_transform(codes), model.sample_likelihood(codes)):
        assert type(made) is type(X)
        assert types(made) == types(X)
        frame = made.to_pandas() if library != "pandas" else made
        assert not frame.isna().any().any()
        assert frame["age"].between(20, 60).all()
        assert (frame["visits"] >= 0).all()
        assert set(frame["plan"]) <= {"free", "pro", "team"}
    assert same_bits(model.transform(few(X)), codes[:5])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "PCL"])
def test_every_estimator(name):
    model = tiny(name, **MASK).fit(FRAME)
    assert types(model.sample(3)) == types(FRAME)
    assert same_bits(pickle.loads(pickle.dumps(model)).transform(FRAME), model.transform(FRAME))
    if hasattr(model, "score"):
        assert np.isfinite(model.score(FRAME))


def test_told_conditions():
    model = tiny("ConditionalVAE", **MASK).fit(FRAME, FRAME["region"].astype(object).fillna("nowhere").to_numpy())
    assert isinstance(model, ConditionalVAE)
    assert types(model.sample(4, y=("north",))) == types(FRAME)


def test_files_pickles_and_clones(model, tmp_path):
    save(model, tmp_path / "model.vaekit")
    for other in (load(tmp_path / "model.vaekit"), pickle.loads(pickle.dumps(model)), clone(model).fit(FRAME)):
        assert same_bits(other.transform(FRAME), model.transform(FRAME))
        assert same_bits(other.score_samples(FRAME), model.score_samples(FRAME))
        pd.testing.assert_frame_equal(other.sample(5, random_state=1), model.sample(5, random_state=1))
        assert other.columns_ == model.columns_
        other.partial_fit(FRAME)


def test_checkpoints(tmp_path):
    first, second = (tiny("VAE", **MASK, checkpoint=Checkpoint(tmp_path)).fit(FRAME) for _ in range(2))
    assert same_bits(first.transform(FRAME), second.transform(FRAME))


def test_searches_and_pipelines(model):
    assert np.isfinite(cross_val_score(tiny("VAE", **MASK), FRAME, cv=2)).all()
    search = GridSearchCV(tiny("VAE", **MASK), {"column_likelihoods": [None, {"visits": "negative_binomial"}]}, cv=2)
    assert np.isfinite(search.fit(FRAME).cv_results_["mean_test_score"]).all()
    y = FRAME["grade"].isin(["high", "top"])
    trees = HistGradientBoostingClassifier(max_iter=3)
    pipeline = make_pipeline(tiny("VAE", **MASK).set_output(transform="pandas"), trees).fit(FRAME, y)
    assert pipeline.predict(FRAME).shape == (40,)
    assert list(pipeline[0].transform(FRAME).columns) == list(model.get_feature_names_out())


def test_the_first_call_decides_what_columns_are():
    model = tiny("VAE", **MASK).partial_fit(FRAME)
    with pytest.raises(ValueError, match="Column 'plan' of X holds the category 'gold'"):
        model.partial_fit(FRAME.assign(plan="gold"))
    assert model.partial_fit(FRAME[:20]).columns_ == model.columns_
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(FRAME[FRAME.columns[::-1]])
    with pytest.raises(ValueError, match=r"The parameters \['column_likelihoods'\] changed"):
        model.set_params(column_likelihoods={"visits": Poisson(), "age": "poisson"}).partial_fit(FRAME)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X[X.columns[::-1]], "same order"),
        (lambda X: X.assign(more=1), "unseen at fit time:\n- more"),
        (lambda X: X.drop(columns="age"), "now missing:\n- age"),
        (lambda X: X[:0], r"0 sample\(s\)"),
        (lambda X: X.assign(joined="soon"), "'joined' of X holds 'soon', but held dates"),
    ],
)
def test_columns_are_those_of_the_fit(model, change, words):
    with pytest.raises(ValueError, match=words):
        model.transform(change(FRAME))


AWKWARD = pd.DataFrame(
    {
        "identifier": 2**60 + np.arange(40),
        "price": [decimal.Decimal(i) / 4 if i % 5 else None for i in range(40)],
        "seen": pd.Series([datetime.datetime(2020, 1, 1, 12, i) for i in range(40)], dtype=object),
        "wait": pd.Series([datetime.timedelta(minutes=i) for i in range(40)], dtype=object),
        "pieces": pd.Series(range(40), dtype=object),
        "zone": pd.date_range("2020-01-01", periods=40, freq="h", tz="America/New_York"),
        "nothing": pd.Series([None] * 40, dtype=object),
        "never": pd.Series([None] * 40, dtype="Int64"),
        "kind": pd.Categorical(["a", "b"] * 20, categories=["b", "unused", "a"], ordered=True),
        "same": "always",
        "constant": 3.0,
        "half": np.arange(40, dtype="float16"),
    }
)


def test_awkward_columns_come_back_as_they_were():
    model = tiny("VAE", missing_values="mask", column_bounds={"identifier": (2**60 + 3, None)}).fit(AWKWARD)
    made = model.sample(30, random_state=0)
    assert types(made) == types(AWKWARD)
    assert np.isfinite(model.score(AWKWARD))
    for name in ("price", "seen", "wait", "pieces"):
        assert {type(cell) for cell in made[name]} == {type(AWKWARD[name][1])}
    assert made[["nothing", "never"]].isna().all().all()
    assert made["identifier"].between(2**60 + 3, 2**60 + 500).all()
    assert set(made["same"]) == {"always"}
    assert made["price"].map(lambda price: price.as_tuple().exponent).eq(-2).all()
    given = model.sample(4, given={"identifier": 2**60 + 5}, random_state=0)
    assert (given["identifier"] == 2**60 + 5).all()


# ---------------------------------------------------------------------- which likelihood a column has


def test_each_column_has_its_likelihood(model):
    words = {type(word).__name__: len(own) for word, own in model.likelihood_.parts}
    assert words == {"Normal": 3, "Categorical": 10, "Bernoulli": 1, "Poisson": 1}
    assert isinstance(model.likelihood_, Product)
    laplace = tiny("VAE", **MASK, likelihood="laplace").fit(FRAME).likelihood_
    assert "Laplace" in repr(laplace)
    assert "Normal" not in repr(laplace)


def test_one_hots_and_numbers_of_the_same_categories_are_one_model():
    kinds = np.random.default_rng(0).integers(3, size=(30, 1))
    words = np.array(["a", "b", "c"])[kinds]
    frames = [pd.DataFrame({"k": kinds[:, 0]}), pd.DataFrame({"k": words[:, 0]}), kinds.astype(float)]
    models = [tiny("VAE", categorical_features=[0]).fit(X) for X in frames]
    scores = [model.score_samples(X) for model, X in zip(models, frames)]
    one_hot = OneHotEncoder(sparse_output=False).fit_transform(kinds)
    scores.append(tiny("VAE", likelihood=Categorical()).fit(one_hot).score_samples(one_hot))
    scores.append(tiny("VAE", column_likelihoods={0: "categorical"}).fit(frames[2]).score_samples(frames[2]))
    assert all(same_bits(own, scores[0]) for own in scores)
    assert set(models[2].sample(20).ravel()) <= {0.0, 1.0, 2.0}


def test_counts_of_a_matrix_have_the_same_likelihood_as_a_column():
    X = np.random.default_rng(0).poisson(3.0, size=(30, 2)).astype(float)
    plain = tiny("VAE", likelihood="poisson").fit(X)
    columns = tiny("VAE", column_likelihoods=dict.fromkeys(range(2), "poisson")).fit(X)
    assert same_bits(plain.score_samples(X), columns.score_samples(X))
    with pytest.raises(ValueError, match=r"X holds 0\.5 \(row 0, column 0\)"):
        plain.score(X[:1] * 0 + 0.5)


def test_the_density_of_a_discrete_table_is_that_of_enumeration():
    """p(x) = integral of p(x | z) p(z) over one latent, by two quadratures: over all x it sums to 1."""
    numbers = np.minimum(np.random.default_rng(0).poisson(1.2, size=80), 5)
    cells = pd.DataFrame({"a": list("xxyyzz"), "b": ["u", "v"] * 3})
    params = {"n_components": 1, "hidden_layer_sizes": (8,), "activation": "tanh", "max_epochs": 60}
    model = VAE(**params, random_state=0).fit(cells.iloc[numbers])
    module = copy.deepcopy(model.model_.module).double()
    x = torch.from_numpy(model.columns_.encode(open_table(cells)))

    def density(nodes, weights):
        with torch.no_grad():
            log_given = module.likelihood.log_prob(module.decode(torch.from_numpy(nodes[:, None, None])), x)
        return weights / weights.sum() @ log_given.exp().numpy()

    p = density(*hermegauss(120))
    grid = np.linspace(-12, 12, 20_001)
    np.testing.assert_allclose(p, density(grid, np.exp(-0.5 * grid**2)), atol=1e-8)
    assert p.sum() == pytest.approx(1, abs=1e-8)
    assert (model.score_samples(cells) < np.log(p) + 1e-3).all()
    np.testing.assert_allclose(model.score_samples(cells, n_importance_samples=2000), np.log(p), atol=0.05)


@spec
class OwnScale(LikelihoodSpec):
    """A location and a log-scale for every value, by somebody who never heard of gaps."""

    def decoded_shape(self, event_shape):
        return (*event_shape, 2)

    def build(self, setting):
        return OwnScaleLikelihood(setting.event_shape)


class OwnScaleLikelihood(Likelihood):
    def log_prob(self, decoded, x):
        loc, log_scale = decoded.unbind(-1)
        return (-0.5 * ((x - loc) / log_scale.exp()).square() - log_scale - 0.5 * math.log(2 * math.pi)).sum(-1)

    def mean(self, decoded):
        return decoded[..., 0]

    def sample(self, decoded, noise):
        return decoded[..., 0] + decoded[..., 1].exp() * noise


@pytest.mark.parametrize("rule", ["mask", "error"])
def test_a_column_may_have_a_word_from_outside(rule):
    X = FRAME if rule == "mask" else COMPLETE
    words = {"income": OwnScale(), "age": OwnScale(), "visits": "poisson"}
    model = tiny("VAE", missing_values=rule, column_likelihoods=words).fit(X)
    Z = np.zeros((40, 2))
    found = model.log_likelihood(X, Z)
    without = model.log_likelihood(X.assign(income=None), Z) if rule == "mask" else None
    assert np.isfinite(found).all()
    if rule == "mask":
        assert (found[X["income"].isna()] == without[X["income"].isna()]).all()
        assert (found != without)[X["income"].notna()].all()
    assert types(model.sample(3)) == types(X)
    matrix = np.random.default_rng(0).normal(size=(30, 3))
    plain, masked = (tiny("VAE", likelihood=OwnScale(), missing_values=own).fit(matrix) for own in ("error", "mask"))
    assert plain.score(matrix) == pytest.approx(masked.score(matrix), abs=1.0)


# ---------------------------------------------------------------------- gaps


def test_complete_rows_have_the_score_of_the_model_without_gaps():
    words = {"column_likelihoods": {"visits": "poisson"}}
    with_gaps, without = (tiny("VAE", **words, missing_values=rule).fit(COMPLETE) for rule in ("mask", "error"))
    np.testing.assert_allclose(with_gaps.score_samples(COMPLETE), without.score_samples(COMPLETE), rtol=1e-5)
    X = np.random.default_rng(0).normal(size=(30, 3)) * [1, 10, 0.1]
    with_gaps, without = (tiny("VAE", missing_values=rule).fit(X) for rule in ("mask", "error"))
    np.testing.assert_allclose(with_gaps.score_samples(X), without.score_samples(X), rtol=1e-5)


def test_a_row_without_a_cell_has_a_log_likelihood_of_0(model):
    empty = FRAME.iloc[:2].mask(np.ones((2, 8), dtype=bool))
    np.testing.assert_array_equal(model.log_likelihood(empty, np.zeros((2, 2))), 0)
    assert (model.score_samples(empty) <= 0).all()


@pytest.mark.parametrize("likelihood", ["auto", Normal(scale="per_feature"), "laplace"])
def test_the_log_likelihood_is_that_of_the_cells_that_are_there(likelihood):
    X = np.random.default_rng(0).normal(size=(30, 3)) * [1, 10, 0.1]
    rows = np.where(np.random.default_rng(1).random(X.shape) < 0.3, np.nan, X)
    model, Z = tiny("VAE", missing_values="mask", likelihood=likelihood).fit(rows), np.zeros((30, 2))
    parts = [model.log_likelihood(np.where(np.arange(3) == d, rows, np.nan), Z) for d in range(3)]
    np.testing.assert_allclose(model.log_likelihood(rows, Z), np.sum(parts, axis=0), rtol=1e-5, atol=1e-5)
    assert np.isfinite(model.transform(rows)).all()
    assert np.isfinite(model.score(rows))


@pytest.mark.parametrize(
    "rows",
    [
        np.ma.masked_invalid([[1.0, np.nan], [2.0, 3.0], [1.5, 2.5]]),
        [[1.0, None], [2.0, 3.0], [1.5, 2.5]],
        pd.DataFrame({"a": [1.0, 2, 1.5], "b": pd.array([None, 3, 2], dtype="Int64")}),
    ],
    ids=["masked", "list", "frame"],
)
def test_gaps_of_matrices_of_any_kind(rows):
    model = tiny("VAE", missing_values="mask").fit(rows)
    assert np.isfinite(model.score(rows))
    assert np.isfinite(model.sample(3)).all()


def test_unknown_categories_can_be_gaps():
    model = tiny("VAE", **MASK, handle_unknown="missing").fit(FRAME)
    strange = FRAME.assign(plan="gold")
    assert same_bits(model.transform(strange), model.transform(FRAME.assign(plan=None)))


BAD = {
    "a gap": (FRAME, {}, r"Input X contains NaN \(nothing stands in row \d+, column '\w+'\).*missing_values='mask'"),
    "a rule without gaps": (COMPLETE, {"handle_unknown": "missing"}, "takes missing_values='mask'"),
    "infinity": (COMPLETE.assign(income=np.inf), {}, r"infinity \(in row 0, column 'income'\)"),
    "a normal category": (COMPLETE, {"column_likelihoods": {"plan": "normal"}}, "Column 'plan' of X holds categories"),
    "a counted truth": (COMPLETE, {"column_likelihoods": {"member": "poisson"}}, "'member' of X holds truths"),
    "no count": (COMPLETE, {"column_likelihoods": {"income": "poisson"}}, "likelihood of counts"),
    "no column": (COMPLETE, {"column_likelihoods": {"size": "poisson"}}, "'column_likelihoods' .* names 'size'"),
    "no word": (COMPLETE, {"column_likelihoods": {"age": "gamma"}}, "'likelihood' parameter must be one of"),
    "images": (np.zeros((4, 3, 3)), {"categorical_features": [0]}, "X is no table but a ndarray of shape"),
    "times of day": (COMPLETE.assign(age=datetime.time(8)), {}, "'age' of X holds datetime.time.*leave it out"),
    "a name twice": (pd.concat([COMPLETE, COMPLETE], axis=1), {}, "'income' occurs twice; rename one"),
    "no rows": (COMPLETE[:0], {}, r"0 sample\(s\).*minimum of 2"),
    "lists": (COMPLETE.assign(age=[[1]] * 40), {}, r"'age' of X holds \[1\], and columns are numbers"),
    "identifiers": (pd.DataFrame({"id": [f"no {i}" for i in range(1001)]}), {}, "1001 categories.*leave it out"),
    "complex numbers": (COMPLETE.assign(age=1j), {}, "'age' of X holds 1j"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_tables(kind):
    X, params, words = BAD[kind]
    model = tiny("VAE", **params)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=words):
        model.fit(X)
    assert vars(model) == before


def test_matrices_are_read_as_they_were():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)), columns=list("abc"))
    model, same = tiny("VAE").fit(X), tiny("VAE", categorical_features=None).fit(X.to_numpy())
    assert model.columns_ is None
    assert isinstance(model.sample(2), np.ndarray)
    assert same_bits(model.transform(X), same.transform(X.to_numpy()))
    with pytest.raises(ValueError, match="ColumnTransformer"):
        tiny("VAE", categorical_features=None).fit(X.assign(c="text"))


def test_programs_know_gaps(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 3)) * [1, 10, 0.1]
    rows = np.where(np.random.default_rng(1).random(X.shape) < 0.3, np.nan, X)
    numbers = tiny("VAE", missing_values="mask", standardize="column").fit(rows)
    numbers.export(tmp_path / "scores.pt2", what="score_samples")
    found = torch.export.load(tmp_path / "scores.pt2").module()(torch.from_numpy(rows))
    np.testing.assert_allclose(found, numbers.score_samples(rows), rtol=1e-4, atol=1e-4)


TEXTS = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=30).astype(str), "size": np.arange(30.0)})


def test_texts_of_which_most_cells_have_their_own_are_told_of():
    """Dates that nobody parsed, names, identifiers: unless they are said to be categories, or repeat, or are few."""
    with pytest.warns(
        UserWarning, match=r"Column 'day' of X holds 30 different values in 30 cells.*pandas.to_datetime"
    ):
        tiny("VAE").fit(TEXTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", VaekitWarning)
        tiny("VAE", categorical_features=["day"]).fit(TEXTS)
        tiny("VAE").fit(pd.concat([TEXTS, TEXTS, TEXTS]))
        model = tiny("VAE").fit(TEXTS[:20])
    assert repr(model.columns_) == "Columns('pandas', {'day': category of 20, 'size': number})"
