"""Worlds whose scores can be said aloud, and laws that hold whatever the codes."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from numpy.testing import assert_allclose
from scipy.stats import norm
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LassoCV
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from vaekit import metrics
from vaekit.tables._discretize import automatic_bins

VOTES = {"n_train": 400, "n_test": 400, "random_state": 0}
TREES = GradientBoostingClassifier(n_estimators=10, random_state=0)


def grid(levels, repeats=30):
    """Two independent factors, every combination equally often."""
    values = np.arange(levels)
    return np.tile(np.stack(np.meshgrid(values, values), axis=-1).reshape(-1, 2), (repeats, 1))


WORLDS = {
    "perfect": lambda factors: factors.astype(float),
    "permuted": lambda factors: factors[:, ::-1].astype(float),
    "scaled": lambda factors: factors * [3.0, -2.0] + [-1.0, 0.5],
    "constant": lambda factors: np.full(factors.shape, 0.3),
    "collapsed beside": lambda factors: np.column_stack([factors, np.full(len(factors), 0.3)]),
    "duplicated": lambda factors: np.column_stack([factors, factors]).astype(float),
    "rotated": lambda factors: np.column_stack([factors.sum(axis=1), factors[:, 0] - factors[:, 1]]).astype(float),
}


def dci(field, estimator=TREES, **options):
    def score(factors, codes):
        return getattr(metrics.dci_scores(factors, codes, estimator=estimator, random_state=0, **options), field)

    return score


def infomec(field):
    return lambda factors, codes: getattr(metrics.infomec_scores(factors, codes, random_state=0), field)


DEAD_JEMMIG = math.log(20) / (math.log(3) + math.log(20))  # nothing is wrong with a code of one value but the factor

# The metric, the values of each factor, how far sampling may move the score, and the score of each world.
# `rotated` turns a symmetric grid by 45 degrees: each code then knows as much of one factor as of the other.
GOOD, DEAD = ("perfect", "permuted", "scaled"), ("constant",)
SAID_ALOUD = {
    "mig": (metrics.mig_score, 3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 0, "rotated": 0}),
    "mig of quantile bins": (
        lambda f, z: metrics.mig_score(f, z, binning="quantile"),
        *(3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 0, "rotated": 0}),
    ),
    "mig of neighbours": (
        lambda f, z: metrics.mig_score(f, z, estimator="neighbors"),
        *(3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 0, "rotated": 0}),
    ),
    "mig of the codes": (
        metrics.mig_sup_score,
        *(3, 0, 1, 0, {"collapsed beside": 2 / 3, "duplicated": 1, "rotated": 0}),
    ),
    "dcimig": (metrics.dcimig_score, 3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 0}),
    "jemmig": (metrics.jemmig_score, 3, 0, 1, DEAD_JEMMIG, {"collapsed beside": 1, "duplicated": DEAD_JEMMIG}),
    "interventional robustness": (
        metrics.interventional_robustness_score,
        *(3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 0.5}),
    ),
    "infom": (infomec("modularity"), 3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 0}),
    "infoc": (infomec("compactness"), 3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 1 / 3, "rotated": 0}),
    "infoe": (infomec("explicitness"), 3, 1e-4, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 1}),
    "sap of correlations": (
        lambda f, z: metrics.sap_score(f, z, continuous_factors="regress"),
        *(3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 0, "rotated": 0}),
    ),
    "sap of classifiers": (
        lambda f, z: metrics.sap_score(f, z, random_state=0),
        *(2, 0.1, 0.5, 0, {"collapsed beside": 0.5, "duplicated": 0, "rotated": 0}),
    ),
    "modularity": (metrics.modularity_score, 3, 0, 1, 0, {"collapsed beside": 2 / 3, "duplicated": 1, "rotated": 0}),
    "explicitness": (
        lambda f, z: metrics.explicitness_score(f, z, random_state=0),
        *(3, 0, 1, 0.5, {"collapsed beside": 1, "duplicated": 1, "rotated": 1}),
    ),
    "disentanglement": (dci("disentanglement"), 3, 0.1, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 0}),
    "completeness": (dci("completeness"), 3, 0.1, 1, 0, {"collapsed beside": 1, "rotated": 0}),
    "informativeness": (
        dci("informativeness"),
        *(3, 0.1, 1, 1 / 3, {"collapsed beside": 1, "duplicated": 1, "rotated": 1}),
    ),
    "disentanglement by lasso": (
        dci("disentanglement", LassoCV()),
        *(3, 0.02, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 0}),
    ),
    "informativeness by lasso": (
        dci("informativeness", LassoCV()),
        *(3, 0.1, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 1}),
    ),
    "factor_vae": (
        lambda f, z: metrics.factor_vae_score(f, z, **VOTES),
        *(3, 0.08, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": 0.5}),
    ),
    "beta_vae": (
        lambda f, z: metrics.beta_vae_score(f, z, **VOTES),
        *(3, 0.08, 1, 0.5, {"collapsed beside": 1, "duplicated": 1, "rotated": 0.5}),
    ),
    "mean correlation": (
        metrics.mean_correlation_coefficient,
        *(3, 0, 1, 0, {"collapsed beside": 1, "duplicated": 1, "rotated": np.sqrt(0.5)}),
    ),
    "linear separability": (
        metrics.linear_separability_loss,
        *(2, 0, 1, 4, {"collapsed beside": 1, "duplicated": 1, "rotated": 1}),
    ),
    "gaussian total correlation": (
        lambda f, z: metrics.gaussian_total_correlation(z),
        *(3, 0, 0, 0, {"collapsed beside": 0, "duplicated": np.inf, "rotated": 0}),
    ),
    "information between codes": (
        lambda f, z: metrics.code_mutual_information(z),
        *(3, 0, 0, 0, {"collapsed beside": 0, "duplicated": np.log(3) / 3}),
    ),
    "active units": (
        lambda f, z: metrics.active_units(z),
        *(3, 0, 2, 0, {"collapsed beside": 2, "duplicated": 4, "rotated": 2}),
    ),
}
CASES = [(name, world) for name, (*_, others) in SAID_ALOUD.items() for world in (*GOOD, *DEAD, *others)]


@pytest.mark.parametrize(("name", "world"), CASES)
def test_score_said_aloud(name, world):
    metric, levels, by_chance, good, dead, others = SAID_ALOUD[name]
    factors = grid(levels)
    expected = {**dict.fromkeys(GOOD, good), **dict.fromkeys(DEAD, dead), **others}[world]
    assert_allclose(metric(factors, WORLDS[world](factors)), expected, atol=max(by_chance, 1e-6))


def test_duplicated_codes_share_a_factor_and_lose_completeness():
    factors = grid(3)
    completeness = dci("completeness")(factors, WORLDS["duplicated"](factors))
    assert 0.5 <= completeness < 0.9  # an even split over two of four codes is 1 - log_4 2, no split is 1


@pytest.mark.parametrize("metric", [metrics.sap_score, metrics.linear_separability_loss])
@pytest.mark.parametrize(("scale", "origin"), [(0.5, 7), (1e-200, 0), (1e77, 0), (-1e300, 1e300)])
def test_linear_classifiers_see_codes_without_scale_and_origin(metric, scale, origin):
    factors = grid(2)
    codes = factors + 0.1 * np.random.default_rng(0).normal(size=factors.shape)
    options = {"random_state": 0} if metric is metrics.sap_score else {}
    assert_allclose(metric(factors, scale * codes + origin, **options), metric(factors, codes, **options), atol=1e-9)


# ---------------------------------------------------------------------- bins by themselves

DSPRITES = (3, 6, 40, 32, 32)  # values of shape, scale, orientation and the two positions
SPRITES = np.stack(np.unravel_index(np.arange(math.prod(DSPRITES)), DSPRITES), axis=1)


def test_twenty_bins_cap_perfect_codes_of_dsprites_and_automatic_ones_do_not():
    """Of V equally common values in 20 bins, those two in one bin lose log 2."""
    pairs = np.array([0, 0, 40, 24, 24]) / np.array(DSPRITES)  # shares of values that share a bin
    capped = 1 - pairs * math.log(2) / np.log(DSPRITES)
    assert_allclose(metrics.mig_score(SPRITES, SPRITES, average=None), capped, atol=1e-9)
    assert round(capped.mean(), 3) == 0.902
    assert_allclose(metrics.mig_score(SPRITES, SPRITES, n_bins="auto", average=None), 1, atol=1e-9)
    assert_allclose(metrics.get_scorer("mig", n_bins="auto")(FunctionTransformer(), SPRITES, SPRITES), 1, atol=1e-9)


FEW_SPRITES = SPRITES[np.random.default_rng(0).permutation(len(SPRITES))[:20_000]]
NOISE = np.random.default_rng(1).normal(size=FEW_SPRITES.shape)
PERFECT_CODES = {
    "exact": FEW_SPRITES.astype(float),
    "moved": FEW_SPRITES * [-1.0, 0.1, 3.0, 1e-5, 1e5] + [5.0, 0.0, -1.0, 1.0, 0.0],
    "noisy": FEW_SPRITES + 0.05 * NOISE,
    "normal": norm.ppf((FEW_SPRITES + 0.5 + 0.05 * NOISE.clip(-3, 3)) / DSPRITES),
    "beside noise": np.column_stack([FEW_SPRITES, NOISE]),
}


@pytest.mark.parametrize("binning", ["uniform", "quantile"])
@pytest.mark.parametrize("name", PERFECT_CODES)
def test_automatic_bins_do_not_cap_perfect_codes(name, binning):
    options = {"n_bins": "auto", "binning": binning}
    straddled = 0.05 if binning == "quantile" else 0  # edges between equal counts fall inside values that are noisy
    assert metrics.mig_score(FEW_SPRITES, PERFECT_CODES[name], **options) > 0.97 - straddled
    useful = metrics.mutual_info_matrix(FEW_SPRITES, PERFECT_CODES[name], **options)[:5]
    assert_allclose(np.diag(useful), np.log(DSPRITES), rtol=0.015 + straddled)
    assert metrics.modularity_score(FEW_SPRITES, PERFECT_CODES[name][:, :5], **options) > 0.99


@pytest.mark.parametrize("n_samples", [60, 1000, 10_000])
def test_automatic_bins_find_little_in_codes_of_noise(n_samples):
    rng = np.random.default_rng(0)
    factors = np.column_stack([rng.integers(size, size=n_samples) for size in (3, 4, 5)])
    codes = rng.normal(size=(n_samples, 10))
    assert metrics.mig_score(factors, codes, n_bins="auto") == metrics.mig_score(factors, codes)  # few values: 20
    assert metrics.code_mutual_information(codes, n_bins="auto") == metrics.code_mutual_information(codes)


@pytest.mark.parametrize(
    ("n_samples", "n_values", "n_bins"),
    [(737_280, 40, 80), (10_000, 40, 62), (1000, 40, 40), (300, 40, 20), (1000, 1000, 20), (10_000, 3, 20)],
)
def test_number_of_automatic_bins(n_samples, n_values, n_bins):
    assert automatic_bins(n_samples, np.array([[0], [n_values - 1]])) == n_bins


def test_automatic_bins_keep_values_and_know_which_codes_have_outliers():
    rng = np.random.default_rng(0)
    factors = rng.integers(4, size=(2000, 2))
    codes = np.column_stack([factors[:, 0] ** 9, factors[:, 1] + 0.1 * rng.normal(size=2000)]).astype(float)
    assert metrics.mig_score(factors, codes, n_bins="auto") > 0.98  # 0, 1, 2^9, 3^9 keep apart
    codes[7, 1] = 1000
    with pytest.warns(UserWarning, match=r"In codes \[1\] at most"):
        metrics.mig_score(factors, codes, n_bins="auto")


def test_continuous_factors_are_cut_into_twenty_bins_beside_automatic_ones():
    factors = np.random.default_rng(0).uniform(size=(4000, 2))
    options = {"continuous_factors": "bin", "n_bins": "auto"}
    information = metrics.mutual_info_matrix(factors, factors, **options)
    assert_allclose(np.diag(information), math.log(20), atol=0.01)


def independent_world(seed, n_samples=200, n_codes=3):
    rng = np.random.default_rng(seed)
    factors = np.column_stack([rng.integers(3, size=n_samples), rng.integers(4, size=n_samples)])
    return factors, factors @ rng.normal(size=(2, n_codes)) + rng.normal(size=(n_samples, n_codes))


SAMPLED = {"n_train": 60, "n_test": 60, "batch_size": 16, "random_state": 0}
BOUNDED = {
    "mig": metrics.mig_score,
    "sap of correlations": lambda f, z: metrics.sap_score(f, z, continuous_factors="regress"),
    "sap of classifiers": lambda f, z: metrics.sap_score(f, z, random_state=0),
    "mig of neighbours": lambda f, z: metrics.mig_score(f, z, estimator="neighbors"),
    "mig of the codes": metrics.mig_sup_score,
    "dcimig": metrics.dcimig_score,
    "jemmig": metrics.jemmig_score,
    "interventional robustness": metrics.interventional_robustness_score,
    "infomec": lambda f, z: np.array(metrics.infomec_scores(f, z, random_state=0)),
    "modularity": metrics.modularity_score,
    "explicitness": lambda f, z: metrics.explicitness_score(f, z, random_state=0),
    "mean correlation": metrics.mean_correlation_coefficient,
    "factor_vae": lambda f, z: metrics.factor_vae_score(f, z, min_std=0, **SAMPLED),
    "beta_vae": lambda f, z: metrics.beta_vae_score(f, z, **SAMPLED),
}
COUNTED = ["mig", "mig of the codes", "dcimig", "jemmig"]
ORDER_OF_CODES = [name for name in BOUNDED if name not in ("factor_vae", "beta_vae")]
# by neighbours, a tie of distances falls as rounding wants; a range, and what it weighs, is in the unit of the code
SCALED = ["mig of neighbours", "infomec", "interventional robustness", "beta_vae"]
ALONE = {**BOUNDED, "infoe": infomec("explicitness")}
SCALE_OF_CODES = [name for name in ALONE if name not in SCALED]
NAMES_OF_VALUES = [*COUNTED, "modularity", "explicitness", "sap of classifiers", "interventional robustness", "infoe"]
ORDER_OF_ROWS = [*COUNTED, "sap of correlations", "modularity", "mean correlation", "interventional robustness"]
DEAD_CODES = [name for name in BOUNDED if name not in ("mig of the codes", "modularity", "sap of classifiers")]
seeds = st.integers(0, 10**6)
few = settings(max_examples=8, deadline=None)


@pytest.mark.parametrize("name", BOUNDED)
@few
@given(seed=seeds)
def test_score_lies_between_zero_and_one(name, seed):
    score = BOUNDED[name](*independent_world(seed))
    assert np.all((score >= 0) & (score <= 1))


@pytest.mark.parametrize("name", ORDER_OF_CODES)
@few
@given(seed=seeds, order=st.permutations(range(3)))
def test_order_of_codes_does_not_matter(name, seed, order):
    factors, codes = independent_world(seed)
    assert_allclose(BOUNDED[name](factors, codes[:, order]), BOUNDED[name](factors, codes), atol=1e-4)


@pytest.mark.parametrize("name", SCALE_OF_CODES)
@few
@given(seed=seeds, scale=st.floats(1e-3, 1e3), sign=st.sampled_from([-1, 1]))
def test_scale_sign_and_origin_of_codes_do_not_matter(name, seed, scale, sign):
    factors, codes = independent_world(seed)
    moved = codes * [1.0, sign * scale, scale] + [0.0, 3.0, -scale]
    assert_allclose(ALONE[name](factors, moved), ALONE[name](factors, codes), atol=1e-4)


@pytest.mark.parametrize("name", NAMES_OF_VALUES)
@few
@given(seed=seeds)
def test_names_of_values_do_not_matter(name, seed):
    factors, codes = independent_world(seed)
    names = np.array([["red", "wide"], ["green", "tall"], ["blue", "flat"], ["black", "thin"]])
    named = np.column_stack([names[factors[:, 0], 0], names[factors[:, 1], 1]])
    assert_allclose(ALONE[name](named, codes), ALONE[name](factors, codes), atol=1e-4)


@pytest.mark.parametrize("name", ORDER_OF_ROWS)
@few
@given(seed=seeds)
def test_order_of_rows_does_not_matter(name, seed):
    factors, codes = independent_world(seed)
    rows = np.random.default_rng(seed).permutation(len(codes))
    assert_allclose(BOUNDED[name](factors[rows], codes[rows]), BOUNDED[name](factors, codes), atol=1e-12)


@pytest.mark.parametrize("name", DEAD_CODES)
@few
@given(seed=seeds, value=st.floats(-100, 100))
def test_a_dead_code_changes_nothing(name, seed, value):
    factors, codes = independent_world(seed)
    rounding = value * (1 + np.finfo(float).eps * (np.arange(len(codes)) % 2))
    assert_allclose(
        BOUNDED[name](factors, np.column_stack([rounding, codes])), BOUNDED[name](factors, codes), atol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_code_that_varies_by_single_precision_rounding_is_dead(dtype):
    factors, codes = independent_world(0)
    steps = np.nextafter(np.float32(0.3), [np.float32(0), np.float32(1)])[factors[:, 0] % 2]
    table = np.column_stack([steps, codes.astype(np.float32)]).astype(dtype)
    assert np.all(metrics.mutual_info_matrix(factors, table)[0] == 0)
    assert np.all(metrics.udr_scores([table, table]) == metrics.udr_scores([table[:, 1:], table[:, 1:]]))


def test_in_double_precision_small_steps_are_information():
    factors, codes = independent_world(0)
    assert metrics.mutual_info_matrix(factors, np.column_stack([1 + 1e-9 * factors[:, 0], codes]))[0, 0] > 1
    assert np.isfinite(metrics.mig_score(factors, 1e300 * codes))  # beyond single precision


def test_draws_from_the_posterior_count_as_rows():
    factors, means = independent_world(0)
    assert_allclose(metrics.mig_score(factors, np.stack([means, means])), metrics.mig_score(factors, means), atol=1e-12)
    noise = np.random.default_rng(0).normal(size=(20, *means.shape))
    draws = metrics.mutual_info_matrix(factors, means + 2 * noise)
    assert np.all(draws.max(axis=0) < metrics.mutual_info_matrix(factors, means).max(axis=0))
    rows = metrics.mutual_info_matrix(np.tile(factors, (20, 1)), (means + 2 * noise).reshape(-1, 3))
    assert_allclose(draws, rows, atol=1e-12)


def test_one_outlier_is_told_and_quantile_bins_do_not_see_it():
    rng = np.random.default_rng(0)
    factors = rng.integers(4, size=(2000, 2))
    codes = factors + 0.1 * rng.normal(size=factors.shape)
    stretched = codes.copy()
    stretched[7] = 1000.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clean = metrics.mig_score(factors, codes)
        quantile = metrics.mig_score(factors, stretched, binning="quantile")
    with pytest.warns(UserWarning, match=r"codes \[0, 1\] .* binning='quantile'"):
        halved = metrics.mig_score(factors, stretched)
    assert clean > 0.9
    assert halved < clean / 2
    assert_allclose(quantile, metrics.mig_score(factors, codes, binning="quantile"), atol=0.02)


@pytest.mark.parametrize("continuous_factors", ["bin", "regress"])
@pytest.mark.parametrize("metric", [metrics.sap_score, metrics.dci_scores])
def test_continuous_factors_are_found_again(metric, continuous_factors):
    factors = np.random.default_rng(0).uniform(-2, 2, size=(200, 2))
    score = metric(factors, factors[:, ::-1], continuous_factors=continuous_factors, n_bins=2, random_state=0)
    expected = {"bin": 0.5, "regress": 1.0} if metric is metrics.sap_score else {"bin": 1.0, "regress": 1.0}
    score = score if metric is metrics.sap_score else score.disentanglement
    assert_allclose(score, expected[continuous_factors], atol=0.15)


@pytest.mark.parametrize("scale", [1e-30, 1e-7, 1e7, 1e30])
def test_codes_of_any_scale_have_the_same_correlations(scale):
    factors, codes = independent_world(0)
    expected = metrics.sap_score(factors, codes, continuous_factors="regress")
    assert_allclose(metrics.sap_score(factors, scale * codes, continuous_factors="regress"), expected)


def test_more_factors_than_codes_leaves_factors_without_a_code():
    factors = grid(3)
    assert_allclose(metrics.mean_correlation_coefficient(factors, factors[:, :1]), 0.5)
    assert_allclose(metrics.mig_score(factors, factors[:, :1], average=None), [1, 0], atol=1e-12)


def test_dependent_factors_are_told():
    factors = np.column_stack([np.arange(300) % 3, np.arange(300) % 6])
    assert metrics.factor_dependence(factors) > 0.5
    assert metrics.factor_dependence(grid(3)) == 0
    for metric in (metrics.factor_vae_score, metrics.beta_vae_score):
        with pytest.warns(UserWarning, match="depend on each other"):
            metric(factors, factors, **VOTES)


FEW_ROWS_OF_MANY_VALUES = [(60, 20), (300, 20), (1000, 40), (1000, 100), (10_000, 100), (20_000, 100)]


@pytest.mark.parametrize(("n_samples", "n_values"), FEW_ROWS_OF_MANY_VALUES)
def test_few_rows_of_many_values_hide_no_dependence_and_show_none(n_samples, n_values):
    rng = np.random.default_rng(0)
    a, b = rng.integers(n_values, size=(2, n_samples))
    half = np.where(rng.random(n_samples) < 0.5, a, b)
    identical, halved, independent = (metrics.factor_dependence(np.column_stack([a, c])) for c in (a, half, b))
    assert_allclose(identical, 1)
    assert independent < 0.1 < halved < 0.9
    in_turn = np.arange(n_samples) % n_values
    assert_allclose(metrics.factor_dependence(np.column_stack([in_turn, in_turn])), 1)


def test_identical_factors_of_many_values_are_told():
    in_turn = np.arange(1000) % 100
    for metric in (metrics.factor_vae_score, metrics.beta_vae_score):
        with pytest.warns(UserWarning, match="adjusted mutual information 1.00"):
            metric(np.column_stack([in_turn, in_turn]), np.column_stack([in_turn, in_turn]), **VOTES)


def test_rare_values_of_large_tables_are_no_dependence():
    rare = np.zeros((100_000, 2), dtype=int)
    rare[7, 0] = rare[8, 1] = 1
    assert metrics.factor_dependence(rare) == 0


def test_values_of_too_few_rows_are_not_held():
    factors = grid(3)
    factors[0, 0] = 3  # a value of one row
    assert metrics.factor_vae_score(factors, factors, **VOTES) == 1
    assert metrics.beta_vae_score(factors, factors, **VOTES) == 1


def test_pruning_follows_the_scale_of_the_prior():
    factors = grid(3)
    assert metrics.factor_vae_score(factors, 0.01 * factors, **VOTES) == 0
    assert metrics.factor_vae_score(factors, 0.01 * factors, min_std=0, **VOTES) == 1


@pytest.mark.parametrize("metric", [metrics.mig_score, metrics.sap_score, metrics.explicitness_score])
def test_average_is_the_mean_over_factors(metric):
    factors, codes = independent_world(1)
    options = {} if metric is metrics.mig_score else {"random_state": 0}
    per_factor = metric(factors, codes, average=None, **options)
    assert per_factor.shape == (2,)
    assert_allclose(metric(factors, codes, **options), per_factor.mean())


def test_jobs_do_not_change_the_scores():
    factors, codes = independent_world(2, n_samples=60)

    def scores():
        dci_fields = metrics.dci_scores(factors, codes, estimator=DecisionTreeClassifier(), random_state=0)
        udr = metrics.udr_scores([codes, codes**3, -codes])
        single = [metric(factors, codes, random_state=0) for metric in (metrics.sap_score, metrics.explicitness_score)]
        return np.concatenate([single, udr, dci_fields.importance.ravel(), dci_fields[:3]])

    with parallel_config(backend="threading", n_jobs=2):
        together = scores()
    assert_allclose(together, scores(), atol=0)
