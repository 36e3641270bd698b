"""What becomes of codes and reconstructions when the input is changed: by hand, on objects that are known."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from vaekit import VAE
from vaekit.evaluation import robustness
from vaekit.exceptions import MissingMethodError

rng = np.random.default_rng(0)
X = rng.uniform(size=(400, 3))


class Linear:
    """Codes are the first two values, decoded with a third of 0.5."""

    def transform(self, X):
        return np.asarray(X, dtype=float)[:, :2]

    def inverse_transform(self, Z):
        return np.column_stack([Z, np.full(len(Z), 0.5)])


def root_mean_square(values):
    return np.sqrt(np.mean(np.square(values)))


def test_inverted_values_by_hand():
    (result,) = robustness(Linear(), X, ["inverted"]).values()
    inverted = X.max() + X.min() - X
    moved = np.square(inverted - X)[:, :2].sum(axis=1).mean()
    assert result.code_change == pytest.approx(moved / X[:, :2].var(axis=0).sum())
    np.testing.assert_allclose(result.correlations, [-1, -1])
    decoded = np.column_stack([inverted[:, :2], np.full(len(X), 0.5)])
    assert result.reconstruction == pytest.approx(root_mean_square(decoded - inverted))
    assert result.recovery == pytest.approx(root_mean_square(decoded - X))
    assert result.plain == pytest.approx(root_mean_square(X[:, 2] - 0.5) / 3**0.5)
    assert np.isnan([result.score, result.plain_score]).all()


def test_nothing_changes_where_nothing_is_changed_and_everything_where_rows_are_others():
    results = robustness(Linear(), X, {"same": lambda X: X, "others": X[rng.permutation(len(X))]})
    assert results["same"].code_change == 0
    assert results["same"].reconstruction == results["same"].recovery == results["same"].plain
    assert results["others"].code_change == pytest.approx(2, abs=0.25)
    assert np.abs(results["others"].correlations).max() < 0.2


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_noise_has_the_deviation_asked_for_and_stays_in_range(strength):
    seen = []

    class Watching(Linear):
        def transform(self, X):
            seen.append(X)
            return super().transform(X)

    wide = np.vstack([X, [[-9.0] * 3, [9.0] * 3]])
    robustness(Watching(), wide, ["noise"], strength=strength, random_state=0)
    assert (seen[1] - wide)[:-2].std() == pytest.approx(strength * wide.std(), rel=0.1)
    robustness(Watching(), X, ["noise"], strength=5, random_state=0)
    assert X.min() <= seen[3].min() <= seen[3].max() <= X.max()


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32, np.int64])
def test_changed_rows_have_the_type_of_the_rows(dtype):
    types = []

    class Watching(Linear):
        def transform(self, X):
            types.append(X.dtype)
            return super().transform(X)

    robustness(Watching(), (255 * X > 99) if dtype is bool else (255 * X).astype(dtype), random_state=0)
    assert set(types) == {np.dtype(dtype)}


def test_a_metric_is_compared_before_and_after():
    result = robustness(
        Linear(),
        X,
        ["inverted"],
        factors=X,
        metric=lambda factors, codes: np.corrcoef(factors[:, 0], codes[:, 0])[0, 1],
    )["inverted"]
    assert (result.plain_score, result.score) == pytest.approx((1, -1))


def test_a_latent_that_does_not_move_has_no_correlation():
    constant = np.column_stack([np.ones(400), X[:, 1:]])
    assert np.isnan(robustness(Linear(), constant, ["noise"], random_state=0)["noise"].correlations[0]) == np.True_


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_estimators_of_images_and_pipelines():
    images = rng.integers(0, 256, size=(60, 8, 8), dtype=np.uint8)
    model = VAE(n_components=2, network="mlp", hidden_layer_sizes=(8,), max_epochs=1, random_state=0).fit(images)
    one, two = (robustness(model, images, random_state=0) for _ in range(2))
    assert one["noise"].code_change == two["noise"].code_change > 0
    halved = make_pipeline(FunctionTransformer(lambda X: X / 2), Linear())
    assert robustness(halved, X, ["inverted"])["inverted"].plain == pytest.approx(
        root_mean_square(X[:, 2] / 2 - 0.5) / 3**0.5
    )


class EncoderAlone:
    transform = Linear.transform


@pytest.mark.parametrize(
    ("model", "options", "error", "words"),
    [
        (Linear(), {"transformations": ["blur"]}, ValueError, "not 'blur'"),
        (Linear(), {"transformations": {"cut": X[:5]}}, ValueError, r"shape of X, \(400, 3\), got \(5, 3\)"),
        (Linear(), {"metric": max}, ValueError, "pass 'factors'"),
        (Linear(), {"strength": -1}, ValueError, "strength == -1"),
        (EncoderAlone(), {}, MissingMethodError, "inverse_transform"),
    ],
)
def test_errors_name_the_remedy(model, options, error, words):
    with pytest.raises(error, match=words):
        robustness(model, X, **options)


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame, lambda named: pl.DataFrame(named), lambda named: pa.table(named)],
    ids=["pandas", "polars", "arrow"],
)
@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning", "ignore:X does not have")
def test_changed_rows_of_a_frame_keep_the_names_of_its_columns(frame):
    rows = frame(dict(zip("abc", X[:40].T)))
    model = VAE(n_components=2, hidden_layer_sizes=(4,), max_epochs=1, random_state=0).fit(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = robustness(model, rows, random_state=0)
    for name, result in robustness(model, X[:40], random_state=0).items():
        assert named[name].recovery == result.recovery
