import functools
import gzip

import numpy as np
import pytest
from gaussian_worlds import Replay, peak_bytes
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from vaekit.evaluation import ClassifierFeatures, inception_score, sample_frechet_distance
from vaekit.features import _features
from vaekit.features._features import feature_map
from vaekit.metrics import frechet_distance
from vaekit.utils import _rows

DIGITS, LABELS = load_digits(return_X_y=True)
IMAGES = DIGITS[:400].reshape(-1, 8, 8)


@pytest.mark.parametrize(
    ("features", "n_features"),
    [("flatten", 64), ("pca", 50), ("auto", 50), (PCA(3).fit(DIGITS), 3), (lambda X: X.mean(axis=(1, 2))[:, None], 1)],
)
def test_each_kind_of_features(features, n_features):
    X = DIGITS[:400] if isinstance(features, PCA) else IMAGES
    assert feature_map(features, X)(X[:7]).shape == (7, n_features)


def test_few_values_stay_as_they_are_and_few_rows_give_few_components():
    np.testing.assert_array_equal(feature_map("auto", DIGITS[:, :10])(DIGITS[:5, :10]), DIGITS[:5, :10])
    assert feature_map("auto", DIGITS[:21])(DIGITS[:5]).shape == (5, 10)


def test_components_keep_distances():
    project = feature_map("pca", DIGITS)
    between = np.linalg.norm(DIGITS[0] - DIGITS[1])
    assert np.linalg.norm(np.diff(project(DIGITS[:2]), axis=0)) == pytest.approx(between, rel=0.02)


def test_components_of_many_rows_are_found_from_evenly_spaced_ones(monkeypatch):
    monkeypatch.setattr(_features, "MOST_ROWS_OF_PCA", 600)
    some = DIGITS[np.linspace(0, len(DIGITS) - 1, 600).astype(int)]
    expected = PCA(50, random_state=0).fit(some).transform(DIGITS)
    np.testing.assert_allclose(feature_map("pca", DIGITS)(DIGITS), expected, atol=1e-9)


@pytest.mark.parametrize("name", ["pca", "classifier"])
def test_features_do_not_depend_on_blocks(name, monkeypatch):
    to_features = feature_map("pca", IMAGES) if name == "pca" else TestClassifierFeatures.features.transform
    at_once = to_features(IMAGES)
    monkeypatch.setattr(_rows, "VALUES_AT_ONCE", 1000)
    np.testing.assert_allclose(to_features(IMAGES), at_once, atol=1e-9)
    np.testing.assert_allclose(to_features(IMAGES.tolist()), at_once, atol=1e-9)


def test_features_of_images_take_no_copy_of_all_in_double_precision():
    images = np.random.default_rng(0).integers(256, size=(20000, 20, 20)).astype(np.uint8)
    classifier = ClassifierFeatures((8,), max_iter=1).fit(images[:500], np.arange(500) % 2)
    project = feature_map("pca", images)
    for function in (project, classifier.transform, classifier.predict_proba, functools.partial(feature_map, "pca")):
        assert peak_bytes(functools.partial(function, images))[0] < 8 * images.size


def test_features_see_what_the_model_of_a_pipeline_sees():
    """Fitted behind the scaler they judge as without a pipeline; fitted before it, every row looks alike to them."""
    replay = Replay(DIGITS[800:] / 16)
    pipeline = make_pipeline(FunctionTransformer(lambda X: X / 16), replay)
    seen = pipeline[:-1].transform(DIGITS)
    behind, before = (ClassifierFeatures((32,)).fit(X[:800], LABELS[:800]) for X in (seen, DIGITS))
    distance = sample_frechet_distance(pipeline, DIGITS[:800], behind)
    assert distance == sample_frechet_distance(replay, seen[:800], behind)
    assert behind.score(seen[800:], LABELS[800:]) > before.score(seen[800:], LABELS[800:]) + 0.4


def test_unknown_features_are_refused():
    with pytest.raises(ValueError, match="features must be 'auto'"):
        feature_map("inception", DIGITS)


class TestClassifierFeatures:
    features = ClassifierFeatures(hidden_layer_sizes=(64, 32), max_iter=15).fit(DIGITS[:1000], LABELS[:1000])

    def test_hidden_layer_is_what_the_last_layer_reads(self):
        classifier, hidden = self.features.classifier_, self.features.transform(DIGITS)
        logits = hidden @ classifier.coefs_[-1] + classifier.intercepts_[-1]
        assert hidden.shape == (len(DIGITS), 32)
        np.testing.assert_allclose(softmax(logits, axis=1), self.features.predict_proba(DIGITS), atol=1e-12)

    def test_labels_are_told_apart(self):
        assert self.features.score(DIGITS[1000:], LABELS[1000:]) > 0.85

    def test_same_seed_same_features_whatever_the_shape(self):
        images = DIGITS[:1000].reshape(-1, 8, 8)
        again = ClassifierFeatures(hidden_layer_sizes=(64, 32), max_iter=15).fit(images, LABELS[:1000])
        np.testing.assert_array_equal(again.transform(images), self.features.transform(DIGITS[:1000]))

    def test_unfitted_is_refused(self):
        with pytest.raises(NotFittedError):
            ClassifierFeatures().transform(DIGITS)


def test_inception_score_of_known_probabilities():
    assert inception_score(np.eye(5)) == pytest.approx(5)
    assert inception_score(np.full((7, 4), 0.25)) == pytest.approx(1)
    assert inception_score([[1, 0], [1, 0], [0, 1], [0, 1], [0.5, 0.5]]) == pytest.approx(2 ** (4 / 5))
    with pytest.raises(ValueError, match="predict_proba"):
        inception_score([[2.0, 3.0]])


@pytest.mark.real_data
def test_mnist_features_see_which_digits_are_missing(data_folder):
    mixed = np.random.default_rng(0).permutation(10000)  # the first half of the file is the easier one
    images = _idx(data_folder / "mnist/t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)[mixed]
    labels = _idx(data_folder / "mnist/t10k-labels-idx1-ubyte.gz", 8)[mixed]
    features = ClassifierFeatures(max_iter=10).fit(images[:3000], labels[:3000])
    assert features.score(images[3000:], labels[3000:]) > 0.85
    real, same = features.transform(images[3000:5000]), features.transform(images[5000:7000])
    fewer = features.transform(images[7000:][labels[7000:] < 5])
    assert frechet_distance(real, fewer) > 10 * frechet_distance(real, same)


def _idx(path, header):
    return np.frombuffer(gzip.open(path).read(), np.uint8, offset=header)


def test_features_without_a_seed_leave_the_global_generator_alone():
    before = np.random.mtrand._rand.get_state()[1:3]
    ClassifierFeatures(hidden_layer_sizes=(4,), max_iter=2, random_state=None).fit(np.eye(20), np.arange(20) % 2)
    after = np.random.mtrand._rand.get_state()[1:3]
    assert np.array_equal(before[0], after[0])
    assert before[1] == after[1]
