"""Estimators whose rows come in order of time."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn import set_config
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import PCL, SlowVAE
from vaekit.datasets import make_ar1_sequence
from vaekit.estimators._sequences import pairs_in_time

TINY = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 2, "random_state": 0}


def test_pairs_are_consecutive_rows_of_a_group():
    np.testing.assert_array_equal(pairs_in_time(4, None), [[1, 2, 3], [0, 1, 2]])
    np.testing.assert_array_equal(pairs_in_time(6, list("aabbba")), [[1, 5, 3, 4], [0, 1, 2, 3]])
    for groups in (np.arange(5), [0, 0, 1, 2, 3]):
        with pytest.raises(ValueError, match="'groups'"):
            pairs_in_time(5, groups)
    with pytest.raises(ValueError, match="inconsistent"):
        pairs_in_time(5, [0, 0, 0])


def correlation(codes, factors):
    """Mean over factors of the best rank correlation with a code of its own."""
    from scipy.optimize import linear_sum_assignment

    table = np.abs(spearmanr(codes, factors).statistic[: codes.shape[1], codes.shape[1] :])
    return table[linear_sum_assignment(-table)].mean()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("estimator", "params"),
    [(PCL, {}), (SlowVAE, {"gamma": 3, "rate": 3, "likelihood": "normal"})], ids=["PCL", "SlowVAE"],
)  # fmt: skip
def test_sources_with_sparse_steps_are_recovered(estimator, params):
    sequence = make_ar1_sequence(4000, innovation="laplace", random_state=0)
    model = estimator(
        n_components=2, hidden_layer_sizes=(), max_epochs=60, learning_rate=3e-3, random_state=0, **params
    )
    groups = np.repeat(np.arange(8), 500)
    assert correlation(model.fit(sequence.data, groups=groups).transform(sequence.data), sequence.factors) > 0.95


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("estimator", [PCL, SlowVAE])
def test_groups_are_routed_split_and_gone_on_with(estimator):
    X, groups = make_ar1_sequence(300, random_state=0).data, np.repeat(np.arange(3), 100)
    one = estimator(**TINY).fit(X, groups=groups)
    assert one.n_steps_ == 2 * 3  # 297 pairs in batches of 128
    other = estimator(**TINY).fit(X)
    assert not np.array_equal(one.transform(X), other.transform(X))
    early = estimator(early_stopping=True, validation_fraction=0.3, **TINY).fit(X, groups=groups)
    assert "valid_loss" in early.history_[0]
    one.partial_fit(X[:100], groups=groups[:100])
    set_config(enable_metadata_routing=True)
    try:
        model = estimator(**TINY).set_fit_request(groups=True)
        pipeline = make_pipeline(StandardScaler(), model).fit(X, groups=groups)
        assert np.isfinite(pipeline.transform(X)).all()
    finally:
        set_config(enable_metadata_routing=False)


@pytest.mark.parametrize("estimator", [PCL, SlowVAE])
def test_rows_that_are_held_out_may_leave_no_neighbours(estimator):
    X = make_ar1_sequence(60, random_state=0).data
    model = estimator(**TINY).fit(X)
    codes = model.transform(X)
    model.set_params(early_stopping=True, validation_fraction=0.5)
    with pytest.raises(ValueError, match=r"'validation_fraction' leaves [01] pairs"):
        model.fit(X[:4])
    assert np.array_equal(model.transform(X), codes)


def test_an_encoder_alone_has_no_way_back():
    assert not any(hasattr(PCL(), name) for name in ("inverse_transform", "sample", "score_samples", "log_prior"))


GROUPS = np.arange(12) // 6
BAD = {
    "a group that is none": (
        {"groups": np.array([None, "a"] * 6, dtype=object)},
        "'groups' has values that are missing",
    ),
    "a group that is no number": ({"groups": np.r_[np.nan, GROUPS[1:]]}, "'groups' has values that are missing"),
    "numbers and text": ({"groups": np.array([1, "a"] * 6, dtype=object)}, "'groups' must all be numbers or all"),
    "one row that counts": ({"sample_weight": np.eye(12)[0]}, "'sample_weight' of the 12 rows leave 0 pairs"),
    "rows that count apart": ({"groups": GROUPS, "sample_weight": np.arange(12) % 2}, "leave 0 pairs of neighbours"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("estimator", [PCL, SlowVAE])
def test_rows_without_neighbours_are_refused_in_words(estimator, name):
    told, words = BAD[name]
    with pytest.raises(ValueError, match=words):
        estimator(**TINY).fit(np.random.default_rng(0).normal(size=(12, 3)), **told)
