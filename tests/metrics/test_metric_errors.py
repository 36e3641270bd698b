"""What metrics refuse, and what they say."""

import numpy as np
import pandas
import polars
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from vaekit import metrics

F = np.random.default_rng(0).integers(3, size=(60, 2))
Z = F + 0.1 * np.random.default_rng(1).normal(size=F.shape)
HOLE = np.arange(120).reshape(60, 2) == 7
VOTES = {"n_train": 20, "n_test": 20}
OF_FACTORS_AND_CODES = {
    "beta_vae": lambda f, z: metrics.beta_vae_score(f, z, **VOTES),
    "factor_vae": lambda f, z: metrics.factor_vae_score(f, z, **VOTES),
    "mig": metrics.mig_score,
    "mig of neighbours": lambda f, z: metrics.mig_score(f, z, estimator="neighbors"),
    "mig of the codes": metrics.mig_sup_score,
    "dcimig": metrics.dcimig_score,
    "jemmig": metrics.jemmig_score,
    "infomec": metrics.infomec_scores,
    "interventional robustness": metrics.interventional_robustness_score,
    "information": metrics.mutual_info_matrix,
    "dci": metrics.dci_scores,
    "sap": metrics.sap_score,
    "modularity": metrics.modularity_score,
    "explicitness": metrics.explicitness_score,
    "mean correlation": metrics.mean_correlation_coefficient,
    "linear separability": lambda f, z: metrics.linear_separability_loss(f, z, multi_valued="one_vs_rest"),
    "sample efficiency": lambda f, z: metrics.sample_efficiency(f, z, few=10, many=20, n_test=20),
    "downstream study": lambda f, z: metrics.downstream_study(f, z, F, Z, train_sizes=(1,)),
}
BAD_INPUT = {
    "codes with a hole": (F, np.where(HOLE, np.nan, Z), "codes contains NaN"),
    "codes without end": (F, np.where(HOLE, np.inf, Z), "codes contains infinity"),
    "factors with a hole": (np.where(HOLE, np.nan, F), Z, "factors contains NaN"),
    "wrong length": (F[:-1], Z, "inconsistent numbers of samples"),
    "codes of one axis": (F, Z[:, 0], "Expected 2D array"),
    "factors of three axes": (np.stack([F, F], axis=2), Z, "dim 3|3 dimension"),
}


@pytest.mark.parametrize("bad", BAD_INPUT)
@pytest.mark.parametrize("name", OF_FACTORS_AND_CODES)
def test_bad_input_is_refused(name, bad):
    factors, codes, words = BAD_INPUT[bad]
    with pytest.raises(ValueError, match=words):
        OF_FACTORS_AND_CODES[name](factors, codes)


CONTINUOUS = np.random.default_rng(2).uniform(size=(60, 2))
MANY_VALUES = np.column_stack([np.arange(300.0), np.arange(300.0) % 2])
MANY_ROWS = np.random.default_rng(3).normal(size=(300, 2))
ONE_FACTOR, ONE_CODE = F[:, 0], Z[:, :1]
BAD_CALLS = [
    (metrics.mig_score, (F[:1], Z[:1]), {}, "minimum of 2"),
    (metrics.mig_score, (np.ones_like(F), Z), {}, "one value only"),
    (metrics.mig_score, (CONTINUOUS, Z), {}, r"Factors \[0, 1\] are continuous.*'bin'"),
    (metrics.mig_score, (MANY_VALUES, MANY_ROWS), {}, r"Factors \[0\] are continuous"),
    (metrics.mig_score, (F, Z), {"continuous_factors": "regress"}, r"must be one of \('error', 'bin'\)"),
    (metrics.mig_score, (F, Z), {"n_bins": 1}, "n_bins must be an integer of at least 2"),
    (metrics.mig_score, (F, Z), {"n_bins": "many"}, "n_bins must be an integer of at least 2, or 'auto', got 'many'"),
    (metrics.modularity_score, (F, Z), {"n_bins": 1}, "n_bins must be an integer of at least 2, or 'auto'"),
    (metrics.code_mutual_information, (Z,), {"n_bins": 2.5}, "n_bins must be an integer of at least 2, or 'auto'"),
    (metrics.sap_score, (F, Z), {"n_bins": "auto"}, "n_bins must be an integer of at least 2, got 'auto'"),
    (metrics.mig_score, (F, Z), {"n_bins": "auto", "binning": "equal"}, "'uniform' or 'quantile'"),
    (metrics.mig_score, (F, Z), {"binning": "equal"}, "'uniform' or 'quantile'"),
    (metrics.mig_score, (F, Z), {"average": "micro"}, "'macro' or None"),
    (metrics.mig_score, (F, Z), {"estimator": "mine"}, "estimator must be 'bins' or 'neighbors', got 'mine'"),
    (
        metrics.mig_score,
        (F, Z),
        {"estimator": "neighbors", "n_neighbors": 0},
        "n_neighbors must be an integer of at least 1",
    ),
    (metrics.mig_sup_score, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (metrics.mig_sup_score, (ONE_FACTOR, Z), {"estimator": "neighbors"}, "at least 2 factors, got 1"),
    (metrics.dcimig_score, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (metrics.jemmig_score, (CONTINUOUS, Z), {}, r"Factors \[0, 1\] are continuous"),
    (metrics.infomec_scores, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (metrics.infomec_scores, (F, ONE_CODE), {}, "at least 2 codes, got 1"),
    (metrics.infomec_scores, (F, Z), {"n_neighbors": 60}, r"below the number of rows \(60\)"),
    (metrics.infomec_scores, (F, Z), {"active_range": 1}, "active_range must be a number from 0 up to 1, got 1"),
    (metrics.infomec_scores, (F, Z), {"n_test": 0}, "n_test must be an integer of at least 1"),
    (metrics.interventional_robustness_score, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (metrics.interventional_robustness_score, (F, Z), {"quantile": 0}, "quantile must be a number above 0"),
    (metrics.interventional_robustness_score, (F, Z), {"min_group": 1}, "min_group must be an integer of at least 2"),
    (metrics.code_mutual_information, (ONE_CODE,), {}, "at least 2 codes"),
    (metrics.active_units, (Z,), {"threshold": -1}, "threshold must be a number of at least 0"),
    (metrics.sap_score, (F, ONE_CODE), {}, "at least 2 codes, got 1"),
    (metrics.sap_score, (np.where(F == 0, "a", "b"), Z), {"continuous_factors": "regress"}, "numbers, got labels"),
    (metrics.dci_scores, (F, ONE_CODE), {}, "at least 2 codes, got 1"),
    (metrics.dci_scores, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (metrics.dci_scores, (F, Z), {"n_train": 0}, "n_train must be an integer of at least 1"),
    (metrics.dci_scores, (F, Z), {"estimator": KNeighborsClassifier()}, "neither feature_importances_ nor coef_"),
    (
        metrics.dci_scores,
        (F, Z),
        {"estimator": LogisticRegression(), "continuous_factors": "regress"},
        "'regress' needs a regressor",
    ),
    (metrics.modularity_score, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (metrics.factor_vae_score, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (metrics.beta_vae_score, (ONE_FACTOR, Z), {}, "at least 2 factors, got 1"),
    (
        metrics.factor_vae_score,
        (np.column_stack([np.arange(60), ONE_FACTOR]), Z),
        {},
        r"Factors \[0\] have no value shared by 2 rows",
    ),
    (metrics.beta_vae_score, (F, Z), {"min_group": 1}, "min_group must be an integer of at least 2"),
    (metrics.explicitness_score, ([0, 1, 0, 0], Z[:4]), {"n_train": 3, "n_test": 1}, "explicitness needs more rows"),
    (metrics.explicitness_score, ([0, 1, 2, 3], Z[:4]), {"n_train": 2, "n_test": 2}, "both in the training"),
    *[
        (metric, (F, Z), {name: bad}, rf"{name} must be an integer of at least {fewest}, got {bad}\.")
        for metric, fewest_rows in ((metrics.factor_vae_score, 2), (metrics.beta_vae_score, 1))
        for name, fewest in (("n_train", 1), ("n_test", 1), ("batch_size", fewest_rows))
        for bad in (fewest - 1, -5, 2.5)
    ],
    (metrics.linear_separability_loss, (F, Z), {}, "multi_valued='one_vs_rest'"),
    (metrics.linear_separability_loss, (F, Z), {"multi_valued": "all"}, "'error' or 'one_vs_rest'"),
    (metrics.mean_correlation_coefficient, (F, Z), {"method": "kendall"}, "'pearson' or 'spearman'"),
    (metrics.sample_efficiency, (F, Z), {}, r"needs many \+ n_test = 15000 rows, got 60"),
    (metrics.downstream_study, (F, Z, F, Z), {}, "between 1 and the 60 training rows"),
    (metrics.downstream_study, (F, Z, F, Z), {"train_sizes": (20.0,)}, "must be integers"),
    (metrics.sample_efficiency, (F, Z), {"few": 2.5}, "few must be an integer of at least 1"),
    (metrics.downstream_study, (F, Z, F[:-1], Z), {}, "inconsistent numbers of samples"),
    (metrics.udr_scores, ([Z],), {}, "at least 2 models, got 1"),
    (metrics.udr_scores, ([Z, Z[:-1]],), {}, "inconsistent numbers of samples"),
    (metrics.udr_scores, ([Z, Z],), {"kl_per_component": [[1, 1]]}, "inconsistent numbers of samples"),
    (metrics.udr_scores, ([Z, Z],), {"kl_per_component": [1.0, 0.0]}, r"one number per code, of shape \(2,\)"),
    (metrics.udr_scores, ([Z, Z],), {"kl_per_component": [[1, 1], [[1], [1]]]}, r"got shape \(2, 1\)"),
    (metrics.udr_scores, ([Z, Z],), {"method": "kendall"}, "'lasso' or 'spearman'"),
    (metrics.rank_correlation, ({"a": [1, 2], "b": [3, 4]},), {}, "minimum of 3"),
    (metrics.rank_correlation, ({"a": [1, 2, np.nan], "b": [3, 4, 5]},), {}, "runs contains NaN"),
    (metrics.bootstrap_interval, (metrics.mig_score, F, Z), {"confidence_level": 95}, "between 0 and 1"),
    (metrics.bootstrap_interval, (metrics.mig_score, F, Z), {"n_resamples": 1}, "integer of at least 2"),
    (metrics.bootstrap_interval, (metrics.mig_score, F[:-1], Z), {}, "inconsistent numbers of samples"),
    (metrics.get_scorer, ("migg",), {}, "no scorer of vaekit.metrics"),
]


@pytest.mark.parametrize(("function", "args", "options", "words"), BAD_CALLS)
def test_bad_calls_say_what_to_do(function, args, options, words):
    with pytest.raises(ValueError, match=words):
        function(*args, **options)


LETTERS = {"shape": ["a", None, "b"] * 20, "size": ["a", "b", "c"] * 20}
NUMBERS = {"shape": [1, None, 2] * 20, "size": [1, 2, 3] * 20}
DAYS = {"day": pandas.to_datetime(["2020-01-01", None, "2020-01-02"] * 20)}
WITHOUT_A_VALUE = {
    "labels": np.array(list(LETTERS.values()), dtype=object).T,
    "numbers": np.array(list(NUMBERS.values()), dtype=object).T,
    "rows": list(zip(*LETTERS.values())),
    "one factor": LETTERS["shape"],
    "NaN among labels": pandas.DataFrame(LETTERS).replace({None: np.nan}),
    "strings": pandas.DataFrame(LETTERS, dtype="string"),
    "categories": pandas.DataFrame(LETTERS, dtype="category"),
    "nullable": pandas.DataFrame(NUMBERS, dtype="Int64"),
    "days": pandas.DataFrame(DAYS),
    "days and labels": pandas.DataFrame(DAYS | LETTERS),
    "polars labels": polars.DataFrame(LETTERS),
    "polars numbers": polars.DataFrame(NUMBERS),
}


@pytest.mark.parametrize("name", WITHOUT_A_VALUE)
def test_factors_without_a_value_are_refused(name):
    with pytest.raises(ValueError, match="factors contains NaN or None: leave out the rows"):
        metrics.mig_score(WITHOUT_A_VALUE[name], Z)


def test_the_smallest_counts_give_a_score():
    for metric, smallest_batch in ((metrics.factor_vae_score, 2), (metrics.beta_vae_score, 1)):
        assert metric(F, Z, n_train=1, n_test=1, batch_size=smallest_batch, random_state=0) in (0, 1)


def test_factors_of_one_value_are_left_out_with_a_warning():
    factors = np.column_stack([F, np.ones(60, dtype=int)])
    with pytest.warns(UserWarning, match=r"Factors \[2\] have one value only"):
        assert metrics.mig_score(factors, Z) == metrics.mig_score(F, Z)


def test_tables_of_labels_and_mixed_types_are_taken():
    mixed = pandas.DataFrame({"shape": np.array(["round", "square", "star"])[F[:, 0]], "size": F[:, 1] / 1.0})
    assert metrics.mig_score(mixed, pandas.DataFrame(Z)) == metrics.mig_score(F, Z)
    assert metrics.mig_score(F == 1, Z) == metrics.mig_score((F == 1).astype(float), Z.tolist())
    extremes = np.array([-128, 0, 127], dtype=np.int8)[F]
    assert metrics.mig_score(extremes, Z) == metrics.mig_score(F, Z)
