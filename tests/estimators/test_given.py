"""Samples of which some columns are given: exact conditionals of models in which they are known."""

import copy
import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from family import IMAGES, NAMES, X, same_bits, tiny
from numpy.polynomial.hermite_e import hermegauss

from vaekit import VAE
from vaekit.datasets import make_mixed_table
from vaekit.frames import open_table
from vaekit.likelihoods import Categorical, Normal
from vaekit.nn import MLP
from vaekit.persistence import load, save

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning", "ignore:What is 'given' is rare")

FRAME = make_mixed_table(60, random_state=0).complete


def frames():
    return {
        name: make_mixed_table(60, random_state=0, library=name).complete for name in ("pandas", "polars", "pyarrow")
    }


@pytest.fixture(scope="module")
def mixed():
    return tiny("VAE", max_epochs=30, column_likelihoods={"visits": "poisson"}, column_bounds={"age": (18, 90)}).fit(
        FRAME
    )


# ---------------------------------------------------------------------- worlds with a known answer


@pytest.fixture(scope="module", params=["error", "mask"])
def linear(request):
    """A linear decoder: rows are normal, their mean and covariance numbers of the net."""
    rows = np.random.default_rng(0).normal(size=(300, 2)) @ [[2, -1, 0.5, 1], [0, 1, 1, -0.5]]
    rows = pd.DataFrame(rows + [1, 2, 3, 4] + np.random.default_rng(1).normal(size=(300, 4)), columns=list("abcd"))
    model = VAE(
        n_components=2, network=MLP(hidden_layer_sizes=()), likelihood=Normal(scale="per_feature"), max_epochs=40,
        missing_values=request.param, random_state=0,
    ).fit(rows)  # fmt: skip
    offset = model.inverse_transform(np.zeros((1, 2)))[0]
    loadings = model.inverse_transform(np.eye(2)) - offset
    return model, offset, loadings.T @ loadings + np.diag(model.likelihood_scale_**2)


@pytest.mark.parametrize("given", [{"b": 3.5}, {"d": 2.0, "a": 4.0}, {"a": -1, "b": 3, "c": 2.5}])
def test_a_linear_model_has_the_conditional_of_its_normal(linear, given):
    model, offset, covariance = linear
    made, size = model.sample(4000, given=given, random_state=0, return_effective_size=True)
    known = np.isin(list("abcd"), list(given))
    values = np.array([given[name] for name in "abcd" if name in given], dtype=float)
    assert (made[:, known] == values).all()
    gain = np.linalg.solve(covariance[np.ix_(known, known)], covariance[np.ix_(known, ~known)]).T
    mean = offset[~known] + gain @ (values - offset[known])
    variance = np.diag(covariance[np.ix_(~known, ~known)] - gain @ covariance[np.ix_(known, ~known)])
    share = 1 / size + 1 / len(made)
    assert (np.abs(made[:, ~known].mean(axis=0) - mean) < 3 * np.sqrt(variance * share)).all()
    assert (np.abs(made[:, ~known].var(axis=0) - variance) < 3 * variance * np.sqrt(2 * share)).all()


def test_categories_are_as_frequent_as_enumeration_says():
    """p(b | a) = integral of p(a | z) p(b | z) p(z) over one latent, divided by its sum over b."""
    numbers = np.random.default_rng(0).integers(6, size=200) // [[1], [2]]
    rows = pd.DataFrame({"a": np.array(list("uuvvww"))[numbers[0]], "b": np.array(list("xxyyzz"))[numbers[0]]})
    rows.loc[::7, "b"] = "x"
    model = tiny("VAE", n_components=1, max_epochs=40, activation="tanh").fit(rows)
    cells = pd.DataFrame({"a": list("vvv"), "b": list("xyz")})
    module, x = copy.deepcopy(model.model_.module).double(), model.columns_.encode(open_table(cells))
    nodes, weights = hermegauss(80)
    with torch.no_grad():
        decoded = module.decode(torch.from_numpy(nodes[:, None, None]))
        p = weights @ module.likelihood.log_prob(decoded, torch.from_numpy(x)).exp().numpy()
    made, size = model.sample(4000, given={"a": "v"}, random_state=0, return_effective_size=True)
    assert (made["a"] == "v").all()
    p, shares = p / p.sum(), made["b"].value_counts(normalize=True).reindex(list("xyz"), fill_value=0).to_numpy()
    assert (np.abs(shares - p) < 3 * np.sqrt(p * (1 - p) * (1 / size + 1 / len(made))) + 1e-12).all()


@pytest.mark.parametrize("prior", ["decoupled", "mixture", "vamp"])
def test_codes_follow_the_likelihood_of_what_is_given_under_any_prior(prior):
    model = tiny("VAE", prior=prior, missing_values="mask", max_epochs=8).fit(X)
    Z = model.sample_prior(8000, random_state=1)
    log_weights = model.log_likelihood(np.tile([np.nan, 3.0, np.nan, np.nan], (len(Z), 1)), Z)
    weights = np.exp(log_weights - log_weights.max())
    means = model.inverse_transform(Z)[:, [0, 2, 3]]
    expected = np.average(means, axis=0, weights=weights)
    spread = np.sqrt(np.average((means - expected) ** 2, axis=0, weights=weights))
    made, size = model.sample(2000, given={1: 3.0}, noise=False, random_state=0, return_effective_size=True)
    error = spread * np.sqrt(1 / size + 1 / 2000 + np.square(weights).sum() / weights.sum() ** 2)
    assert (np.abs(made[:, [0, 2, 3]].mean(axis=0) - expected) < 4 * error + 1e-6).all()


# ---------------------------------------------------------------------- every estimator, every library


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator_that_samples(name):
    model = tiny(name).fit(X)
    if not hasattr(model, "sample"):
        return
    made = model.sample(6, given={2: 1.25}, random_state=3)
    assert made.shape == (6, 4)
    assert (made[:, 2] == 1.25).all()
    assert same_bits(made, pickle.loads(pickle.dumps(model)).sample(6, given={2: 1.25}, random_state=3))
    assert not same_bits(made, model.sample(6, given={2: 1.25}, random_state=4))
    assert same_bits(model.sample(6, given={}), model.sample(6))


GIVEN = {
    "income": 40.25, "age": 41, "region": "south", "plan": "pro", "grade": "low", "member": False, "visits": 2,
    "joined": datetime.date(2020, 7, 9),
}  # fmt: skip


@pytest.mark.parametrize("library", frames())
def test_frames_hold_what_was_given(library):
    rows = frames()[library]
    model = tiny("VAE").fit(rows)
    for names in (["plan"], ["member", "joined"], list(GIVEN)):
        made = model.sample(5, given={name: GIVEN[name] for name in names})
        assert type(made) is type(rows)
        made = made if library == "pandas" else made.to_pandas()
        assert all((made[name] == GIVEN[name]).all() for name in names if name != "joined")
        assert "joined" not in names or (pd.to_datetime(made["joined"]) == pd.Timestamp(2020, 7, 9)).all()
        assert not made.isna().any().any()


@pytest.mark.parametrize(
    "moment", ["2020-07-09", np.datetime64("2020-07-09"), pd.Timestamp("2020-07-09"), datetime.datetime(2020, 7, 9)]
)
def test_moments_of_any_kind(mixed, moment):
    assert (mixed.sample(3, given={"joined": moment})["joined"] == pd.Timestamp("2020-07-09")).all()


# ---------------------------------------------------------------------- the effective sample size


def test_the_effective_size_is_said(mixed):
    for size in (
        mixed.sample(7, return_effective_size=True)[1],
        mixed.sample(7, given={}, return_effective_size=True)[1],
    ):
        assert size == 7.0
    _, size = mixed.sample(7, given={"plan": "pro"}, return_effective_size=True)
    assert 1000 < size <= 2**13
    with pytest.warns(UserWarning, match="rare: .* effective sample size of [0-9.]+.* ConditionalVAE"):
        _, few = mixed.sample(7, given={"income": -300.0, "visits": 900}, return_effective_size=True)
    assert 1 <= few < 100


# ---------------------------------------------------------------------- models that are told conditions


@pytest.mark.parametrize("columns", [["region"], ["region", "member"]])
def test_columns_that_a_model_is_told(columns, tmp_path):
    model = tiny("ConditionalVAE", max_epochs=40, prior="normal").fit(FRAME, FRAME[columns])
    given = {name: GIVEN[name] for name in columns}
    save(model, tmp_path / "model.vaekit")
    for own in (model, load(tmp_path / "model.vaekit")):
        made, size = own.sample(40, given={**given, "age": 41}, random_state=0, return_effective_size=True)
        assert size > 100
        assert all((made[name] == value).all() for name, value in {**given, "age": 41}.items())
    apart = tiny("ConditionalVAE", prior="normal").fit(FRAME.drop(columns=columns), FRAME[columns])
    told = apart.sample(9, given=given, random_state=1)
    pd.testing.assert_frame_equal(told, apart.sample(9, y=tuple(given.values()), random_state=1))
    assert (apart.sample(9, given={"age": 30})["age"] == 30).all()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"given": {"region": "north"}}, "names .'region'., conditions of the model: pass all of"),
        ({"given": {"region": "north", "member": True}, "y": ("north", True)}, "and no y"),
        ({"given": {"age": 30}, "y": FRAME[["region", "member"]][:3]}, "'y' must be one condition for all samples"),
        ({"given": {"region": "up", "member": True}}, "holds what the model was not fitted with"),
    ],
)
def test_bad_conditions(more, words):
    model = tiny("ConditionalVAE", prior="normal", max_epochs=1).fit(FRAME, FRAME[["region", "member"]])
    with pytest.raises(ValueError, match=words):
        model.sample(3, **more)


# ---------------------------------------------------------------------- what cannot be given

BAD = {
    "a column that is none": ({"size": 1}, "'given' parameter names 'size', which is none of the columns"),
    "a category that is none": ({"plan": "gold"}, "Column 'plan' has no category 'gold'; pass one of 'free', 'pro'"),
    "a column twice": ({"age": 30, 1: 30}, "names a column twice"),
    "half a year": ({"age": 30.5}, "Column 'age' cannot hold 30.5: it holds multiples of 1 from 18 to 90"),
    "out of bounds": ({"age": 17}, "Column 'age' cannot hold 17"),
    "less than no visit": ({"visits": -1}, "Column 'visits' cannot hold -1: it holds multiples of 1 from 0"),
    "no number": ({"income": "much"}, "Column 'income' holds numbers, and 'much' is none"),
    "infinity": ({"income": np.inf}, "finite number"),
    "nothing": ({"income": None}, "'income' nothing is given but None; leave it out"),
    "a gap": ({"plan": np.nan}, "'plan' nothing is given but nan"),
    "no truth": ({"member": "yes"}, "Column 'member' holds truths, and 'yes' is none"),
    "no date": ({"joined": "soon"}, "Column 'joined' holds dates or times, and 'soon' is none"),
    "a duration": ({"joined": datetime.timedelta(3)}, "Column 'joined' holds dates or times"),
    "part of a day": ({"joined": "2020-01-01T12:00"}, "Column 'joined' cannot hold"),
    "several values": ({"age": [30, 31]}, "holds several values for 'age'; pass one"),
    "no mapping": ([("age", 30)], "must map columns to values"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_calls(mixed, kind):
    given, words = BAD[kind]
    with pytest.raises(ValueError, match=words):
        mixed.sample(3, given=given)


ONE_HOTS = np.eye(3)[np.arange(30) % 3]
COUNTS = np.random.default_rng(0).poisson(3.0, size=(30, 2)).astype(float)


@pytest.mark.parametrize(
    ("rows", "likelihood", "given", "words"),
    [
        (ONE_HOTS, Categorical(), {0: 0}, "one-hot as a whole"),
        (ONE_HOTS, Categorical(), {0: 1, 1: 1, 2: 0}, "one-hot as a whole"),
        (COUNTS, "poisson", {0: 0.5}, "counts"),
        (COUNTS > 2, "auto", {1: 2}, r"\[0, 1\]"),
        (COUNTS, "auto", {5: 2}, "none of the columns"),
        (COUNTS, "auto", {0: "x"}, "Column 0 holds numbers"),
        (IMAGES, "auto", {0: 1}, "fit was on images"),
    ],
)
def test_bad_values_of_matrices(rows, likelihood, given, words):
    with pytest.raises(ValueError, match=words):
        tiny("VAE", likelihood=likelihood).fit(rows).sample(2, given=given)


def test_matrices_of_any_support():
    assert (tiny("VAE", likelihood="poisson").fit(COUNTS).sample(9, given={0: 4})[:, 0] == 4).all()
    assert (tiny("VAE").fit(COUNTS > 2).sample(9, given={1: True})[:, 1] == 1).all()
    one_hots = tiny("VAE", likelihood=Categorical()).fit(ONE_HOTS).sample(9, given={0: 0, 1: 1, 2: 0})
    assert (one_hots == [0, 1, 0]).all()
