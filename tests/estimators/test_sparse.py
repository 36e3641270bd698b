"""Sparse matrices: the model of the dense rows, in memory for a few of them."""

import pickle
import tracemalloc

import numpy as np
import pytest
from family import NAMES, same_bits, tiny
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from vaekit import VAE, fit_many
from vaekit.engine import _kinds
from vaekit.likelihoods import NegativeBinomial, Poisson
from vaekit.outlier import VAEOutlierDetector

pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(RNG.gamma(0.5, size=(40, 1)) * RNG.gamma(0.5, size=9))
COUNTS[0] = 0
KINDS = [
    sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.csc_array, sparse.coo_matrix, sparse.coo_array,
    sparse.lil_array,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("likelihood", ["normal", "negative_binomial"])
def test_whatever_the_format_it_is_the_model_of_the_dense_rows(kind, likelihood):
    X, rows = kind(COUNTS.astype(np.float64)), COUNTS.astype(np.float64)
    model, dense = (tiny("VAE", likelihood=likelihood).fit(given) for given in (X, rows))
    for method in ("transform", "score_samples"):
        assert_allclose(getattr(model, method)(X), getattr(dense, method)(rows), rtol=1e-5, atol=1e-5)
    assert_allclose(model.sample(4), dense.sample(4), rtol=1e-5, atol=1e-5)
    assert same_bits(model.transform(X), model.transform(rows))


@pytest.mark.parametrize("name", [name for name in NAMES if "DP" not in name])
def test_every_estimator_takes_them(name):
    X = sparse.csr_array(COUNTS, dtype=np.float32)
    one, other = (tiny(name, early_stopping=True, standardize=None).fit(rows) for rows in (X, X.toarray()))
    assert same_bits(one.transform(X), other.transform(X.toarray()))
    assert same_bits(one.partial_fit(X).transform(X), other.partial_fit(X.toarray()).transform(X.toarray()))


@pytest.mark.parametrize("likelihood", [Poisson(exposure="total"), NegativeBinomial()])
def test_traced_and_many_together_they_are_the_models_of_eager_steps(likelihood, monkeypatch):
    X = sparse.csr_array(COUNTS)
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 10**9)
    eager = tiny("VAE", likelihood=likelihood).fit(X).transform(X)
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 4)
    together = [tiny("VAE", likelihood=likelihood, random_state=seed) for seed in range(2)]
    fit_many(together, X)
    for model in (tiny("VAE", likelihood=likelihood).fit(X), together[0]):
        assert same_bits(model.transform(X), eager)
        assert same_bits(pickle.loads(pickle.dumps(model)).sample(5), model.sample(5))


def test_standardisation_counts_zeros_without_looking_at_them():
    X = sparse.random_array((50, 6), density=0.3, random_state=0, format="csr")
    sparse_units, dense_units = (
        tiny("VAE", standardize="column", max_epochs=1).fit(rows).model_.blueprint.preprocessing
        for rows in (X, X.toarray())
    )
    np.testing.assert_allclose(sparse_units.offset, dense_units.offset, rtol=1e-12)
    np.testing.assert_allclose(sparse_units.unit, dense_units.unit, rtol=1e-9)


def test_repeated_entries_are_their_sum_and_stay_as_they_were():
    X = sparse.coo_array(([1.0, 2.0, 5.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    csr = sparse.csr_array((np.array([1.0, 2.0, 5.0]), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    model = tiny("VAE").fit(np.array([[0, 3.0], [5, 0]]))
    for given in (X, csr):
        assert same_bits(model.transform(given), model.transform(given.toarray()))
    assert csr.nnz == 3


def test_memory_holds_a_few_rows():
    """A dense copy would take 60 MB in single precision."""
    X = sparse.random_array((3000, 5000), density=0.002, random_state=0, format="csr", dtype=np.float32)
    X.data = np.ceil(4 * X.data)
    model = VAE(likelihood="poisson", n_components=2, hidden_layer_sizes=(2,), max_epochs=1, random_state=0)
    tracemalloc.start()
    try:
        model.fit(X).transform(X)
        model.kl_per_component_  # noqa: B018
        assert tracemalloc.get_traced_memory()[1] < 0.6 * 4 * X.shape[0] * X.shape[1]
    finally:
        tracemalloc.stop()


def topics(n=300, n_words=60, seed=0):
    """Texts of two topics with known shares: log-odds of the first are the factor, lengths vary."""
    rng = np.random.default_rng(seed)
    words = rng.dirichlet(np.full(n_words, 0.1), size=2)
    factor = rng.normal(size=n) * 2
    share = 1 / (1 + np.exp(-factor[:, None]))
    lengths = rng.lognormal(4, 0.7, size=(n, 1))
    return sparse.csr_matrix(rng.poisson(lengths * (share * words[0] + (1 - share) * words[1]))), factor, lengths[:, 0]


def test_topics_are_found_whatever_the_length_of_a_text():
    X, factor, lengths = topics()
    model = VAE(
        likelihood=Poisson(exposure="total"), n_components=1, hidden_layer_sizes=(32,), max_epochs=60, batch_size=30,
        learning_rate=3e-3, random_state=0,
    ).fit(X)  # fmt: skip
    codes = model.transform(X)[:, 0]
    ranks = np.argsort(np.argsort([codes, factor, np.log(lengths)]))
    found = np.abs(np.corrcoef(ranks))
    assert found[0, 1] > 0.9
    assert found[0, 2] < 0.2
    drawn = model.sample(50)
    np.testing.assert_array_equal(drawn, np.rint(drawn))
    assert drawn.min() >= 0
    assert drawn.sum(axis=1).mean() == pytest.approx(X.sum(axis=1).mean(), rel=0.2)


def test_text_in_a_pipeline():
    texts = ["the cat sat", "the dog ran", "a cat and a dog", "the cat ran", "dogs and cats"] * 4
    model = make_pipeline(CountVectorizer(), tiny("VAE", likelihood="poisson")).fit(texts)
    assert model.transform(texts).shape == (20, 2)
    assert np.isfinite(model.score_samples(texts)).all()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(("row", "words"), [(0, r"-1 \(row 3, column 2\)"), (1, r"0.5 \(row 3, column 2\)")])
def test_what_is_no_count_is_refused(container, row, words):
    wrong = COUNTS.astype(float)
    wrong[3, 2] = [-1, 0.5][row]
    model = tiny("VAE", likelihood="poisson").fit(COUNTS)
    for call in (model.score_samples, model.partial_fit, tiny("VAE", likelihood="poisson").fit):
        with pytest.raises(ValueError, match=f"X holds {words}.*counts"):
            call(container(wrong))


def test_outliers_among_them_are_found_and_explained():
    X = sparse.csr_matrix(COUNTS)
    detector = VAEOutlierDetector(tiny("VAE", likelihood="negative_binomial", max_epochs=10)).fit(X)
    odd = sparse.csr_array(np.where(np.arange(9) == 4, 500, COUNTS[:2]))
    assert (detector.predict(odd) == -1).all()
    contributions = detector.explain(odd)
    assert (contributions.argmin(axis=1) == 4).all()
    np.testing.assert_allclose(contributions.sum(axis=1), detector.score_samples(odd), rtol=1e-5)
